/**
 * Strided copies between layouts, for transposes, slices, concatenation, padding and repetition. Elements are moved
 * unchanged, so int32 works as well.
 */
import { LANES, floats, joinHigh, joinLow, zipHigh, zipLow } from './simd';

/** Number of floats from which memory.copy beats a loop: V8 calls a function for it. */
const LONG: i32 = 64;

/** Floats of a cache line: this many columns are transposed before the next rows are read. */
const LINE: i32 = 16;

@inline
function copyRow(count: i32, x: usize, y: usize): void {
  if (count >= LONG) {
    memory.copy(y, x, floats(count));
    return;
  }
  let i = 0;
  for (; i <= count - LANES; i += LANES) v128.store(y + floats(i), v128.load(x + floats(i)));
  for (; i < count; i++) store<i32>(y + floats(i), load<i32>(x + floats(i)));
}

@inline
function fillRow(count: i32, x: usize, y: usize): void {
  const v = v128.load_splat<i32>(x);
  let i = 0;
  for (; i <= count - LANES; i += LANES) v128.store(y + floats(i), v);
  for (; i < count; i++) v128.store_lane<i32>(y + floats(i), v, 0);
}

function copyElements(
  n: i32,
  m: i32,
  s0: i32,
  s1: i32,
  t0: i32,
  t1: i32,
  x: usize,
  y: usize,
): void {
  for (let i = 0; i < n; i++) {
    let from = x;
    let to = y;
    for (let j = 0; j < m; j++) {
      store<i32>(to, load<i32>(from));
      from += floats(s1);
      to += floats(t1);
    }
    x += floats(s0);
    y += floats(t0);
  }
}

/** y[i·t0 + j] = x[i + j·s1]: blocks of 4×4, four vectors in and four out. */
function transposePlane(n: i32, m: i32, s1: i32, t0: i32, x: usize, y: usize): void {
  const wide = n & ~3;
  const high = m & ~3;
  for (let line = 0; line < wide; line += LINE) {
    const end = min(line + LINE, wide);
    for (let j = 0; j < high; j += 4) {
      for (let i = line; i < end; i += 4) {
        const from = x + floats(i + j * s1);
        const a = v128.load(from);
        const b = v128.load(from + floats(s1));
        const c = v128.load(from + floats(2 * s1));
        const d = v128.load(from + floats(3 * s1));
        const to = y + floats(i * t0 + j);
        const abLow = zipLow(a, b);
        const cdLow = zipLow(c, d);
        v128.store(to, joinLow(abLow, cdLow));
        v128.store(to + floats(t0), joinHigh(abLow, cdLow));
        const abHigh = zipHigh(a, b);
        const cdHigh = zipHigh(c, d);
        v128.store(to + floats(2 * t0), joinLow(abHigh, cdHigh));
        v128.store(to + floats(3 * t0), joinHigh(abHigh, cdHigh));
      }
    }
  }
  if (high < m) copyElements(wide, m - high, 1, s1, t0, 1, x + floats(high * s1), y + floats(high));
  if (wide < n) copyElements(n - wide, m, 1, s1, t0, 1, x + floats(wide), y + floats(wide * t0));
}

function copyPlane(n: i32, m: i32, s0: i32, s1: i32, t0: i32, t1: i32, x: usize, y: usize): void {
  if (t1 == 1 && s1 == 1) {
    for (let i = 0; i < n; i++) copyRow(m, x + floats(i * s0), y + floats(i * t0));
  } else if (t1 == 1 && s1 == 0) {
    for (let i = 0; i < n; i++) fillRow(m, x + floats(i * s0), y + floats(i * t0));
  } else if (t1 == 1 && s0 == 1) {
    transposePlane(n, m, s1, t0, x, y);
  } else {
    copyElements(n, m, s0, s1, t0, t1, x, y);
  }
}

/** y[i·t0 + j·t1 + … ] = x[i·s0 + j·s1 + …] for all i < n0, j < n1, …; x and y do not overlap. */
export function copyStrided(
  n0: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  n4: i32,
  n5: i32,
  s0: i32,
  s1: i32,
  s2: i32,
  s3: i32,
  s4: i32,
  s5: i32,
  t0: i32,
  t1: i32,
  t2: i32,
  t3: i32,
  t4: i32,
  t5: i32,
  x: usize,
  y: usize,
): void {
  for (let i = 0; i < n0; i++) {
    for (let j = 0; j < n1; j++) {
      for (let k = 0; k < n2; k++) {
        let from = x + floats(i * s0 + j * s1 + k * s2);
        let to = y + floats(i * t0 + j * t1 + k * t2);
        for (let l = 0; l < n3; l++) {
          copyPlane(n4, n5, s4, s5, t4, t5, from, to);
          from += floats(s3);
          to += floats(t3);
        }
      }
    }
  }
}
