/**
 * The 2×24 tile of the fused builds, where the engine keeps twelve sums in registers: V8 since 13.6 does, earlier it
 * spills (loads.ts). Twelve chains hide what eight do not on two pipes of four cycles: 0.96 of the registers' rate
 * instead of 0.84. The strict builds need a register more for the product, so they have only tile2x16.ts.
 */
import { madd } from './simd';

/**
 * c[2×24] (+)= two values every `step` bytes of a, times 8 columns every `bStep` bytes at b, at d and at e: panels, or
 * the lines of a matrix as it lies.
 */
export function tile2x24(
  a: usize,
  step: usize,
  b: usize,
  d: usize,
  e: usize,
  bStep: usize,
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
  let s04 = s00;
  let s05 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  let s14 = s00;
  let s15 = s00;
  if (!first) {
    s00 = v128.load(c);
    s01 = v128.load(c, 16);
    s02 = v128.load(c, 32);
    s03 = v128.load(c, 48);
    s04 = v128.load(c, 64);
    s05 = v128.load(c, 80);
    s10 = v128.load(c1);
    s11 = v128.load(c1, 16);
    s12 = v128.load(c1, 32);
    s13 = v128.load(c1, 48);
    s14 = v128.load(c1, 64);
    s15 = v128.load(c1, 80);
  }
  let a0: v128;
  let a1: v128;
  let x: v128;
  for (;;) {
    a0 = v128.load_splat<f32>(a);
    a1 = v128.load_splat<f32>(a, 4);
    a += step;
    x = v128.load(b);
    s00 = madd(a0, x, s00);
    s10 = madd(a1, x, s10);
    x = v128.load(b, 16);
    s01 = madd(a0, x, s01);
    s11 = madd(a1, x, s11);
    x = v128.load(d);
    s02 = madd(a0, x, s02);
    s12 = madd(a1, x, s12);
    x = v128.load(d, 16);
    s03 = madd(a0, x, s03);
    s13 = madd(a1, x, s13);
    x = v128.load(e);
    s04 = madd(a0, x, s04);
    s14 = madd(a1, x, s14);
    x = v128.load(e, 16);
    s05 = madd(a0, x, s05);
    s15 = madd(a1, x, s15);
    if (!--k) break;
    b += bStep;
    d += bStep;
    e += bStep;
    a0 = v128.load_splat<f32>(a);
    a1 = v128.load_splat<f32>(a, 4);
    a += step;
    x = v128.load(b);
    s00 = madd(a0, x, s00);
    s10 = madd(a1, x, s10);
    x = v128.load(b, 16);
    s01 = madd(a0, x, s01);
    s11 = madd(a1, x, s11);
    x = v128.load(d);
    s02 = madd(a0, x, s02);
    s12 = madd(a1, x, s12);
    x = v128.load(d, 16);
    s03 = madd(a0, x, s03);
    s13 = madd(a1, x, s13);
    x = v128.load(e);
    s04 = madd(a0, x, s04);
    s14 = madd(a1, x, s14);
    x = v128.load(e, 16);
    s05 = madd(a0, x, s05);
    s15 = madd(a1, x, s15);
    if (!--k) break;
    b += bStep;
    d += bStep;
    e += bStep;
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c, s02, 32);
  v128.store(c, s03, 48);
  v128.store(c, s04, 64);
  v128.store(c, s05, 80);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c1, s12, 32);
  v128.store(c1, s13, 48);
  v128.store(c1, s14, 64);
  v128.store(c1, s15, 80);
}
