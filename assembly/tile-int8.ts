/**
 * Sums of products of bytes: pixels × 8 outputs, in tiles of 6 pixels (4 in the plain build), and single pixels × 16. Bytes of x
 * are read where they lie. A step multiplies four bytes of a pixel with the 16 bytes of a panel: four of each of its outputs.
 *
 * All sums are exact in 32 bits up to 133,144 taps, so their order is free. The relaxed instruction is exact as well: its second
 * operand is 0 to 127.
 */
import { TILE_PIXELS } from '../src/program/int8-scratch';

/** Bytes of a panel's step. */
const STEP_BYTES: usize = 16;

@inline
function pixelAt(pixels: usize, place: usize, x: usize): usize {
  return x + <usize>load<u32>(pixels + place);
}

/**
 * sums[pixel, 0…7] = start + Σ over `rows` rows of `steps` steps. `pixels`: places in x, the last repeated to fill a tile;
 * `offsets`: that of each row from a pixel; w0 and w1: the panels of outputs 0…3 and 4…7, the same if there is one. `pitch`
 * lies between the sums of two pixels: what they have in common, the later pixel's outputs 0…7 take.
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
  pitch: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    relaxedTiles(x, pixels, count, offsets, rows, steps, w0, w1, start0, start1, sums, pitch);
  } else {
    if (w1 != w0) {
      plainTiles(x, pixels, count, offsets, rows, steps, w1, start1, sums + 16, pitch);
    }
    plainTiles(x, pixels, count, offsets, rows, steps, w0, start0, sums, pitch);
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
  pitch: usize,
): void {
  const rowBytes = <usize>steps * STEP_BYTES;
  const end = offsets + ((<usize>rows) << 2);
  for (; count > 0; count -= TILE_PIXELS) {
    const p0 = pixelAt(pixels, 0, x);
    const p1 = pixelAt(pixels, 4, x);
    const p2 = pixelAt(pixels, 8, x);
    const p3 = pixelAt(pixels, 12, x);
    const p4 = pixelAt(pixels, 16, x);
    const p5 = pixelAt(pixels, 20, x);
    let s00 = start0;
    let s01 = start1;
    let s10 = start0;
    let s11 = start1;
    let s20 = start0;
    let s21 = start1;
    let s30 = start0;
    let s31 = start1;
    let s40 = start0;
    let s41 = start1;
    let s50 = start0;
    let s51 = start1;
    let wu = w0;
    let wv = w1;
    for (let row = offsets; row < end; row += 4) {
      const at = <usize>load<u32>(row);
      let x0 = p0 + at;
      let x1 = p1 + at;
      let x2 = p2 + at;
      let x3 = p3 + at;
      let x4 = p4 + at;
      let x5 = p5 + at;
      let left = steps;
      let u = wu;
      let v = wv;
      wu += rowBytes;
      wv += rowBytes;
      // Unrolled steps are kept apart as in tile2x16.ts.
      for (;;) {
        let a = v128.load(u);
        let b = v128.load(v);
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
        bytes = v128.load_splat<i32>(x4);
        s40 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a, bytes, s40);
        s41 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b, bytes, s41);
        bytes = v128.load_splat<i32>(x5);
        s50 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a, bytes, s50);
        s51 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b, bytes, s51);
        if (!--left) break;
        a = v128.load(u, 16);
        b = v128.load(v, 16);
        bytes = v128.load_splat<i32>(x0, 4);
        s00 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a, bytes, s00);
        s01 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b, bytes, s01);
        bytes = v128.load_splat<i32>(x1, 4);
        s10 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a, bytes, s10);
        s11 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b, bytes, s11);
        bytes = v128.load_splat<i32>(x2, 4);
        s20 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a, bytes, s20);
        s21 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b, bytes, s21);
        bytes = v128.load_splat<i32>(x3, 4);
        s30 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a, bytes, s30);
        s31 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b, bytes, s31);
        bytes = v128.load_splat<i32>(x4, 4);
        s40 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a, bytes, s40);
        s41 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b, bytes, s41);
        bytes = v128.load_splat<i32>(x5, 4);
        s50 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a, bytes, s50);
        s51 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b, bytes, s51);
        if (!--left) break;
        u += STEP_BYTES * 2;
        v += STEP_BYTES * 2;
        x0 += 8;
        x1 += 8;
        x2 += 8;
        x3 += 8;
        x4 += 8;
        x5 += 8;
      }
    }
    v128.store(sums, s00);
    v128.store(sums, s01, 16);
    sums += pitch;
    v128.store(sums, s10);
    v128.store(sums, s11, 16);
    sums += pitch;
    v128.store(sums, s20);
    v128.store(sums, s21, 16);
    sums += pitch;
    v128.store(sums, s30);
    v128.store(sums, s31, 16);
    sums += pitch;
    v128.store(sums, s40);
    v128.store(sums, s41, 16);
    sums += pitch;
    v128.store(sums, s50);
    v128.store(sums, s51, 16);
    sums += pitch;
    pixels += TILE_PIXELS * 4;
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
  pitch: usize,
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
    v128.store(sums + pitch, joined(s10, s11, start));
    v128.store(sums + pitch * 2, joined(s20, s21, start));
    v128.store(sums + pitch * 3, joined(s30, s31, start));
    sums += pitch * 4;
    pixels += 16;
  }
}

/** sums[0…4·panels − 1] of the pixel at x; `panel`: the bytes of one; start: one int32 an output. */
export function rowInt8(
  x: usize,
  offsets: usize,
  rows: i32,
  steps: i32,
  w: usize,
  panel: usize,
  panels: i32,
  start: usize,
  sums: usize,
): void {
  for (; panels > 0; panels -= 4) {
    // Those that are not there are the last again.
    const w1 = w + (panels > 1 ? panel : 0);
    const w2 = w1 + (panels > 2 ? panel : 0);
    const w3 = w2 + (panels > 3 ? panel : 0);
    if (ASC_FEATURE_RELAXED_SIMD) {
      relaxedRow(x, offsets, rows, steps, w, w1, w2, w3, sums);
    } else {
      plainRow(x, offsets, rows, steps, w, sums);
      if (panels > 1) plainRow(x, offsets, rows, steps, w1, sums + 16);
      if (panels > 2) plainRow(x, offsets, rows, steps, w2, sums + 32);
      if (panels > 3) plainRow(x, offsets, rows, steps, w3, sums + 48);
    }
    for (let i: usize = 0; i < 64; i += 16) {
      v128.store(sums + i, i32x4.add(v128.load(sums + i), v128.load(start + i)));
    }
    w = w3 + panel;
    start += 64;
    sums += 64;
  }
}

/** The sums of four panels, each in two parts: more of them at a time hide the time that a dot product takes. */
function relaxedRow(
  x: usize,
  offsets: usize,
  rows: i32,
  steps: i32,
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  sums: usize,
): void {
  const end = offsets + ((<usize>rows) << 2);
  let s0 = i32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let t0 = s0;
  let t1 = s0;
  let t2 = s0;
  let t3 = s0;
  let at: usize = 0;
  for (; offsets < end; offsets += 4) {
    let p = x + <usize>load<u32>(offsets);
    let left = steps;
    for (; left > 1; left -= 2) {
      let bytes = v128.load_splat<i32>(p);
      s0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w0 + at), bytes, s0);
      s1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w1 + at), bytes, s1);
      s2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w2 + at), bytes, s2);
      s3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w3 + at), bytes, s3);
      bytes = v128.load_splat<i32>(p, 4);
      t0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w0 + at, 16), bytes, t0);
      t1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w1 + at, 16), bytes, t1);
      t2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w2 + at, 16), bytes, t2);
      t3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w3 + at, 16), bytes, t3);
      p += 8;
      at += STEP_BYTES * 2;
    }
    if (left) {
      const bytes = v128.load_splat<i32>(p);
      s0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w0 + at), bytes, s0);
      s1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w1 + at), bytes, s1);
      s2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w2 + at), bytes, s2);
      s3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w3 + at), bytes, s3);
      at += STEP_BYTES;
    }
  }
  v128.store(sums, i32x4.add(s0, t0));
  v128.store(sums, i32x4.add(s1, t1), 16);
  v128.store(sums, i32x4.add(s2, t2), 32);
  v128.store(sums, i32x4.add(s3, t3), 48);
}

/** The sums of one panel. */
function plainRow(x: usize, offsets: usize, rows: i32, steps: i32, w: usize, sums: usize): void {
  const end = offsets + ((<usize>rows) << 2);
  let low = i32x4.splat(0);
  let high = low;
  for (; offsets < end; offsets += 4) {
    let p = x + <usize>load<u32>(offsets);
    let left = steps;
    do {
      const words = fourWords(p);
      low = i32x4.add(low, i32x4.dot_i16x8_s(v128.load_ext<i8>(w), words));
      high = i32x4.add(high, i32x4.dot_i16x8_s(v128.load_ext<i8>(w, 8), words));
      p += 4;
      w += STEP_BYTES;
    } while (--left);
  }
  v128.store(sums, joined(low, high, i32x4.splat(0)));
}
