/**
 * One row times a transposed matrix, without packing, as rewriting an operand used once does not pay. Every output is
 * the same chain of multiply-adds in the order of k as in the blocked product.
 */
import { floats, joinHigh, joinLow, madd, storeTail, zipHigh, zipLow } from './simd';

/** s + four steps of k for four columns: the p are lines of b that run along k. */
@inline
function addFour(s: v128, a: usize, p0: usize, p1: usize, p2: usize, p3: usize): v128 {
  const v0 = v128.load(p0);
  const v1 = v128.load(p1);
  const v2 = v128.load(p2);
  const v3 = v128.load(p3);
  const low01 = zipLow(v0, v1);
  const low23 = zipLow(v2, v3);
  const high01 = zipHigh(v0, v1);
  const high23 = zipHigh(v2, v3);
  s = madd(v128.load_splat<f32>(a), joinLow(low01, low23), s);
  s = madd(v128.load_splat<f32>(a, 4), joinHigh(low01, low23), s);
  s = madd(v128.load_splat<f32>(a, 8), joinLow(high01, high23), s);
  return madd(v128.load_splat<f32>(a, 12), joinHigh(high01, high23), s);
}

/** s + one step of k for four columns. */
@inline
function addOne(s: v128, a: usize, p0: usize, p1: usize, p2: usize, p3: usize): v128 {
  let v = v128.load32_zero(p0);
  v = v128.load_lane<f32>(p1, v, 1);
  v = v128.load_lane<f32>(p2, v, 2);
  v = v128.load_lane<f32>(p3, v, 3);
  return madd(v128.load_splat<f32>(a), v, s);
}

/** Eight columns, from eight lines of b: sixteen spill on V8 11–12 and JavaScriptCore. */
function eightColumns(a: usize, b: usize, pitch: usize, k: i32, y: usize): void {
  const pitch2 = pitch * 2;
  const pitch3 = pitch * 3;
  let q0 = b;
  let q1 = q0 + pitch * 4;
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let l = 0;
  for (; l <= k - 4; l += 4) {
    s0 = addFour(s0, a, q0, q0 + pitch, q0 + pitch2, q0 + pitch3);
    s1 = addFour(s1, a, q1, q1 + pitch, q1 + pitch2, q1 + pitch3);
    a += 16;
    q0 += 16;
    q1 += 16;
  }
  for (; l < k; l++) {
    s0 = addOne(s0, a, q0, q0 + pitch, q0 + pitch2, q0 + pitch3);
    s1 = addOne(s1, a, q1, q1 + pitch, q1 + pitch2, q1 + pitch3);
    a += 4;
    q0 += 4;
    q1 += 4;
  }
  v128.store(y, s0);
  v128.store(y, s1, 16);
}

/** Up to four columns; missing lines repeat the last one. */
function fewColumns(a: usize, b: usize, pitch: usize, columns: i32, k: i32, y: usize): void {
  let p0 = b;
  let p1 = columns > 1 ? p0 + pitch : p0;
  let p2 = columns > 2 ? p1 + pitch : p1;
  let p3 = columns > 3 ? p2 + pitch : p2;
  let s = f32x4.splat(0);
  let l = 0;
  for (; l <= k - 4; l += 4) {
    s = addFour(s, a, p0, p1, p2, p3);
    a += 16;
    p0 += 16;
    p1 += 16;
    p2 += 16;
    p3 += 16;
  }
  for (; l < k; l++) {
    s = addOne(s, a, p0, p1, p2, p3);
    a += 4;
    p0 += 4;
    p1 += 4;
    p2 += 4;
    p3 += 4;
  }
  if (columns < 4) storeTail(y, s, columns);
  else v128.store(y, s);
}

/** y[n] = a[k]·bᵀ for b stored n×k, its lines `pitch` bytes apart, a dense: 4×4 blocks transposed on the way. */
export function rowTimesTransposed(
  a: usize,
  b: usize,
  pitch: usize,
  n: i32,
  k: i32,
  y: usize,
): void {
  let j = 0;
  for (; j <= n - 8; j += 8) {
    eightColumns(a, b + <usize>j * pitch, pitch, k, y + floats(j));
  }
  for (; j < n; j += 4) {
    fewColumns(a, b + <usize>j * pitch, pitch, min(4, n - j), k, y + floats(j));
  }
}
