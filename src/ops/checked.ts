/**
 * The public ops, which check their arguments once, here at the border. The ops themselves rely on that and check
 * shapes alone.
 */
import {
  checkOptions,
  extent,
  finite,
  flag,
  isList,
  list,
  listOf,
  listOr,
  notNegative,
  object,
  oneOf,
  refuse,
  text,
  whole,
  type Check,
} from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { tensorOperand as tensor } from '../graph/op.js';
import type { Tensor } from '../graph/tensor.js';
import * as all from './index.js';

/** The op with checks of its first arguments, by name and in order. */
/* @__NO_SIDE_EFFECTS__ */
function given<F extends (...operands: never[]) => unknown>(
  name: string,
  op: F,
  checks: Readonly<Record<string, Check>>,
): F {
  const entries = Object.entries(checks);
  return ((...operands: never[]) => {
    entries.forEach(([operand, check], i) => check(name, operand, operands[i]));
    return op(...operands);
  }) as F;
}

/** A check for a tensor or null. */
const orNull: Check = (op, name, value) => {
  if (value !== null && value !== undefined) tensor(op, name, value);
};

/** A check for one or more axes; absent: all. */
const axes: Check = (op, name, value) => {
  if (value !== undefined) listOr(whole, list)(op, name, value);
};

/** A check for a number of float32; constants may be infinite where that is written. */
const orInfinite: Check = (op, name, value) => {
  if (Math.abs(value as number) !== Infinity) finite(op, name, value);
};

/** A check that lets an absent argument pass, which has a default. */
/* @__NO_SIDE_EFFECTS__ */
const orAbsent =
  (check: Check): Check =>
  (op, name, value) => {
    if (value !== undefined) check(op, name, value);
  };

/** A check for a number that is divided by. */
const divisor: Check = (op, name, value) => {
  finite(op, name, value);
  if (value === 0) refuse(op, name, value, 'a number other than 0');
};

/** A check for the options of running sums. */
const cumulation: Check = (op, _, value) => {
  checkOptions<all.CumsumOptions>(op, value === undefined ? {} : (value as object), {
    exclusive: flag,
    reverse: flag,
  });
};

/** A check for the numbers of a vector. */
const vector: Check = (op, name, value) => {
  list(op, name, value);
  const numbers = Array.from(value as ArrayLike<unknown>);
  if (numbers.length === 0) refuse(op, name, value, 'at least one number');
  const nested = numbers.findIndex(isList);
  if (nested >= 0) {
    throw new LanewiseError(
      'argument',
      `${op}: ${name}[${nested}] is a list, expected a number, as it makes a vector`,
      'ops.reshape(ops.literal(values.flat()), [rows, columns]) gives it another shape',
    );
  }
  numbers.forEach((one, i) => finite(op, `${name}[${i}]`, one));
};

const X = { x: tensor };

/** The op of one tensor alone: what follows it, such as the place and the list that `map` gives, does not count. */
/* @__NO_SIDE_EFFECTS__ */
const ofOne = (name: string, op: (x: Tensor) => Tensor) => given(name, (x: Tensor) => op(x), X);

const AB = { a: tensor, b: tensor };
const XWB = { x: tensor, w: tensor, b: orNull };
const CONVOLUTION = { x: tensor, w: tensor, b: orNull, attributes: object };
const WINDOWS = { x: tensor, attributes: object };
const TO_SHAPE = { x: tensor, shape: list };
const OVER_AXES = { x: tensor, axes };
const REDUCED = { x: tensor, axes, keepDims: /* @__PURE__ */ orAbsent(flag) };
const ALONG = { x: tensor, axis: /* @__PURE__ */ orAbsent(whole) };

// Element by element, of one tensor or two.
export const add: typeof all.add = given('add', all.add, AB);
export const divide: typeof all.divide = given('divide', all.divide, AB);
export const maximum: typeof all.maximum = given('maximum', all.maximum, AB);
export const minimum: typeof all.minimum = given('minimum', all.minimum, AB);
export const multiply: typeof all.multiply = given('multiply', all.multiply, AB);
export const subtract: typeof all.subtract = given('subtract', all.subtract, AB);
export const abs: typeof all.abs = given('abs', all.abs, X);
export const clamp: typeof all.clamp = given('clamp', all.clamp, X);
export const erf: typeof all.erf = given('erf', all.erf, X);
export const exp: typeof all.exp = given('exp', all.exp, X);
export const log: typeof all.log = given('log', all.log, X);
export const negate: typeof all.negate = given('negate', all.negate, X);
export const power: typeof all.power = given('power', all.power, { x: tensor, exponent: extent });
export const scale: typeof all.scale = given('scale', all.scale, { x: tensor, factor: finite });
export const sqrt: typeof all.sqrt = given('sqrt', all.sqrt, X);
export const square: typeof all.square = given('square', all.square, X);
export const ceil: typeof all.ceil = ofOne('ceil', all.ceil);
export const floor: typeof all.floor = ofOne('floor', all.floor);
export const reciprocal: typeof all.reciprocal = ofOne('reciprocal', all.reciprocal);
export const round: typeof all.round = ofOne('round', all.round);
export const sign: typeof all.sign = ofOne('sign', all.sign);
export const trunc: typeof all.trunc = ofOne('trunc', all.trunc);
export const acos: typeof all.acos = ofOne('acos', all.acos);
export const acosh: typeof all.acosh = ofOne('acosh', all.acosh);
export const asin: typeof all.asin = ofOne('asin', all.asin);
export const asinh: typeof all.asinh = ofOne('asinh', all.asinh);
export const atan: typeof all.atan = ofOne('atan', all.atan);
export const atanh: typeof all.atanh = ofOne('atanh', all.atanh);
export const cos: typeof all.cos = ofOne('cos', all.cos);
export const cosh: typeof all.cosh = ofOne('cosh', all.cosh);
export const sin: typeof all.sin = ofOne('sin', all.sin);
export const sinh: typeof all.sinh = ofOne('sinh', all.sinh);
export const tan: typeof all.tan = ofOne('tan', all.tan);
export const fmod: typeof all.fmod = given('fmod', all.fmod, AB);
export const pow: typeof all.pow = given('pow', all.pow, AB);
export const remainder: typeof all.remainder = given('remainder', all.remainder, AB);

// Comparisons and choices.
export const equal: typeof all.equal = given('equal', all.equal, AB);
export const greater: typeof all.greater = given('greater', all.greater, AB);
export const greaterOrEqual: typeof all.greaterOrEqual = given(
  'greaterOrEqual',
  all.greaterOrEqual,
  AB,
);
export const less: typeof all.less = given('less', all.less, AB);
export const lessOrEqual: typeof all.lessOrEqual = given('lessOrEqual', all.lessOrEqual, AB);
export const notEqual: typeof all.notEqual = given('notEqual', all.notEqual, AB);
export const isInfinite: typeof all.isInfinite = ofOne('isInfinite', all.isInfinite);
export const isNaN: typeof all.isNaN = ofOne('isNaN', all.isNaN);
export const where: typeof all.where = given('where', all.where, {
  condition: tensor,
  a: tensor,
  b: tensor,
});

// Activations.
export const elu: typeof all.elu = given('elu', all.elu, X);
export const gelu: typeof all.gelu = given('gelu', all.gelu, X);
/** min(max(slope·x + offset, 0), 1); by default PyTorch's slope ⅙ and offset ½. */
export const hardSigmoid: typeof all.slopedHardSigmoid = given(
  'hardSigmoid',
  all.slopedHardSigmoid,
  {
    x: tensor,
    slope: orAbsent(finite),
    offset: orAbsent(finite),
  },
);
export const hardSwish: typeof all.hardSwish = given('hardSwish', all.hardSwish, X);
export const hardTanh: typeof all.hardTanh = given('hardTanh', all.hardTanh, X);
export const leakyRelu: typeof all.leakyRelu = given('leakyRelu', all.leakyRelu, X);
export const logSoftmax: typeof all.logSoftmax = given('logSoftmax', all.logSoftmax, X);
export const prelu: typeof all.prelu = given('prelu', all.prelu, { x: tensor, weight: tensor });
export const relu: typeof all.relu = given('relu', all.relu, X);
export const scaledTanh: typeof all.scaledTanh = given('scaledTanh', all.scaledTanh, X);
export const selu: typeof all.selu = given('selu', all.selu, X);
export const sigmoid: typeof all.sigmoid = given('sigmoid', all.sigmoid, X);
export const silu: typeof all.silu = given('silu', all.silu, X);
export const softmax: typeof all.softmax = given('softmax', all.softmax, X);
export const softplus: typeof all.softplus = given('softplus', all.softplus, X);
export const tanh: typeof all.tanh = given('tanh', all.tanh, X);
export const celu: typeof all.celu = given('celu', all.celu, {
  x: tensor,
  alpha: orAbsent(divisor),
});
export const mish: typeof all.mish = ofOne('mish', all.mish);
export const softsign: typeof all.softsign = ofOne('softsign', all.softsign);
export const thresholdedRelu: typeof all.thresholdedRelu = given(
  'thresholdedRelu',
  all.thresholdedRelu,
  { x: tensor, threshold: orAbsent(finite) },
);

// Moving elements.
export const concat: typeof all.concat = given('concat', all.concat, {
  parts: /* @__PURE__ */ listOf(tensor),
  axis: whole,
});
export const expand: typeof all.expand = given('expand', all.expand, TO_SHAPE);
export const flip: typeof all.flip = given('flip', all.flip, {
  x: tensor,
  axes: /* @__PURE__ */ listOr(whole, /* @__PURE__ */ listOf(whole, 0)),
});
export const flatten: typeof all.flatten = given('flatten', all.flatten, X);
export const pad: typeof all.pad = given('pad', all.pad, { x: tensor, widths: list });
export const pad2d: typeof all.pad2d = given('pad2d', all.pad2d, { x: tensor, sides: list });
export const permute: typeof all.permute = given('permute', all.permute, { x: tensor, axes: list });
export const reshape: typeof all.reshape = given('reshape', all.reshape, TO_SHAPE);
/** Elements of a range [start, end, step] along each axis; steps below 0 go backwards. */
export const slice: typeof all.steppedSlice = given('slice', all.steppedSlice, {
  x: tensor,
  ranges: /* @__PURE__ */ listOf(list, 0),
});
export const split: typeof all.split = given('split', all.split, { x: tensor, sizes: list });
export const stopGradient: typeof all.stopGradient = given('stopGradient', all.stopGradient, X);
export const transpose: typeof all.transpose = given('transpose', all.transpose, {
  x: tensor,
  axis0: whole,
  axis1: whole,
});

// Places that come from data.
export const argMax: typeof all.argMax = given('argMax', all.argMax, ALONG);
export const argMin: typeof all.argMin = given('argMin', all.argMin, ALONG);
export const gather: typeof all.gather = given('gather', all.gather, {
  x: tensor,
  indices: tensor,
  axis: /* @__PURE__ */ orAbsent(whole),
});
export const gatherNd: typeof all.gatherNd = given('gatherNd', all.gatherNd, {
  x: tensor,
  indices: tensor,
});
export const scatter: typeof all.scatter = given('scatter', all.scatter, {
  x: tensor,
  indices: tensor,
  updates: tensor,
  axis: whole,
});
export const scatterNd: typeof all.scatterNd = given('scatterNd', all.scatterNd, {
  x: tensor,
  indices: tensor,
  updates: tensor,
});
export const takeAlong: typeof all.takeAlong = given('takeAlong', all.takeAlong, {
  x: tensor,
  indices: tensor,
  axis: whole,
});
export const topK: typeof all.topK = given('topK', all.topK, {
  x: tensor,
  k: extent,
  axis: /* @__PURE__ */ orAbsent(whole),
});

// Reductions.
export const max: typeof all.max = given('max', all.max, OVER_AXES);
export const mean: typeof all.mean = given('mean', all.mean, OVER_AXES);
export const min: typeof all.min = given('min', all.min, OVER_AXES);
export const sum: typeof all.sum = given('sum', all.sum, OVER_AXES);
export const cumsum: typeof all.cumsum = given('cumsum', all.cumsum, {
  x: tensor,
  axis: whole,
  options: cumulation,
});
export const logsumexp: typeof all.logsumexp = given('logsumexp', all.logsumexp, REDUCED);
export const prod: typeof all.prod = given('prod', all.prod, REDUCED);

// Products.
export const attention: typeof all.attention = given('attention', all.attention, {
  q: tensor,
  k: tensor,
  v: tensor,
  attributes: object,
});
export const batchMatmul: typeof all.batchMatmul = given('batchMatmul', all.batchMatmul, {
  a: tensor,
  b: tensor,
  transposeA: /* @__PURE__ */ orAbsent(flag),
  transposeB: /* @__PURE__ */ orAbsent(flag),
});
export const einsum: typeof all.einsum = given('einsum', all.einsum, {
  equation: text,
  operands: /* @__PURE__ */ listOf(tensor),
});
export const embedding: typeof all.embedding = given('embedding', all.embedding, {
  indices: tensor,
  weight: tensor,
});
export const linear: typeof all.linear = given('linear', all.linear, XWB);
export const matmul: typeof all.matmul = given('matmul', all.matmul, AB);
/** A check for the weights of a recurrent layer. */
const recurrentWeights: Check = (op, name, value) => {
  object(op, name, value);
  const { weightIh, weightHh, biasIh, biasHh } = value as Readonly<Record<string, unknown>>;
  Object.entries({ weightIh, weightHh }).forEach(([key, one]) => tensor(op, key, one));
  Object.entries({ biasIh, biasHh }).forEach(([key, one]) => orNull(op, key, one));
};

const RECURRENCE = {
  x: tensor,
  weights: recurrentWeights,
  cell: /* @__PURE__ */ oneOf(['tanh', 'relu', 'lstm', 'gru']),
};
export const recurrent: typeof all.recurrent = given('recurrent', all.recurrent, RECURRENCE);
export const recurrentStates: typeof all.recurrentStates = given(
  'recurrentStates',
  all.recurrentStates,
  RECURRENCE,
);
export const rbf: typeof all.rbf = given('rbf', all.rbf, { x: tensor, centres: tensor });

// Convolutions.
export const conv1d: typeof all.conv1d = given('conv1d', all.conv1d, CONVOLUTION);
export const conv2d: typeof all.conv2d = given('conv2d', all.conv2d, CONVOLUTION);
export const conv3d: typeof all.conv3d = given('conv3d', all.conv3d, CONVOLUTION);
export const convTranspose2d: typeof all.convTranspose2d = given(
  'convTranspose2d',
  all.convTranspose2d,
  CONVOLUTION,
);
export const locallyConnected2d: typeof all.locallyConnected2d = given(
  'locallyConnected2d',
  all.locallyConnected2d,
  CONVOLUTION,
);

// Pooling and resampling.
export const adaptiveAvgPool2d: typeof all.adaptiveAvgPool2d = given(
  'adaptiveAvgPool2d',
  all.adaptiveAvgPool2d,
  { x: tensor, size: list },
);
export const adaptiveMaxPool2d: typeof all.adaptiveMaxPool2d = given(
  'adaptiveMaxPool2d',
  all.adaptiveMaxPool2d,
  { x: tensor, size: list },
);
export const avgPool1d: typeof all.avgPool1d = given('avgPool1d', all.avgPool1d, WINDOWS);
export const avgPool2d: typeof all.avgPool2d = given('avgPool2d', all.avgPool2d, WINDOWS);
export const avgPool3d: typeof all.avgPool3d = given('avgPool3d', all.avgPool3d, WINDOWS);
export const globalAvgPool1d: typeof all.globalAvgPool1d = given(
  'globalAvgPool1d',
  all.globalAvgPool1d,
  X,
);
export const globalAvgPool2d: typeof all.globalAvgPool2d = given(
  'globalAvgPool2d',
  all.globalAvgPool2d,
  X,
);
export const globalMaxPool1d: typeof all.globalMaxPool1d = given(
  'globalMaxPool1d',
  all.globalMaxPool1d,
  X,
);
export const globalMaxPool2d: typeof all.globalMaxPool2d = given(
  'globalMaxPool2d',
  all.globalMaxPool2d,
  X,
);
export const maxPool1d: typeof all.maxPool1d = given('maxPool1d', all.maxPool1d, WINDOWS);
export const maxPool2d: typeof all.maxPool2d = given('maxPool2d', all.maxPool2d, WINDOWS);
export const maxPool3d: typeof all.maxPool3d = given('maxPool3d', all.maxPool3d, WINDOWS);
export const pixelShuffle: typeof all.pixelShuffle = given('pixelShuffle', all.pixelShuffle, {
  x: tensor,
  r: extent,
});
export const pixelUnshuffle: typeof all.pixelUnshuffle = given(
  'pixelUnshuffle',
  all.pixelUnshuffle,
  { x: tensor, r: extent },
);
export const resize: typeof all.resize = given('resize', all.resize, {
  x: tensor,
  options: object,
});
export const subsampling2d: typeof all.subsampling2d = given('subsampling2d', all.subsampling2d, {
  x: tensor,
  weight: tensor,
  bias: tensor,
  attributes: object,
});
export const upsample2d: typeof all.upsample2d = given('upsample2d', all.upsample2d, WINDOWS);

// Normalisation.
export const groupNorm: typeof all.groupNorm = given('groupNorm', all.groupNorm, {
  x: tensor,
  groups: extent,
  weight: orNull,
  bias: orNull,
  epsilon: notNegative,
});
export const instanceNorm: typeof all.instanceNorm = given('instanceNorm', all.instanceNorm, {
  x: tensor,
  weight: orNull,
  bias: orNull,
  epsilon: notNegative,
});
export const layerNorm: typeof all.layerNorm = given('layerNorm', all.layerNorm, {
  x: tensor,
  normalizedShape: list,
  weight: orNull,
  bias: orNull,
  epsilon: notNegative,
});
export const rmsNorm: typeof all.rmsNorm = given('rmsNorm', all.rmsNorm, {
  x: tensor,
  normalizedShape: list,
  weight: orNull,
  epsilon: notNegative,
});
export const localResponseNorm: typeof all.localResponseNorm = given(
  'localResponseNorm',
  all.localResponseNorm,
  WINDOWS,
);

// Values, draws and classes.
export const constant: typeof all.constant = given('constant', all.constant, {
  value: orInfinite,
  shape: listOf(extent, 0),
});
export const dropout: typeof all.dropout = given('dropout', all.dropout, {
  x: tensor,
  randomness: tensor,
  attributes: object,
});
export const literal: typeof all.literal = given('literal', all.literal, { values: vector });
export const oneHot: typeof all.oneHot = given('oneHot', all.oneHot, {
  labels: tensor,
  classes: extent,
});
export const pick: typeof all.pick = given('pick', all.pick, { x: tensor, index: tensor });
export const toFloats: typeof all.toFloats = given('toFloats', all.toFloats, X);
