/** The values of one tensor where another has the maxima of windows: what maximum pooling does to small changes. */
import type { Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import type { PoolAttributes } from '../ops/pool2d.js';

/** Windows as maxPool2d has them, or adaptive ones, which give an output of `size`. */
type Windows = PoolAttributes | { readonly size: readonly [number, number] };

/** Each window's element at row i and column j. */
type At = (t: Tensor, i: number, j: number) => Tensor;

/** Numbers along an axis, one for each place, as indices. */
const along = (places: number, of: (place: number) => number): Tensor =>
  ops.literal(Array.from({ length: places }, (_, place) => of(place)));

/** Adaptive windows, of unequal size, which may overlap; their rows and columns beyond their own are outside the plane. */
function adaptive({ shape }: Tensor, size: readonly [number, number]) {
  const windows = size.map((places, axis) => {
    const extent = shape[axis + 2]!;
    const start = (p: number) => Math.floor((p * extent) / places);
    const length = (p: number) => Math.ceil(((p + 1) * extent) / places) - start(p);
    const longest = Math.max(...Array.from({ length: places }, (_, p) => length(p)));
    // The place after the last one is outside.
    const at = (t: Tensor, i: number) =>
      ops.gather(
        t,
        along(places, (p) => (i < length(p) ? start(p) + i : extent)),
        axis + 2,
      );
    return { longest, at };
  });
  const [rows, columns] = windows as [(typeof windows)[0], (typeof windows)[0]];
  const framed = (t: Tensor, outside: number) =>
    ops.pad(
      t,
      [
        [0, 0],
        [0, 0],
        [0, 1],
        [0, 1],
      ],
      outside,
    );
  const at: At = (t, i, j) => columns.at(rows.at(t, i), j);
  return { kernel: [rows.longest, columns.longest] as const, framed, at };
}

/** Windows of one size. */
function regular(
  { shape }: Tensor,
  most: Tensor,
  { kernel, stride, padding = [0, 0] }: PoolAttributes,
) {
  const reach = [0, 1].map((axis) => (most.shape[axis + 2]! - 1) * stride[axis]!) as [
    number,
    number,
  ];
  const widths = [0, 1].map((axis) => {
    const beyond = reach[axis]! + kernel[axis]! - shape[axis + 2]! - padding[axis]!;
    return [padding[axis]!, Math.max(0, beyond)] as const;
  });
  const framed = (t: Tensor, outside: number) => ops.pad(t, [[0, 0], [0, 0], ...widths], outside);
  const at: At = (t, i, j) =>
    ops.steppedSlice(t, [
      [],
      [],
      [i, i + reach[0] + 1, stride[0]],
      [j, j + reach[1] + 1, stride[1]],
    ]);
  return { kernel, framed, at };
}

/** g at the first maximum of x in each window; x, g: N×C×H×W, result N×C×P×Q. */
export function firstMaxima(x: Tensor, g: Tensor, windows: Windows): Tensor {
  const isAdaptive = 'size' in windows;
  const most = isAdaptive ? ops.adaptiveMaxPool2d(x, windows.size) : ops.maxPool2d(x, windows);
  const { kernel, framed, at } = isAdaptive ? adaptive(x, windows.size) : regular(x, most, windows);
  const [xs, gs] = [framed(x, -Infinity), framed(g, 0)];
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
