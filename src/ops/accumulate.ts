/** Products over axes, running sums, and the logarithm of a sum of exponentials, composed of other ops. */
import type { Tensor } from '../graph/tensor.js';
import { add, multiply, subtract } from './binary.js';
import { drop, isInfinite } from './comparisons.js';
import { constant } from './constant.js';
import { axesOf, max, sum, type Axes } from './reduce.js';
import { reshape } from './reshape.js';
import { pad, slice, type Range } from './slice.js';
import { stopGradient } from './stop-gradient.js';
import { axisOf } from './strided.js';
import { exp, log } from './unary.js';

/** Elements from `start` to `stop` along one axis. */
const part = (x: Tensor, axis: number, ...[start, stop]: Range): Tensor =>
  slice(
    x,
    x.shape.map((_, i) => (i === axis ? [start, stop] : [])),
  );

/** The product along an axis: the halves are multiplied until one element is left. */
function productAlong(x: Tensor, axis: number): Tensor {
  const extent = x.shape[axis]!;
  if (extent === 1) return x;
  const half = Math.floor(extent / 2);
  const pairs = multiply(part(x, axis, 0, half), part(x, axis, half, 2 * half));
  const product = productAlong(pairs, axis);
  return extent % 2 ? multiply(product, part(x, axis, extent - 1, extent)) : product;
}

/**
 * The product over `axes` (default: all), which are removed or, with `keepDims`, stay with extent 1. Its gradient is exact
 * where factors are 0.
 * @throws ShapeError for unknown or repeated axes.
 */
export function prod(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const over = axesOf('prod', x, axes);
  const product = [...over].reduce(productAlong, x);
  if (keepDims || over.size === 0) return product;
  return reshape(
    product,
    x.shape.filter((_, axis) => !over.has(axis)),
  );
}

/** Which elements a running sum has at a place. */
export interface CumsumOptions {
  /** Without the element at the place itself; default false. */
  readonly exclusive?: boolean;
  /** From the last element on; default false. */
  readonly reverse?: boolean;
}

/**
 * y[…, i, …] = Σ x[…, j, …] of all j ≤ i along `axis`, in ⌈log₂ extent⌉ additions of x to itself, moved.
 * @throws ShapeError if there is no such axis.
 */
export function cumsum(x: Tensor, axis: number, options: CumsumOptions = {}): Tensor {
  const { exclusive = false, reverse = false } = options;
  const along = axisOf('cumsum', x, axis);
  const extent = x.shape[along]!;
  const moved = (t: Tensor, by: number): Tensor => {
    // Zeros, and a gradient of zeros.
    if (by >= extent) return drop(t, constant(1, []));
    const kept = reverse ? part(t, along, by, extent) : part(t, along, 0, extent - by);
    const widths = reverse ? ([0, by] as const) : ([by, 0] as const);
    return pad(
      kept,
      t.shape.map((_, i) => (i === along ? widths : [0, 0])),
    );
  };
  let total = exclusive ? moved(x, 1) : x;
  for (let by = 1; by < extent; by *= 2) total = add(total, moved(total, by));
  return total;
}

/**
 * ln Σ eˣ over `axes`, see `sum`, without overflow.
 * @throws ShapeError for unknown or repeated axes.
 */
export function logsumexp(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const most = stopGradient(max(x, axes, true));
  const shift = drop(most, isInfinite(most));
  const logs = log(sum(exp(subtract(x, shift)), axes, keepDims));
  return add(logs, keepDims ? shift : reshape(shift, logs.shape));
}
