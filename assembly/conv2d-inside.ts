/**
 * Convolutions of planes so small that many taps of a filter lie outside the image: only the taps inside are
 * multiplied. A column is one sample's pixel, and the samples of a pixel, for which the same taps are inside, are
 * neighbours. Sums keep the order of conv2d.ts without its zeros, which leave a finite sum as it is. Letters as there.
 */
import {
  BESIDE_SAMPLES as BESIDE,
  channelsDeep,
  channelsTogether,
  FILTERS,
  KC,
  NR,
  SPILL_BYTES,
  upTo,
} from '../src/program/scratch';
import { packPixels, packTaps, tapOffsets } from './im2col';
import { macroKernel, tileRows } from './microkernel';
import { packA, packAPart } from './pack';
import { addProduct, floats, product } from './simd';

/** The first of `count` places at·stride + offset (at = 0, 1, …) that is at least 0. */
@inline
function firstInside(offset: i32, stride: i32): i32 {
  return offset < 0 ? (stride - 1 - offset) / stride : 0;
}

/** The end of the places at·stride + offset, of `count`, that are less than `extent`. */
@inline
function endInside(offset: i32, stride: i32, count: i32, extent: i32): i32 {
  return offset < extent ? min(count, (extent - 1 - offset) / stride + 1) : 0;
}

/** Offsets of `samples` images, rounded up to `count` by repeating the last, for each of `pixels`. */
function sampleOffsets(samples: i32, count: i32, image: usize, pixels: i32, to: usize): void {
  for (let j = 0; j < pixels; j++) {
    for (let n = 0; n < count; n++) {
      store<u32>(to, <u32>(<usize>min(n, samples - 1) * image + floats(j)));
      to += 4;
    }
  }
}

/**
 * c[2×16] (+)= the products of `rows`×`columns` taps of each channel: b and d hold only these, a panel of A all. After
 * a row of taps, `a` skips rowSkip bytes, after a channel channelSkip. The second row is `second` bytes on in a, and at c1.
 */
function tileInside(
  a: usize,
  second: usize,
  step: usize,
  rowSkip: usize,
  channelSkip: usize,
  b: usize,
  d: usize,
  c: usize,
  c1: usize,
  channels: i32,
  rows: i32,
  columns: i32,
  first: bool,
): void {
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
  do {
    let i = rows;
    do {
      let j = columns;
      do {
        const a0 = v128.load_splat<f32>(a);
        const a1 = v128.load_splat<f32>(a + second);
        a += step;
        let x = v128.load(b);
        let p = product(a0, x);
        let q = product(a1, x);
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
        b += 32;
        d += 32;
      } while (--j);
      a += rowSkip;
    } while (--i);
    a += channelSkip;
  } while (--channels);
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c, s02, 32);
  v128.store(c, s03, 48);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c1, s12, 32);
  v128.store(c1, s13, 48);
}

/** The images' planes from columns: to[n, row, pixel] = from[row, pixel, n], rows of pixels·count columns. */
function scatter(
  from: usize,
  rows: i32,
  pixels: i32,
  count: i32,
  samples: i32,
  to: usize,
  image: usize,
): void {
  for (let row = 0; row < rows * pixels; row++) {
    let at = to + floats(row);
    for (let n = 0; n < samples; n++) {
      store<f32>(at, load<f32>(from + floats(n)));
      at += image;
    }
    from += floats(count);
  }
}

/** c[O×count] (+)= packed A times the taps inside, in panels of B; see tileInside. `at`: the first of these taps. */
function multiplyInside(
  O: i32,
  count: i32,
  channels: i32,
  taps: i32,
  kw: i32,
  at: i32,
  rows: i32,
  columns: i32,
  a: usize,
  b: usize,
  c: usize,
  pitch: usize,
  first: bool,
): void {
  const panel = floats(channels * rows * columns * NR);
  for (let n = 0; n < count; n += BESIDE) {
    let from = a;
    let to = c + floats(n);
    for (let o = 0; o < O;) {
      const together = tileRows(O - o);
      const step = floats(together);
      const rowSkip = step * <usize>(kw - columns);
      const channelSkip = step * <usize>(taps - rows * kw);
      for (let i = 0; i < together; i += 2) {
        // A row without partner is computed twice.
        const pair = i + 1 < together;
        tileInside(
          from + step * <usize>at + floats(i),
          pair ? 4 : 0,
          step,
          rowSkip,
          channelSkip,
          b,
          b + panel,
          to,
          pair ? to + pitch : to,
          channels,
          rows,
          columns,
          first,
        );
        to += pair ? pitch * 2 : pitch;
      }
      from += step * <usize>(channels * taps);
      o += together;
    }
    b += panel * 2;
  }
}

/** `convolution` (conv2d.ts) of `samples` images, without bias and activation. */
export function convolveInside(
  samples: i32,
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
  xImage: usize,
  yImage: usize,
  x: usize,
  w: usize,
  y: usize,
  workspace: usize,
): void {
  const taps = kh * kw;
  const count = upTo(samples, BESIDE);
  const pitch = floats(P * Q * count);
  const most = channelsDeep(C, kh, kw);
  const sampleTable = workspace;
  const tapTable = sampleTable + floats(count);
  const products = tapTable + floats(most * taps);
  const packedB = products + <usize>O * pitch;
  const packedA = packedB + floats(most * taps * count);
  sampleOffsets(samples, count, xImage, 1, sampleTable);
  for (let c0 = 0; c0 < C; c0 += most) {
    const channels = min(most, C - c0);
    packA(w + floats(c0 * taps), floats(C * taps), false, O, channels * taps, packedA);
    for (let p = 0; p < P; p++) {
      const top = p * sh - ph;
      const i0 = firstInside(top, dilationH);
      const rows = endInside(top, dilationH, kh, H) - i0;
      for (let q = 0; q < Q; q++) {
        const left = q * sw - pw;
        const j0 = firstInside(left, dilationW);
        const columns = endInside(left, dilationW, kw, W) - j0;
        const c = products + floats((p * Q + q) * count);
        if (rows <= 0 || columns <= 0) {
          for (let o = 0; o < O; o++) memory.fill(c + <usize>o * pitch, 0, floats(count));
          continue;
        }
        const kc = channels * rows * columns;
        const from = x + floats((c0 * H + top + i0 * dilationH) * W + left + j0 * dilationW);
        tapOffsets(H, W, rows, columns, dilationH, dilationW, 0, kc, tapTable);
        packPixels(from, sampleTable, count, tapTable, kc, packedB);
        const at = i0 * kw + j0;
        const first = c0 == 0;
        multiplyInside(
          O,
          count,
          channels,
          taps,
          kw,
          at,
          rows,
          columns,
          packedA,
          packedB,
          c,
          pitch,
          first,
        );
      }
    }
  }
  scatter(products, O, P * Q, count, samples, y, yImage);
}

/** Filters of `channels` channels by one tap, `pitch` bytes apart, in panels of channels, `step` bytes apart. */
function packTap(from: usize, pitch: usize, step: usize, channels: i32, k: i32, to: usize): void {
  for (let c = 0; c < channels;) {
    const together = tileRows(channels - c);
    let at = from;
    for (let l = 0; l < k; l++) {
      if (together == 4) {
        let v = v128.load32_zero(at);
        v = v128.load32_lane(at + step, v, 1);
        v = v128.load32_lane(at + step * 2, v, 2);
        v128.store(to, v128.load32_lane(at + step * 3, v, 3));
      } else {
        for (let i = 0; i < together; i++)
          store<f32>(to + floats(i), load<f32>(at + step * <usize>i));
      }
      at += pitch;
      to += floats(together);
    }
    from += step * <usize>together;
    c += together;
  }
}

/** to[channel, pixel, n] += from[channel, …, n] for one tap's rows×columns of pixels of width Q, which lie sh, sw apart. */
function addInside(
  from: usize,
  channels: i32,
  rows: i32,
  columns: i32,
  Q: i32,
  fromPitch: usize,
  sh: i32,
  sw: i32,
  W: i32,
  count: i32,
  to: usize,
  toPitch: usize,
): void {
  for (let c = 0; c < channels; c++) {
    for (let p = 0; p < rows; p++) {
      for (let q = 0; q < columns; q++) {
        const a = from + floats((p * Q + q) * count);
        const b = to + floats((p * sh * W + q * sw) * count);
        for (let n: usize = 0; n < floats(count); n += 16)
          v128.store(b + n, f32x4.add(v128.load(b + n), v128.load(a + n)));
      }
    }
    from += fromPitch;
    to += toPitch;
  }
}

/** `inputGradient` (conv2d.ts) of `samples` images. */
export function inputGradientInside(
  samples: i32,
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
  xImage: usize,
  yImage: usize,
  w: usize,
  dy: usize,
  dx: usize,
  workspace: usize,
): void {
  const taps = kh * kw;
  const count = upTo(samples, NR);
  const columns = P * Q * count;
  const pitch = floats(columns);
  const most = channelsTogether(C, kh, kw);
  const sampleTable = workspace + SPILL_BYTES;
  const rowTable = sampleTable + pitch;
  const products = rowTable + floats(min(O, KC));
  const sums = products + <usize>most * pitch;
  const sumPitch = floats(H * W * count);
  const packedB = sums + <usize>most * sumPitch;
  const packedA = packedB + floats(O * columns);
  sampleOffsets(samples, count, yImage, P * Q, sampleTable);
  for (let pc = 0; pc < O; pc += KC) {
    const kc = min(KC, O - pc);
    tapOffsets(P, Q, 1, 1, 1, 1, pc, kc, rowTable);
    packPixels(dy, sampleTable, columns, rowTable, kc, packedB + floats(pc * columns));
  }
  for (let c0 = 0; c0 < C; c0 += most) {
    const channels = min(most, C - c0);
    memory.fill(sums, 0, <usize>channels * sumPitch);
    for (let tap = 0; tap < taps; tap++) {
      const top = (tap / kw) * dilationH - ph;
      const left = (tap % kw) * dilationW - pw;
      const p0 = firstInside(top, sh);
      const q0 = firstInside(left, sw);
      const rows = endInside(top, sh, P, H) - p0;
      const width = endInside(left, sw, Q, W) - q0;
      if (rows <= 0 || width <= 0) continue;
      const at = (p0 * Q + q0) * count;
      for (let pc = 0; pc < O; pc += KC) {
        const kc = min(KC, O - pc);
        const from = w + floats(pc * C * taps + c0 * taps + tap);
        packTap(from, floats(C * taps), floats(taps), channels, kc, packedA);
        for (let p = 0; p < rows; p++) {
          const column = at + p * Q * count;
          const b = packedB + floats(pc * columns + column * kc);
          const c = products + floats(column);
          macroKernel(channels, width * count, kc, packedA, b, c, pitch, pc == 0, workspace);
        }
      }
      const to = sums + floats(((top + p0 * sh) * W + left + q0 * sw) * count);
      const from = products + floats(at);
      addInside(from, channels, rows, width, Q, pitch, sh, sw, W, count, to, sumPitch);
    }
    scatter(sums, channels, H * W, count, samples, dx + floats(c0 * H * W), xImage);
  }
}

/** to[i, tap] = from[tap, i] for `count` places i. */
function interleave(from: usize, count: i32, taps: i32, to: usize): void {
  const pitch = floats(count);
  for (let i = 0; i < count; i++) {
    let at = from + floats(i);
    for (let tap = 0; tap < taps; tap++) {
      store<f32>(to, load<f32>(at));
      at += pitch;
      to += 4;
    }
  }
}

/** `weightGradient` (conv2d.ts) of all N images, whose pixels are one block of k. */
export function weightGradientInside(
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
  xImage: usize,
  yImage: usize,
  x: usize,
  dy: usize,
  dw: usize,
  workspace: usize,
): void {
  const taps = kh * kw;
  const columns = upTo(C, NR);
  const channelTable = workspace + SPILL_BYTES;
  const products = channelTable + floats(C);
  const packedA = products + floats(FILTERS * C * taps);
  const packedB = packedA + floats(FILTERS * N * P * Q + 4);
  tapOffsets(H, W, 1, 1, 1, 1, 0, C, channelTable);
  for (let o = 0; o < O; o += FILTERS) {
    const filters = min(FILTERS, O - o);
    let b = packedB;
    for (let tap = 0; tap < taps; tap++) {
      const top = (tap / kw) * dilationH - ph;
      const left = (tap % kw) * dilationW - pw;
      const p0 = firstInside(top, sh);
      const q0 = firstInside(left, sw);
      const rows = max(0, endInside(top, sh, P, H) - p0);
      const width = max(0, endInside(left, sw, Q, W) - q0);
      const depth = N * rows * width;
      for (let n = 0; n < N; n++) {
        const from = x + <usize>n * xImage + floats((top + p0 * sh) * W + left + q0 * sw);
        const slopes = dy + <usize>n * yImage + floats(o * P * Q + p0 * Q + q0);
        const at = n * rows * width;
        if (o == 0 && depth > 0)
          packTaps(
            from,
            W,
            sh,
            sw,
            width,
            channelTable,
            C,
            0,
            rows * width,
            depth,
            b + floats(at * NR),
          );
        for (let p = 0; p < rows; p++) {
          const row = slopes + floats(p * Q);
          packAPart(row, floats(P * Q), filters, width, at + p * width, depth, packedA);
        }
      }
      const to = products + floats(tap * filters * C);
      if (depth > 0) macroKernel(filters, C, depth, packedA, b, to, floats(C), true, workspace);
      else memory.fill(to, 0, floats(filters * C));
      b += floats(depth * columns);
    }
    interleave(products, filters * C, taps, dw + floats(o * C * taps));
  }
}
