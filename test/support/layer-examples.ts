/** Every kind of layer, once or more, and a model of it alone with weights and samples. */
import { sizeOf } from '../../src/graph/tensor.js';
import * as L from '../../src/layers/index.js';
import type { Layer, Model } from '../../src/layers/index.js';
import { withWeights } from '../../src/trained/with-weights.js';
import type { TrainedModel } from '../../src/trained/trained-model.js';
import { numbers } from './numbers.js';

const image = [4, 6, 6];
const series = [4, 8];
const { initializers } = L;

/** Each kind once or more, with other settings than the defaults, and the shape that it is applied to. */
export const examples: readonly (readonly [Layer, shape: readonly number[]])[] = [
  [L.elu({ alpha: 0.5 }), image],
  [L.gelu({ approximate: 'tanh' }), image],
  [L.hardSigmoid(), image],
  [L.hardSwish(), image],
  [L.hardTanh({ minVal: -0.5, maxVal: 0.25 }), image],
  [L.leakyRelu({ negativeSlope: 0.2 }), image],
  [L.logSoftmax(), image],
  [L.prelu({ numParameters: 4, init: 0.1 }), image],
  [L.scale(0.5), image],
  [L.selu(), image],
  [L.silu(), image],
  [L.softmax(), image],
  [L.softplus(), image],
  [
    L.multiheadAttention(8, 2, {
      causal: true,
      bias: false,
      dropout: 0.1,
      outInit: initializers.constant(0.1),
    }),
    series,
  ],
  [
    L.conv1d(4, 6, 3, { stride: 2, padding: 2, dilation: 2, groups: 2, paddingMode: 'reflect' }),
    series,
  ],
  [
    L.conv2d(4, 6, [3, 2], {
      stride: [2, 1],
      padding: [1, 0],
      dilation: 2,
      groups: 2,
      paddingMode: 'replicate',
      bias: false,
      weightInit: initializers.heNormal(),
    }),
    image,
  ],
  [
    L.conv2d(4, 2, 3, { padding: 'same', algorithm: 'direct', biasInit: initializers.constant(1) }),
    image,
  ],
  [
    L.convTranspose2d(4, 6, 3, { stride: 2, padding: 1, outputPadding: 1, dilation: 2, groups: 2 }),
    image,
  ],
  [L.depthwiseConv2d(4, 3, { depthMultiplier: 2, padding: 1 }), image],
  [
    L.linear(8, 3, {
      bias: false,
      weightInit: initializers.randomWalk({ distribution: 'orthogonal' }),
    }),
    [8],
  ],
  [L.linear(8, 3, { weightInit: initializers.truncatedNormal(0, 1, 1.5) }), [8]],
  [L.add(), image],
  [L.divide(), image],
  [L.maximum(), image],
  [L.multiply(), image],
  [L.subtract(), image],
  [L.flatten(), image],
  [L.relu(), image],
  [L.scaledTanh(), image],
  [L.sigmoid(), image],
  [L.tanh(), image],
  [L.embedding(5, 3, { reversible: true, weightInit: initializers.uniform(-1, 1) }), [6]],
  [L.positionEmbedding(9, 8), series],
  [L.dropout(0.3), image],
  [L.dropout2d(0.3), image],
  [L.squeezeExcitation(4, 2), image],
  [L.batchNorm1d(4, { eps: 1e-3, momentum: 0.2 }), series],
  [L.batchNorm2d(4, { affine: false }), image],
  [L.groupNorm(2, 4, { eps: 1e-3 }), image],
  [L.instanceNorm2d(4, { affine: true }), image],
  [L.layerNorm([6, 6], { elementwiseAffine: false }), image],
  [L.rmsNorm(6, { eps: 1e-3 }), image],
  [L.rmsNorm([6, 6], { elementwiseAffine: false }), image],
  [L.localResponseNorm(3, { alpha: 0.5, beta: 0.5, k: 2 }), image],
  [L.adaptiveAvgPool2d([2, 3]), image],
  [L.adaptiveMaxPool2d(4), image],
  [L.avgPool1d(3, { stride: 2, padding: 1, ceilMode: true, countIncludePad: false }), series],
  [L.avgPool2d([3, 2], { stride: 2, padding: 1, ceilMode: true, countIncludePad: false }), image],
  [L.globalAvgPool1d(), series],
  [L.globalAvgPool2d(), image],
  [L.globalMaxPool1d(), series],
  [L.globalMaxPool2d(), image],
  [L.maxPool1d(3, { stride: 1 }), series],
  [L.maxPool2d(3, { stride: [1, 2], padding: 1, ceilMode: true }), image],
  [L.subsampling2d(4, 2, { stride: 1 }), image],
  [L.rescale({ mean: 5, deviation: 0.25 }), image],
  [L.rescale({ mean: [1, -2, 3], deviation: [4, 0.5, 1e3] }), [3]],
  [L.rescale({ mean: [1, 2, 3, 4, 5, 6, 7, 8] }), series],
  [
    L.piecewiseLinear({
      edges: [
        [-1, 0, 0.5],
        [0, 1],
        [-3, -2, 2, 3.5],
      ],
    }),
    [3],
  ],
  [L.smoothClip(), image],
  [L.smoothClip({ bound: 0.5 }), [4]],
  [L.rbf(8, 3), [8]],
  [
    L.rbf(2, 2, {
      centres: [
        [1, -1],
        [0, 1],
      ],
      trainable: true,
    }),
    [2],
  ],
  [L.concat({ axis: 2 }), image],
  [
    L.pad(
      [
        [0, 1],
        [1, 0],
        [2, 2],
      ],
      { value: 0.5 },
    ),
    image,
  ],
  [L.permute([0, 2, 1]), series],
  [L.reshape([2, -1]), series],
  [L.slice(1, 1, -1), image],
  [L.stopGradient(), image],
  [L.transpose(1, -1), image],
  [
    L.connectedConv2d(
      4,
      [
        [0, 1],
        [2, 3, 0],
      ],
      3,
      { stride: 2, padding: 1, bias: false },
    ),
    image,
  ],
  [L.locallyConnected2d(4, 2, [3, 2], { stride: 2, padding: 1, paddingMode: 'reflect' }), image],
  [L.pad2d([1, 2, 0, 1], { mode: 'zeros', value: 2 }), image],
  [L.max([2, 3], { keepDims: true }), image],
  [L.mean(-1), image],
  [L.sum([1, 2]), image],
  [L.pixelShuffle(2), image],
  [L.pixelUnshuffle(2), image],
  [L.upsample2d({ scale: [2, 1.5], mode: 'bilinear', alignCorners: true }), image],
  [L.upsample2d({ size: [5, 7] }), image],
  [L.gru(8, 3, { numLayers: 2, bidirectional: true, returns: 'last', dropout: 0.2 }), series],
  [L.lstm(8, 3, { bias: false, weightInit: initializers.orthogonal({ gain: 0.5 }) }), series],
  [L.rnn(8, 3, { nonlinearity: 'relu' }), series],
  [L.gru(8, 3, { resetAfter: false, recurrentActivation: 'hardSigmoid' }), series],
  [L.lstm(8, 3, { recurrentActivation: 'hardSigmoid', bidirectional: true }), series],
  // The states to begin with are the samples too: 4 of 8.
  [L.lstm(8, 8, { numLayers: 2, bidirectional: true, initialStates: true }), series],
  [L.chain({ a: L.conv2d(4, 2, 3), b: L.relu() }), image],
  [L.residual([L.conv2d(4, 2, 1)], [L.conv2d(4, 2, 1)], { activation: 'relu' }), image],
  [L.residual([L.relu()]), image],
  [L.block({ c: L.conv2d(4, 4, 1) }, ({ c }, x) => L.add(c(x), c(L.relu(x)), x)), image],
  [L.sequential([L.conv2d(4, 2, 1), L.batchNorm2d(2)], { input: [4, 6, 6] }), image],
];

export function modelOf([layer, shape]: (typeof examples)[number]): Model {
  const x = L.input(shape, layer.kind === 'embedding' ? { vocabulary: 5 } : {});
  const xs = Array.from({ length: layer.inputs[0] }, () => x);
  return L.functional({ inputs: x, outputs: layer(...xs), layers: { layer } });
}

/** With weights that its layers bear: variances are positive. */
export function withNumbers(model: Model): TrainedModel {
  const weights = new Map(
    model.parameters.map(({ name, shape, role }, i) => [
      name,
      numbers(sizeOf(shape), i + 1).map((v) => (role === 'statistic' ? Math.abs(v) + 0.5 : v)),
    ]),
  );
  return withWeights(model, weights, { loss: 'meanSquaredError', numerics: 'strict' });
}

/** `count` samples of a model's first input. */
export function samplesOf(model: Model, count: number): Int32Array | Float32Array {
  const { shape, vocabulary } = Object.values(model.architecture.inputs)[0]!;
  const size = count * sizeOf(shape);
  return vocabulary === undefined
    ? numbers(size, 7).map((v) => Math.abs(v) + 0.25)
    : Int32Array.from({ length: size }, (_, i) => i % vocabulary);
}
