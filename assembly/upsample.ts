/**
 * Upsampling of `planes` images of H×W to P×Q, by the nearest input or by bilinear interpolation. Output row p is at
 * input row p·a/b, a/b = `numH`/`denH`: by a quotient in double precision, so that whole results are whole, which
 * p·(a/b) would not give. Bilinear interpolation without aligned corners treats pixels as areas: (p + ½)·a/b − ½, not
 * below 0. A row's places are computed once, in the workspace.
 */
import { LANES, floats, loadTail, madd, storeTail } from './simd';

/** The input row or column nearest to output `p`. */
@inline
function nearest(p: i32, extent: i32, num: f64, den: f64): i32 {
  return min(<i32>floor((<f64>p * num) / den), extent - 1);
}

/** The position of output `p` between inputs. */
@inline
function position(p: i32, extent: i32, num: f64, den: f64, corners: i32): f64 {
  if (corners) return (<f64>p * num) / den;
  return min(max(((<f64>p + 0.5) * num) / den - 0.5, 0), <f64>(extent - 1));
}

/** y[plane, p, q] = x[plane, ⌊p·a/b⌋, ⌊q·a/b⌋]; the workspace holds Q offsets. */
export function upsampleNearest(
  planes: i32,
  H: i32,
  W: i32,
  P: i32,
  Q: i32,
  numH: f64,
  denH: f64,
  numW: f64,
  denW: f64,
  x: usize,
  y: usize,
  workspace: usize,
): void {
  for (let q = 0; q < Q; q++) {
    store<i32>(workspace + floats(q), nearest(q, W, numW, denW) << 2);
  }
  for (let plane = 0; plane < planes; plane++) {
    let last = -1;
    for (let p = 0; p < P; p++) {
      const r = nearest(p, H, numH, denH);
      if (r == last) {
        memory.copy(y, y - floats(Q), floats(Q));
      } else {
        const row = x + floats(r * W);
        for (let q = 0; q < Q; q++) {
          store<f32>(y + floats(q), load<f32>(row + <usize>load<i32>(workspace + floats(q))));
        }
      }
      last = r;
      y += floats(Q);
    }
    x += floats(H * W);
  }
}

/** dx = Σ of dy over the outputs that took it, row by row. Operands as in upsampleNearest. */
export function upsampleNearestGradient(
  planes: i32,
  H: i32,
  W: i32,
  P: i32,
  Q: i32,
  numH: f64,
  denH: f64,
  numW: f64,
  denW: f64,
  dy: usize,
  dx: usize,
  workspace: usize,
): void {
  for (let q = 0; q < Q; q++) {
    store<i32>(workspace + floats(q), nearest(q, W, numW, denW) << 2);
  }
  memory.fill(dx, 0, floats(planes * H * W));
  for (let plane = 0; plane < planes; plane++) {
    for (let p = 0; p < P; p++) {
      const row = dx + floats(nearest(p, H, numH, denH) * W);
      for (let q = 0; q < Q; q++) {
        const at = row + <usize>load<i32>(workspace + floats(q));
        store<f32>(at, load<f32>(at) + load<f32>(dy + floats(q)));
      }
      dy += floats(Q);
    }
    dx += floats(H * W);
  }
}

/** For every output column, the offset of the input on its left, and the share of the one on its right. */
@inline
function placeColumns(table: usize, W: i32, Q: i32, num: f64, den: f64, corners: i32): void {
  for (let q = 0; q < Q; q++) {
    const at = position(q, W, num, den, corners);
    const left = min(<i32>floor(at), W - 1);
    store<i32>(table + floats(2 * q), left << 2);
    store<f32>(table + floats(2 * q), <f32>(at - <f64>left), 4);
  }
}

/** y[i] = a[i]·(1 − share) + b[i]·share; y may be a. */
@inline
function blend(a: usize, b: usize, y: usize, count: i32, share: f32): void {
  const s = f32x4.splat(share);
  const t = f32x4.splat(1 - share);
  let i = 0;
  for (; i <= count - LANES; i += LANES) {
    const at = floats(i);
    v128.store(y + at, madd(v128.load(b + at), s, f32x4.mul(v128.load(a + at), t)));
  }
  const rest = count - i;
  if (rest) {
    const at = floats(i);
    storeTail(y + at, madd(loadTail(b + at, rest), s, f32x4.mul(loadTail(a + at, rest), t)), rest);
  }
}

/** y[i] += x[i]·share. */
@inline
function accumulate(x: usize, y: usize, count: i32, share: f32): void {
  const s = f32x4.splat(share);
  let i = 0;
  for (; i <= count - LANES; i += LANES) {
    const at = floats(i);
    v128.store(y + at, madd(v128.load(x + at), s, v128.load(y + at)));
  }
  const rest = count - i;
  if (rest) {
    const at = floats(i);
    storeTail(y + at, madd(loadTail(x + at, rest), s, loadTail(y + at, rest)), rest);
  }
}

/**
 * y[plane, p, q] between the four inputs around its place: first the rows above and below, then left and right.
 * The workspace holds 2·Q + W + 1 values.
 */
export function upsampleBilinear(
  planes: i32,
  H: i32,
  W: i32,
  P: i32,
  Q: i32,
  numH: f64,
  denH: f64,
  numW: f64,
  denW: f64,
  corners: i32,
  x: usize,
  y: usize,
  workspace: usize,
): void {
  placeColumns(workspace, W, Q, numW, denW, corners);
  const line = workspace + floats(2 * Q);
  for (let plane = 0; plane < planes; plane++) {
    for (let p = 0; p < P; p++) {
      const at = position(p, H, numH, denH, corners);
      const top = min(<i32>floor(at), H - 1);
      const bottom = min(top + 1, H - 1);
      blend(x + floats(top * W), x + floats(bottom * W), line, W, <f32>(at - <f64>top));
      // The last input is repeated on its right.
      store<f32>(line + floats(W), load<f32>(line + floats(W - 1)));
      for (let q = 0; q < Q; q++) {
        const place = workspace + floats(2 * q);
        const from = line + <usize>load<i32>(place);
        const share = load<f32>(place, 4);
        store<f32>(y + floats(q), load<f32>(from) * (1 - share) + load<f32>(from, 4) * share);
      }
      y += floats(Q);
    }
    x += floats(H * W);
  }
}

/** dx: each dy shared among the four inputs it came from. Operands as in upsampleBilinear. */
export function upsampleBilinearGradient(
  planes: i32,
  H: i32,
  W: i32,
  P: i32,
  Q: i32,
  numH: f64,
  denH: f64,
  numW: f64,
  denW: f64,
  corners: i32,
  dy: usize,
  dx: usize,
  workspace: usize,
): void {
  placeColumns(workspace, W, Q, numW, denW, corners);
  const line = workspace + floats(2 * Q);
  memory.fill(dx, 0, floats(planes * H * W));
  for (let plane = 0; plane < planes; plane++) {
    for (let p = 0; p < P; p++) {
      memory.fill(line, 0, floats(W + 1));
      for (let q = 0; q < Q; q++) {
        const place = workspace + floats(2 * q);
        const to = line + <usize>load<i32>(place);
        const share = load<f32>(place, 4);
        const g = load<f32>(dy + floats(q));
        store<f32>(to, load<f32>(to) + g * (1 - share));
        store<f32>(to, load<f32>(to, 4) + g * share, 4);
      }
      const last = line + floats(W - 1);
      store<f32>(last, load<f32>(last) + load<f32>(last, 4));
      const at = position(p, H, numH, denH, corners);
      const top = min(<i32>floor(at), H - 1);
      const share = <f32>(at - <f64>top);
      accumulate(line, dx + floats(top * W), W, 1 - share);
      accumulate(line, dx + floats(min(top + 1, H - 1) * W), W, share);
      dy += floats(Q);
    }
    dx += floats(H * W);
  }
}
