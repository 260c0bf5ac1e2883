/**
 * Every loss with its options: values and gradients are compared with PyTorch's, and with the definition on random
 * shapes by central differences.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/compiler/differentiate.js';
import { input, sizeOf, type Shape, type Tensor } from '../../src/graph/tensor.js';
import { createLoss, lossNames } from '../../src/losses/loss-kinds.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { availableNumerics } from '../kernels/instance.js';
import * as reference from '../reference/losses.js';
import { checkOp } from '../support/check-op.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { createDraw, numbers } from '../support/numbers.js';

type Settings = Readonly<Record<string, unknown>>;

interface Case {
  kind: string;
  settings: Settings;
  x: string;
  shape: number[];
  targetShape: number[];
  target: string | number[];
  isLabels: boolean;
  loss: string;
  gradient: string;
}

const title = (kind: string, settings: Settings, shape: Shape): string =>
  `${kind} ${JSON.stringify(settings)} of ${shape.join('×')}`;

for (const numerics of availableNumerics) {
  test(`values and gradients (${numerics}) are PyTorch’s`, async () => {
    const cases = loadGolden<Case>('loss-options');
    for (const { kind, settings, shape, isLabels, ...golden } of cases) {
      const x = input('x', shape);
      const target = input('target', golden.targetShape, isLabels ? 'i32' : 'f32');
      const perSample = createLoss({ kind, settings }).perSample(x, target);
      const [gradient] = gradients(ops.weightedSum(perSample, 1 / shape[0]!), [x]);
      const [loss, found] = await evaluate(
        [perSample, gradient!],
        new Map<Tensor, Float32Array | Int32Array>([
          [x, unpack(golden.x)],
          [
            target,
            isLabels ? Int32Array.from(golden.target as number[]) : unpack(golden.target as string),
          ],
        ]),
        { numerics },
      );
      const what = title(kind, settings, shape);
      assertClose(loss!, unpack(golden.loss), 1e-5, what);
      // 1 − share, where the share of the label is near 1.
      assertClose(found!, unpack(golden.gradient), 2e-5, `${what}: gradient`);
    }
    const tested = new Set(cases.map(({ kind }) => kind));
    assert.equal([...tested].toSorted(), lossNames.toSorted(), 'every loss has a golden value');
  });
}

interface Definition {
  /** The loss of one sample's output and target, flattened. */
  readonly ofSample?: (y: number[], t: number[], settings: never) => number;
  /** The loss of one row of classes and its target. */
  readonly ofRow?: (x: number[], t: number[], settings: never) => number;
  readonly settings: readonly Settings[];
  readonly target: 'labels' | 'values' | 'distribution';
  readonly prepare?: (value: number) => number;
  readonly prepareTarget?: (value: number) => number;
  /** Where float32 operands that nearly cancel leave more than 1e-5. */
  readonly tolerance?: number;
  /** Values of a sample at least; of one value a cosine is ±1, and its gradient rounding alone. */
  readonly least?: number;
}

const { mean } = reference;
const positive = (value: number): number => (value > 0 ? 1 : 0);
const probability = (value: number): number => 0.5 + 0.48 * value;
const each =
  (f: (y: number, t: number) => number) =>
  (y: number[], t: number[]): number =>
    mean(y.map((v, i) => f(v, t[i]!)));

/** The function of y and t divided by the scale. */
const eachScaled =
  (f: (y: number, t: number) => number) =>
  (y: number[], t: number[], { scale = 1 }: { scale?: number | number[] }): number => {
    const by = (i: number) => (typeof scale === 'number' ? scale : scale[i % scale.length]!);
    return mean(y.map((v, i) => f(v / by(i), t[i]! / by(i))));
  };

const weightsOf = (C: number): number[] => Array.from({ length: C }, (_, c) => 0.5 + (c % 3));

/** The kinds that are not options of another; 'values' targets are drawn from [−1, 1). */
const definitions: Readonly<Record<string, Definition>> = {
  crossEntropy: {
    settings: [
      {},
      { labelSmoothing: 0.2 },
      { weighted: true },
      { labelSmoothing: 0.1, weighted: true },
    ],
    target: 'distribution',
    ofRow: (
      x,
      t,
      { labelSmoothing = 0, weighted }: { labelSmoothing?: number; weighted?: boolean },
    ) =>
      reference.crossEntropy(x, t, labelSmoothing, weighted ? weightsOf(x.length) : x.map(() => 1)),
  },
  klDivergence: {
    settings: [{}, { temperature: 3 }],
    target: 'values',
    // log p − log q, and p rounded to float32.
    tolerance: 1e-4,
    ofRow: (x, t, { temperature = 1 }: { temperature?: number }) =>
      reference.klDivergence(x, reference.softmax(t.map((v) => v / temperature)), temperature),
  },
  hinge: {
    settings: [{}, { p: 2, margin: 0.4 }],
    target: 'labels',
    ofRow: (x, t, { p = 1, margin = 1 }: { p?: number; margin?: number }) =>
      reference.hinge(x, t.indexOf(1), margin, p),
  },
  mapCriterion: {
    settings: [{ j: 0.5 }, { j: 3 }],
    target: 'labels',
    prepare: (value) => 3 + 3 * value,
    ofRow: (x, t, { j }: { j: number }) => reference.mapCriterion(x, t.indexOf(1), j),
  },
  squaredError: {
    settings: [{}],
    target: 'values',
    ofSample: (y, t) => each((a, b) => (a - b) ** 2)(y, t) * y.length,
  },
  meanSquaredError: {
    settings: [{}, { scale: 0.4 }, { scaled: true }],
    target: 'values',
    ofSample: eachScaled((a, b) => (a - b) ** 2),
  },
  l1: {
    settings: [{}, { reduction: 'sum' }, { reduction: 'sum', scaled: true }],
    target: 'values',
    ofSample: (y, t, { reduction, ...scale }: { reduction?: string; scale?: number[] }) =>
      eachScaled(reference.absolute)(y, t, scale) * (reduction === 'sum' ? y.length : 1),
  },
  huber: {
    settings: [{}, { delta: 0.4 }, { delta: 0.6, scaled: true }],
    target: 'values',
    ofSample: (y, t, { delta = 1, ...scale }: { delta?: number; scale?: number[] }) =>
      eachScaled((a, b) => reference.huber(a, b, delta))(y, t, scale),
  },
  smoothL1: {
    settings: [{ beta: 0.4 }, { beta: 0.4, scale: 2.5 }],
    target: 'values',
    ofSample: (y, t, { beta, ...scale }: { beta: number; scale?: number }) =>
      eachScaled((a, b) => reference.huber(a, b, beta) / beta)(y, t, scale),
  },
  binaryCrossEntropy: {
    settings: [{}],
    target: 'values',
    prepare: probability,
    prepareTarget: probability,
    ofSample: each(reference.binaryCrossEntropy),
  },
  binaryCrossEntropyWithLogits: {
    settings: [{}, { posWeight: 2.5 }],
    target: 'values',
    prepare: (value) => 6 * value,
    prepareTarget: positive,
    ofSample: (y, t, { posWeight = 1 }: { posWeight?: number }) =>
      each((a, b) => reference.binaryCrossEntropyWithLogits(a, b, posWeight))(y, t),
  },
  binaryHinge: {
    settings: [{}, { margin: 0.3 }],
    target: 'values',
    prepareTarget: (value) => (value > 0 ? 1 : -1),
    ofSample: (y, t, { margin = 1 }: { margin?: number }) =>
      each((a, b) => reference.binaryHinge(a, b, margin))(y, t),
  },
  cosine: {
    settings: [{}],
    target: 'values',
    // 1 − cos.
    tolerance: 1e-4,
    least: 2,
    ofSample: (y, t) => reference.cosine(y, t),
  },
};

/** One answer a position as one-hot rows, with the labels themselves. */
function labelsFor(shape: Shape, seed: number) {
  const draw = createDraw(seed);
  const axis = shape.length === 4 ? 1 : shape.length - 1;
  const labelShape = shape.toSpliced(axis, 1);
  const C = shape[axis]!;
  const labels = Int32Array.from({ length: sizeOf(labelShape) }, () => draw(0, C - 1));
  const P = sizeOf(labelShape) / shape[0]!;
  const rows = Array.from({ length: shape[0]! }, (_, i) =>
    Array.from({ length: P }, (_, p) =>
      Array.from({ length: C }, (_, c) => (labels[i * P + p] === c ? 1 : 0)),
    ),
  );
  return { labels, labelShape, rows };
}

/**
 * `weighted` stands for class weights as many as there are classes, `scaled` for a scale of each value on the last axis
 * (of images, whose rows here are those of classes, one number).
 */
function settingsFor({ weighted, scaled, ...settings }: Settings, shape: Shape): Settings {
  if (scaled) return { ...settings, scale: shape.length === 4 ? 1.5 : weightsOf(shape.at(-1)!) };
  if (!weighted) return settings;
  return { ...settings, classWeights: weightsOf(shape.length === 4 ? shape[1]! : shape.at(-1)!) };
}

const draw = createDraw(77);
const shapes: Shape[] = [
  [1, 1],
  [3, 1],
  [1, 4],
  [2, 3, 5],
  [2, 1, 3],
  [2, 4, 1, 1],
  [2, 3, 2, 3],
  [1, 2, 3, 1, 2],
  ...Array.from({ length: 6 }, () => [draw(1, 5), draw(1, 21)]),
  ...Array.from({ length: 2 }, () => [draw(1, 3), draw(1, 4), draw(2, 9)]),
];

for (const numerics of availableNumerics) {
  for (const [kind, definition] of Object.entries(definitions)) {
    test(`${kind} (${numerics}) is its definition, and so is its gradient, on random shapes`, async () => {
      const {
        ofSample,
        ofRow,
        prepare,
        tolerance,
        prepareTarget = (value: number) => value,
      } = definition;
      for (const [i, shape] of shapes.entries()) {
        if (sizeOf(shape.slice(1)) < (definition.least ?? 1)) continue;
        for (const options of definition.settings) {
          const kinds =
            definition.target === 'distribution' ? ['labels', 'values'] : [definition.target];
          for (const targets of kinds) {
            const seed = 31 * i + 5;
            const settings = settingsFor(options, shape);
            const { labels, labelShape, rows } = labelsFor(shape, seed);
            const isLabels = targets === 'labels';
            // A class among a single one is refused.
            if (isLabels && shape[shape.length === 4 ? 1 : shape.length - 1] === 1) continue;
            const values = numbers(sizeOf(shape), seed + 50).map((v) =>
              prepareTarget(definition.target === 'distribution' ? 1.01 + v : v),
            );
            const target = isLabels ? input('target', labelShape, 'i32') : input('target', shape);
            const targetRows = isLabels ? rows : reference.rowsBySample(values, shape);
            await checkOp({
              what: `${title(kind, settings, shape)} by ${targets}`,
              shapes: [shape],
              seed,
              numerics,
              ...(prepare ? { prepare } : {}),
              ...(tolerance ? { tolerance } : {}),
              fixed: new Map([[target, isLabels ? labels : values]]),
              op: (x) => createLoss({ kind, settings }).perSample(x, target),
              definition: (x) =>
                reference
                  .rowsBySample(x!, shape)
                  .map((row, n) =>
                    ofRow
                      ? mean(row.map((r, p) => ofRow(r, targetRows[n]![p]!, options as never)))
                      : ofSample!(row.flat(), targetRows[n]!.flat(), settings as never),
                  ),
            });
          }
        }
      }
    });
  }
}

/** Those of distributions.test.ts, whose targets have another shape. */
const elsewhere = ['gaussian', 'quantile'];

test('every loss has a definition here', () => {
  assert.equal([...Object.keys(definitions), ...elsewhere].toSorted(), lossNames.toSorted());
});

test.run();
