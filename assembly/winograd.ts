/**
 * The transforms of Winograd's minimal filtering F(4×4, 3×3) and F(2×2, 5×5) (Winograd 1980; Lavin & Gray 2016). They
 * give 4×4 outputs of a 3×3 filter, or 2×2 of a 5×5 filter, from 6×6 inputs with 36 multiplications instead of 144 or 100,
 *   Y = Aᵀ[(G·g·Gᵀ) ⊙ (Bᵀ·d·B)]A.
 *
 * The points of interpolation are 0, ±a, ±b and ∞ with a = 2/3 and b = 3/2: since a·b = 1 the matrices stay
 * as sparse as with the usual 0, ±1, ±2, and the rounding error is half of theirs (Barabasz et al. 2020
 * explain why; docs/winograd.md has the figures). Rows of the matrices, with N(p) = ∏(p − q) over the other
 * points q, so N(±a) = 2a²(a² − b²) and N(±b) = 2b²(b² − a²); for 5×5 filters G goes on to p⁴, and A ends with p:
 *
 *   Bᵀ:   0  [1, 0, −a²−b², 0, 1, 0]        G:  0  [1, 0, 0]              Aᵀ: column p: [1, p, p², p³]
 *        ±a  [0, ∓b, −b², ±a, 1, 0]            ±p  [1, ±p, p²]/N(p)           column ∞: [0, 0, 0, 1]
 *        ±b  [0, ∓a, −a², ±b, 1, 0]             ∞  [0, 0, 1]
 *         ∞  [0, 1, 0, −a²−b², 0, 1]
 *
 * Every transform works on four tiles at once, one in each lane: of four places, or of four channels.
 * Rows come first, then columns; the rows' results wait in `scratch`, at most 36 vectors.
 */
import { floats, joinHigh, zipHigh, joinLow, zipLow, madd } from './simd';

// Loaded, not literal: V8 rebuilds a constant at each use (see math.ts). The f32 nearest to:
const A1: usize = 0; // a = 2/3
const B1: usize = 4; // b = 3/2
const A2: usize = 8; // a² = 4/9
const B2: usize = 12; // b² = 9/4
const A3: usize = 16; // a³ = 8/27
const B3: usize = 20; // b³ = 27/8
const G0A: usize = 24; // 1/N(a) = −81/130
const G1A: usize = 28; // a/N(a)
const G2A: usize = 32; // a²/N(a)
const G0B: usize = 36; // 1/N(b) = 8/65
const G1B: usize = 40; // b/N(b)
const G2B: usize = 44; // b²/N(b)
const MINUS_A1: usize = 48;
const MINUS_B1: usize = 52;
const MINUS_A2: usize = 56;
const MINUS_B2: usize = 60;
const MINUS_SUM: usize = 64; // −a² − b² = −97/36
const G3A: usize = 68; // a³/N(a)
const G4A: usize = 72; // a⁴/N(a)
const G3B: usize = 76; // b³/N(b)
const G4B: usize = 80; // b⁴/N(b)
const CONSTANTS: usize = memory.data<f32>([
  0.6666666666666666, 1.5, 0.4444444444444444, 2.25, 0.2962962962962963, 3.375, -0.6230769230769231,
  -0.4153846153846154, -0.27692307692307694, 0.12307692307692308, 0.18461538461538463,
  0.27692307692307694, -0.6666666666666666, -1.5, -0.4444444444444444, -2.25, -2.6944444444444446,
  -0.18461538461538463, -0.12307692307692308, 0.4153846153846154, 0.6230769230769231,
]);

@inline
function constant(which: usize): v128 {
  return v128.load_splat<f32>(CONSTANTS + which);
}

/** Lanes 0 and 2 of two vectors. */
@inline
function evenLanes(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}

/** Lanes 1 and 3 of two vectors. */
@inline
function oddLanes(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}

/** Bᵀ·d of six vectors, stored `step` bytes apart. */
@inline
function timesB(
  d0: v128,
  d1: v128,
  d2: v128,
  d3: v128,
  d4: v128,
  d5: v128,
  to: usize,
  step: usize,
): void {
  const sum = constant(MINUS_SUM);
  v128.store(to, madd(d2, sum, f32x4.add(d0, d4)));
  const evenA = madd(d2, constant(MINUS_B2), d4);
  const oddA = madd(d1, constant(MINUS_B1), f32x4.mul(d3, constant(A1)));
  v128.store(to + step, f32x4.add(evenA, oddA));
  v128.store(to + step * 2, f32x4.sub(evenA, oddA));
  const evenB = madd(d2, constant(MINUS_A2), d4);
  const oddB = madd(d1, constant(MINUS_A1), f32x4.mul(d3, constant(B1)));
  v128.store(to + step * 3, f32x4.add(evenB, oddB));
  v128.store(to + step * 4, f32x4.sub(evenB, oddB));
  v128.store(to + step * 5, madd(d3, sum, f32x4.add(d1, d5)));
}

/**
 * Bᵀ·d·B of the four 6×6 tiles that start at p0…p3, in an image of `pitch` bytes a row.
 * Element (i, j) goes to `to` + (6i + j)·`step`.
 */
@inline
export function transformInput(
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  pitch: usize,
  scratch: usize,
  to: usize,
  step: usize,
): void {
  for (let row = scratch; row < scratch + 6 * 96; row += 96) {
    const v0 = v128.load(p0);
    const v1 = v128.load(p1);
    const v2 = v128.load(p2);
    const v3 = v128.load(p3);
    const low01 = zipLow(v0, v1);
    const low23 = zipLow(v2, v3);
    const high01 = zipHigh(v0, v1);
    const high23 = zipHigh(v2, v3);
    const rest01 = v128.load64_lane(p1 + 16, v128.load64_zero(p0, 16), 1);
    const rest23 = v128.load64_lane(p3 + 16, v128.load64_zero(p2, 16), 1);
    timesB(
      joinLow(low01, low23),
      joinHigh(low01, low23),
      joinLow(high01, high23),
      joinHigh(high01, high23),
      evenLanes(rest01, rest23),
      oddLanes(rest01, rest23),
      row,
      16,
    );
    p0 += pitch;
    p1 += pitch;
    p2 += pitch;
    p3 += pitch;
  }
  for (let column = scratch; column < scratch + 96; column += 16) {
    timesB(
      v128.load(column),
      v128.load(column, 96),
      v128.load(column, 192),
      v128.load(column, 288),
      v128.load(column, 384),
      v128.load(column, 480),
      to,
      step * 6,
    );
    to += step;
  }
}

/** A·d of four vectors, stored `step` bytes apart. */
@inline
function timesA(d0: v128, d1: v128, d2: v128, d3: v128, to: usize, step: usize): void {
  v128.store(to, d0);
  const evenA = madd(d2, constant(A2), d0);
  const oddA = madd(d3, constant(A3), f32x4.mul(d1, constant(A1)));
  v128.store(to + step, f32x4.add(evenA, oddA));
  v128.store(to + step * 2, f32x4.sub(evenA, oddA));
  const evenB = madd(d2, constant(B2), d0);
  const oddB = madd(d3, constant(B3), f32x4.mul(d1, constant(B1)));
  v128.store(to + step * 3, f32x4.add(evenB, oddB));
  v128.store(to + step * 4, f32x4.sub(evenB, oddB));
  v128.store(to + step * 5, d3);
}

/** A·d of two vectors, stored `step` bytes apart. */
@inline
function timesA2(d0: v128, d1: v128, to: usize, step: usize): void {
  v128.store(to, d0);
  const oddA = f32x4.mul(d1, constant(A1));
  v128.store(to + step, f32x4.add(d0, oddA));
  v128.store(to + step * 2, f32x4.sub(d0, oddA));
  const oddB = f32x4.mul(d1, constant(B1));
  v128.store(to + step * 3, f32x4.add(d0, oddB));
  v128.store(to + step * 4, f32x4.sub(d0, oddB));
  v128.store(to + step * 5, d1);
}

/** A·d·Aᵀ of the four tiles of 4×4 or, with `wide` filters, 2×2 that start at p0…p3; else as transformInput. */
@inline
export function transformGradient(
  wide: bool,
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  pitch: usize,
  scratch: usize,
  to: usize,
  step: usize,
): void {
  const end = scratch + (wide ? 192 : 384);
  for (let row = scratch; row < end; row += 96) {
    if (wide) {
      const v01 = v128.load64_lane(p1, v128.load64_zero(p0), 1);
      const v23 = v128.load64_lane(p3, v128.load64_zero(p2), 1);
      timesA2(evenLanes(v01, v23), oddLanes(v01, v23), row, 16);
    } else {
      const v0 = v128.load(p0);
      const v1 = v128.load(p1);
      const v2 = v128.load(p2);
      const v3 = v128.load(p3);
      const low01 = zipLow(v0, v1);
      const low23 = zipLow(v2, v3);
      const high01 = zipHigh(v0, v1);
      const high23 = zipHigh(v2, v3);
      timesA(
        joinLow(low01, low23),
        joinHigh(low01, low23),
        joinLow(high01, high23),
        joinHigh(high01, high23),
        row,
        16,
      );
    }
    p0 += pitch;
    p1 += pitch;
    p2 += pitch;
    p3 += pitch;
  }
  for (let column = scratch; column < scratch + 96; column += 16) {
    const d0 = v128.load(column);
    const d1 = v128.load(column, 96);
    if (wide) timesA2(d0, d1, to, step * 6);
    else timesA(d0, d1, v128.load(column, 192), v128.load(column, 288), to, step * 6);
    to += step;
  }
}

/** G·g of three vectors, stored `step` bytes apart. */
@inline
function timesG(g0: v128, g1: v128, g2: v128, to: usize, step: usize): void {
  v128.store(to, g0);
  const evenA = madd(g2, constant(G2A), f32x4.mul(g0, constant(G0A)));
  const oddA = f32x4.mul(g1, constant(G1A));
  v128.store(to + step, f32x4.add(evenA, oddA));
  v128.store(to + step * 2, f32x4.sub(evenA, oddA));
  const evenB = madd(g2, constant(G2B), f32x4.mul(g0, constant(G0B)));
  const oddB = f32x4.mul(g1, constant(G1B));
  v128.store(to + step * 3, f32x4.add(evenB, oddB));
  v128.store(to + step * 4, f32x4.sub(evenB, oddB));
  v128.store(to + step * 5, g2);
}

/** G·g of five vectors, stored `step` bytes apart. */
@inline
function timesG5(g0: v128, g1: v128, g2: v128, g3: v128, g4: v128, to: usize, step: usize): void {
  v128.store(to, g0);
  const evenA = madd(g4, constant(G4A), madd(g2, constant(G2A), f32x4.mul(g0, constant(G0A))));
  const oddA = madd(g3, constant(G3A), f32x4.mul(g1, constant(G1A)));
  v128.store(to + step, f32x4.add(evenA, oddA));
  v128.store(to + step * 2, f32x4.sub(evenA, oddA));
  const evenB = madd(g4, constant(G4B), madd(g2, constant(G2B), f32x4.mul(g0, constant(G0B))));
  const oddB = madd(g3, constant(G3B), f32x4.mul(g1, constant(G1B)));
  v128.store(to + step * 3, f32x4.add(evenB, oddB));
  v128.store(to + step * 4, f32x4.sub(evenB, oddB));
  v128.store(to + step * 5, g4);
}

/** The same, called: 5×5 filters alone do not make a page larger by two copies. */
function callTimesG5(
  g0: v128,
  g1: v128,
  g2: v128,
  g3: v128,
  g4: v128,
  to: usize,
  step: usize,
): void {
  timesG5(g0, g1, g2, g3, g4, to, step);
}

/**
 * G·g·Gᵀ of four filters of 3×3 or, if `wide`, 5×5, `pitch` bytes apart, turned by 180° if `flipped` (as the gradient by
 * the input needs). Element (i, j) goes to `to` + (6i + j)·`step`.
 */
@inline
export function transformFilter(
  wide: bool,
  g: usize,
  pitch: usize,
  flipped: bool,
  scratch: usize,
  to: usize,
  step: usize,
): void {
  const k = wide ? 5 : 3;
  // A turned filter is read from its last tap back.
  const tap: usize = flipped ? -4 : 4;
  if (flipped) g += floats(k * k - 1);
  for (let row = scratch; row < scratch + 96 * k; row += 96) {
    const g0 = gather(g, pitch);
    const g1 = gather(g + tap, pitch);
    const g2 = gather(g + tap * 2, pitch);
    if (wide)
      callTimesG5(g0, g1, g2, gather(g + tap * 3, pitch), gather(g + tap * 4, pitch), row, 16);
    else timesG(g0, g1, g2, row, 16);
    g += tap * k;
  }
  for (let column = scratch; column < scratch + 96; column += 16) {
    const g0 = v128.load(column);
    const g1 = v128.load(column, 96);
    const g2 = v128.load(column, 192);
    if (wide) callTimesG5(g0, g1, g2, v128.load(column, 288), v128.load(column, 384), to, step * 6);
    else timesG(g0, g1, g2, to, step * 6);
    to += step;
  }
}

/** Four floats `pitch` bytes apart. */
@inline
export function gather(p: usize, pitch: usize): v128 {
  let v = v128.load32_zero(p);
  v = v128.load_lane<f32>(p + pitch, v, 1);
  v = v128.load_lane<f32>(p + pitch * 2, v, 2);
  return v128.load_lane<f32>(p + pitch * 3, v, 3);
}

/** Aᵀ·m of six vectors, 4 or, with `wide` filters, 2, stored `step` bytes apart. */
@inline
function aTimes(
  wide: bool,
  m0: v128,
  m1: v128,
  m2: v128,
  m3: v128,
  m4: v128,
  m5: v128,
  to: usize,
  step: usize,
): void {
  const sumA = f32x4.add(m1, m2);
  const sumB = f32x4.add(m3, m4);
  v128.store(to, f32x4.add(m0, f32x4.add(sumA, sumB)));
  const differenceA = f32x4.sub(m1, m2);
  const differenceB = f32x4.sub(m3, m4);
  const first = madd(differenceB, constant(B1), f32x4.mul(differenceA, constant(A1)));
  if (wide) {
    v128.store(to + step, f32x4.add(first, m5));
    return;
  }
  v128.store(to + step, first);
  v128.store(to + step * 2, madd(sumB, constant(B2), f32x4.mul(sumA, constant(A2))));
  v128.store(to + step * 3, madd(differenceB, constant(B3), madd(differenceA, constant(A3), m5)));
}

/**
 * Aᵀ·m·A: the 4×4 or, with `wide` filters, 2×2 outputs of four tiles from their 36 products, element (i, j) at
 * `m` + (6i + j)·`step`. The outputs' columns, one a vector with a tile in each lane, go to `scratch`: row i, column j
 * at 64i + 16j.
 */
@inline
export function transformOutput(wide: bool, m: usize, step: usize, scratch: usize): void {
  for (let column = scratch; column < scratch + 96; column += 16) {
    aTimes(
      wide,
      v128.load(m),
      v128.load(m + step * 6),
      v128.load(m + step * 12),
      v128.load(m + step * 18),
      v128.load(m + step * 24),
      v128.load(m + step * 30),
      column,
      96,
    );
    m += step;
  }
  // A row's results replace its inputs: at most 4 vectors for 6, so they move up.
  let to = scratch;
  const end = scratch + (wide ? 192 : 384);
  for (let row = scratch; row < end; row += 96) {
    aTimes(
      wide,
      v128.load(row),
      v128.load(row, 16),
      v128.load(row, 32),
      v128.load(row, 48),
      v128.load(row, 64),
      v128.load(row, 80),
      to,
      16,
    );
    to += 64;
  }
}

/** Gᵀ·m of six vectors, 3 or, for `wide` filters, 5, stored `step` bytes apart. */
@inline
function gTimes(
  wide: bool,
  m0: v128,
  m1: v128,
  m2: v128,
  m3: v128,
  m4: v128,
  m5: v128,
  to: usize,
  step: usize,
): void {
  const sumA = f32x4.add(m1, m2);
  const sumB = f32x4.add(m3, m4);
  v128.store(to, madd(sumB, constant(G0B), madd(sumA, constant(G0A), m0)));
  const differenceA = f32x4.sub(m1, m2);
  const differenceB = f32x4.sub(m3, m4);
  v128.store(to + step, madd(differenceB, constant(G1B), f32x4.mul(differenceA, constant(G1A))));
  if (!wide) {
    v128.store(to + step * 2, madd(sumB, constant(G2B), madd(sumA, constant(G2A), m5)));
    return;
  }
  v128.store(to + step * 2, madd(sumB, constant(G2B), f32x4.mul(sumA, constant(G2A))));
  v128.store(
    to + step * 3,
    madd(differenceB, constant(G3B), f32x4.mul(differenceA, constant(G3A))),
  );
  v128.store(to + step * 4, madd(sumB, constant(G4B), madd(sumA, constant(G4A), m5)));
}

/**
 * Gᵀ·m·G: the gradients of four filters of 3×3 or, if `wide`, 5×5 from their 36 sums, element (i, j) at
 * `m` + (6i + j)·`step`. A filter of k² taps follows the other at `to`.
 */
@inline
export function transformFilterGradient(
  wide: bool,
  m: usize,
  step: usize,
  scratch: usize,
  to: usize,
): void {
  const k = wide ? 5 : 3;
  for (let column = scratch; column < scratch + 96; column += 16) {
    gTimes(
      wide,
      v128.load(m),
      v128.load(m + step * 6),
      v128.load(m + step * 12),
      v128.load(m + step * 18),
      v128.load(m + step * 24),
      v128.load(m + step * 30),
      column,
      96,
    );
    m += step;
  }
  for (let row = scratch; row < scratch + 96 * k; row += 96) {
    gTimes(
      wide,
      v128.load(row),
      v128.load(row, 16),
      v128.load(row, 32),
      v128.load(row, 48),
      v128.load(row, 64),
      v128.load(row, 80),
      row,
      16,
    );
    for (let t = row; t < row + 16 * k; t += 16) {
      scatter(v128.load(t), to, floats(k * k));
      to += 4;
    }
  }
}

/** Stores four lanes `pitch` bytes apart. */
@inline
export function scatter(v: v128, p: usize, pitch: usize): void {
  v128.store_lane<f32>(p, v, 0);
  v128.store_lane<f32>(p + pitch, v, 1);
  v128.store_lane<f32>(p + pitch * 2, v, 2);
  v128.store_lane<f32>(p + pitch * 3, v, 3);
}
