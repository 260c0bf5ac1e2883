/**
 * Convolutions of few channels and stride 1 without packing. A packed pixel would serve only a handful of filters
 * there, so the vectors are loaded from the (padded) image itself. Letters as in conv2d.ts.
 */
import { wideLoads } from './loads';
import { LANES, floats, madd, repeat, sumLanes } from './simd';

/** Outputs of a row that `convolve` computes at a time. */
export const ROW: i32 = 16;

/**
 * y[o, p, q] = Σ_tap w[o, tap]·x[tap, p, q] for one image, in the order of the taps, as conv2d's products.
 * Q ≥ ROW. x: padded image with rows of `width`; taps: table of K offsets.
 */
export function convolve(
  x: usize,
  width: i32,
  taps: usize,
  K: i32,
  w: usize,
  O: i32,
  P: i32,
  Q: i32,
  y: usize,
): void {
  const plane = floats(P * Q);
  for (let p = 0; p < P; p++) {
    for (let j = 0; j < Q; j += ROW) {
      // The last outputs of a row may be computed twice.
      const q = min(j, Q - ROW);
      const from = x + floats(p * width + q);
      let to = y + floats(p * Q + q);
      for (let o = 0; o < O; o += 2) {
        const w0 = w + floats(o * K);
        const other = o + 1 < O;
        const w1 = other ? w0 + floats(K) : w0;
        const to1 = other ? to + plane : to;
        if (wideLoads) convolvePairWide(from, taps, K, w0, w1, to, to1);
        else convolvePair(from, taps, K, w0, w1, to, to1, true);
        to += plane * 2;
      }
    }
  }
}

/** Sixteen outputs for each of two filters; `first` stores, else adds to y. */
function convolvePair(
  x: usize,
  taps: usize,
  K: i32,
  w0: usize,
  w1: usize,
  y0: usize,
  y1: usize,
  first: bool,
): void {
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  if (!first) {
    s00 = v128.load(y0);
    s01 = v128.load(y0, 16);
    s02 = v128.load(y0, 32);
    s03 = v128.load(y0, 48);
    s10 = v128.load(y1);
    s11 = v128.load(y1, 16);
    s12 = v128.load(y1, 32);
    s13 = v128.load(y1, 48);
  }
  do {
    const at = x + tapAt(taps, 0);
    const a0 = v128.load_splat<f32>(w0);
    const a1 = v128.load_splat<f32>(w1);
    let v = v128.load(at);
    s00 = madd(a0, v, s00);
    s10 = madd(a1, v, s10);
    v = v128.load(at, 16);
    s01 = madd(a0, v, s01);
    s11 = madd(a1, v, s11);
    v = v128.load(at, 32);
    s02 = madd(a0, v, s02);
    s12 = madd(a1, v, s12);
    v = v128.load(at, 48);
    s03 = madd(a0, v, s03);
    s13 = madd(a1, v, s13);
    taps += 4;
    w0 += 4;
    w1 += 4;
  } while (--K);
  v128.store(y0, s00);
  v128.store(y0, s01, 16);
  v128.store(y0, s02, 32);
  v128.store(y0, s03, 48);
  v128.store(y1, s10);
  v128.store(y1, s11, 16);
  v128.store(y1, s12, 32);
  v128.store(y1, s13, 48);
}

/** The same with wide loads: weights and offsets of four taps at a time, and the remaining taps as above. */
function convolvePairWide(
  x: usize,
  taps: usize,
  K: i32,
  w0: usize,
  w1: usize,
  y0: usize,
  y1: usize,
): void {
  const rest = K & 3;
  let fours = K >> 2;
  if (!fours) {
    convolvePair(x, taps, K, w0, w1, y0, y1, true);
    return;
  }
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  let at: usize;
  let a0: v128;
  let a1: v128;
  let v: v128;
  do {
    const offsets = v128.load(taps);
    const v0 = v128.load(w0);
    const v1 = v128.load(w1);
    at = x + <usize>i32x4.extract_lane(offsets, 0);
    a0 = repeat(v0, 0);
    a1 = repeat(v1, 0);
    v = v128.load(at);
    s00 = madd(a0, v, s00);
    s10 = madd(a1, v, s10);
    v = v128.load(at, 16);
    s01 = madd(a0, v, s01);
    s11 = madd(a1, v, s11);
    v = v128.load(at, 32);
    s02 = madd(a0, v, s02);
    s12 = madd(a1, v, s12);
    v = v128.load(at, 48);
    s03 = madd(a0, v, s03);
    s13 = madd(a1, v, s13);
    at = x + <usize>i32x4.extract_lane(offsets, 1);
    a0 = repeat(v0, 1);
    a1 = repeat(v1, 1);
    v = v128.load(at);
    s00 = madd(a0, v, s00);
    s10 = madd(a1, v, s10);
    v = v128.load(at, 16);
    s01 = madd(a0, v, s01);
    s11 = madd(a1, v, s11);
    v = v128.load(at, 32);
    s02 = madd(a0, v, s02);
    s12 = madd(a1, v, s12);
    v = v128.load(at, 48);
    s03 = madd(a0, v, s03);
    s13 = madd(a1, v, s13);
    at = x + <usize>i32x4.extract_lane(offsets, 2);
    a0 = repeat(v0, 2);
    a1 = repeat(v1, 2);
    v = v128.load(at);
    s00 = madd(a0, v, s00);
    s10 = madd(a1, v, s10);
    v = v128.load(at, 16);
    s01 = madd(a0, v, s01);
    s11 = madd(a1, v, s11);
    v = v128.load(at, 32);
    s02 = madd(a0, v, s02);
    s12 = madd(a1, v, s12);
    v = v128.load(at, 48);
    s03 = madd(a0, v, s03);
    s13 = madd(a1, v, s13);
    at = x + <usize>i32x4.extract_lane(offsets, 3);
    a0 = repeat(v0, 3);
    a1 = repeat(v1, 3);
    v = v128.load(at);
    s00 = madd(a0, v, s00);
    s10 = madd(a1, v, s10);
    v = v128.load(at, 16);
    s01 = madd(a0, v, s01);
    s11 = madd(a1, v, s11);
    v = v128.load(at, 32);
    s02 = madd(a0, v, s02);
    s12 = madd(a1, v, s12);
    v = v128.load(at, 48);
    s03 = madd(a0, v, s03);
    s13 = madd(a1, v, s13);
    taps += 16;
    w0 += 16;
    w1 += 16;
  } while (--fours);
  v128.store(y0, s00);
  v128.store(y0, s01, 16);
  v128.store(y0, s02, 32);
  v128.store(y0, s03, 48);
  v128.store(y1, s10);
  v128.store(y1, s11, 16);
  v128.store(y1, s12, 32);
  v128.store(y1, s13, 48);
  if (rest) convolvePair(x, taps, rest, w0, w1, y0, y1, false);
}

/** Taps whose sums a pass over an image keeps in registers, for two filters at a time. */
const TAPS: i32 = 5;

@inline
function tapAt(table: usize, tap: i32): usize {
  return <usize>load<u32>(table + ((<usize>tap) << 2));
}

/**
 * S[o, tap] (+)= Σ_{p,q} dy[o, p, q]·x[tap, p, q] for one image, each lane the sum over its own q of every
 * four. Q is a multiple of 4. x: padded image with rows of `width`; taps: table of K offsets; S: O×K vectors.
 */
export function correlate(
  x: usize,
  width: i32,
  dy: usize,
  O: i32,
  P: i32,
  Q: i32,
  taps: usize,
  K: i32,
  S: usize,
  first: bool,
): void {
  for (let o = 0; o < O; o += 2) {
    // A last filter without partner is paired with itself, and its sums are stored twice.
    const other = min(o + 1, O - 1);
    const dy0 = dy + floats(o * P * Q);
    const dy1 = dy + floats(other * P * Q);
    for (let tap = 0; tap < K; tap += TAPS) {
      // The same applies to taps beyond the last.
      correlatePair(
        x + tapAt(taps, tap),
        x + tapAt(taps, min(tap + 1, K - 1)),
        x + tapAt(taps, min(tap + 2, K - 1)),
        x + tapAt(taps, min(tap + 3, K - 1)),
        x + tapAt(taps, min(tap + 4, K - 1)),
        floats(width),
        dy0,
        dy1,
        P,
        Q,
        S + floats((o * K + tap) * LANES),
        S + floats((other * K + tap) * LANES),
        min(TAPS, K - tap),
        first,
      );
    }
  }
}

/** The sums of five taps for two filters: s0 and s1 are their initial values, and `count` of them are stored. */
function correlatePair(
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  x4: usize,
  pitch: usize,
  dy0: usize,
  dy1: usize,
  P: i32,
  Q: i32,
  s0: usize,
  s1: usize,
  count: i32,
  first: bool,
): void {
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s04 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  let s14 = s00;
  if (!first) {
    s00 = v128.load(s0);
    s01 = v128.load(s0, 16);
    s02 = v128.load(s0, 32);
    s03 = v128.load(s0, 48);
    s04 = v128.load(s0, 64);
    s10 = v128.load(s1);
    s11 = v128.load(s1, 16);
    s12 = v128.load(s1, 32);
    s13 = v128.load(s1, 48);
    s14 = v128.load(s1, 64);
  }
  const rest = pitch - floats(Q);
  // Five taps in a row of the filter, with rising offsets, are five places in two vectors.
  if (wideLoads && x4 - x0 == 16) {
    do {
      let q = Q;
      let low = v128.load(x0);
      do {
        const g0 = v128.load(dy0);
        const g1 = v128.load(dy1);
        x0 += 16;
        const high = v128.load(x0);
        s00 = madd(g0, low, s00);
        s10 = madd(g1, low, s10);
        let v = i8x16.shuffle(low, high, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19);
        s01 = madd(g0, v, s01);
        s11 = madd(g1, v, s11);
        v = i8x16.shuffle(low, high, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
        s02 = madd(g0, v, s02);
        s12 = madd(g1, v, s12);
        v = i8x16.shuffle(
          low,
          high,
          12,
          13,
          14,
          15,
          16,
          17,
          18,
          19,
          20,
          21,
          22,
          23,
          24,
          25,
          26,
          27,
        );
        s03 = madd(g0, v, s03);
        s13 = madd(g1, v, s13);
        s04 = madd(g0, high, s04);
        s14 = madd(g1, high, s14);
        low = high;
        dy0 += 16;
        dy1 += 16;
        q -= LANES;
      } while (q);
      x0 += rest;
    } while (--P);
  } else {
    do {
      let q = Q;
      do {
        const g0 = v128.load(dy0);
        const g1 = v128.load(dy1);
        let v = v128.load(x0);
        s00 = madd(g0, v, s00);
        s10 = madd(g1, v, s10);
        v = v128.load(x1);
        s01 = madd(g0, v, s01);
        s11 = madd(g1, v, s11);
        v = v128.load(x2);
        s02 = madd(g0, v, s02);
        s12 = madd(g1, v, s12);
        v = v128.load(x3);
        s03 = madd(g0, v, s03);
        s13 = madd(g1, v, s13);
        v = v128.load(x4);
        s04 = madd(g0, v, s04);
        s14 = madd(g1, v, s14);
        dy0 += 16;
        dy1 += 16;
        x0 += 16;
        x1 += 16;
        x2 += 16;
        x3 += 16;
        x4 += 16;
        q -= LANES;
      } while (q);
      x0 += rest;
      x1 += rest;
      x2 += rest;
      x3 += rest;
      x4 += rest;
    } while (--P);
  }
  v128.store(s0, s00);
  v128.store(s1, s10);
  if (count > 1) {
    v128.store(s0, s01, 16);
    v128.store(s1, s11, 16);
  }
  if (count > 2) {
    v128.store(s0, s02, 32);
    v128.store(s1, s12, 32);
  }
  if (count > 3) {
    v128.store(s0, s03, 48);
    v128.store(s1, s13, 48);
  }
  if (count > 4) {
    v128.store(s0, s04, 64);
    v128.store(s1, s14, 64);
  }
}

/** y[i] = the sum of the lanes of S[i]. */
export function sumEachVector(S: usize, count: i32, y: usize): void {
  for (let i = 0; i < count; i++) {
    store<f32>(y + floats(i), sumLanes(v128.load(S + floats(i * LANES))));
  }
}
