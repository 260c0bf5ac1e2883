/**
 * Places along an axis that come from data: what is taken from them, what is put there, and which hold the largest
 * values. x is n0×extent×n2, what is taken or put n0×n1×n2. The place of element (i, j, k) stands at i·p0 + j·p1 + k·p2
 * of `places`, as a whole number in float32; negative ones count from the end. Memory that is not x's is never read or
 * written: a place that does not exist gives NaN.
 */
import { floats } from './simd';

/** The place at `p`, or −1 if there is none. */
@inline
function placeAt(p: usize, extent: i32): i32 {
  const value = load<f32>(p);
  const most = <f32>extent;
  // NaN fails the comparison, and a fraction is no place.
  if (!(value >= -most && value < most) || nearest<f32>(value) != value) return -1;
  const place = <i32>value;
  return place < 0 ? place + extent : place;
}

/** y[i, j, k] = x[i, place, k]. */
export function takeAlong(
  n0: i32,
  n1: i32,
  n2: i32,
  extent: i32,
  p0: i32,
  p1: i32,
  p2: i32,
  x: usize,
  places: usize,
  y: usize,
): void {
  for (let i = 0; i < n0; i++) {
    for (let j = 0; j < n1; j++) {
      let at = places + floats(i * p0 + j * p1);
      for (let k = 0; k < n2; k++) {
        const place = placeAt(at, extent);
        if (!p2 && place >= 0) {
          memory.copy(y, x + floats(place * n2), floats(n2));
          y += floats(n2);
          break;
        }
        store<f32>(y, place < 0 ? NaN : load<f32>(x + floats(place * n2 + k)));
        at += floats(p2);
        y += 4;
      }
    }
    x += floats(extent * n2);
  }
}

/** An update of what is there: put in its place, added, multiplied, or the larger or smaller of both. */
@inline
function updated(code: i32, old: f32, update: f32): f32 {
  if (code == 0) return update;
  if (code == 1) return old + update;
  if (code == 2) return old * update;
  return code == 3 ? max<f32>(old, update) : min<f32>(old, update);
}

/**
 * y = x, or 0 without x, in which the updates of line (i, k) are put at their places, in order. A place that does not
 * exist makes the line NaN.
 */
export function putAlong(
  code: i32,
  n0: i32,
  n1: i32,
  n2: i32,
  extent: i32,
  p0: i32,
  p1: i32,
  p2: i32,
  x: usize,
  places: usize,
  updates: usize,
  y: usize,
): void {
  const size = floats(n0 * extent * n2);
  if (x) memory.copy(y, x, size);
  else memory.fill(y, 0, size);
  for (let i = 0; i < n0; i++) {
    for (let j = 0; j < n1; j++) {
      for (let k = 0; k < n2; k++) {
        const place = placeAt(places + floats(i * p0 + j * p1 + k * p2), extent);
        for (let line = max(place, 0); line < (place < 0 ? extent : place + 1); line++) {
          const at = y + floats(line * n2 + k);
          const value = updated(code, load<f32>(at), load<f32>(updates));
          store<f32>(at, place < 0 ? NaN : value);
        }
        updates += 4;
      }
    }
    y += floats(extent * n2);
  }
}

/** d of the updates that putAlong puts in place: that of the last one at each place; the others are gone. */
export function putAlongGradient(
  n0: i32,
  n1: i32,
  n2: i32,
  extent: i32,
  p0: i32,
  p1: i32,
  p2: i32,
  places: usize,
  dy: usize,
  d: usize,
  workspace: usize,
): void {
  memory.copy(workspace, dy, floats(n0 * extent * n2));
  for (let i = 0; i < n0; i++) {
    for (let j = n1 - 1; j >= 0; j--) {
      for (let k = 0; k < n2; k++) {
        const place = placeAt(places + floats(i * p0 + j * p1 + k * p2), extent);
        const to = d + floats(j * n2 + k);
        const at = workspace + floats(max(place, 0) * n2 + k);
        store<f32>(to, place < 0 ? NaN : load<f32>(at));
        if (place >= 0) store<f32>(at, 0);
      }
    }
    d += floats(n1 * n2);
    workspace += floats(extent * n2);
  }
}

/** y = before·extent + x, or x without `before`; NaN if the place x does not exist. */
export function flatPlaces(count: i32, extent: i32, x: usize, before: usize, y: usize): void {
  for (let i = 0; i < count; i++) {
    const place = placeAt(x + floats(i), extent);
    const first = before ? load<f32>(before + floats(i)) * <f32>extent : 0;
    store<f32>(y + floats(i), place < 0 ? NaN : first + <f32>place);
  }
}

/** Whether a stands before b in the order of largest first; what is not a number stands before all others. */
@inline
function isLarger(a: f32, b: f32): bool {
  return a > b || (a != a && b == b);
}

/**
 * The places of the `count` largest (or smallest) values of x[o, :, i], in order: y, outer×count×inner, −1 where there
 * are no more. Of equal values the first, or with `last` the last, comes first.
 */
export function topPlaces(
  outer: i32,
  extent: i32,
  inner: i32,
  count: i32,
  smallest: i32,
  last: i32,
  x: usize,
  y: usize,
): void {
  const sign: f32 = smallest ? -1 : 1;
  const pitch = floats(inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const from = x + floats(i);
      const to = y + floats(i);
      for (let j = 0; j < count; j++) store<f32>(to + <usize>j * pitch, -1);
      for (let r = 0; r < extent; r++) {
        const value = load<f32>(from + <usize>r * pitch) * sign;
        for (let j = min(r, count); j >= 0; j--) {
          const before = j ? load<f32>(to + <usize>(j - 1) * pitch) : 0;
          const other = load<f32>(from + <usize>(<i32>before) * pitch) * sign;
          const isNext = j > 0 && (last ? !isLarger(other, value) : isLarger(value, other));
          if (j < count) store<f32>(to + <usize>j * pitch, isNext ? before : <f32>r);
          if (!isNext) break;
        }
      }
    }
    x += <usize>extent * pitch;
    y += <usize>count * pitch;
  }
}
