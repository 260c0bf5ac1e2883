/** A set of byte ranges that may touch or overlap, for tracking the bytes that have been written. */
export interface Spans {
  /** Adds a span; returns the parts of it that were missing. */
  add(begin: number, end: number): readonly Span[];
  /** Whether all bytes from `begin` to `end` are in it. */
  has(begin: number, end: number): boolean;
}

/** From `begin` to `end`, exclusive. */
export type Span = readonly [begin: number, end: number];

export function createSpans(): Spans {
  // Sorted, without adjacent spans.
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
