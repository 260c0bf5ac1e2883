/** The values of one tensor where another has the maxima of windows: what maximum pooling does to small changes. */
import { LanewiseError } from '../base/errors.js';
import { showShape, type Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import type { PoolAttributes } from '../ops/pool2d.js';

/** Windows as maxPool2d has them, or adaptive ones, which give an output of `size`. */
type Windows = PoolAttributes | { readonly size: readonly [number, number] };

/** Windows of equal size that adaptive pooling has where it divides the plane. */
function regular({ shape }: Tensor, windows: Windows): PoolAttributes {
  if (!('size' in windows)) return windows;
  const [kh, kw] = windows.size.map((places, axis) => shape[axis + 2]! / places);
  if (Number.isInteger(kh) && Number.isInteger(kw))
    return { kernel: [kh!, kw!], stride: [kh!, kw!] };
  throw new LanewiseError(
    'argument',
    `adaptiveMaxPool2d: second derivatives need windows of equal size, found ${windows.size.join('×')} of ${showShape(shape)}`,
  );
}

/** g at the first maximum of x in each window; x, g: N×C×H×W, result N×C×P×Q. */
export function firstMaxima(x: Tensor, g: Tensor, windows: Windows): Tensor {
  const attributes = regular(x, windows);
  const { kernel, stride, padding = [0, 0] } = attributes;
  const most = ops.maxPool2d(x, attributes);
  const reach = [0, 1].map((axis) => (most.shape[axis + 2]! - 1) * stride[axis]!) as [
    number,
    number,
  ];
  const widths = [0, 1].map((axis) => {
    const beyond = reach[axis]! + kernel[axis]! - x.shape[axis + 2]! - padding[axis]!;
    return [padding[axis]!, Math.max(0, beyond)] as const;
  });
  const framed = (t: Tensor, value: number) => ops.pad(t, [[0, 0], [0, 0], ...widths], value);
  const [xs, gs] = [framed(x, -Infinity), framed(g, 0)];
  /** Each window's element at row i and column j. */
  const at = (t: Tensor, i: number, j: number) =>
    ops.steppedSlice(t, [
      [],
      [],
      [i, i + reach[0] + 1, stride[0]],
      [j, j + reach[1] + 1, stride[1]],
    ]);
  let [found, left] = [ops.constant(0, most.shape), ops.constant(1, most.shape)];
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const isFirst = ops.multiply(left, ops.equal(at(xs, i, j), most));
      found = ops.add(found, ops.multiply(isFirst, at(gs, i, j)));
      left = ops.subtract(left, isFirst);
    }
  }
  return found;
}
