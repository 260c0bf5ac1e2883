/** The scale of losses of values: what differences from the target are divided by, which frees them of its unit. */
import { listOf, listOr, numberAbove, type Check } from '../base/check.js';
import { ShapeError } from '../graph/op.js';
import { sizeOf, type Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';

/** One number for all values, or one for each index on the target's last axis. */
export type Scale = number | readonly number[];

/** The setting of losses of values. */
export interface ScaleOption {
  /**
   * What differences are divided by, above 0, such as the targets' deviation: a number, or one for each index on the
   * target's last axis; default 1.
   */
  readonly scale?: Scale;
}

export const SCALE: Check = /* @__PURE__ */ listOr(
  /* @__PURE__ */ numberAbove(0),
  /* @__PURE__ */ listOf(/* @__PURE__ */ numberAbove(0)),
);

/** The setting if it is given, so that losses without it are described as they always were. */
export const scaleSetting = (scale: Scale | undefined): { readonly scale?: Scale } =>
  scale === undefined ? {} : { scale: typeof scale === 'number' ? scale : [...scale] };

/** x divided by the scale, whose numbers repeat along x's values. @throws ShapeError unless they fit. */
export function dividedBy(loss: string, x: Tensor, scale: Scale): Tensor {
  if (typeof scale === 'number') return ops.scale(x, 1 / scale);
  const { shape } = x;
  const size = sizeOf(shape.slice(1));
  if (size % scale.length !== 0) {
    throw new ShapeError(
      loss,
      `scale has ${scale.length} numbers, which do not fit a target of ${size} values`,
      undefined,
      'one number for each index on the target’s last axis, or one for all',
    );
  }
  const rows = [sizeOf(shape) / scale.length, scale.length];
  const factors = ops.literal(scale.map((one) => 1 / one));
  return ops.reshape(ops.multiply(ops.reshape(x, rows), factors), shape);
}

/**
 * The pair whose difference is (y − target)/scale. The difference is taken first, as quotients of large numbers would
 * lose the digits in which they differ.
 */
export function scaled(
  loss: string,
  { y, target }: { readonly y: Tensor; readonly target: Tensor },
  scale: Scale,
): { readonly y: Tensor; readonly target: Tensor } {
  const difference = dividedBy(loss, ops.subtract(y, target), scale);
  return { y: difference, target: ops.constant(0, difference.shape) };
}
