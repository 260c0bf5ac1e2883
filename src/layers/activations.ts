/** Activations with settings or learned slopes, with PyTorch's names; those without are in elementwise.ts. */
import { checkOptions, extent, finite, oneOf } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import * as ops from '../ops/index.js';
import { constantly } from './initializer.js';
import { defineLayer, direct, plain, type Constructors } from './layer.js';

/** x above 0, else negativeSlope·x; default 0.01 (Maas et al. 2013). */
export const leakyRelu = direct((options: { readonly negativeSlope?: number } = {}) => {
  checkOptions('leakyRelu', options, { negativeSlope: finite });
  const { negativeSlope = 0.01 } = options;
  return defineLayer('leakyRelu', { negativeSlope }, (_, x) => ops.leakyRelu(x!, negativeSlope));
});

/** Settings of `prelu`. */
export interface PreluOptions {
  /** 1 for one slope, or the number of channels (axis 1); default 1. */
  readonly numParameters?: number;
  /** Initial value of the slopes; default 0.25. */
  readonly init?: number;
}

/** x above 0, else weight·x (He et al. 2015). Parameter: weight of numParameters. */
export const prelu = direct((options: PreluOptions = {}) => {
  checkOptions('prelu', options, { numParameters: extent, init: finite });
  const { numParameters = 1, init = 0.25 } = options;
  return defineLayer('prelu', { numParameters, init }, (scope, x) =>
    ops.prelu(x!, scope.parameter('weight', [numParameters], constantly(init))),
  );
});

/** x above 0, else alpha·(eˣ − 1); default 1 (Clevert et al. 2016). */
export const elu = direct((options: { readonly alpha?: number } = {}) => {
  checkOptions('elu', options, { alpha: finite });
  const { alpha = 1 } = options;
  return defineLayer('elu', { alpha }, (_, x) => ops.elu(x!, alpha));
});

/** ELU with the constants that keep mean and variance (Klambauer et al. 2017). */
export const selu = plain('selu', ops.selu);

/** x·Φ(x) (Hendrycks & Gimpel 2016); `approximate: 'tanh'` is GPT-2's form; default 'none'. */
export const gelu = direct((options: { readonly approximate?: ops.Approximation } = {}) => {
  checkOptions('gelu', options, { approximate: oneOf(['none', 'tanh']) });
  const { approximate = 'none' } = options;
  return defineLayer('gelu', { approximate }, (_, x) => ops.gelu(x!, approximate));
});

/** x / (1 + e⁻ˣ), also called swish. */
export const silu = plain('silu', ops.silu);
/** ln(1 + eˣ) */
export const softplus = plain('softplus', ops.softplus);
/** min(max(x + 3, 0), 6) / 6 */
export const hardSigmoid = plain('hardSigmoid', ops.hardSigmoid);
/** x·hardSigmoid(x) (Howard et al. 2019). */
export const hardSwish = plain('hardSwish', ops.hardSwish);

/** The bounds of `hardTanh`. */
export interface HardTanhOptions {
  /** Default −1. */
  readonly minVal?: number;
  /** Default 1. */
  readonly maxVal?: number;
}

/** min(max(x, minVal), maxVal) */
export const hardTanh = direct((options: HardTanhOptions = {}) => {
  checkOptions('hardTanh', options, { minVal: finite, maxVal: finite });
  const { minVal = -1, maxVal = 1 } = options;
  if (minVal >= maxVal)
    throw new LanewiseError('argument', `hardTanh: minVal ${minVal} is not below ${maxVal}`);
  return defineLayer('hardTanh', { minVal, maxVal }, (_, x) => ops.hardTanh(x!, minVal, maxVal));
});

/** e^x / Σ e^x over the last axis. */
export const softmax = plain('softmax', ops.softmax);
/** x − log Σ e^x over the last axis. */
export const logSoftmax = plain('logSoftmax', ops.logSoftmax);

/** factor·x */
export function scale(factor: number) {
  finite('scale', 'factor', factor);
  return defineLayer('scale', { factor }, (_, x) => ops.scale(x!, factor));
}

export const activationLayers: Constructors = {
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  hardTanh,
  leakyRelu,
  logSoftmax,
  prelu,
  scale: ({ factor }) => scale(factor),
  selu,
  silu,
  softmax,
  softplus,
};
