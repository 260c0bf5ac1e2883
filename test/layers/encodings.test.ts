/** Piecewise-linear encoding and smooth clipping: PyTorch's values, the definition and its differences, files, refusals. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { input, sizeOf } from '../../src/graph/tensor.js';
import {
  flatten,
  linear,
  piecewiseLinear,
  rebuild,
  sequential,
  smoothClip,
  type Layer,
  type Scope,
} from '../../src/layers/index.js';
import * as ops from '../../src/ops/index.js';
import { initialWeights } from '../../src/trained/initial-weights.js';
import { withWeights } from '../../src/trained/with-weights.js';
import { availableNumerics } from '../kernels/instance.js';
import { checkOp } from '../support/check-op.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients } from '../support/graph.js';
import { createDraw, numbers } from '../support/numbers.js';
import { refuses as refusesShape } from '../support/refuses.js';

/** A scope in which the values that a layer declares as fixed are constants. */
const constants = {
  fixed: (_: string, shape: number[], { values }: { values: ArrayLike<number> }) =>
    ops.reshape(ops.literal(Array.from(values)), shape),
} as unknown as Scope;

function encode(x: ArrayLike<number>, edges: readonly (readonly number[])[]): number[] {
  const F = edges.length;
  return Array.from({ length: x.length / F }, (_, n) =>
    edges.flatMap((list, f) =>
      list.slice(1).map((end, i) => {
        const v = x[n * F + f]!;
        const y = (v - list[i]!) / (end - list[i]!);
        const floor = i === 0 ? y : Math.max(y, 0);
        return i === list.length - 2 ? floor : Math.min(floor, 1);
      }),
    ),
  ).flat();
}

for (const numerics of availableNumerics) {
  test(`values and gradients (${numerics}) are PyTorch’s`, async () => {
    interface Case {
      kind: 'piecewiseLinear' | 'smoothClip';
      settings: never;
      x: number[];
      seed: number;
      y: string;
      gradients: { x: string };
    }
    for (const { kind, settings, x: shape, seed, y, gradients } of loadGolden<Case>('encodings')) {
      const layer = { piecewiseLinear, smoothClip }[kind](settings);
      const x = input('x', shape);
      const result = layer.build(constants, x);
      const target = numbers(sizeOf(result.shape), seed + 5);
      const feeds = new Map([[x, numbers(sizeOf(shape), seed)]]);
      const { value, found } = await valueAndGradients(result, [x], feeds, target, numerics);
      const what = `${kind} ${JSON.stringify(settings)}`;
      assertClose(value, unpack(y), 1e-5, `${what}: y`);
      assertClose(found[0]!, unpack(gradients.x), 1e-4, `${what}: gradient`);
    }
  });

  test(`random edges (${numerics}): values are the definition’s, gradients its differences`, async () => {
    const draw = createDraw(41);
    for (let i = 0; i < 30; i++) {
      const edges = Array.from({ length: draw(1, 4) }, () => {
        let edge = draw(-9, -2);
        // Off the numbers drawn for x, so that differences stay on one side of every edge.
        return Array.from({ length: draw(2, 5) }, () => (edge += draw(1, 4)) / 8 + 1 / 64);
      });
      await checkOp({
        what: `piecewiseLinear ${JSON.stringify(edges)}`,
        shapes: [[draw(1, 6), edges.length]],
        seed: 60 + i,
        numerics,
        op: (x) => piecewiseLinear({ edges }).build(constants, x),
        definition: (x) => encode(x!, edges),
      });
    }
    for (const bound of [0.5, 3])
      await checkOp({
        what: `smoothClip ${bound}`,
        shapes: [[7, 5]],
        seed: 90,
        numerics,
        op: (x) => smoothClip({ bound }).build(constants, x),
        definition: (x) => Array.from(x!, (v) => v / Math.sqrt(1 + (v / bound) ** 2)),
        gradientTolerance: 1e-3,
      });
  });
}

test('edges may lie far from 0, and what lies far beyond all others is clipped', async () => {
  const predict = async (layer: Layer, rows: number[]): Promise<Float32Array> => {
    const model = rebuild(sequential([layer], { input: [1] }).architecture);
    const weights = await initialWeights(model);
    const { scores } = await withWeights(model, weights, { loss: 'squaredError' }).predict(
      Float32Array.from(rows),
    );
    return scores as Float32Array;
  };
  const encoded = await predict(
    piecewiseLinear({ edges: [[1e6, 2e6, 4e6]] }),
    [0, 1.5e6, 2e6, 3e6, 6e6],
  );
  assertClose(encoded, Float32Array.of(-1, 0, 0.5, 0, 1, 0, 1, 0.5, 1, 2), 1e-6, 'encoded');
  const clipped = await predict(smoothClip(), [1e9, -1e9, 0]);
  assertClose(clipped, Float32Array.of(3, -3, 0), 1e-6, 'clipped');
});

test('nothing of the encoding is trained', () => {
  const net = sequential([flatten(), piecewiseLinear({ edges: [[0, 1, 2]] }), linear(2, 1)], {
    input: [1, 1, 1],
  });
  const trained = net.parameters.filter(({ role }) => role === 'trained').map(({ name }) => name);
  assert.equal(trained, ['2.weight', '2.bias']);
});

function refuses(apply: () => unknown, message: RegExp): void {
  assert.throws(
    apply,
    (error: Error) =>
      error instanceof LanewiseError && error.kind === 'argument' && message.test(error.message),
  );
}

test('edges that do not ascend, one edge, none, and inputs of other extents are refused', () => {
  const of = (edges: unknown) => () => piecewiseLinear({ edges } as never);
  refuses(of([[0, 1], [0]]), /feature 1 has 1 edges, expected two or more/);
  refuses(of([[0, 1, 1]]), /edge 2 of feature 0 is 1 after 1, expected ascending edges/);
  refuses(of([[1, 1 + 1e-12]]), /expected ascending edges/);
  refuses(of([]), /edges is \[\], expected the edges of each feature/);
  refuses(of([[0, Infinity]]), /edges\[0\]\[1\] is Infinity/);
  refuses(() => smoothClip({ bound: 0 }), /bound is 0/);
  refusesShape(
    () => sequential([piecewiseLinear({ edges: [[0, 1]] })], { input: [2] }),
    /expected an input of N×1, found 1×2/,
  );
});

test.run();
