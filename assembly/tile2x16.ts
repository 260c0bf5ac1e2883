/**
 * The 2×16 tile, which does nearly all work: 2 rows of packed A times two panels of packed B, 8 steps of k
 * written out. `first` stores, else adds to c; `pitch` is the bytes between rows of c.
 *
 * The reasons for shape and spelling (all measured; no bit depends on them):
 * - V8 offers 15 vector registers: 8 accumulators, operands and temporaries fit; more spill on V8
 *   11–12. 2×16 needs as few loads as 4×8 and fewer addresses.
 * - Unrolled steps are kept apart by their own `break`, else TurboFan hoists all their loads and spills.
 *   In Deno, which checks bounds at each load, unrolling is worth a third.
 * - Zen deals instructions to two schedulers in turn. Products and sums that alternate pile up on one
 *   side (5.1 cycles a step), in pairs they do not (4.1): hence `product` and `addProduct`, and hence
 *   asconfig.json names its passes and leaves out those that would bring the two together again.
 */
import { addProduct, product } from './simd';

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
