/**
 * The 4×8 tile, for a last panel of B without neighbour, and for an A that is not packed. `first` stores, else adds to
 * c; `pitch` is the bytes between rows of c. Unrolled steps are kept apart as in tile2x16.ts.
 *
 * Each tile has two spellings with the same bits. V8 and SpiderMonkey are fastest with a load for each value of A that
 * repeats it in all lanes. Where loads are expensive (loads.ts) one load brings four values, and shuffles repeat them.
 */
import { wideLoads } from './loads';
import { addProduct, floats, product, repeat } from './simd';

/** c[4×8] (+)= a panel of A, four wide, times b[k×8]. */
export function tile4x8(a: usize, b: usize, c: usize, pitch: usize, k: i32, first: bool): void {
  if (wideLoads) panelWide(a, b, c, pitch, k, first);
  else splatLoads(a, a + 4, a + 8, a + 12, 16, b, c, pitch, k, first);
}

/** c[4×8] (+)= four rows of A, each with contiguous values of k, times b[k×8]. */
export function tile4x8Rows(
  r0: usize,
  r1: usize,
  r2: usize,
  r3: usize,
  b: usize,
  c: usize,
  pitch: usize,
  k: i32,
  first: bool,
): void {
  let done = 0;
  if (wideLoads) {
    // Nothing after the rows is read: the last one to three values are left to the other spelling.
    done = k & ~3;
    if (done) rowsWide(r0, r1, r2, r3, b, c, pitch, done >> 2, first);
    if (done == k) return;
  }
  const at = floats(done);
  splatLoads(r0 + at, r1 + at, r2 + at, r3 + at, 4, b + at * 8, c, pitch, k - done, first && !done);
}

/** A value every `STEP` bytes, a constant, from r0, r1, r2 and r3 on. */
@inline
function splatLoads(
  r0: usize,
  r1: usize,
  r2: usize,
  r3: usize,
  STEP: usize,
  b: usize,
  c: usize,
  pitch: usize,
  k: i32,
  first: bool,
): void {
  const c1 = c + pitch;
  const c2 = c1 + pitch;
  const c3 = c2 + pitch;
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  if (!first) {
    s00 = v128.load(c);
    s01 = v128.load(c, 16);
    s10 = v128.load(c1);
    s11 = v128.load(c1, 16);
    s20 = v128.load(c2);
    s21 = v128.load(c2, 16);
    s30 = v128.load(c3);
    s31 = v128.load(c3, 16);
  }
  let a: v128;
  let x: v128;
  let y: v128;
  let p: v128;
  let q: v128;
  for (;;) {
    x = v128.load(b);
    y = v128.load(b, 16);
    a = v128.load_splat<f32>(r0);
    p = product(a, x);
    q = product(a, y);
    s00 = addProduct(p, a, x, s00);
    s01 = addProduct(q, a, y, s01);
    a = v128.load_splat<f32>(r1);
    p = product(a, x);
    q = product(a, y);
    s10 = addProduct(p, a, x, s10);
    s11 = addProduct(q, a, y, s11);
    a = v128.load_splat<f32>(r2);
    p = product(a, x);
    q = product(a, y);
    s20 = addProduct(p, a, x, s20);
    s21 = addProduct(q, a, y, s21);
    a = v128.load_splat<f32>(r3);
    p = product(a, x);
    q = product(a, y);
    s30 = addProduct(p, a, x, s30);
    s31 = addProduct(q, a, y, s31);
    if (!--k) break;
    x = v128.load(b, 32);
    y = v128.load(b, 48);
    a = v128.load_splat<f32>(r0 + STEP);
    p = product(a, x);
    q = product(a, y);
    s00 = addProduct(p, a, x, s00);
    s01 = addProduct(q, a, y, s01);
    a = v128.load_splat<f32>(r1 + STEP);
    p = product(a, x);
    q = product(a, y);
    s10 = addProduct(p, a, x, s10);
    s11 = addProduct(q, a, y, s11);
    a = v128.load_splat<f32>(r2 + STEP);
    p = product(a, x);
    q = product(a, y);
    s20 = addProduct(p, a, x, s20);
    s21 = addProduct(q, a, y, s21);
    a = v128.load_splat<f32>(r3 + STEP);
    p = product(a, x);
    q = product(a, y);
    s30 = addProduct(p, a, x, s30);
    s31 = addProduct(q, a, y, s31);
    if (!--k) break;
    x = v128.load(b, 64);
    y = v128.load(b, 80);
    a = v128.load_splat<f32>(r0 + 2 * STEP);
    p = product(a, x);
    q = product(a, y);
    s00 = addProduct(p, a, x, s00);
    s01 = addProduct(q, a, y, s01);
    a = v128.load_splat<f32>(r1 + 2 * STEP);
    p = product(a, x);
    q = product(a, y);
    s10 = addProduct(p, a, x, s10);
    s11 = addProduct(q, a, y, s11);
    a = v128.load_splat<f32>(r2 + 2 * STEP);
    p = product(a, x);
    q = product(a, y);
    s20 = addProduct(p, a, x, s20);
    s21 = addProduct(q, a, y, s21);
    a = v128.load_splat<f32>(r3 + 2 * STEP);
    p = product(a, x);
    q = product(a, y);
    s30 = addProduct(p, a, x, s30);
    s31 = addProduct(q, a, y, s31);
    if (!--k) break;
    x = v128.load(b, 96);
    y = v128.load(b, 112);
    a = v128.load_splat<f32>(r0 + 3 * STEP);
    p = product(a, x);
    q = product(a, y);
    s00 = addProduct(p, a, x, s00);
    s01 = addProduct(q, a, y, s01);
    a = v128.load_splat<f32>(r1 + 3 * STEP);
    p = product(a, x);
    q = product(a, y);
    s10 = addProduct(p, a, x, s10);
    s11 = addProduct(q, a, y, s11);
    a = v128.load_splat<f32>(r2 + 3 * STEP);
    p = product(a, x);
    q = product(a, y);
    s20 = addProduct(p, a, x, s20);
    s21 = addProduct(q, a, y, s21);
    a = v128.load_splat<f32>(r3 + 3 * STEP);
    p = product(a, x);
    q = product(a, y);
    s30 = addProduct(p, a, x, s30);
    s31 = addProduct(q, a, y, s31);
    if (!--k) break;
    r0 += 4 * STEP;
    r1 += 4 * STEP;
    r2 += 4 * STEP;
    r3 += 4 * STEP;
    b += 128;
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
}

function panelWide(a: usize, b: usize, c: usize, pitch: usize, k: i32, first: bool): void {
  const c1 = c + pitch;
  const c2 = c1 + pitch;
  const c3 = c2 + pitch;
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  if (!first) {
    s00 = v128.load(c);
    s01 = v128.load(c, 16);
    s10 = v128.load(c1);
    s11 = v128.load(c1, 16);
    s20 = v128.load(c2);
    s21 = v128.load(c2, 16);
    s30 = v128.load(c3);
    s31 = v128.load(c3, 16);
  }
  do {
    const v = v128.load(a);
    const x = v128.load(b);
    const y = v128.load(b, 16);
    const a0 = repeat(v, 0);
    const p0 = product(a0, x);
    const q0 = product(a0, y);
    s00 = addProduct(p0, a0, x, s00);
    s01 = addProduct(q0, a0, y, s01);
    const a1 = repeat(v, 1);
    const p1 = product(a1, x);
    const q1 = product(a1, y);
    s10 = addProduct(p1, a1, x, s10);
    s11 = addProduct(q1, a1, y, s11);
    const a2 = repeat(v, 2);
    const p2 = product(a2, x);
    const q2 = product(a2, y);
    s20 = addProduct(p2, a2, x, s20);
    s21 = addProduct(q2, a2, y, s21);
    const a3 = repeat(v, 3);
    const p3 = product(a3, x);
    const q3 = product(a3, y);
    s30 = addProduct(p3, a3, x, s30);
    s31 = addProduct(q3, a3, y, s31);
    a += 16;
    b += 32;
  } while (--k);
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
}

/** `fours`: steps of k divided by 4. */
function rowsWide(
  r0: usize,
  r1: usize,
  r2: usize,
  r3: usize,
  b: usize,
  c: usize,
  pitch: usize,
  fours: i32,
  first: bool,
): void {
  const c1 = c + pitch;
  const c2 = c1 + pitch;
  const c3 = c2 + pitch;
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  if (!first) {
    s00 = v128.load(c);
    s01 = v128.load(c, 16);
    s10 = v128.load(c1);
    s11 = v128.load(c1, 16);
    s20 = v128.load(c2);
    s21 = v128.load(c2, 16);
    s30 = v128.load(c3);
    s31 = v128.load(c3, 16);
  }
  let a: v128;
  let x: v128;
  let y: v128;
  let p: v128;
  let q: v128;
  for (;;) {
    const v0 = v128.load(r0);
    const v1 = v128.load(r1);
    const v2 = v128.load(r2);
    const v3 = v128.load(r3);
    x = v128.load(b);
    y = v128.load(b, 16);
    a = repeat(v0, 0);
    p = product(a, x);
    q = product(a, y);
    s00 = addProduct(p, a, x, s00);
    s01 = addProduct(q, a, y, s01);
    a = repeat(v1, 0);
    p = product(a, x);
    q = product(a, y);
    s10 = addProduct(p, a, x, s10);
    s11 = addProduct(q, a, y, s11);
    a = repeat(v2, 0);
    p = product(a, x);
    q = product(a, y);
    s20 = addProduct(p, a, x, s20);
    s21 = addProduct(q, a, y, s21);
    a = repeat(v3, 0);
    p = product(a, x);
    q = product(a, y);
    s30 = addProduct(p, a, x, s30);
    s31 = addProduct(q, a, y, s31);
    x = v128.load(b, 32);
    y = v128.load(b, 48);
    a = repeat(v0, 1);
    p = product(a, x);
    q = product(a, y);
    s00 = addProduct(p, a, x, s00);
    s01 = addProduct(q, a, y, s01);
    a = repeat(v1, 1);
    p = product(a, x);
    q = product(a, y);
    s10 = addProduct(p, a, x, s10);
    s11 = addProduct(q, a, y, s11);
    a = repeat(v2, 1);
    p = product(a, x);
    q = product(a, y);
    s20 = addProduct(p, a, x, s20);
    s21 = addProduct(q, a, y, s21);
    a = repeat(v3, 1);
    p = product(a, x);
    q = product(a, y);
    s30 = addProduct(p, a, x, s30);
    s31 = addProduct(q, a, y, s31);
    x = v128.load(b, 64);
    y = v128.load(b, 80);
    a = repeat(v0, 2);
    p = product(a, x);
    q = product(a, y);
    s00 = addProduct(p, a, x, s00);
    s01 = addProduct(q, a, y, s01);
    a = repeat(v1, 2);
    p = product(a, x);
    q = product(a, y);
    s10 = addProduct(p, a, x, s10);
    s11 = addProduct(q, a, y, s11);
    a = repeat(v2, 2);
    p = product(a, x);
    q = product(a, y);
    s20 = addProduct(p, a, x, s20);
    s21 = addProduct(q, a, y, s21);
    a = repeat(v3, 2);
    p = product(a, x);
    q = product(a, y);
    s30 = addProduct(p, a, x, s30);
    s31 = addProduct(q, a, y, s31);
    x = v128.load(b, 96);
    y = v128.load(b, 112);
    a = repeat(v0, 3);
    p = product(a, x);
    q = product(a, y);
    s00 = addProduct(p, a, x, s00);
    s01 = addProduct(q, a, y, s01);
    a = repeat(v1, 3);
    p = product(a, x);
    q = product(a, y);
    s10 = addProduct(p, a, x, s10);
    s11 = addProduct(q, a, y, s11);
    a = repeat(v2, 3);
    p = product(a, x);
    q = product(a, y);
    s20 = addProduct(p, a, x, s20);
    s21 = addProduct(q, a, y, s21);
    a = repeat(v3, 3);
    p = product(a, x);
    q = product(a, y);
    s30 = addProduct(p, a, x, s30);
    s31 = addProduct(q, a, y, s31);
    if (!--fours) break;
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
    b += 128;
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
}
