/** The ops for users, and the gradient of what is made of them. */
import { listOf, type Check } from './base/check.js';
import { gradients as derivatives } from './compiler/differentiate.js';
import { ruleOf } from './compiler/second-gradients.js';
import { tensorOperand, withRules } from './graph/op.js';
import type { Tensor } from './graph/tensor.js';

export * from './ops/checked.js';

const tensors: Check = /* @__PURE__ */ listOf(tensorOperand);

/**
 * ∂y/∂t for each t of `by`, as tensors of t's shape: part of the graph as all others, so that they may be computed with
 * and differentiated again. A gradient that is to be a constant goes through `ops.stopGradient`.
 * @param y a scalar, such as the sum of the samples' losses
 * @param by tensors that y was made of: a layer's input, parameters, or anything between
 * @throws LanewiseError kind 'argument' unless y is a scalar that depends on every t by ops that have gradients.
 */
export function gradients(y: Tensor, by: readonly Tensor[]): Tensor[] {
  tensorOperand('gradients', 'y', y);
  tensors('gradients', 'by', by);
  return withRules(ruleOf, () => derivatives(y, by));
}
