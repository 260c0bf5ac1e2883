/**
 * Depthwise convolution (groups = C; Chollet 2017), forward and both gradients. Each channel has M = O/C filters of its
 * own, so there is no product over channels to block. A plane is copied into its borders, and four vectors of outputs
 * run over the filter's taps together. Letters as in conv2d.ts; w: O×1×kh×kw.
 */
import { BESIDE, upTo, VECTOR_BYTES, vectorsOf } from '../src/program/scratch';
import { finishRow, NONE } from './activation';
import { padImage, tapOffsets } from './im2col';
import { even } from './pool';
import { LANES, floats, loadTail, madd, storeTail, sumLanes } from './simd';

/** A vector's entry in the table: where it is read and where it is written. */
const ENTRY_BYTES: usize = VECTOR_BYTES;

@inline
function entryAt(table: usize, word: i32): usize {
  return <usize>load<u32>(table + ((<usize>word) << 2));
}

/**
 * The vectors of P×Q outputs with strides sh, sw in an image with rows of `width`. The last vector of a row
 * overlaps the one before; the last group of four is filled by repeating the last one.
 */
function vectorTable(P: i32, Q: i32, sh: i32, sw: i32, width: i32, to: usize): void {
  const end = to + <usize>vectorsOf(P, Q) * ENTRY_BYTES;
  let from: usize = 0;
  let at: usize = 0;
  for (let p = 0; p < P; p++) {
    for (let j = 0; j < Q; j += LANES) {
      const q = max(0, min(j, Q - LANES));
      from = floats(p * sh * width + q * sw);
      at = floats(p * Q + q);
      store<u32>(to, <u32>from);
      store<u32>(to, <u32>at, 4);
      to += ENTRY_BYTES;
    }
  }
  for (; to < end; to += ENTRY_BYTES) {
    store<u32>(to, <u32>from);
    store<u32>(to, <u32>at, 4);
  }
}

/** Four values `step` apart. */
@inline
function loadSpaced(p: usize, step: i32): v128 {
  if (step == 1) return v128.load(p);
  if (step == 2) return even(v128.load(p), v128.load(p, 16));
  const bytes = floats(step);
  let v = v128.load32_zero(p);
  v = v128.load_lane<f32>(p + bytes, v, 1);
  v = v128.load_lane<f32>(p + bytes * 2, v, 2);
  return v128.load_lane<f32>(p + bytes * 3, v, 3);
}

/** y of one plane: each output a chain over the K taps in their order. */
@inline
function correlateWith(
  step: i32,
  x: usize,
  vectors: usize,
  count: i32,
  taps: usize,
  K: i32,
  w: usize,
  y: usize,
  rest: i32,
): void {
  const end = vectors + <usize>count * ENTRY_BYTES;
  for (; vectors < end; vectors += ENTRY_BYTES * BESIDE) {
    const x0 = x + entryAt(vectors, 0);
    const x1 = x + entryAt(vectors, 2);
    const x2 = x + entryAt(vectors, 4);
    const x3 = x + entryAt(vectors, 6);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let tap: usize = 0;
    const last = floats(K);
    do {
      const at = <usize>load<u32>(taps + tap);
      const a = v128.load_splat<f32>(w + tap);
      s0 = madd(a, loadSpaced(x0 + at, step), s0);
      s1 = madd(a, loadSpaced(x1 + at, step), s1);
      s2 = madd(a, loadSpaced(x2 + at, step), s2);
      s3 = madd(a, loadSpaced(x3 + at, step), s3);
      tap += 4;
    } while (tap < last);
    const y0 = y + entryAt(vectors, 1);
    const y1 = y + entryAt(vectors, 3);
    const y2 = y + entryAt(vectors, 5);
    const y3 = y + entryAt(vectors, 7);
    if (rest) {
      storeTail(y0, s0, rest);
      storeTail(y1, s1, rest);
      storeTail(y2, s2, rest);
      storeTail(y3, s3, rest);
    } else {
      v128.store(y0, s0);
      v128.store(y1, s1);
      v128.store(y2, s2);
      v128.store(y3, s3);
    }
  }
}

/** `rest`: the outputs of a row if they are fewer than a vector, else 0. */
function correlate(
  step: i32,
  x: usize,
  vectors: usize,
  count: i32,
  taps: usize,
  K: i32,
  w: usize,
  y: usize,
  rest: i32,
): void {
  if (step == 1) correlateWith(1, x, vectors, count, taps, K, w, y, rest);
  else if (step == 2) correlateWith(2, x, vectors, count, taps, K, w, y, rest);
  else correlateWith(step, x, vectors, count, taps, K, w, y, rest);
}

/**
 * y[n, c·M + m, p, q] = f(b[c·M + m] + Σ_{i,j} w[c·M + m, i, j] · x[n, c, p·sh + i·dilationH − ph, …])
 * workspace: see src/ops/workspace.ts, `depthwiseWorkspace`.
 */
export function conv2dDepthwise(
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
  x: usize,
  w: usize,
  b: usize,
  y: usize,
  code: i32,
  workspace: usize,
): void {
  const K = kh * kw;
  const M = O / C;
  const height = H + 2 * ph;
  const width = W + 2 * pw;
  const pixels = P * Q;
  const rest = Q < LANES ? Q : 0;
  const count = vectorsOf(P, Q);
  const vectors = workspace + floats(K);
  const image = vectors + <usize>count * ENTRY_BYTES;
  tapOffsets(height, width, kh, kw, dilationH, dilationW, 0, K, workspace);
  vectorTable(P, Q, sh, sw, width, vectors);
  // The border is zeroed once, and the planes are written inside it.
  memory.fill(image, 0, floats(height * width));
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) {
      padImage(x, 1, H, W, ph, pw, height, width, image);
      x += floats(H * W);
      for (let o = c * M; o < c * M + M; o++) {
        correlate(sw, image, vectors, count, workspace, K, w + floats(o * K), y, rest);
        if (b != 0 || code != NONE) {
          finishRow(code, y, pixels, b ? load<f32>(b + floats(o)) : 0);
        }
        y += floats(pixels);
      }
    }
  }
}

/**
 * dx[n, c] = Σ_m of w[c·M + m], turned by 180°, over dy[n, c·M + m] with sh − 1, sw − 1 zeros between its values:
 * a depthwise convolution of stride 1 whose taps are those of all M filters.
 * workspace: see src/ops/workspace.ts, `depthwiseInputGradientWorkspace`.
 */
export function conv2dDepthwiseInputGradient(
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
  w: usize,
  dy: usize,
  dx: usize,
  workspace: usize,
): void {
  const K = kh * kw;
  const M = O / C;
  const top = (kh - 1) * dilationH - ph;
  const left = (kw - 1) * dilationW - pw;
  const height = H + (kh - 1) * dilationH;
  const width = W + (kw - 1) * dilationW;
  const plane = floats(height * width);
  const rest = W < LANES ? W : 0;
  const count = vectorsOf(H, W);
  const vectors = workspace + floats(M * K);
  const images = vectors + <usize>count * ENTRY_BYTES;
  // The offsets in reverse, channel by channel: the turned filter's.
  for (let m = 0; m < M; m++) {
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++) {
        const row = (kh - 1 - i) * dilationH;
        const at = <usize>m * plane + floats(row * width + (kw - 1 - j) * dilationW);
        store<u32>(workspace + floats(m * K + i * kw + j), <u32>at);
      }
    }
  }
  vectorTable(H, W, 1, 1, width, vectors);
  // Zeroed once, as the same places are written for every plane.
  memory.fill(images, 0, plane * M);
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) {
      for (let m = 0; m < M; m++) {
        spreadPlane(dy, P, Q, sh, sw, top, left, height, width, images + plane * m);
        dy += floats(P * Q);
      }
      correlate(1, images, vectors, count, workspace, M * K, w + floats(c * M * K), dx, rest);
      dx += floats(H * W);
    }
  }
}

/** Writes x[p, q] to (p·sh + top, q·sw + left) of an image of height×width, if that is inside it. */
function spreadPlane(
  x: usize,
  P: i32,
  Q: i32,
  sh: i32,
  sw: i32,
  top: i32,
  left: i32,
  height: i32,
  width: i32,
  to: usize,
): void {
  const first = left < 0 ? (sw - 1 - left) / sw : 0;
  const end = left < width ? min(Q, (width - 1 - left) / sw + 1) : 0;
  for (let p = 0; p < P; p++) {
    const row = p * sh + top;
    if (row < 0 || row >= height) continue;
    const from = x + floats(p * Q);
    const at = to + floats(row * width + left);
    let q = first;
    if (sw == 1) {
      for (; q <= end - LANES; q += LANES) v128.store(at + floats(q), v128.load(from + floats(q)));
    }
    for (; q < end; q++) store<f32>(at + floats(q * sw), load<f32>(from + floats(q)));
  }
}

/** Sums of `BESIDE` taps of one plane, each lane over its own q of every four; s: four vectors, added to. */
@inline
function sumTapsWith(
  step: i32,
  x: usize,
  rowBytes: usize,
  t0: usize,
  t1: usize,
  t2: usize,
  t3: usize,
  dy: usize,
  P: i32,
  Q: i32,
  s: usize,
  mask: v128,
): void {
  let s0 = v128.load(s);
  let s1 = v128.load(s, 16);
  let s2 = v128.load(s, 32);
  let s3 = v128.load(s, 48);
  const rest = Q & (LANES - 1);
  const bytes = floats(LANES * step);
  for (let p = 0; p < P; p++) {
    let at = x;
    for (let q = Q; q >= LANES; q -= LANES) {
      const g = v128.load(dy);
      s0 = madd(g, loadSpaced(at + t0, step), s0);
      s1 = madd(g, loadSpaced(at + t1, step), s1);
      s2 = madd(g, loadSpaced(at + t2, step), s2);
      s3 = madd(g, loadSpaced(at + t3, step), s3);
      at += bytes;
      dy += 16;
    }
    if (rest) {
      // Values beyond the row must not meet a zero, as they may be infinite.
      const g = loadTail(dy, rest);
      s0 = madd(g, v128.and(loadSpaced(at + t0, step), mask), s0);
      s1 = madd(g, v128.and(loadSpaced(at + t1, step), mask), s1);
      s2 = madd(g, v128.and(loadSpaced(at + t2, step), mask), s2);
      s3 = madd(g, v128.and(loadSpaced(at + t3, step), mask), s3);
      dy += floats(rest);
    }
    x += rowBytes;
  }
  v128.store(s, s0);
  v128.store(s, s1, 16);
  v128.store(s, s2, 32);
  v128.store(s, s3, 48);
}

/**
 * dw[c·M + m, i, j] = Σ_{n,p,q} dy[n, c·M + m, p, q] · x[n, c, p·sh + i·dilationH − ph, …], each lane over its own q.
 * workspace: see src/ops/workspace.ts, `depthwiseWeightGradientWorkspace`.
 */
export function conv2dDepthwiseWeightGradient(
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
  x: usize,
  dy: usize,
  dw: usize,
  workspace: usize,
): void {
  const K = kh * kw;
  const M = O / C;
  const height = H + 2 * ph;
  const width = W + 2 * pw;
  // A filter's taps and sums, rounded up to four at a time.
  const whole = upTo(K, BESIDE);
  const passes = whole / BESIDE;
  const filterBytes = floats(whole * LANES);
  const sums = workspace + floats(whole);
  const image = sums + filterBytes * M;
  tapOffsets(height, width, kh, kw, dilationH, dilationW, 0, K, workspace);
  // Taps beyond the last repeat the first; their sums are not read.
  for (let tap = K; tap < whole; tap++) store<u32>(workspace + floats(tap), 0);
  const lanes = i32x4(0, 1, 2, 3);
  const mask = i32x4.lt_s(lanes, i32x4.splat(Q & (LANES - 1)));
  const rowBytes = floats(sh * width);
  memory.fill(image, 0, floats(height * width));
  for (let c = 0; c < C; c++) {
    memory.fill(sums, 0, filterBytes * M);
    for (let n = 0; n < N; n++) {
      padImage(x + floats((n * C + c) * H * W), 1, H, W, ph, pw, height, width, image);
      for (let m = 0; m < M; m++) {
        const from = dy + floats((n * O + c * M + m) * P * Q);
        for (let pass = 0; pass < passes; pass++) {
          const taps = workspace + floats(pass * BESIDE);
          const t0 = entryAt(taps, 0);
          const t1 = entryAt(taps, 1);
          const t2 = entryAt(taps, 2);
          const t3 = entryAt(taps, 3);
          const s = sums + filterBytes * m + floats(pass * BESIDE * LANES);
          if (sw == 1) sumTapsWith(1, image, rowBytes, t0, t1, t2, t3, from, P, Q, s, mask);
          else if (sw == 2) sumTapsWith(2, image, rowBytes, t0, t1, t2, t3, from, P, Q, s, mask);
          else sumTapsWith(sw, image, rowBytes, t0, t1, t2, t3, from, P, Q, s, mask);
        }
      }
    }
    for (let m = 0; m < M; m++) {
      for (let tap = 0; tap < K; tap++) {
        const s = sums + filterBytes * m + floats(tap * LANES);
        store<f32>(dw + floats((c * M + m) * K + tap), sumLanes(v128.load(s)));
      }
    }
  }
}
