/**
 * The 2×16 tile for JavaScriptCore, with the same bits as tile2x16.ts. That engine repeats a value from memory into all
 * lanes much faster if the instruction has no offset (a seventh of a product's time), where V8 loses a fiftieth
 * without.
 */
import { addProduct, product } from './simd';

/** c[2×16] (+)= two values every `step` bytes of a, times the panels of 8 columns at b and d. */
export function tile2x16Plain(
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
    a1 = v128.load_splat<f32>(a + 4);
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
    a1 = v128.load_splat<f32>(a + 4);
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
    a1 = v128.load_splat<f32>(a + 4);
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
    a1 = v128.load_splat<f32>(a + 4);
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
    b += 128;
    d += 128;
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
