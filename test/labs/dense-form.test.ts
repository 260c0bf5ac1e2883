/** Nets whose dense layers become convolutions: the same scores at every place as for the part of the image there. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { sizeOf } from '../../src/graph/tensor.js';
import {
  adaptiveAvgPool2d,
  add,
  avgPool2d,
  batchNorm1d,
  batchNorm2d,
  block,
  chain,
  concat,
  conv2d,
  dropout,
  flatten,
  functional,
  globalAvgPool2d,
  globalMaxPool2d,
  groupNorm,
  input,
  layerNorm,
  linear,
  maxPool2d,
  relu,
  residual,
  sequential,
  softmax,
  squeezeExcitation,
  tanh,
  type Layer,
  type Model,
} from '../../src/layers/index.js';
import { alexNet, googLeNet, resNet18 } from '../../src/models/index.js';
import { denseForm } from '../../src/lab/dense-form.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import type { Pretrained } from '../../src/trained/fine-tuning.js';
import { withWeights } from '../../src/trained/with-weights.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { numbers } from '../support/numbers.js';

/** A model with all of its weights drawn here; statistics are positive. */
function drawn(model: Model): Pretrained {
  const weights = model.parameters.map(({ name, shape }, i) => {
    const values = numbers(sizeOf(shape), i + 1);
    return [name, name.endsWith('running_var') ? values.map((v) => 1.5 + v) : values] as const;
  });
  return { model, weights: new Map(weights) };
}

/** Scores as they are, without a softmax. */
const scorer = ({ model, weights }: Pretrained) =>
  withWeights(model, weights, { loss: 'meanSquaredError', numerics: 'strict' });

const scoresOf = async (net: Pretrained, pixels: Float32Array) =>
  (await scorer(net).predict(pixels)).scores;

/** The part of C×H×W pixels with the first at (top, left). */
function part(
  pixels: Float32Array,
  [C, H, W]: readonly number[],
  [h, w]: readonly number[],
  [top, left]: readonly number[],
): Float32Array {
  const found: number[] = [];
  for (let c = 0; c < C!; c++)
    for (let y = 0; y < h!; y++)
      for (let x = 0; x < w!; x++) found.push(pixels[(c * H! + top! + y) * W! + left! + x]!);
  return Float32Array.from(found);
}

interface DenseCase {
  readonly kind: string;
  readonly shape: [number, number, number];
  readonly pool: boolean;
  readonly places: readonly number[];
  readonly map: string;
  readonly mean: string;
}

test('maps of scores and their means are PyTorch’s', async () => {
  const cases = loadGolden<DenseCase>('dense').filter(({ kind }) => kind === 'dense');
  assert.is(cases.length, 2);
  for (const { shape, pool, places, map, mean } of cases) {
    const [C] = shape;
    const body = [conv2d(C, 3, 3), relu(), maxPool2d(2)];
    const flat = pool ? globalAvgPool2d() : flatten();
    const head = [linear(pool ? 3 : 27, 5), relu(), linear(5, 4)];
    const model = sequential([...body, flat, ...head], { input: [C, 8, 8] });
    const weights = model.parameters.map(
      ({ name, shape: of }, i) => [name, numbers(sizeOf(of), 20 + i)] as const,
    );
    const net = { model, weights: new Map(weights) };
    const pixels = numbers(2 * sizeOf(shape), 7);
    const whole = denseForm(net, shape, { mean: false });
    assert.equal([...whole.model.outputs.values()], [places.slice(0)]);
    assertClose(await scoresOf(whole, pixels), unpack(map), 1e-5, 'map');
    assertClose(await scoresOf(denseForm(net, shape), pixels), unpack(mean), 1e-5, 'mean');
  }
});

/** Nets without padding, the step from one place to the next, and the size that they see. */
const nets: [string, Model, number][] = [
  ['LeNet-5 without its padding', unpadded(), 4],
  [
    'chains, batch norm, dropout',
    sequential(
      {
        features: chain({
          conv: conv2d(2, 4, 3),
          norm: batchNorm2d(4),
          act: relu(),
          flat: flatten(),
        }),
        drop: dropout(0.5),
        head: chain({ fc1: linear(144, 6), norm: batchNorm1d(6), act: tanh(), fc2: linear(6, 3) }),
      },
      { input: [2, 8, 8] },
    ),
    1,
  ],
  [
    'a chain that falls away',
    sequential(
      {
        conv: conv2d(1, 2, 3, { stride: 2 }),
        flat: chain([flatten(), flatten()]),
        fc: linear(18, 3),
      },
      { input: [1, 7, 7] },
    ),
    2,
  ],
  [
    'pooling of whole planes',
    sequential([conv2d(1, 4, 3), relu(), globalMaxPool2d(), linear(4, 3)], { input: [1, 6, 6] }),
    1,
  ],
  [
    'adaptive pooling to one value, and to the planes’ own size',
    sequential(
      [
        conv2d(1, 4, 3),
        adaptiveAvgPool2d(4),
        avgPool2d(2),
        adaptiveAvgPool2d(1),
        flatten(),
        linear(4, 3),
      ],
      { input: [1, 6, 6] },
    ),
    2,
  ],
  ['wires, residuals, joined values', wired(), 1],
];

function unpadded(): Model {
  return sequential(
    {
      c1: conv2d(1, 6, 5),
      s2: maxPool2d(2),
      c3: conv2d(6, 16, 5),
      s4: maxPool2d(2),
      flat: flatten(),
      f5: linear(256, 20),
      act: relu(),
      f6: linear(20, 10),
    },
    { input: [1, 28, 28], mean: 0.1, deviation: 0.3 },
  );
}

function wired(): Model {
  const x = input([1, 7, 7]);
  const [first, second] = [conv2d(1, 3, 3), conv2d(1, 2, 3)];
  const joined = concat(relu()(first(x)), second(x));
  const body = residual([conv2d(5, 5, 1), relu()])(joined);
  const twice = block({ conv: conv2d(5, 5, 1) }, ({ conv }, y) => add(conv(y), y))(body);
  const values = concat(linear(125, 2)(flatten()(twice)), globalAvgPool2d()(twice));
  return functional({
    inputs: x,
    outputs: { scores: linear(7, 3)(values) },
    layers: { first, second },
  });
}

for (const [name, model, step] of nets) {
  test(`${name}: each place has the scores of the part there, and the output is their mean`, async () => {
    const net = drawn(model);
    const [C, h, w] = Object.values(model.architecture.inputs)[0]!.shape as [
      number,
      number,
      number,
    ];
    const [rows, columns] = [3, 2];
    const shape = [C, h + (rows - 1) * step, w + (columns - 1) * step];
    const pixels = numbers(sizeOf(shape), 5);
    const whole = denseForm(net, shape, { mean: false });
    const map = await scoresOf(whole, pixels);
    const [classes] = [...model.outputs.values()][0]!;
    assert.equal([...whole.model.outputs.values()], [[classes, rows, columns]]);
    assert.equal([...whole.model.outputs.keys()], [...model.outputs.keys()]);
    const means = new Float64Array(classes!);
    for (let p = 0; p < rows * columns; p++) {
      const place = [Math.floor(p / columns) * step, (p % columns) * step];
      const own = await scoresOf(net, part(pixels, shape, [h, w], place));
      const there = own.map((_, c) => map[c * rows * columns + p]!);
      assertClose(there, own, 2e-5, `${name} at ${place.join(', ')}`);
      own.forEach((value, c) => (means[c]! += value / (rows * columns)));
    }
    assertClose(await scoresOf(denseForm(net, shape), pixels), means, 2e-5, `${name}: mean`);
  });
}

test('of the size that the net sees, the dense form has the scores of nets with padding too', async () => {
  const nets = [
    resNet18({ size: 32, classes: 10, width: 1 / 8 }),
    alexNet({ definition: 'torchvision', size: 224, classes: 10, width: 1 / 16 }),
  ];
  for (const model of nets) {
    const net = drawn(model);
    const { shape } = Object.values(model.architecture.inputs)[0]!;
    const pixels = numbers(sizeOf(shape), 3);
    const [own, dense] = [
      await scoresOf(net, pixels),
      await scoresOf(denseForm(net, shape), pixels),
    ];
    assertClose(dense, own, 2e-4, `${shape.join('×')}`);
    const [C, H, W] = shape as [number, number, number];
    assert.is(denseForm(net, [C, H + 32, W + 64]).model.outputs.size, 1);
  }
});

test('the dense form is a model like others: saved and read, it scores the same', async () => {
  const shape = [1, 32, 36];
  const model = scorer(denseForm(drawn(unpadded()), shape));
  const read = await decodeModel(encodeModel(model), 'dense');
  const pixels = numbers(sizeOf(shape), 9);
  assert.equal((await read.predict(pixels)).scores, (await model.predict(pixels)).scores);
  // A model without weights has a dense form too, which can be trained.
  assert.is(denseForm(unpadded(), shape).weights.size, 0);
});

test('what has no dense form is refused, with the layer and the way out', () => {
  const head = [flatten(), linear(72, 3)];
  const of = (...layers: Layer[]) => sequential(layers, { input: [2, 6, 6] });
  const plain = of(...head);
  const refusals: [Model, readonly number[], RegExp][] = [
    [plain, [2, 5, 9], /denseForm: shape is 2×5×9, expected 2 channels and at least .* 2×6×6/],
    [plain, [3, 9, 9], /shape is 3×9×9, expected 2 channels/],
    [plain, [2, 9], /denseForm: shape/],
    [of(...head, softmax()), [2, 9, 9], /layer '2' \(softmax\) follows dense layers/],
    [of(...head, layerNorm(3)), [2, 9, 9], /layer '2' \(layerNorm\) follows dense layers/],
    [of(groupNorm(1, 2), ...head), [2, 9, 9], /layer '0' \(groupNorm\) follows planes/],
    [of(squeezeExcitation(2, 1), ...head), [2, 9, 9], /layer '0' \(squeezeExcitation\)/],
    [of(chain([linear(6, 6)]), ...head), [2, 9, 9], /layer '0\.0' \(linear\) follows planes/],
    [of(flatten(), batchNorm1d(72), linear(72, 3)), [2, 9, 9], /follows flattened planes/],
    [of(adaptiveAvgPool2d(4), flatten(), linear(32, 3)), [2, 9, 9], /adaptiveAvgPool2d/],
    [of(conv2d(2, 3, 3)), [2, 9, 9], /output 'output' is of no dense layer/],
    [of(flatten()), [2, 9, 9], /output 'output' is of no dense layer/],
    [sequential([linear(4, 2)], { input: [4] }), [1, 9, 9], /takes input of 4 and gives output/],
    [googLeNet({ size: 64, classes: 10, width: 1 / 8 }), [3, 96, 96], /gives logits, aux1/],
  ];
  for (const [model, shape, message] of refusals) {
    try {
      denseForm(model, shape);
    } catch (error) {
      assert.instance(error, LanewiseError);
      assert.match((error as LanewiseError).message, message);
      continue;
    }
    assert.unreachable(String(message));
  }
});

test.run();
