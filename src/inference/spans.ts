/** A set of numbers from spans that may touch or overlap: which bytes have been written. */
export interface Spans {
  /** Adds a span; answers with the parts of it that were missing. */
  add(begin: number, end: number): readonly Span[];
  /** Whether all from `begin` to `end` are in it. */
  has(begin: number, end: number): boolean;
}

/** From `begin` up to, not including, `end`. */
export type Span = readonly [begin: number, end: number];

export function createSpans(): Spans {
  // Sorted, and none touches the next.
  const begins: number[] = [];
  const ends: number[] = [];
  /** The first span that ends at `at` or later. */
  const find = (at: number): number => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle]! < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    add(begin, end) {
      const first = find(begin);
      const missing: Span[] = [];
      let next = first;
      let at = begin;
      for (; next < begins.length && begins[next]! <= end; next++) {
        if (at < begins[next]!) missing.push([at, begins[next]!]);
        at = ends[next]!;
      }
      if (at < end) missing.push([at, end]);
      const merged =
        next > first ? [Math.min(begin, begins[first]!), Math.max(end, at)] : [begin, end];
      begins.splice(first, next - first, merged[0]!);
      ends.splice(first, next - first, merged[1]!);
      return missing;
    },
    has(begin, end) {
      const at = find(end);
      return at < begins.length && begins[at]! <= begin;
    },
  };
}
