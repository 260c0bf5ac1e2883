/**
 * The smaller tiles, for what the 2×16 one leaves. `first` stores, else adds to c; `pitch` is the bytes
 * between rows of c.
 */
import { addProduct, madd, product } from './simd';

/** c[1×16] (+)= one value every `step` bytes of a, times the panels at b and d. */
export function tile1x16(
  a: usize,
  step: usize,
  b: usize,
  d: usize,
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
    b += 32;
    d += 32;
  } while (--k);
  v128.store(c, s0);
  v128.store(c, s1, 16);
  v128.store(c, s2, 32);
  v128.store(c, s3, 48);
}

/**
 * c[4×8] (+)= four rows of A, of which each has a value every `step` bytes, times b[k×8]: for a last panel of B
 * without neighbour, and for an A that is not packed.
 */
export function tile4x8(
  r0: usize,
  r1: usize,
  r2: usize,
  r3: usize,
  step: usize,
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
  do {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load_splat<f32>(r0);
    const p0 = product(a0, b0);
    const q0 = product(a0, b1);
    s00 = addProduct(p0, a0, b0, s00);
    s01 = addProduct(q0, a0, b1, s01);
    const a1 = v128.load_splat<f32>(r1);
    const p1 = product(a1, b0);
    const q1 = product(a1, b1);
    s10 = addProduct(p1, a1, b0, s10);
    s11 = addProduct(q1, a1, b1, s11);
    const a2 = v128.load_splat<f32>(r2);
    const p2 = product(a2, b0);
    const q2 = product(a2, b1);
    s20 = addProduct(p2, a2, b0, s20);
    s21 = addProduct(q2, a2, b1, s21);
    const a3 = v128.load_splat<f32>(r3);
    const p3 = product(a3, b0);
    const q3 = product(a3, b1);
    s30 = addProduct(p3, a3, b0, s30);
    s31 = addProduct(q3, a3, b1, s31);
    r0 += step;
    r1 += step;
    r2 += step;
    r3 += step;
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
