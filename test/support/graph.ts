/** The scalar whose gradients the op tests take: Σ (y − target)², computed through the graph. */
import { gradients } from '../../src/compiler/differentiate.js';
import type { Numerics } from '../../src/engine/features.js';
import { input, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';

export type Feeds = Map<Tensor, Float32Array | Int32Array>;

/** Σ (y − target)² over all elements; `target` is fed like any leaf. */
export function squaredDistance(y: Tensor): { loss: Tensor; target: Tensor } {
  const count = sizeOf(y.shape);
  const target = input('target', [1, count]);
  return {
    loss: ops.weightedSum(ops.sumOfSquaredErrors(ops.reshape(y, [1, count]), target), 1),
    target,
  };
}

/** y and the gradients of Σ (y − target)² by `wrt`, in float32. */
export async function valueAndGradients(
  y: Tensor,
  wrt: readonly Tensor[],
  feeds: Feeds,
  target: Float32Array,
  numerics: Numerics,
): Promise<{ value: Float32Array; found: Float32Array[] }> {
  const distance = squaredDistance(y);
  const all = new Map(feeds).set(distance.target, target);
  const [value, ...found] = await evaluate([y, ...gradients(distance.loss, wrt)], all, {
    numerics,
  });
  return { value: value!, found };
}
