/** Activations composed of other ops, which models of other frameworks have. */
import type { Tensor } from '../graph/tensor.js';
import { relu, tanh } from './activation.js';
import { add, divide, multiply } from './binary.js';
import { drop, lessOrEqual } from './comparisons.js';
import { constant } from './constant.js';
import { scale } from './scale.js';
import { abs, clamp, elu, exp, hardSigmoid, hardTanh, softplus } from './unary.js';

/**
 * min(max(slope·x + offset, 0), 1), with gradient 0 at both ends. PyTorch's and Keras 3's slope is ⅙, which is the default;
 * ONNX's and Keras 2's is 0.2.
 */
export const slopedHardSigmoid = (x: Tensor, slope = 1 / 6, offset = 0.5): Tensor =>
  slope === 1 / 6 && offset === 0.5
    ? hardSigmoid(x)
    : hardTanh(add(scale(x, slope), constant(offset, [])), 0, 1);

/** x above 0, else alpha·(e^(x/alpha) − 1) (Barron 2017). */
export function celu(x: Tensor, alpha = 1): Tensor {
  const t = scale(clamp(x, -Infinity, 0), 1 / alpha);
  // Above 0, where t is with an alpha below, eᵗ − 1 = −eᵗ·(e⁻ᵗ − 1).
  const rise = alpha > 0 ? elu(t) : multiply(scale(exp(t), -1), elu(scale(t, -1)));
  return add(relu(x), scale(rise, alpha));
}

/** x / (1 + |x|) */
export const softsign = (x: Tensor): Tensor => divide(x, add(abs(x), constant(1, [])));

/** x·tanh(softplus(x)) (Misra 2019). */
export const mish = (x: Tensor): Tensor => multiply(x, tanh(softplus(x)));

/** x where it is above the threshold, else 0; NaN passes (Konda et al. 2014). */
export const thresholdedRelu = (x: Tensor, threshold = 1): Tensor =>
  drop(x, lessOrEqual(x, constant(threshold, [])));
