/**
 * Sums of products of bytes: pixels × 8 outputs, in tiles of 4 pixels. Bytes of x are read where they lie. A step multiplies
 * four bytes of a pixel with the 16 bytes of a panel: four of each of its outputs.
 *
 * All sums are exact in 32 bits up to 133,144 taps, so their order is free. The relaxed instruction is exact as well: its second
 * operand is 0 to 127.
 */
import { SUM_BYTES } from '../src/program/int8-scratch';

/** Bytes of a panel's step. */
const STEP_BYTES: usize = 16;

@inline
function pixelAt(pixels: usize, place: usize, x: usize): usize {
  return x + <usize>load<u32>(pixels + place);
}

/**
 * sums[pixel, 0…7] = start + Σ over `rows` rows of `steps` steps. `pixels`: a multiple of four places in x; `offsets`: that of
 * each row from a pixel; w0 and w1: the panels of outputs 0…3 and 4…7.
 */
export function tilesInt8(
  x: usize,
  pixels: usize,
  count: i32,
  offsets: usize,
  rows: i32,
  steps: i32,
  w0: usize,
  w1: usize,
  start0: v128,
  start1: v128,
  sums: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    relaxedTiles(x, pixels, count, offsets, rows, steps, w0, w1, start0, start1, sums);
  } else {
    plainTiles(x, pixels, count, offsets, rows, steps, w0, start0, sums);
    plainTiles(x, pixels, count, offsets, rows, steps, w1, start1, sums + 16);
  }
}

function relaxedTiles(
  x: usize,
  pixels: usize,
  count: i32,
  offsets: usize,
  rows: i32,
  steps: i32,
  w0: usize,
  w1: usize,
  start0: v128,
  start1: v128,
  sums: usize,
): void {
  const end = offsets + ((<usize>rows) << 2);
  for (; count > 0; count -= 4) {
    const p0 = pixelAt(pixels, 0, x);
    const p1 = pixelAt(pixels, 4, x);
    const p2 = pixelAt(pixels, 8, x);
    const p3 = pixelAt(pixels, 12, x);
    let s00 = start0;
    let s01 = start1;
    let s10 = start0;
    let s11 = start1;
    let s20 = start0;
    let s21 = start1;
    let s30 = start0;
    let s31 = start1;
    let u = w0;
    let v = w1;
    for (let row = offsets; row < end; row += 4) {
      const at = <usize>load<u32>(row);
      let x0 = p0 + at;
      let x1 = p1 + at;
      let x2 = p2 + at;
      let x3 = p3 + at;
      let left = steps;
      do {
        const a = v128.load(u);
        const b = v128.load(v);
        let bytes = v128.load_splat<i32>(x0);
        s00 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a, bytes, s00);
        s01 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b, bytes, s01);
        bytes = v128.load_splat<i32>(x1);
        s10 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a, bytes, s10);
        s11 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b, bytes, s11);
        bytes = v128.load_splat<i32>(x2);
        s20 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a, bytes, s20);
        s21 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b, bytes, s21);
        bytes = v128.load_splat<i32>(x3);
        s30 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a, bytes, s30);
        s31 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b, bytes, s31);
        u += STEP_BYTES;
        v += STEP_BYTES;
        x0 += 4;
        x1 += 4;
        x2 += 4;
        x3 += 4;
      } while (--left);
    }
    v128.store(sums, s00);
    v128.store(sums, s01, 16);
    v128.store(sums + SUM_BYTES, s10);
    v128.store(sums + SUM_BYTES, s11, 16);
    v128.store(sums + SUM_BYTES * 2, s20);
    v128.store(sums + SUM_BYTES * 2, s21, 16);
    v128.store(sums + SUM_BYTES * 3, s30);
    v128.store(sums + SUM_BYTES * 3, s31, 16);
    sums += SUM_BYTES * 4;
    pixels += 16;
  }
}

/** start + the sums of neighbouring lanes of low and high: each has two lanes an output. */
@inline
function joined(low: v128, high: v128, start: v128): v128 {
  const even = i8x16.shuffle(low, high, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
  const odd = i8x16.shuffle(low, high, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  return i32x4.add(i32x4.add(even, odd), start);
}

/** Four bytes at `at` as int16, twice. */
@inline
function fourWords(at: usize): v128 {
  return i16x8.extend_low_i8x16_u(v128.load_splat<i32>(at));
}

/** The sums of four outputs. */
function plainTiles(
  x: usize,
  pixels: usize,
  count: i32,
  offsets: usize,
  rows: i32,
  steps: i32,
  w: usize,
  start: v128,
  sums: usize,
): void {
  const end = offsets + ((<usize>rows) << 2);
  for (; count > 0; count -= 4) {
    const p0 = pixelAt(pixels, 0, x);
    const p1 = pixelAt(pixels, 4, x);
    const p2 = pixelAt(pixels, 8, x);
    const p3 = pixelAt(pixels, 12, x);
    let s00 = i32x4.splat(0);
    let s01 = s00;
    let s10 = s00;
    let s11 = s00;
    let s20 = s00;
    let s21 = s00;
    let s30 = s00;
    let s31 = s00;
    let u = w;
    for (let row = offsets; row < end; row += 4) {
      const at = <usize>load<u32>(row);
      let x0 = p0 + at;
      let x1 = p1 + at;
      let x2 = p2 + at;
      let x3 = p3 + at;
      let left = steps;
      do {
        const a = v128.load_ext<i8>(u);
        const b = v128.load_ext<i8>(u, 8);
        let words = fourWords(x0);
        s00 = i32x4.add(s00, i32x4.dot_i16x8_s(a, words));
        s01 = i32x4.add(s01, i32x4.dot_i16x8_s(b, words));
        words = fourWords(x1);
        s10 = i32x4.add(s10, i32x4.dot_i16x8_s(a, words));
        s11 = i32x4.add(s11, i32x4.dot_i16x8_s(b, words));
        words = fourWords(x2);
        s20 = i32x4.add(s20, i32x4.dot_i16x8_s(a, words));
        s21 = i32x4.add(s21, i32x4.dot_i16x8_s(b, words));
        words = fourWords(x3);
        s30 = i32x4.add(s30, i32x4.dot_i16x8_s(a, words));
        s31 = i32x4.add(s31, i32x4.dot_i16x8_s(b, words));
        u += STEP_BYTES;
        x0 += 4;
        x1 += 4;
        x2 += 4;
        x3 += 4;
      } while (--left);
    }
    v128.store(sums, joined(s00, s01, start));
    v128.store(sums + SUM_BYTES, joined(s10, s11, start));
    v128.store(sums + SUM_BYTES * 2, joined(s20, s21, start));
    v128.store(sums + SUM_BYTES * 3, joined(s30, s31, start));
    sums += SUM_BYTES * 4;
    pixels += 16;
  }
}
