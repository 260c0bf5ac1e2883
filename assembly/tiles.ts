/**
 * The tiles of the matrix product: a few rows of C in registers, k steps of packed A against packed B.
 * `first` stores, else adds to c; `pitch` is the bytes between rows of c.
 *
 * What the shapes and the spelling follow (all measured; no bit depends on them):
 * - V8 has 15 vector registers for us: 8 accumulators, operands and temporaries fit; more spill on V8
 *   11–12. 2×16 needs as few loads as 4×8 and fewer addresses.
 * - Unrolled steps are kept apart by their own `break`, else TurboFan hoists all their loads and spills.
 *   In Deno, which checks bounds at each load, unrolling is worth a third.
 * - Zen deals instructions to two schedulers in turn: alternating products and sums all land on
 *   one side (5.1 cycles a step), in pairs they do not (4.1). Hence `product` and `addProduct`, and
 *   hence asconfig.json leaves out every pass that would move them together again.
 */
import { madd } from './simd';

/** x·y, where it is rounded before it is added; the fused builds have no such value. */
@inline
function product(x: v128, y: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return y;
  return f32x4.mul(x, y);
}

/** madd(x, y, c), of which `p` is `product(x, y)`. */
@inline
function addProduct(p: v128, x: v128, y: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return madd(x, y, c);
  return f32x4.add(c, p);
}

/** c[2×16] (+)= two values every `step` bytes of a, times the panels of 8 columns at b and d. */
export function tile2x16(
  a: usize,
  step: usize,
  b: usize,
  d: usize,
  c: usize,
  pitch: usize,
  k: i32,
  first: bool,
): void {
  const c1 = c + pitch;
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  if (!first) {
    s00 = v128.load(c);
    s01 = v128.load(c, 16);
    s02 = v128.load(c, 32);
    s03 = v128.load(c, 48);
    s10 = v128.load(c1);
    s11 = v128.load(c1, 16);
    s12 = v128.load(c1, 32);
    s13 = v128.load(c1, 48);
  }
  let a0: v128;
  let a1: v128;
  let x: v128;
  let p: v128;
  let q: v128;
  for (;;) {
    a0 = v128.load_splat<f32>(a);
    a1 = v128.load_splat<f32>(a, 4);
    a += step;
    x = v128.load(b);
    p = product(a0, x);
    q = product(a1, x);
    s00 = addProduct(p, a0, x, s00);
    s10 = addProduct(q, a1, x, s10);
    x = v128.load(b, 16);
    p = product(a0, x);
    q = product(a1, x);
    s01 = addProduct(p, a0, x, s01);
    s11 = addProduct(q, a1, x, s11);
    x = v128.load(d);
    p = product(a0, x);
    q = product(a1, x);
    s02 = addProduct(p, a0, x, s02);
    s12 = addProduct(q, a1, x, s12);
    x = v128.load(d, 16);
    p = product(a0, x);
    q = product(a1, x);
    s03 = addProduct(p, a0, x, s03);
    s13 = addProduct(q, a1, x, s13);
    if (!--k) break;
    a0 = v128.load_splat<f32>(a);
    a1 = v128.load_splat<f32>(a, 4);
    a += step;
    x = v128.load(b, 32);
    p = product(a0, x);
    q = product(a1, x);
    s00 = addProduct(p, a0, x, s00);
    s10 = addProduct(q, a1, x, s10);
    x = v128.load(b, 48);
    p = product(a0, x);
    q = product(a1, x);
    s01 = addProduct(p, a0, x, s01);
    s11 = addProduct(q, a1, x, s11);
    x = v128.load(d, 32);
    p = product(a0, x);
    q = product(a1, x);
    s02 = addProduct(p, a0, x, s02);
    s12 = addProduct(q, a1, x, s12);
    x = v128.load(d, 48);
    p = product(a0, x);
    q = product(a1, x);
    s03 = addProduct(p, a0, x, s03);
    s13 = addProduct(q, a1, x, s13);
    if (!--k) break;
    a0 = v128.load_splat<f32>(a);
    a1 = v128.load_splat<f32>(a, 4);
    a += step;
    x = v128.load(b, 64);
    p = product(a0, x);
    q = product(a1, x);
    s00 = addProduct(p, a0, x, s00);
    s10 = addProduct(q, a1, x, s10);
    x = v128.load(b, 80);
    p = product(a0, x);
    q = product(a1, x);
    s01 = addProduct(p, a0, x, s01);
    s11 = addProduct(q, a1, x, s11);
    x = v128.load(d, 64);
    p = product(a0, x);
    q = product(a1, x);
    s02 = addProduct(p, a0, x, s02);
    s12 = addProduct(q, a1, x, s12);
    x = v128.load(d, 80);
    p = product(a0, x);
    q = product(a1, x);
    s03 = addProduct(p, a0, x, s03);
    s13 = addProduct(q, a1, x, s13);
    if (!--k) break;
    a0 = v128.load_splat<f32>(a);
    a1 = v128.load_splat<f32>(a, 4);
    a += step;
    x = v128.load(b, 96);
    p = product(a0, x);
    q = product(a1, x);
    s00 = addProduct(p, a0, x, s00);
    s10 = addProduct(q, a1, x, s10);
    x = v128.load(b, 112);
    p = product(a0, x);
    q = product(a1, x);
    s01 = addProduct(p, a0, x, s01);
    s11 = addProduct(q, a1, x, s11);
    x = v128.load(d, 96);
    p = product(a0, x);
    q = product(a1, x);
    s02 = addProduct(p, a0, x, s02);
    s12 = addProduct(q, a1, x, s12);
    x = v128.load(d, 112);
    p = product(a0, x);
    q = product(a1, x);
    s03 = addProduct(p, a0, x, s03);
    s13 = addProduct(q, a1, x, s13);
    if (!--k) break;
    a0 = v128.load_splat<f32>(a);
    a1 = v128.load_splat<f32>(a, 4);
    a += step;
    x = v128.load(b, 128);
    p = product(a0, x);
    q = product(a1, x);
    s00 = addProduct(p, a0, x, s00);
    s10 = addProduct(q, a1, x, s10);
    x = v128.load(b, 144);
    p = product(a0, x);
    q = product(a1, x);
    s01 = addProduct(p, a0, x, s01);
    s11 = addProduct(q, a1, x, s11);
    x = v128.load(d, 128);
    p = product(a0, x);
    q = product(a1, x);
    s02 = addProduct(p, a0, x, s02);
    s12 = addProduct(q, a1, x, s12);
    x = v128.load(d, 144);
    p = product(a0, x);
    q = product(a1, x);
    s03 = addProduct(p, a0, x, s03);
    s13 = addProduct(q, a1, x, s13);
    if (!--k) break;
    a0 = v128.load_splat<f32>(a);
    a1 = v128.load_splat<f32>(a, 4);
    a += step;
    x = v128.load(b, 160);
    p = product(a0, x);
    q = product(a1, x);
    s00 = addProduct(p, a0, x, s00);
    s10 = addProduct(q, a1, x, s10);
    x = v128.load(b, 176);
    p = product(a0, x);
    q = product(a1, x);
    s01 = addProduct(p, a0, x, s01);
    s11 = addProduct(q, a1, x, s11);
    x = v128.load(d, 160);
    p = product(a0, x);
    q = product(a1, x);
    s02 = addProduct(p, a0, x, s02);
    s12 = addProduct(q, a1, x, s12);
    x = v128.load(d, 176);
    p = product(a0, x);
    q = product(a1, x);
    s03 = addProduct(p, a0, x, s03);
    s13 = addProduct(q, a1, x, s13);
    if (!--k) break;
    a0 = v128.load_splat<f32>(a);
    a1 = v128.load_splat<f32>(a, 4);
    a += step;
    x = v128.load(b, 192);
    p = product(a0, x);
    q = product(a1, x);
    s00 = addProduct(p, a0, x, s00);
    s10 = addProduct(q, a1, x, s10);
    x = v128.load(b, 208);
    p = product(a0, x);
    q = product(a1, x);
    s01 = addProduct(p, a0, x, s01);
    s11 = addProduct(q, a1, x, s11);
    x = v128.load(d, 192);
    p = product(a0, x);
    q = product(a1, x);
    s02 = addProduct(p, a0, x, s02);
    s12 = addProduct(q, a1, x, s12);
    x = v128.load(d, 208);
    p = product(a0, x);
    q = product(a1, x);
    s03 = addProduct(p, a0, x, s03);
    s13 = addProduct(q, a1, x, s13);
    if (!--k) break;
    a0 = v128.load_splat<f32>(a);
    a1 = v128.load_splat<f32>(a, 4);
    a += step;
    x = v128.load(b, 224);
    p = product(a0, x);
    q = product(a1, x);
    s00 = addProduct(p, a0, x, s00);
    s10 = addProduct(q, a1, x, s10);
    x = v128.load(b, 240);
    p = product(a0, x);
    q = product(a1, x);
    s01 = addProduct(p, a0, x, s01);
    s11 = addProduct(q, a1, x, s11);
    x = v128.load(d, 224);
    p = product(a0, x);
    q = product(a1, x);
    s02 = addProduct(p, a0, x, s02);
    s12 = addProduct(q, a1, x, s12);
    x = v128.load(d, 240);
    p = product(a0, x);
    q = product(a1, x);
    s03 = addProduct(p, a0, x, s03);
    s13 = addProduct(q, a1, x, s13);
    if (!--k) break;
    b += 256;
    d += 256;
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c, s02, 32);
  v128.store(c, s03, 48);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c1, s12, 32);
  v128.store(c1, s13, 48);
}

/** c[1×16] (+)= one value every `step` bytes of a, times the rows of 8 columns at b and d, `line` bytes apart. */
export function tile1x16(
  a: usize,
  step: usize,
  b: usize,
  d: usize,
  line: usize,
  c: usize,
  k: i32,
  first: bool,
): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  if (!first) {
    s0 = v128.load(c);
    s1 = v128.load(c, 16);
    s2 = v128.load(c, 32);
    s3 = v128.load(c, 48);
  }
  do {
    const x = v128.load_splat<f32>(a);
    s0 = madd(x, v128.load(b), s0);
    s1 = madd(x, v128.load(b, 16), s1);
    s2 = madd(x, v128.load(d), s2);
    s3 = madd(x, v128.load(d, 16), s3);
    a += step;
    b += line;
    d += line;
  } while (--k);
  v128.store(c, s0);
  v128.store(c, s1, 16);
  v128.store(c, s2, 32);
  v128.store(c, s3, 48);
}

/** c[4×8] (+)= a[k×4]ᵀ·b[k×8]: for the last panel of B if it has no neighbour. */
export function tile4x8(a: usize, b: usize, c: usize, pitch: usize, k: i32, first: bool): void {
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
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load_splat<f32>(a);
    const p0 = product(a0, b0);
    const q0 = product(a0, b1);
    s00 = addProduct(p0, a0, b0, s00);
    s01 = addProduct(q0, a0, b1, s01);
    const a1 = v128.load_splat<f32>(a, 4);
    const p1 = product(a1, b0);
    const q1 = product(a1, b1);
    s10 = addProduct(p1, a1, b0, s10);
    s11 = addProduct(q1, a1, b1, s11);
    const a2 = v128.load_splat<f32>(a, 8);
    const p2 = product(a2, b0);
    const q2 = product(a2, b1);
    s20 = addProduct(p2, a2, b0, s20);
    s21 = addProduct(q2, a2, b1, s21);
    const a3 = v128.load_splat<f32>(a, 12);
    const p3 = product(a3, b0);
    const q3 = product(a3, b1);
    s30 = addProduct(p3, a3, b0, s30);
    s31 = addProduct(q3, a3, b1, s31);
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
