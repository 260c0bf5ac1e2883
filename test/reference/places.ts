/** Places along an axis as their definitions say, in plain loops over lines. */
import { sizeOf, type Shape } from '../../src/graph/tensor.js';

/** The place in x of element j of the line that goes through `at` along the axis. */
export interface Lines {
  readonly outer: number;
  readonly extent: number;
  readonly inner: number;
}

export const linesOf = (shape: Shape, axis: number): Lines => ({
  outer: sizeOf(shape.slice(0, axis)),
  extent: shape[axis]!,
  inner: sizeOf(shape.slice(axis + 1)),
});

/** Element by element of outer×count×inner: the value at `placeOf(o, j, i)` of x's line. */
export function take(
  x: ArrayLike<number>,
  { outer, extent, inner }: Lines,
  count: number,
  placeOf: (o: number, j: number, i: number) => number,
): Float64Array {
  return Float64Array.from({ length: outer * count * inner }, (_, at) => {
    const [i, j, o] = [at % inner, Math.floor(at / inner) % count, Math.floor(at / inner / count)];
    const place = placeOf(o, j, i);
    const own = place < 0 ? place + extent : place;
    return Number.isInteger(own) && own >= 0 && own < extent
      ? x[(o * extent + own) * inner + i]!
      : NaN;
  });
}

export type Reduction = 'none' | 'add' | 'multiply' | 'max' | 'min';

const folds: Readonly<Record<Reduction, (old: number, update: number) => number>> = {
  none: (_, update) => update,
  add: (old, update) => old + update,
  multiply: (old, update) => old * update,
  max: Math.max,
  min: Math.min,
};

/** x with the updates, outer×count×inner, at the places of its lines. */
export function put(
  x: ArrayLike<number>,
  { outer, extent, inner }: Lines,
  updates: ArrayLike<number>,
  count: number,
  placeOf: (o: number, j: number, i: number) => number,
  reduce: Reduction,
): Float64Array {
  const y = Float64Array.from(x);
  for (let o = 0; o < outer; o++)
    for (let j = 0; j < count; j++)
      for (let i = 0; i < inner; i++) {
        const at = (o * extent + placeOf(o, j, i)) * inner + i;
        y[at] = folds[reduce](y[at]!, updates[(o * count + j) * inner + i]!);
      }
  return y;
}

/** The places of the `count` largest, or smallest, values of each line, the first of equal ones first. */
export function top(
  x: ArrayLike<number>,
  lines: Lines,
  count: number,
  { smallest = false, last = false } = {},
): Float64Array {
  const { outer, extent, inner } = lines;
  const y = new Float64Array(outer * count * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const valueOf = (r: number) => x[(o * extent + r) * inner + i]! * (smallest ? -1 : 1);
      const order = Array.from({ length: extent }, (_, r) => r).toSorted((a, b) => {
        const [p, q] = [valueOf(a), valueOf(b)];
        const byValue =
          Number.isNaN(p) || Number.isNaN(q)
            ? Number(Number.isNaN(q)) - Number(Number.isNaN(p))
            : q - p;
        return byValue || (last ? b - a : a - b);
      });
      for (let j = 0; j < count; j++) y[(o * count + j) * inner + i] = order[j]!;
    }
  return y;
}
