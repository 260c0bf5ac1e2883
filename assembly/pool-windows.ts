/**
 * Pooling over windows of unequal extent, padded or adaptive. There are `planes` = N·C images of H×W, with outputs P×Q.
 * Padded windows reach into the padding or beyond it (they start at p·sh − ph and are cut at the image's edge). An
 * extent kh = kw = 0 means adaptive: row p takes ⌊p·H/P⌋ to ⌈(p + 1)·H/P⌉. Every window has an input.
 *
 * Four whole windows side by side with a horizontal stride of 1 or 2 are the lanes of a vector; each lane does the same
 * as a single window, in the same order.
 */
import { wins } from './pool';
import { loadApart, maximaOfRow, maximumAtEdge, spreadAtEdge, spreadRow } from './pool-rows';
import { LANES, floats } from './simd';

/** The start of window p along one axis of `extent` inputs and `count` windows. */
@inline
function first(p: i32, extent: i32, kernel: i32, stride: i32, padding: i32, count: i32): i32 {
  return kernel ? max(p * stride - padding, 0) : (p * extent) / count;
}

/** The end of a window. */
@inline
function end(p: i32, extent: i32, kernel: i32, stride: i32, padding: i32, count: i32): i32 {
  if (kernel) return min(p * stride - padding + kernel, extent);
  return ((p + 1) * extent + count - 1) / count;
}

/** Extent of a window including padding, but without the part beyond the padding. */
@inline
function breadth(p: i32, extent: i32, kernel: i32, stride: i32, padding: i32): i32 {
  const start = p * stride - padding;
  return min(start + kernel, extent + padding) - start;
}

/** The first window that starts within the image's columns. */
@inline
function firstWhole(sw: i32, pw: i32): i32 {
  return (pw + sw - 1) / sw;
}

/** How many windows of a row `maximaOfRow` and `spreadRow` take from the first whole one on. */
function wholeWindows(W: i32, kh: i32, kw: i32, sw: i32, pw: i32, Q: i32): i32 {
  if (kw != 3 || kh > 3 || sw > 2 || W < 3) return 0;
  const count = min(Q, (W + pw - 3) / sw + 1) - firstWhole(sw, pw);
  return count >= LANES ? count : 0;
}

/** Whether windows q to q + 3 are within the image's columns, one or two apart. */
@inline
function sideBySide(q: i32, Q: i32, W: i32, kw: i32, sw: i32, pw: i32): bool {
  const left = q * sw - pw;
  return (sw == 1 || sw == 2) && q <= Q - LANES && left >= 0 && left + 3 * sw + kw <= W;
}

/** y[plane, p, q] = Σ of the window's inputs / their number, which includes padding with `countPadding`. */
export function avgPoolWindows(
  planes: i32,
  H: i32,
  W: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  ph: i32,
  pw: i32,
  P: i32,
  Q: i32,
  countPadding: i32,
  x: usize,
  y: usize,
): void {
  for (let plane = 0; plane < planes; plane++) {
    for (let p = 0; p < P; p++) {
      const top = first(p, H, kh, sh, ph, P);
      const bottom = end(p, H, kh, sh, ph, P);
      const height = countPadding ? breadth(p, H, kh, sh, ph) : bottom - top;
      for (let q = 0; q < Q; q++) {
        const left = first(q, W, kw, sw, pw, Q);
        if (sideBySide(q, Q, W, kw, sw, pw)) {
          let sums = f32x4.splat(0);
          for (let i = top; i < bottom; i++) {
            const line = x + floats(i * W + left);
            for (let j = 0; j < kw; j++) sums = f32x4.add(sums, loadApart(line + floats(j), sw));
          }
          const share: f32 = <f32>1 / <f32>(height * kw);
          v128.store(y + floats(q), f32x4.mul(sums, f32x4.splat(share)));
          q += LANES - 1;
          continue;
        }
        const right = end(q, W, kw, sw, pw, Q);
        const width = countPadding ? breadth(q, W, kw, sw, pw) : right - left;
        let sum: f32 = 0;
        for (let i = top; i < bottom; i++) {
          const line = x + floats(i * W);
          for (let j = left; j < right; j++) sum += load<f32>(line + floats(j));
        }
        store<f32>(y + floats(q), sum * (<f32>1 / <f32>(height * width)));
      }
      y += floats(Q);
    }
    x += floats(H * W);
  }
}

/** dx = Σ over windows of dy / number. Shapes as in avgPoolWindows. */
export function avgPoolWindowsGradient(
  planes: i32,
  H: i32,
  W: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  ph: i32,
  pw: i32,
  P: i32,
  Q: i32,
  countPadding: i32,
  dy: usize,
  dx: usize,
): void {
  memory.fill(dx, 0, floats(planes * H * W));
  for (let plane = 0; plane < planes; plane++) {
    for (let p = 0; p < P; p++) {
      const top = first(p, H, kh, sh, ph, P);
      const bottom = end(p, H, kh, sh, ph, P);
      const height = countPadding ? breadth(p, H, kh, sh, ph) : bottom - top;
      for (let q = 0; q < Q; q++) {
        const left = first(q, W, kw, sw, pw, Q);
        if (sw == 1 && sideBySide(q, Q, W, kw, sw, pw)) {
          const share: f32 = <f32>1 / <f32>(height * kw);
          const slopes = f32x4.mul(v128.load(dy + floats(q)), f32x4.splat(share));
          for (let i = top; i < bottom; i++) {
            const line = dx + floats(i * W + left);
            // From the right, so that each input adds its windows from the left.
            for (let j = kw - 1; j >= 0; j--) {
              const at = line + floats(j);
              v128.store(at, f32x4.add(v128.load(at), slopes));
            }
          }
          q += LANES - 1;
          continue;
        }
        const right = end(q, W, kw, sw, pw, Q);
        const width = countPadding ? breadth(q, W, kw, sw, pw) : right - left;
        const g = load<f32>(dy + floats(q)) * (<f32>1 / <f32>(height * width));
        for (let i = top; i < bottom; i++) {
          const line = dx + floats(i * W);
          for (let j = left; j < right; j++) {
            store<f32>(line + floats(j), load<f32>(line + floats(j)) + g);
          }
        }
      }
      dy += floats(Q);
    }
    dx += floats(H * W);
  }
}

/** Whether none of `count` floats is NaN or −0 (nor their sum NaN): then one instruction is their maximum. */
function isPlain(x: usize, count: i32): bool {
  let sum = f32x4.splat(0);
  let sum2 = sum;
  let least = sum;
  let least2 = sum;
  let i = 0;
  for (; i <= count - 2 * LANES; i += 2 * LANES) {
    const v = v128.load(x + floats(i));
    const w = v128.load(x + floats(i), 16);
    sum = f32x4.add(sum, v);
    sum2 = f32x4.add(sum2, w);
    // As an integer −0 is the least of all.
    least = i32x4.min_s(least, v);
    least2 = i32x4.min_s(least2, w);
  }
  for (; i < count; i++) {
    const v = v128.load32_splat(x + floats(i));
    sum = f32x4.add(sum, v);
    least = i32x4.min_s(least, v);
  }
  sum = f32x4.add(sum, sum2);
  least = i32x4.eq(i32x4.min_s(least, least2), i32x4.splat(-2147483648));
  return !v128.any_true(v128.or(least, f32x4.ne(sum, sum)));
}

/** Maxima of four windows side by side, or with `step` 0 of a single one in all lanes. */
@inline
function maxima(line: usize, rows: i32, columns: i32, pitch: usize, step: i32): v128 {
  let bests = f32x4.splat(-Infinity);
  do {
    let at = line;
    let j = columns;
    do {
      bests = f32x4.max(bests, step ? loadApart(at, step) : v128.load32_splat(at));
      at += 4;
    } while (--j);
    line += pitch;
  } while (--rows);
  return bests;
}

/** y[plane, p, q] = max of the window's inputs; NaN wins, as in PyTorch. */
export function maxPoolWindows(
  planes: i32,
  H: i32,
  W: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  ph: i32,
  pw: i32,
  P: i32,
  Q: i32,
  x: usize,
  y: usize,
): void {
  const pitch = floats(W);
  const whole = wholeWindows(W, kh, kw, sw, pw, Q);
  for (let plane = 0; plane < planes; plane++) {
    let row = Q;
    if (!isDefined(INFERENCE) && whole && isPlain(x, H * W)) row = firstWhole(sw, pw);
    for (let p = 0; p < P; p++) {
      const top = first(p, H, kh, sh, ph, P);
      const rows = end(p, H, kh, sh, ph, P) - top;
      const line = x + <usize>top * pitch;
      const second = floats(min(rows - 1, 1) * W);
      const third = floats((rows - 1) * W);
      for (let q = 0; q < Q; q++) {
        const left = first(q, W, kw, sw, pw, Q);
        const at = line + floats(left);
        const to = y + floats(q);
        if (!isDefined(INFERENCE) && q == row) {
          maximaOfRow(at, second, third, to, whole, sw);
          q += whole - 1;
          continue;
        }
        if (sideBySide(q, Q, W, kw, sw, pw)) {
          v128.store(to, maxima(at, rows, kw, pitch, sw));
          q += LANES - 1;
          continue;
        }
        const columns = end(q, W, kw, sw, pw, Q) - left;
        const best =
          !isDefined(INFERENCE) && row < Q
            ? maximumAtEdge(at, second, third, columns)
            : maxima(at, rows, columns, pitch, 0);
        v128.store_lane<f32>(to, best, 0);
      }
      y += floats(Q);
    }
    x += <usize>H * pitch;
  }
}

/** Adds the four gradients at `dy` at `places` of dx, whose windows are `step` bytes apart. */
@inline
function addFour(dx: usize, places: v128, step: usize, dy: usize): void {
  addAt(dx + <usize>i32x4.extract_lane(places, 0), dy);
  addAt(dx + step + <usize>i32x4.extract_lane(places, 1), dy + 4);
  addAt(dx + 2 * step + <usize>i32x4.extract_lane(places, 2), dy + 8);
  addAt(dx + 3 * step + <usize>i32x4.extract_lane(places, 3), dy + 12);
}

/** Adds the four gradients at `dy` where their windows, the first at `x` and `dx`, have their first maxima. */
@inline
function spreadToMaxima(x: usize, dx: usize, rows: i32, W: i32, kw: i32, sw: i32, dy: usize): void {
  let bests = loadApart(x, sw);
  let places = i32x4.splat(0);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < kw; j++) {
      const place = floats(i * W + j);
      const values = loadApart(x + place, sw);
      const won = wins(values, bests);
      bests = v128.bitselect(values, bests, won);
      places = v128.bitselect(i32x4.splat(<i32>place), places, won);
    }
  }
  addFour(dx, places, floats(sw), dy);
}

/** Adds the gradient at `dy` where a window at `corner` has its first maximum: no branch, as none could be foreseen. */
@inline
function spreadToMaximum(
  x: usize,
  dx: usize,
  corner: usize,
  rows: i32,
  columns: i32,
  W: i32,
  dy: usize,
): void {
  let best = v128.load32_splat(x + corner);
  let place = i32x4.splat(<i32>corner);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = corner + floats(i * W + j);
      const value = v128.load32_splat(x + at);
      const won = wins(value, best);
      best = v128.bitselect(value, best, won);
      place = v128.bitselect(i32x4.splat(<i32>at), place, won);
    }
  }
  addAt(dx + <usize>i32x4.extract_lane(place, 0), dy);
}

@inline
function addAt(to: usize, from: usize): void {
  store<f32>(to, load<f32>(to) + load<f32>(from));
}

/** dx = dy at the first maximum of each window (row by row), 0 elsewhere. x as given to maxPoolWindows. */
export function maxPoolWindowsGradient(
  planes: i32,
  H: i32,
  W: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  ph: i32,
  pw: i32,
  P: i32,
  Q: i32,
  x: usize,
  dy: usize,
  dx: usize,
): void {
  const whole = wholeWindows(W, kh, kw, sw, pw, Q);
  for (let plane = 0; plane < planes; plane++) {
    memory.fill(dx, 0, floats(H * W));
    const row = whole && isPlain(x, H * W) ? firstWhole(sw, pw) : Q;
    for (let p = 0; p < P; p++) {
      const top = first(p, H, kh, sh, ph, P);
      const rows = end(p, H, kh, sh, ph, P) - top;
      const second = floats(min(rows - 1, 1) * W);
      const third = floats((rows - 1) * W);
      for (let q = 0; q < Q; q++) {
        const left = first(q, W, kw, sw, pw, Q);
        const corner = floats(top * W + left);
        const from = dy + floats(q);
        if (q == row) {
          spreadRow(x + corner, second, third, dx - x, from, whole, sw);
          q += whole - 1;
          continue;
        }
        if (sideBySide(q, Q, W, kw, sw, pw)) {
          spreadToMaxima(x + corner, dx + corner, rows, W, kw, sw, from);
          q += LANES - 1;
          continue;
        }
        const columns = end(q, W, kw, sw, pw, Q) - left;
        if (row < Q) spreadAtEdge(x + corner, second, third, dx - x, from, columns);
        else spreadToMaximum(x, dx, corner, rows, columns, W, from);
      }
      dy += floats(Q);
    }
    x += floats(H * W);
    dx += floats(H * W);
  }
}
