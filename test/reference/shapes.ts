/** Broadcasting, reductions and layouts as their definitions say: one loop over all indices, elements found by index. */
type Shape = readonly number[];
type Values = ArrayLike<number>;

const sizeOf = (shape: Shape): number => shape.reduce((size, extent) => size * extent, 1);

/** All indices of a shape, in order. */
export const indices = (shape: Shape): number[][] =>
  shape.reduce<number[][]>(
    (all, extent) =>
      all.flatMap((index) => Array.from({ length: extent }, (_, i) => [...index, i])),
    [[]],
  );

/** Position of the element at `index`; along axes of extent 1 any index is 0, and leading ones may be too many. */
export function positionOf(shape: Shape, index: readonly number[]): number {
  const own = index.slice(index.length - shape.length);
  return shape.reduce((at, extent, axis) => at * extent + (extent === 1 ? 0 : own[axis]!), 0);
}

/** f(a, b) over the shape `out` that both broadcast to. */
export const broadcast = (
  f: (a: number, b: number) => number,
  a: { shape: Shape; values: Values },
  b: { shape: Shape; values: Values },
  out: Shape,
): number[] =>
  indices(out).map((index) =>
    f(a.values[positionOf(a.shape, index)]!, b.values[positionOf(b.shape, index)]!),
  );

/** f of all values whose indices agree outside of `axes`. */
export function reduce(
  f: (values: number[]) => number,
  x: Values,
  shape: Shape,
  axes: readonly number[],
): number[] {
  const out = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  const groups: number[][] = Array.from({ length: sizeOf(out) }, () => []);
  indices(shape).forEach((index, position) => groups[positionOf(out, index)]!.push(x[position]!));
  return groups.map(f);
}

export function permute(x: Values, shape: Shape, axes: readonly number[]): number[] {
  const out = axes.map((axis) => shape[axis]!);
  return indices(out).map(
    (index) =>
      x[
        positionOf(
          shape,
          axes.map((_, axis) => index[axes.indexOf(axis)]!),
        )
      ]!,
  );
}

/** A window of `shape` at `start` into x; `value` where it lies outside: slices and padding. */
export function window(
  x: Values,
  from: Shape,
  start: readonly number[],
  shape: Shape,
  value = 0,
): number[] {
  return indices(shape).map((index) => {
    const at = index.map((i, axis) => i + start[axis]!);
    const inside = at.every((i, axis) => i >= 0 && i < from[axis]!);
    return inside ? x[positionOf(from, at)]! : value;
  });
}

export function concat(parts: readonly { shape: Shape; values: Values }[], axis: number): number[] {
  const extent = parts.reduce((total, { shape }) => total + shape[axis]!, 0);
  return indices(parts[0]!.shape.with(axis, extent)).map((index) => {
    let along = index[axis]!;
    const part = parts.find(({ shape }) => {
      if (along < shape[axis]!) return true;
      along -= shape[axis]!;
      return false;
    })!;
    return part.values[positionOf(part.shape, index.with(axis, along))]!;
  });
}

/** Rows of `columns` values: their logarithmic softmax. */
export function logSoftmax(x: Values, columns: number): number[] {
  return Array.from(x).map((value, i, all) => {
    const row = all.slice(i - (i % columns), i - (i % columns) + columns);
    const top = Math.max(...row);
    return value - top - Math.log(row.reduce((sum, v) => sum + Math.exp(v - top), 0));
  });
}
