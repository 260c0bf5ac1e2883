/** Models that are written as ONNX: every kind of layer, every net of the zoo at a small size, and forms of inputs and outputs. */
import { sizeOf, type Tensor } from '../../src/graph/tensor.js';
import * as L from '../../src/layers/index.js';
import type { Model } from '../../src/layers/index.js';
import { lossTerms, type LossSetting } from '../../src/losses/terms.js';
import * as zoo from '../../src/models/index.js';
import * as ops from '../../src/ops/index.js';
import { onnx } from '../../src/onnx/onnx-layer.js';
import { initialWeights } from '../../src/trained/initial-weights.js';
import { createTrainedModel, type TrainedModel } from '../../src/trained/trained-model.js';
import { examples, modelOf, withNumbers } from './layer-examples.js';
import { numbers } from './numbers.js';
import type { Values } from './onnxruntime.js';

export interface Example {
  readonly name: string;
  readonly create: () => Promise<TrainedModel>;
}

const classes = 4;
const small = { size: 32, classes, width: 1 / 8 };

/** Nets of the zoo, by their functions' names. */
export const nets: Readonly<Record<string, () => Model>> = {
  alexNet: () => zoo.alexNet({ ...small, size: 67 }),
  charLstm: () => zoo.charLstm({ vocabulary: 7, length: 5, hiddenSize: 6, embeddingDim: 4 }),
  charRnn: () => zoo.charRnn({ vocabulary: 7, length: 5, hiddenSize: 6, embeddingDim: 4 }),
  deepFace: () => zoo.deepFace({ size: 72, classes, features: 16, width: 1 / 8 }),
  denoisingAutoencoder: () => zoo.denoisingAutoencoder(),
  forecaster: () =>
    zoo.forecaster({
      window: 6,
      horizon: 2,
      columns: 3,
      known: 1,
      cell: 'lstm',
      mean: [1, 2, 3],
      deviation: [2, 1, 3],
    }),
  googLeNet: () => zoo.googLeNet({ ...small, size: 64 }),
  gpt: () => zoo.gpt({ vocabulary: 7, length: 6, layers: 2, heads: 2, features: 8 }),
  lenet1: () => zoo.lenet1(),
  lenet5: () => zoo.lenet5(),
  lenet5Original: () => zoo.lenet5Original(),
  mlp: () => zoo.mlp(),
  networkInNetwork: () => zoo.networkInNetwork({ ...small, size: 16 }),
  resNet18: () => zoo.resNet18(small),
  resNet34: () => zoo.resNet34(small),
  resNet50: () => zoo.resNet50(small),
  resNet101: () => zoo.resNet101(small),
  resNet152: () => zoo.resNet152(small),
  resnet20: () => zoo.resnet20(),
  seResNet: () => zoo.seResNet({ ...small, reduction: 4 }),
  smallInception: () => zoo.smallInception(),
  smallSeNet: () => zoo.smallSeNet(),
  smallVgg: () => zoo.smallVgg(),
  srcnn: () => zoo.srcnn({ size: 16 }),
  tabular: () =>
    zoo.tabular({
      features: 3,
      outputs: 2,
      hidden: 8,
      mean: [1, 2, 3],
      deviation: [2, 1, 3],
      edges: [
        [-1, 0, 1],
        [0, 2],
        [0, 1, 3],
      ],
    }),
  textClassifier: () => zoo.textClassifier({ features: 20, classes: 3, hiddenSize: 8 }),
  unet: () => zoo.unet({ depth: 2, width: 4, padding: 'same', size: 16, batchNorm: true }),
  vgg11: () => zoo.vgg11(small),
  vgg13: () => zoo.vgg13(small),
  vgg16: () => zoo.vgg16({ ...small, batchNorm: true }),
  vgg19: () => zoo.vgg19(small),
  zfNet: () => zoo.zfNet({ ...small, size: 64 }),
};

/** A model with drawn weights, and statistics as if it had been trained. */
async function drawn(model: Model, loss: LossSetting): Promise<TrainedModel> {
  const weights = new Map(await initialWeights(model));
  model.parameters.forEach(({ name, shape, role }, i) => {
    if (role !== 'statistic') return;
    const moved = numbers(sizeOf(shape), i).map((v) => v / 4);
    weights.set(name, name.endsWith('var') ? moved.map((v) => 1 + v) : moved);
  });
  return createTrainedModel(model, lossTerms(loss, [...model.outputs.keys()]), 'strict', weights);
}

/** Forms that single layers and nets do not have: lengths, several inputs and outputs, layers applied twice. */
const forms: Readonly<Record<string, () => Model>> = {
  'lstm with lengths': () =>
    ofLengths((x, n) => L.lstm(3, 4, { bidirectional: true, numLayers: 2 })(x, n)),
  'gru with lengths, the last': () =>
    ofLengths((x, n) => L.gru(3, 4, { bidirectional: true, returns: 'last' })(x, n)),
  ...Object.fromEntries(
    (['rnn', 'gru', 'lstm'] as const).flatMap((kind) =>
      [false, true].map((bidirectional): [string, () => Model] => [
        `${kind}${bidirectional ? ' both ways' : ''} from states, with lengths`,
        () => {
          const [x, lengths] = [L.input([5, 3]), L.input([], { lengths: 5 })];
          const count = bidirectional ? 2 : 1;
          const states = Array.from({ length: kind === 'lstm' ? 2 : 1 }, () => L.input([count, 4]));
          const layer = L[kind](3, 4, { bidirectional, initialStates: true });
          const inputs = Object.fromEntries(states.map((one, i) => [`state${i}`, one]));
          return L.functional({
            inputs: { x, lengths, ...inputs },
            outputs: { with: layer(x, ...states, lengths), without: layer(x, ...states) },
          });
        },
      ]),
    ),
  ),
  'attention with lengths': () =>
    ofLengths((x, n) => L.multiheadAttention(4, 2)(L.linear(3, 4)(x), n)),
  'attention to another sequence': () => {
    const [x, memory] = [L.input([5, 4]), L.input([7, 4])];
    return L.functional({
      inputs: { x, memory },
      outputs: L.multiheadAttention(4, 2)(x, memory, memory),
    });
  },
  'mean of own steps': () => ofLengths((x, n) => L.mean(1)(x, n)),
  'sum of own steps': () => ofLengths((x, n) => L.sum(-2, { keepDims: true })(x, n)),
  'a layer twice, two outputs': () => {
    const x = L.input([4]);
    const dense = L.linear(4, 4);
    const first = dense(x);
    return L.functional({
      inputs: x,
      outputs: { second: dense(L.relu(first)), first, same: first, whole: x },
      layers: { dense },
    });
  },
  'inputs of different shapes': () => {
    const [a, b] = [
      L.input([3, 2, 2], { mean: [1, 2, 3], deviation: 2 }),
      L.input([2], { mean: 0.5 }),
    ];
    return L.functional({ inputs: { a, b }, outputs: L.multiply(a, b) });
  },
  'whole numbers as floats': () => {
    const x = L.input([], { vocabulary: 6 });
    return L.functional({ inputs: x, outputs: stepLayer(LABELS)(x) });
  },
  'tied embedding': () => {
    const x = L.input([5], { vocabulary: 6 });
    const table = L.embedding(6, 4, { reversible: true });
    return L.functional({ inputs: x, outputs: table(L.tanh(table(x))), layers: { table } });
  },
  'even response normalisation': () =>
    L.sequential([L.localResponseNorm(4, { alpha: 2, beta: 0.5, k: 1 })], { input: [6, 3, 2] }),
  'response normalisation of sequences': () =>
    L.sequential([L.localResponseNorm(3)], { input: [5, 7] }),
  'same padding, dilated': () =>
    L.sequential([L.conv2d(2, 3, [2, 3], { padding: 'same', dilation: [3, 2] })], {
      input: [2, 7, 8],
    }),
  'same padding, strided': () =>
    L.sequential([L.conv2d(2, 3, 3, { padding: 'same', stride: 2 })], { input: [2, 8, 7] }),
  'same convolution of sequences': () =>
    L.sequential([L.conv1d(2, 3, 4, { padding: 'same' })], { input: [2, 9] }),
  'transposed convolution, outputPadding above the stride': () =>
    L.sequential([L.convTranspose2d(2, 3, 3, { stride: 1, dilation: 3, outputPadding: 2 })], {
      input: [2, 4, 5],
    }),
  'transposed convolution without bias': () =>
    L.sequential([L.convTranspose2d(2, 4, [2, 3], { stride: [2, 3], bias: false, groups: 2 })], {
      input: [2, 4, 5],
    }),
  ...Object.fromEntries(
    (['nearest', 'bilinear'] as const).flatMap((mode) =>
      [
        { size: [9, 7] },
        { size: [1, 1] },
        { size: [3, 12] },
        { scale: 2 },
        { scale: [1.5, 0.7] },
        { scale: 1.7 },
      ].map((to) => [
        `${mode} ${JSON.stringify(to)}`,
        () =>
          L.sequential([L.upsample2d({ mode, ...(to as { scale: number }) })], {
            input: [2, 4, 7],
          }),
      ]),
    ),
  ),
  'adaptive pooling of one window': () =>
    L.sequential([L.adaptiveAvgPool2d(1), L.adaptiveMaxPool2d([1, 1])], { input: [3, 4, 5] }),
  'adaptive means that divide': () =>
    L.sequential([L.adaptiveAvgPool2d([2, 3])], { input: [2, 4, 9] }),
  'group normalisation of features': () => L.sequential([L.groupNorm(2, 6)], { input: [6] }),
  'layer normalisation of images': () => L.sequential([L.layerNorm([3, 4])], { input: [2, 3, 4] }),
  'an op of a file': () => {
    const x = L.input([4, 3]);
    const half = onnx({
      op: 'Mul',
      version: 13,
      operands: [{ wire: 0 }, { type: 'float', shape: [1, 3], values: [0.5, 1, 2] }],
    });
    return L.functional({ inputs: x, outputs: half(x) });
  },
  'one-sided sequence ends': () =>
    L.sequential([L.rnn(3, 4, { returns: 'last' })], { input: [5, 3] }),
};

/** A model of a sequence of 5 steps of 3 numbers and its length. */
function ofLengths(build: (x: L.Wire, lengths: L.Wire) => L.Wire): Model {
  const [x, lengths] = [L.input([5, 3]), L.input([], { lengths: 5 })];
  return L.functional({ inputs: { x, lengths }, outputs: build(x, lengths) });
}

/** Ops that no layer is made of, of n×4×6 numbers from −0.9 to 0.9; layers of one's own and of files have them. */
const steps: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  acos: ops.acos,
  acosh: (x) => ops.acosh(ops.add(ops.abs(x), one)),
  argMax: (x) => ops.argMax(x, 1),
  'argMax, the last': (x) => ops.argMax(ops.round(x), -1, { last: true, keepDims: true }),
  argMin: (x) => ops.argMin(x, 2),
  asin: ops.asin,
  asinh: ops.asinh,
  atan: ops.atan,
  atanh: ops.atanh,
  batchMatmul: (x) => ops.batchMatmul(x, ops.expand(x, x.shape), false, true),
  ceil: ops.ceil,
  celu: (x) => ops.celu(x, 0.5),
  cos: ops.cos,
  cosh: ops.cosh,
  'cumsum, exclusive': (x) => ops.cumsum(x, 1, { exclusive: true, reverse: true }),
  equal: (x) => ops.equal(ops.round(x), ops.trunc(x)),
  expand: (x) => ops.add(x, ops.expand(ops.literal([1, 2, 3, 4, 5, 6]), x.shape)),
  flip: (x) => ops.flip(x, [1, 2]),
  floor: ops.floor,
  fmod: (x) => ops.fmod(ops.scale(x, 7), ops.literal([2, -2, 0.5, 3, -1, 2])),
  gather: (x) => ops.gather(x, ops.literal([3, 0, -1]), 1),
  gatherNd: (x) => {
    const table = ops.reshape(ops.literal(Array.from({ length: 16 }, (_, i) => i * i)), [4, 4]);
    const [most, least] = [ops.argMax(x, 1), ops.argMin(x, 1)];
    const places = [most, least].map((one) => ops.reshape(one, [...one.shape, 1]));
    return ops.gatherNd(table, ops.concat(places, -1));
  },
  greater: (x) => ops.greater(x, ops.flip(x, 1)),
  greaterOrEqual: (x) => ops.greaterOrEqual(x, ops.flip(x, 1)),
  isInfinite: (x) => ops.isInfinite(ops.divide(one, ops.round(x))),
  isNaN: (x) => ops.isNaN(ops.log(x)),
  less: (x) => ops.less(x, ops.flip(x, 1)),
  lessOrEqual: (x) => ops.lessOrEqual(x, ops.flip(x, 2)),
  logsumexp: (x) => ops.logsumexp(x, [1, 2]),
  min: (x) => ops.min(x, 2),
  mish: ops.mish,
  notEqual: (x) => ops.notEqual(ops.round(x), ops.trunc(x)),
  'constant of samples': (x) => ops.sum(ops.multiply(x, ops.constant(2, x.shape)), 1),
  pow: (x) => ops.pow(ops.abs(x), ops.flip(x, 2)),
  prod: (x) => ops.prod(x, 1),
  remainder: (x) => ops.remainder(ops.scale(x, 7), ops.literal([2, -2, 0.5, 3, -1, 2])),
  round: (x) => ops.round(ops.scale(x, 5)),
  scatter: (x) => ops.scatter(x, ops.topK(x, 2, 1).indices, ops.topK(x, 2, 1).values, 1),
  'scatter, added': (x) =>
    ops.scatter(x, ops.topK(x, 2, 1).indices, ops.topK(x, 2, 1).values, 1, { reduce: 'add' }),
  sign: ops.sign,
  sin: ops.sin,
  sinh: ops.sinh,
  softsign: ops.softsign,
  'lstm with memory': (x) => {
    const [w, u] = [6, 3].map((n) =>
      ops.reshape(ops.literal(Array.from({ length: 12 * n }, (_, i) => Math.sin(i))), [12, n]),
    );
    const run = { h0: ops.slice(ops.mean(x, 1), [[], [0, 3]]) };
    const weights = { weightIh: w!, weightHh: u! };
    const [forth, back] = [false, true].map((reverse) =>
      ops.recurrentStates(x, weights, 'lstm', { ...run, reverse }),
    );
    return ops.concat([forth!.h, forth!.c!, back!.h, back!.c!], 1);
  },
  split: (x) => ops.add(ops.split(x, [1, 3], 1)[0]!, ops.split(x, [1, 3], 1)[1]!),
  takeAlong: (x) => ops.takeAlong(x, ops.argMax(x, 2, { keepDims: true }), 2),
  tan: ops.tan,
  thresholdedRelu: (x) => ops.thresholdedRelu(x, 0.3),
  topK: (x) => ops.topK(x, 3, -1, { largest: false }).indices,
  trunc: (x) => ops.trunc(ops.scale(x, 5)),
  where: (x) => ops.where(ops.greater(x, ops.constant(0, [1])), ops.log(x), x),
  'where, of numbers': (x) => ops.where(ops.round(x), one, ops.constant(2, [1])),
};

const one = ops.constant(1, [1]);

const LABELS = 'labels';
const ofLabels = (labels: Tensor): Tensor =>
  ops.multiply(ops.oneHot(labels, 6), ops.reshape(ops.toFloats(labels), [labels.shape[0]!, 1]));

const KIND = 'opOfTests';
const stepLayer = (name: string) =>
  L.defineLayer(KIND, { name }, (_, x) => (name === LABELS ? ofLabels : steps[name]!)(x!));
L.registerLayer(KIND, ({ name }: { name: string }) => stepLayer(name));

const ofSteps = Object.fromEntries(
  Object.keys(steps).map((name): [string, () => Model] => [
    `op ${name}`,
    () => L.sequential([L.scale(0.4), stepLayer(name)], { input: [4, 6] }),
  ]),
);

const lossOf = (name: string): LossSetting =>
  name === 'googLeNet'
    ? zoo.googLeNetLoss
    : name === 'resnet20' || name === 'lenet5'
      ? 'crossEntropy'
      : 'meanSquaredError';

export const onnxExamples: readonly Example[] = [
  ...examples.map((example, i): Example => {
    const [layer] = example;
    return { name: `${layer.kind} ${i}`, create: async () => withNumbers(modelOf(example)) };
  }),
  ...Object.entries({ ...forms, ...ofSteps, ...nets }).map(([name, create]): Example => ({
    name,
    create: () => drawn(create(), lossOf(name)),
  })),
];

/** `count` samples of every input, in numbers that its layers bear. */
export const inputsOf = (model: Model, count: number): Record<string, Values> =>
  Object.fromEntries(
    Object.entries(model.architecture.inputs).map(([name, { shape, vocabulary, lengths }], at) => {
      const size = count * sizeOf(shape);
      const dims = [count, ...shape];
      const whole = (i: number) => (lengths ? 1 + ((i + 1) % lengths) : (3 * i + 1) % vocabulary!);
      if (vocabulary !== undefined)
        return [
          name,
          { type: 'int64', dims, data: Int32Array.from({ length: size }, (_, i) => whole(i)) },
        ];
      // None is near 0, which some layers divide by.
      return [name, { dims, data: numbers(size, 7 + at).map((v) => 2 * v + Math.sign(v) / 4) }];
    }),
  );

/** The model's answers by output, as `predict` gives them. */
export async function answersOf(
  trained: TrainedModel,
  inputs: Readonly<Record<string, Values>>,
): Promise<Record<string, Float32Array>> {
  const fields = Object.fromEntries(
    Object.entries(inputs).map(([name, { dims, data }]) => [
      name,
      { shape: dims.slice(1), values: data as Float32Array },
    ]),
  );
  const answers: Record<string, Float32Array> = {};
  for (const output of trained.model.outputs.keys())
    answers[output] = (await trained.predict(fields, undefined, output)).scores;
  return answers;
}
