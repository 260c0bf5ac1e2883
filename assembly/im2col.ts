/**
 * im2col without the column matrix: an image's pixels and taps packed for the micro-kernel. col2im is its transpose.
 * Letters as in conv2d.ts; a tap is one (c, i, j) of a filter.
 */
import { NR } from '../src/program/scratch';
import { storeTransposed } from './pack';
import { floats } from './simd';

/**
 * Copies an image of C×H×W into one of C×height×width, `top` rows down and `left` columns to the right, without
 * changing the rest.
 */
export function padImage(
  x: usize,
  C: i32,
  H: i32,
  W: i32,
  top: i32,
  left: i32,
  height: i32,
  width: i32,
  to: usize,
): void {
  to += floats(top * width + left);
  for (let c = 0; c < C; c++) {
    for (let i = 0; i < H; i++) {
      // Rows are short: a call of memory.copy would cost more than the copying.
      let j = 0;
      for (; j <= W - 4; j += 4) v128.store(to + floats(j), v128.load(x + floats(j)));
      for (; j < W; j++) store<f32>(to + floats(j), load<f32>(x + floats(j)));
      x += floats(W);
      to += floats(width);
    }
    to += floats((height - H) * width);
  }
}

/**
 * Byte offsets of output pixels [j0, j0 + n) of P×Q in padded images of rows of `width`, `image` bytes apart, each that
 * of the upper left input. They are rounded up to whole panels by repeating the last pixel.
 */
export function pixelOffsets(
  width: i32,
  sh: i32,
  sw: i32,
  P: i32,
  Q: i32,
  image: usize,
  j0: i32,
  n: i32,
  to: usize,
): void {
  const i = j0 / (P * Q);
  let p = j0 / Q - i * P;
  let q = j0 % Q;
  let at = <usize>i * image + floats(p * sh * width + q * sw);
  const step = floats(sw);
  const rowStep = floats(sh * width - Q * sw);
  const imageStep = image - floats(P * sh * width);
  const whole = ((n + NR - 1) / NR) * NR;
  for (let j = 0; j < whole; j++) {
    store<u32>(to, <u32>at);
    to += 4;
    if (j >= n - 1) continue;
    at += step;
    if (++q == Q) {
      q = 0;
      at += rowStep;
      if (++p == P) {
        p = 0;
        at += imageStep;
      }
    }
  }
}

/** Byte offsets of taps [k0, k0 + kc) in a padded image of height×width, seen from pixel 0; dilation dh, dw. */
export function tapOffsets(
  height: i32,
  width: i32,
  kh: i32,
  kw: i32,
  dh: i32,
  dw: i32,
  k0: i32,
  kc: i32,
  to: usize,
): void {
  const area = kh * kw;
  const c = k0 / area;
  let i = (k0 - c * area) / kw;
  let t = k0 - c * area - i * kw;
  let at = floats((c * height + i * dh) * width + t * dw);
  for (let l = 0; l < kc; l++) {
    store<u32>(to, <u32>at);
    to += 4;
    // The next tap: right, else down to the filter's next row, else to the next channel.
    at += floats(dw);
    if (++t == kw) {
      t = 0;
      at += floats(dh * width - kw * dw);
      if (++i == kh) {
        i = 0;
        at += floats((height - kh * dh) * width);
      }
    }
  }
}

@inline
function offsetAt(table: usize, i: i32): usize {
  return <usize>load<u32>(table + ((<usize>i) << 2));
}

/** Whether four places are two floats apart. */
@inline
function apart2(p0: usize, p1: usize, p2: usize, p3: usize): bool {
  return p1 - p0 == 8 && p2 - p1 == 8 && p3 - p2 == 8;
}

/** Four floats, two apart; nothing after them is read. */
@inline
function loadSecond(at: usize): v128 {
  const low = v128.load(at);
  const high = v128.load(at, 12);
  return i8x16.shuffle(low, high, 0, 1, 2, 3, 8, 9, 10, 11, 20, 21, 22, 23, 28, 29, 30, 31);
}

/**
 * kc taps × n pixels of one image, in panels of 8 pixels: packed B of the forward pass. x is the padded
 * image; `pixels` and `taps` are the tables above. Repetitions in the last panel are never stored.
 */
export function packPixels(x: usize, pixels: usize, n: i32, taps: usize, kc: i32, to: usize): void {
  for (let j = 0; j < n; j += NR) {
    const p0 = x + offsetAt(pixels, j);
    const p1 = x + offsetAt(pixels, j + 1);
    const p2 = x + offsetAt(pixels, j + 2);
    const p3 = x + offsetAt(pixels, j + 3);
    const p4 = x + offsetAt(pixels, j + 4);
    const p5 = x + offsetAt(pixels, j + 5);
    const p6 = x + offsetAt(pixels, j + 6);
    const p7 = x + offsetAt(pixels, j + 7);
    // Four neighbours in memory are loaded at once. (The first pair is tested too: two pixels three
    // apart, the second repeated as the last ones, also end 12 bytes after the first.)
    const lowRow = p1 - p0 == 4 && p3 - p0 == 12;
    const highRow = p5 - p4 == 4 && p7 - p4 == 12;
    // Or in pairs, which all are if rows have an even number of pixels.
    const pairs = p1 - p0 == 4 && p3 - p2 == 4 && p5 - p4 == 4 && p7 - p6 == 4;
    if (lowRow && highRow) {
      for (let l = 0; l < kc; l++) {
        const at = offsetAt(taps, l);
        v128.store(to, v128.load(p0 + at));
        v128.store(to, v128.load(p4 + at), 16);
        to += 32;
      }
      continue;
    }
    if (pairs) {
      for (let l = 0; l < kc; l++) {
        const at = offsetAt(taps, l);
        if (lowRow) v128.store(to, v128.load(p0 + at));
        else v128.store(to, v128.load64_lane(p2 + at, v128.load64_zero(p0 + at), 1));
        if (highRow) v128.store(to, v128.load(p4 + at), 16);
        else v128.store(to, v128.load64_lane(p6 + at, v128.load64_zero(p4 + at), 1), 16);
        to += 32;
      }
      continue;
    }
    // Every second value in memory: a row of stride 2.
    if (!isDefined(INFERENCE) && apart2(p0, p1, p2, p3) && apart2(p4, p5, p6, p7)) {
      for (let l = 0; l < kc; l++) {
        const at = offsetAt(taps, l);
        v128.store(to, loadSecond(p0 + at));
        v128.store(to, loadSecond(p4 + at), 16);
        to += 32;
      }
      continue;
    }
    for (let l = 0; l < kc; l++) {
      const at = offsetAt(taps, l);
      if (lowRow) {
        v128.store(to, v128.load(p0 + at));
      } else {
        store<f32>(to, load<f32>(p0 + at));
        store<f32>(to, load<f32>(p1 + at), 4);
        store<f32>(to, load<f32>(p2 + at), 8);
        store<f32>(to, load<f32>(p3 + at), 12);
      }
      if (highRow) {
        v128.store(to, v128.load(p4 + at), 16);
      } else {
        store<f32>(to, load<f32>(p4 + at), 16);
        store<f32>(to, load<f32>(p5 + at), 20);
        store<f32>(to, load<f32>(p6 + at), 24);
        store<f32>(to, load<f32>(p7 + at), 28);
      }
      to += 32;
    }
  }
}

/**
 * Pixels [j0, j0 + kc) × K taps of one image, in panels of 8 taps and `depth` pixels: packed B of the gradient by the
 * weights, whose k runs over pixels. `taps` is the table of the K. Missing taps of the last panel repeat the last one.
 */
export function packTaps(
  x: usize,
  width: i32,
  sh: i32,
  sw: i32,
  Q: i32,
  taps: usize,
  K: i32,
  j0: i32,
  kc: i32,
  depth: i32,
  to: usize,
): void {
  const last = K - 1;
  const rest = floats((depth - kc) * NR);
  for (let t = 0; t < K; t += NR) {
    const t0 = x + offsetAt(taps, t);
    const t1 = x + offsetAt(taps, min(t + 1, last));
    const t2 = x + offsetAt(taps, min(t + 2, last));
    const t3 = x + offsetAt(taps, min(t + 3, last));
    const t4 = x + offsetAt(taps, min(t + 4, last));
    const t5 = x + offsetAt(taps, min(t + 5, last));
    const t6 = x + offsetAt(taps, min(t + 6, last));
    const t7 = x + offsetAt(taps, min(t + 7, last));
    let l = 0;
    let p = j0 / Q;
    let q = j0 - p * Q;
    while (l < kc) {
      let at = floats(p * sh * width + q * sw);
      const run = min(Q - q, kc - l);
      let r = 0;
      if (sw == 1) {
        for (; r <= run - 4; r += 4) {
          storeTransposed(
            v128.load(t0 + at),
            v128.load(t1 + at),
            v128.load(t2 + at),
            v128.load(t3 + at),
            to,
            32,
          );
          storeTransposed(
            v128.load(t4 + at),
            v128.load(t5 + at),
            v128.load(t6 + at),
            v128.load(t7 + at),
            to + 16,
            32,
          );
          at += 16;
          to += 128;
        }
      }
      for (; r < run; r++) {
        store<f32>(to, load<f32>(t0 + at));
        store<f32>(to, load<f32>(t1 + at), 4);
        store<f32>(to, load<f32>(t2 + at), 8);
        store<f32>(to, load<f32>(t3 + at), 12);
        store<f32>(to, load<f32>(t4 + at), 16);
        store<f32>(to, load<f32>(t5 + at), 20);
        store<f32>(to, load<f32>(t6 + at), 24);
        store<f32>(to, load<f32>(t7 + at), 28);
        at += floats(sw);
        to += 32;
      }
      l += run;
      p++;
      q = 0;
    }
    to += rest;
  }
}

/** col2im: adds each tap's P×Q columns, `pitch` bytes apart, to the places of the padded image they were read from. */
export function addColumns(
  columns: usize,
  pitch: usize,
  x: usize,
  C: i32,
  height: i32,
  width: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  dh: i32,
  dw: i32,
  P: i32,
  Q: i32,
): void {
  for (let c = 0; c < C; c++) {
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++) {
        let from = columns;
        for (let p = 0; p < P; p++) {
          const to = x + floats((c * height + p * sh + i * dh) * width + j * dw);
          if (sw == 1) addRow(from, to, Q);
          else addRowStrided(from, to, Q, sw);
          from += floats(Q);
        }
        columns += pitch;
      }
    }
  }
}

@inline
function addRow(from: usize, to: usize, count: i32): void {
  let q = 0;
  for (; q <= count - 4; q += 4) {
    const at = floats(q);
    v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(from + at)));
  }
  if (count & 2) {
    const at = floats(q);
    const sum = f32x4.add(v128.load64_zero(to + at), v128.load64_zero(from + at));
    v128.store64_lane(to + at, sum, 0);
    q += 2;
  }
  if (count & 1) {
    const at = floats(q);
    store<f32>(to + at, load<f32>(to + at) + load<f32>(from + at));
  }
}

@inline
function addRowStrided(from: usize, to: usize, count: i32, stride: i32): void {
  for (let q = 0; q < count; q++) {
    const at = to + floats(q * stride);
    store<f32>(at, load<f32>(at) + load<f32>(from + floats(q)));
  }
}

/** Copies the middle C×H×W out of a padded image. */
export function cropImage(x: usize, C: i32, H: i32, W: i32, ph: i32, pw: i32, to: usize): void {
  const height = H + 2 * ph;
  const width = W + 2 * pw;
  for (let c = 0; c < C; c++) {
    for (let y = 0; y < H; y++) {
      memory.copy(
        to + floats((c * H + y) * W),
        x + floats((c * height + y + ph) * width + pw),
        floats(W),
      );
    }
  }
}
