/** The places of the largest values along an axis, and those values. */
import { checkOptions, flag } from '../base/check.js';
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Tensor } from '../graph/tensor.js';
import { reshape } from './reshape.js';
import { countedAxis, takeAlong } from './take.js';

interface Attributes {
  readonly axis: number;
  readonly count: number;
  readonly smallest: boolean;
  /** Whether the last of equal values comes first. */
  readonly last: boolean;
}

const topOp = defineOp<{ x: Tensor }, Attributes>({
  name: 'top',
  shape: ({ x }, { axis, count }) => ({ shape: x.shape.with(axis, count) }),
  forward(k, { inputs: { x }, attributes: { axis, count, smallest, last } }, at) {
    const [outer, inner] = [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis + 1))];
    const order = [count, Number(smallest), Number(last)] as const;
    k.topPlaces(outer, x.shape[axis]!, inner, ...order, at.inputs.x, at.output);
  },
  // Places do not move with the values, so that gradients end here.
  backward: () => ({}),
});

export interface ArgOptions {
  /** Whether the axis stays, with extent 1; default false. */
  readonly keepDims?: boolean;
  /** Whether the last of equal values counts; default false: the first. */
  readonly last?: boolean;
}

function arg(name: string, x: Tensor, axis: number, smallest: boolean, options: ArgOptions) {
  checkOptions(name, options, { keepDims: flag, last: flag });
  const { keepDims = false, last = false } = options;
  const along = countedAxis(name, x, axis);
  const y = apply(topOp, { x }, { axis: along, count: 1, smallest, last });
  return keepDims ? y : reshape(y, x.shape.toSpliced(along, 1));
}

/**
 * The number of the largest value along `axis` (default: the last), in float32; the axis is removed. Of equal values the
 * first counts; a NaN counts as the largest. It has no gradient.
 * @throws ShapeError for an axis that x does not have, or of more elements than float32 counts (2²⁴ − 1).
 */
export const argMax = (x: Tensor, axis = -1, options: ArgOptions = {}): Tensor =>
  arg('argMax', x, axis, false, options);

/** The number of the smallest value along `axis`, see `argMax`; a NaN counts as the smallest. */
export const argMin = (x: Tensor, axis = -1, options: ArgOptions = {}): Tensor =>
  arg('argMin', x, axis, true, options);

export interface TopKOptions {
  /** Default true; false: the smallest. */
  readonly largest?: boolean;
}

/**
 * The k largest values along `axis` (default: the last), the largest first, and their numbers along it, in float32. Of equal values
 * the first comes first, and NaN before all others. Time grows with k times the axis's extent at worst. Values have gradients.
 * @throws ShapeError unless k is from 1 to the axis's extent.
 */
export function topK(
  x: Tensor,
  k: number,
  axis = -1,
  options: TopKOptions = {},
): { values: Tensor; indices: Tensor } {
  checkOptions('topK', options, { largest: flag });
  const along = countedAxis('topK', x, axis);
  if (k > x.shape[along]!) {
    throw new ShapeError('topK', `${k} of the values along axis ${along} of ${showShape(x.shape)}`);
  }
  const attributes = { axis: along, count: k, smallest: options.largest === false, last: false };
  const indices = apply(topOp, { x }, attributes);
  return { values: takeAlong(x, indices, along), indices };
}
