/**
 * Rows of maximum-pooling windows of three columns and up to three rows, wholly within the image's columns, without
 * NaN. Four windows side by side, one or two columns apart (`step`), are the lanes of a vector. `second` and `third`
 * are the bytes from a window's first row to its others; a window of fewer rows repeats the last one, which changes
 * neither the maximum nor its first place. `count` ≥ 4 is the number of windows; the last four may overlap others.
 */
import { even, odd } from './pool';
import { LANES, floats, zipHigh, zipLow } from './simd';

/** Four floats from `at` on, one or two apart; nothing after them is read. */
@inline
export function loadApart(at: usize, step: i32): v128 {
  const low = v128.load(at);
  if (step == 1) return low;
  const high = v128.load(at, 12);
  return i8x16.shuffle(low, high, 0, 1, 2, 3, 8, 9, 10, 11, 20, 21, 22, 23, 28, 29, 30, 31);
}

/** The four floats one place on. */
@inline
function loadNext(at: usize, step: i32): v128 {
  return step == 1 ? v128.load(at, 4) : odd(v128.load(at), v128.load(at, 16));
}

@inline
function largest(x: v128, y: v128, z: v128): v128 {
  return f32x4.pmax(f32x4.pmax(x, y), z);
}

@inline
function maxima(x: usize, second: usize, third: usize, y: usize, count: i32, step: i32): void {
  for (let q = 0; q < count; q += LANES) {
    // The maxima of columns come first: each serves up to three windows.
    const from = min(q, count - LANES);
    const at = x + floats(from * step);
    const below = at + second;
    const last = at + third;
    const low = largest(v128.load(at), v128.load(below), v128.load(last));
    let best: v128;
    if (step == 1) {
      const high = largest(
        v128.load64_zero(at, 16),
        v128.load64_zero(below, 16),
        v128.load64_zero(last, 16),
      );
      best = largest(low, joinOne(low, high), twoOn(low, high));
    } else {
      const high = largest(v128.load(at, 16), v128.load(below, 16), v128.load(last, 16));
      const end = largest(
        v128.load32_zero(at, 32),
        v128.load32_zero(below, 32),
        v128.load32_zero(last, 32),
      );
      const evens = even(low, high);
      best = largest(evens, odd(low, high), joinOne(evens, end));
    }
    v128.store(y + floats(from), best);
  }
}

/** y[q] = the maximum of window q. No value may be −0. */
export function maximaOfRow(
  x: usize,
  second: usize,
  third: usize,
  y: usize,
  count: i32,
  step: i32,
): void {
  if (step == 1) maxima(x, second, third, y, count, 1);
  else maxima(x, second, third, y, count, 2);
}

/** The maximum, in lane 0, of a window cut to one or two columns. */
@inline
export function maximumAtEdge(x: usize, second: usize, third: usize, columns: i32): v128 {
  let best = f32x4.splat(-Infinity);
  do {
    const lower = f32x4.pmax(v128.load32_zero(x + second), v128.load32_zero(x + third));
    best = largest(best, v128.load32_zero(x), lower);
    x += 4;
  } while (--columns);
  return best;
}

/** Lanes 1 to 3 of x, lane 0 of y. */
@inline
function joinOne(x: v128, y: v128): v128 {
  return i8x16.shuffle(x, y, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19);
}

/** Lanes 2 and 3 of x, lanes 0 and 1 of y. */
@inline
function twoOn(x: v128, y: v128): v128 {
  return i8x16.shuffle(x, y, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
}

/** Lane 3 of x, lanes 0 to 2 of y. */
@inline
function oneOn(x: v128, y: v128): v128 {
  return i8x16.shuffle(x, y, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27);
}

/**
 * Adds to a row of dx what four windows give to their columns 0, 1 and 2, and what the four before have left over,
 * so that each place adds its windows from the left.
 */
@inline
function addFour(
  dx: usize,
  g0: v128,
  g1: v128,
  g2: v128,
  left1: v128,
  left2: v128,
  step: i32,
): void {
  const low = v128.load(dx);
  if (step == 1) {
    const sum = f32x4.add(f32x4.add(low, twoOn(left2, g2)), oneOn(left1, g1));
    v128.store(dx, f32x4.add(sum, g0));
    return;
  }
  const high = v128.load(dx, 16);
  const evens = f32x4.add(f32x4.add(even(low, high), oneOn(left2, g2)), g0);
  const odds = f32x4.add(odd(low, high), g1);
  v128.store(dx, zipLow(evens, odds));
  v128.store(dx, zipHigh(evens, odds), 16);
}

/** Adds what the last four windows have left over. */
@inline
function addLeft(dx: usize, left1: v128, left2: v128, step: i32): void {
  const zero = f32x4.splat(0);
  if (step == 1) {
    const sum = f32x4.add(v128.load64_zero(dx), twoOn(left2, zero));
    v128.store64_lane(dx, f32x4.add(sum, oneOn(left1, zero)), 0);
  } else {
    v128.store32_lane(dx, f32x4.add(v128.load32_zero(dx), oneOn(left2, zero)), 0);
  }
}

@inline
function spread(
  x: usize,
  second: usize,
  third: usize,
  toDx: usize,
  dy: usize,
  count: i32,
  step: i32,
): void {
  const zero = f32x4.splat(0);
  let slopes = v128.load(dy);
  // Left over for the places to the right, by rows and columns of the window.
  let left01 = zero;
  let left02 = zero;
  let left11 = zero;
  let left12 = zero;
  let left21 = zero;
  let left22 = zero;
  for (;;) {
    // By rows and columns of the window.
    const below = x + second;
    const last = x + third;
    const x00 = loadApart(x, step);
    const x01 = loadNext(x, step);
    const x02 = loadApart(x + 8, step);
    const x10 = loadApart(below, step);
    const x11 = loadNext(below, step);
    const x12 = loadApart(below + 8, step);
    const x20 = loadApart(last, step);
    const x21 = loadNext(last, step);
    const x22 = loadApart(last + 8, step);
    const best = largest(largest(x00, x01, x02), largest(x10, x11, x12), largest(x20, x21, x22));
    // Each gradient goes to the first place that holds the maximum.
    let won = f32x4.eq(x00, best);
    let g0 = v128.and(slopes, won);
    slopes = v128.andnot(slopes, won);
    won = f32x4.eq(x01, best);
    let g1 = v128.and(slopes, won);
    slopes = v128.andnot(slopes, won);
    won = f32x4.eq(x02, best);
    let g2 = v128.and(slopes, won);
    slopes = v128.andnot(slopes, won);
    addFour(x + toDx, g0, g1, g2, left01, left02, step);
    left01 = g1;
    left02 = g2;
    won = f32x4.eq(x10, best);
    g0 = v128.and(slopes, won);
    slopes = v128.andnot(slopes, won);
    won = f32x4.eq(x11, best);
    g1 = v128.and(slopes, won);
    slopes = v128.andnot(slopes, won);
    won = f32x4.eq(x12, best);
    g2 = v128.and(slopes, won);
    slopes = v128.andnot(slopes, won);
    addFour(below + toDx, g0, g1, g2, left11, left12, step);
    left11 = g1;
    left12 = g2;
    won = f32x4.eq(x20, best);
    g0 = v128.and(slopes, won);
    slopes = v128.andnot(slopes, won);
    won = f32x4.eq(x21, best);
    g1 = v128.and(slopes, won);
    slopes = v128.andnot(slopes, won);
    won = f32x4.eq(x22, best);
    g2 = v128.and(slopes, won);
    addFour(last + toDx, g0, g1, g2, left21, left22, step);
    left21 = g1;
    left22 = g2;
    x += floats(LANES * step);
    dy += floats(LANES);
    count -= LANES;
    if (count >= LANES) {
      slopes = v128.load(dy);
      continue;
    }
    addLeft(x + toDx, left01, left02, step);
    addLeft(x + second + toDx, left11, left12, step);
    addLeft(x + third + toDx, left21, left22, step);
    if (count <= 0) return;
    // The last windows with some before them, which give nothing again.
    const again = LANES - count;
    x -= floats(again * step);
    dy -= floats(again);
    const isNew = i32x4.ge_s(i32x4(0, 1, 2, 3), i32x4.splat(again));
    slopes = v128.and(v128.load(dy), isNew);
    count = LANES;
    left01 = zero;
    left02 = zero;
    left11 = zero;
    left12 = zero;
    left21 = zero;
    left22 = zero;
  }
}

/** Adds dy[q] where window q has its first maximum, row by row; `toDx` bytes lie between x and dx. */
export function spreadRow(
  x: usize,
  second: usize,
  third: usize,
  toDx: usize,
  dy: usize,
  count: i32,
  step: i32,
): void {
  if (step == 1) spread(x, second, third, toDx, dy, count, 1);
  else spread(x, second, third, toDx, dy, count, 2);
}

@inline
function give(x: usize, best: v128, slope: v128, toDx: usize, columns: i32): v128 {
  do {
    const won = f32x4.eq(v128.load32_zero(x), best);
    const to = x + toDx;
    v128.store32_lane(to, f32x4.add(v128.load32_zero(to), v128.and(slope, won)), 0);
    slope = v128.andnot(slope, won);
    x += 4;
  } while (--columns);
  return slope;
}

/** The same for a single window cut to one or two columns. */
export function spreadAtEdge(
  x: usize,
  second: usize,
  third: usize,
  toDx: usize,
  dy: usize,
  columns: i32,
): void {
  const best = maximumAtEdge(x, second, third, columns);
  let slope = give(x, best, v128.load32_zero(dy), toDx, columns);
  slope = give(x + second, best, slope, toDx, columns);
  give(x + third, best, slope, toDx, columns);
}
