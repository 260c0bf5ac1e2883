/**
 * Depthwise convolutions of bytes, 16 channels at a time. A product of bytes fits 16 bits, and the sum of two as well, so that
 * taps are added in pairs before they are widened.
 */
import { CHANNELS, PIXELS, SUM_BYTES, tableBytes } from '../src/program/int8-scratch';
import { insert, offsetsIn, pixelsIn, placePixels, tapRows } from './conv-int8';
import { finishPixels } from './requantise';
import { takeTable, translate } from './translate';

/** sums = start + Σ over taps of 16 channels of `count` pixels; `bytes` lie between the taps' weights. */
function tapSums(
  x: usize,
  pixels: usize,
  count: i32,
  offsets: usize,
  taps: i32,
  w: usize,
  bytes: usize,
  start: usize,
  panels: i32,
  sums: usize,
): void {
  const s0 = v128.load(start);
  const s1 = panels > 1 ? v128.load(start, 16) : s0;
  const s2 = panels > 2 ? v128.load(start, 32) : s0;
  const s3 = panels > 3 ? v128.load(start, 48) : s0;
  for (; count > 0; count--) {
    const at = x + <usize>load<u32>(pixels);
    let a = s0;
    let b = s1;
    let c = s2;
    let d = s3;
    let from = w;
    let offset = offsets;
    let left = taps;
    do {
      let u = v128.load(at + <usize>load<u32>(offset));
      let v = v128.load(from);
      let low = i16x8.extmul_low_i8x16_s(u, v);
      let high = i16x8.extmul_high_i8x16_s(u, v);
      if (left > 1) {
        u = v128.load(at + <usize>load<u32>(offset, 4));
        v = v128.load(from + bytes);
        low = i16x8.add(low, i16x8.extmul_low_i8x16_s(u, v));
        high = i16x8.add(high, i16x8.extmul_high_i8x16_s(u, v));
      }
      a = i32x4.add(a, i32x4.extend_low_i16x8_s(low));
      b = i32x4.add(b, i32x4.extend_high_i16x8_s(low));
      c = i32x4.add(c, i32x4.extend_low_i16x8_s(high));
      d = i32x4.add(d, i32x4.extend_high_i16x8_s(high));
      from += bytes * 2;
      offset += 8;
      left -= 2;
    } while (left > 0);
    v128.store(sums, a);
    v128.store(sums, b, 16);
    v128.store(sums, c, 32);
    v128.store(sums, d, 48);
    sums += SUM_BYTES;
    pixels += 4;
  }
}

/** y[n, p, q, c] = byte of bias[c] + Σ_{i,j} w[i, j, c] · x[n, …, c]; O = C. workspace: `convInt8Workspace`. */
export function convInt8Depthwise(
  N: i32,
  C: i32,
  H: i32,
  W: i32,
  O: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  ph: i32,
  pw: i32,
  dilationH: i32,
  dilationW: i32,
  P: i32,
  Q: i32,
  zeroX: i32,
  x: usize,
  w: usize,
  bias: usize,
  m: usize,
  shift: i32,
  zeroY: i32,
  low: i32,
  high: i32,
  table: usize,
  y: usize,
  workspace: usize,
): void {
  const height = H + 2 * ph;
  const width = W + 2 * pw;
  const pixels = pixelsIn(workspace);
  const offsets = offsetsIn(workspace);
  const isPadded = (ph | pw) != 0;
  const image = isPadded ? workspace + <usize>tableBytes(kh, kw) : x;
  const bytes = <usize>((C + CHANNELS - 1) & -CHANNELS);
  const taps = tapRows(C, width, kh, kw, dilationH, dilationW, true, offsets);
  if (table) {
    takeTable(table, 256);
    zeroY = 128;
    low = 0;
    high = 255;
  }
  if (isPadded) memory.fill(image, <u8>zeroX, <usize>(height * width * C));
  const area = P * Q;
  for (let n = 0; n < N; n++) {
    if (isPadded) insert(x + <usize>(n * H * W * C), C, H, W, ph, pw, image);
    // Without a border the places are those of all images.
    const skipped = isPadded ? 0 : n * area;
    for (let first = 0; first < area; first += PIXELS) {
      const count = min(area - first, PIXELS);
      placePixels(skipped + first, count, C, height, width, sh, sw, P, Q, pixels);
      const to = y + <usize>(n * area + first) * C;
      for (let c = 0; c < C; c += CHANNELS) {
        const at = (<usize>c) << 2;
        const channels = min(C - c, CHANNELS);
        tapSums(
          image + c,
          pixels,
          count,
          offsets,
          taps,
          w + c,
          bytes,
          bias + at,
          (channels + 3) >> 2,
          workspace,
        );
        for (let i = 0; i < channels; i += 8) {
          const beside = (<usize>i) << 2;
          finishPixels(
            workspace + beside,
            count,
            m + at + beside,
            shift,
            zeroY,
            low,
            high,
            to + c + i,
            C,
            min(channels - i, 8),
          );
        }
      }
      if (table) translate(count * C, to, to);
    }
  }
}
