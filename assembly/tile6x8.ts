/** The 6×8 tiles of the fused builds for rows that are read where they lie; for their engines see tile2x24.ts. */
import { floats, madd } from './simd';

/** c[6×8] (+)= six rows of A, `aPitch` bytes apart, each with contiguous values of k, times b[k×8]. */
export function tile6x8Rows(
  r0: usize,
  aPitch: usize,
  b: usize,
  c: usize,
  pitch: usize,
  k: i32,
  first: bool,
): void {
  const r1 = r0 + aPitch;
  const r2 = r1 + aPitch;
  const r3 = r2 + aPitch;
  const r4 = r3 + aPitch;
  const r5 = r4 + aPitch;
  const c1 = c + pitch;
  const c2 = c1 + pitch;
  const c3 = c2 + pitch;
  const c4 = c3 + pitch;
  const c5 = c4 + pitch;
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  let s40 = s00;
  let s41 = s00;
  let s50 = s00;
  let s51 = s00;
  if (!first) {
    s00 = v128.load(c);
    s01 = v128.load(c, 16);
    s10 = v128.load(c1);
    s11 = v128.load(c1, 16);
    s20 = v128.load(c2);
    s21 = v128.load(c2, 16);
    s30 = v128.load(c3);
    s31 = v128.load(c3, 16);
    s40 = v128.load(c4);
    s41 = v128.load(c4, 16);
    s50 = v128.load(c5);
    s51 = v128.load(c5, 16);
  }
  let a: v128;
  let x: v128;
  let y: v128;
  const end = b + floats(k * 8);
  let at: usize = 0;
  do {
    x = v128.load(b);
    y = v128.load(b, 16);
    b += 32;
    a = v128.load_splat<f32>(r0 + at);
    s00 = madd(a, x, s00);
    s01 = madd(a, y, s01);
    a = v128.load_splat<f32>(r1 + at);
    s10 = madd(a, x, s10);
    s11 = madd(a, y, s11);
    a = v128.load_splat<f32>(r2 + at);
    s20 = madd(a, x, s20);
    s21 = madd(a, y, s21);
    a = v128.load_splat<f32>(r3 + at);
    s30 = madd(a, x, s30);
    s31 = madd(a, y, s31);
    a = v128.load_splat<f32>(r4 + at);
    s40 = madd(a, x, s40);
    s41 = madd(a, y, s41);
    a = v128.load_splat<f32>(r5 + at);
    s50 = madd(a, x, s50);
    s51 = madd(a, y, s51);
    at += 4;
  } while (b < end);
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
  v128.store(c4, s40);
  v128.store(c4, s41, 16);
  v128.store(c5, s50);
  v128.store(c5, s51, 16);
}

/**
 * c[6×8] (+)= a[6×k]·b[k×8], where row i of a is read at x + rows[i] + steps[l] for step l: both are tables of offsets in
 * bytes.
 */
export function tile6x8Offsets(
  x: usize,
  rows: usize,
  steps: usize,
  b: usize,
  c: usize,
  pitch: usize,
  k: i32,
  first: bool,
): void {
  const r0 = x + <usize>load<u32>(rows);
  const r1 = x + <usize>load<u32>(rows, 4);
  const r2 = x + <usize>load<u32>(rows, 8);
  const r3 = x + <usize>load<u32>(rows, 12);
  const r4 = x + <usize>load<u32>(rows, 16);
  const r5 = x + <usize>load<u32>(rows, 20);
  const c1 = c + pitch;
  const c2 = c1 + pitch;
  const c3 = c2 + pitch;
  const c4 = c3 + pitch;
  const c5 = c4 + pitch;
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  let s40 = s00;
  let s41 = s00;
  let s50 = s00;
  let s51 = s00;
  if (!first) {
    s00 = v128.load(c);
    s01 = v128.load(c, 16);
    s10 = v128.load(c1);
    s11 = v128.load(c1, 16);
    s20 = v128.load(c2);
    s21 = v128.load(c2, 16);
    s30 = v128.load(c3);
    s31 = v128.load(c3, 16);
    s40 = v128.load(c4);
    s41 = v128.load(c4, 16);
    s50 = v128.load(c5);
    s51 = v128.load(c5, 16);
  }
  let a: v128;
  let u: v128;
  let v: v128;
  do {
    const at = <usize>load<u32>(steps);
    u = v128.load(b);
    v = v128.load(b, 16);
    a = v128.load_splat<f32>(r0 + at);
    s00 = madd(a, u, s00);
    s01 = madd(a, v, s01);
    a = v128.load_splat<f32>(r1 + at);
    s10 = madd(a, u, s10);
    s11 = madd(a, v, s11);
    a = v128.load_splat<f32>(r2 + at);
    s20 = madd(a, u, s20);
    s21 = madd(a, v, s21);
    a = v128.load_splat<f32>(r3 + at);
    s30 = madd(a, u, s30);
    s31 = madd(a, v, s31);
    a = v128.load_splat<f32>(r4 + at);
    s40 = madd(a, u, s40);
    s41 = madd(a, v, s41);
    a = v128.load_splat<f32>(r5 + at);
    s50 = madd(a, u, s50);
    s51 = madd(a, v, s51);
    steps += 4;
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
  v128.store(c4, s40);
  v128.store(c4, s41, 16);
  v128.store(c5, s50);
  v128.store(c5, s51, 16);
}
