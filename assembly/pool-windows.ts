/**
 * Pooling over windows of unequal extent, padded or adaptive. There are `planes` = N·C images of H×W, with outputs P×Q.
 * Padded windows reach into the padding or beyond it (they start at p·sh − ph and are cut at the image's edge). An
 * extent kh = kw = 0 means adaptive: row p takes ⌊p·H/P⌋ to ⌈(p + 1)·H/P⌉. Every window has an input.
 *
 * Four whole windows side by side with a horizontal stride of 1 or 2 are the lanes of a vector; each lane does the same
 * as a single window, in the same order.
 */
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

/** Whether windows q to q + 3 are within the image's columns, one or two apart. */
@inline
function sideBySide(q: i32, Q: i32, W: i32, kw: i32, sw: i32, pw: i32): bool {
  const left = q * sw - pw;
  return (sw == 1 || sw == 2) && q <= Q - LANES && left >= 0 && left + 3 * sw + kw <= W;
}

/** Four floats from `at` on, one or two apart; nothing after them is read. */
@inline
function loadApart(at: usize, sw: i32): v128 {
  const low = v128.load(at);
  if (sw == 1) return low;
  const high = v128.load(at, 12);
  return i8x16.shuffle(low, high, 0, 1, 2, 3, 8, 9, 10, 11, 20, 21, 22, 23, 28, 29, 30, 31);
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

/**
 * The maxima of four windows of which the first begins at `from`, or of one. The instruction that has NaN win and 0 be
 * more than −0 is a chain of eight in processors, so both are looked after beside a plain maximum.
 */
function maxima(from: usize, rows: i32, W: i32, columns: i32, sw: i32, four: bool): v128 {
  let best = f32x4.splat(-Infinity);
  let nan = i32x4.splat(0);
  let signs = i32x4.splat(i32.MIN_VALUE);
  do {
    for (let j = 0; j < columns; j++) {
      const at = from + floats(j);
      const values = four ? loadApart(at, sw) : v128.load32_zero(at);
      best = f32x4.pmax(best, values);
      nan = v128.or(nan, f32x4.ne(values, values));
      signs = v128.and(signs, values);
    }
    from += floats(W);
  } while (--rows);
  const zero = f32x4.eq(best, f32x4.splat(0));
  return v128.or(v128.bitselect(signs, best, zero), nan);
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
  for (let plane = 0; plane < planes; plane++) {
    for (let p = 0; p < P; p++) {
      const top = first(p, H, kh, sh, ph, P);
      const bottom = end(p, H, kh, sh, ph, P);
      for (let q = 0; q < Q; q++) {
        const left = first(q, W, kw, sw, pw, Q);
        const right = end(q, W, kw, sw, pw, Q);
        const from = x + floats(top * W + left);
        const four = sideBySide(q, Q, W, kw, sw, pw);
        const best = maxima(from, bottom - top, W, right - left, sw, four);
        if (four) {
          v128.store(y + floats(q), best);
          q += LANES - 1;
        } else {
          v128.store32_lane(y + floats(q), best, 0);
        }
      }
      y += floats(Q);
    }
    x += floats(H * W);
  }
}

/** The place, in bytes, of a window's first maximum, or of its first NaN. */
function firstNotLess(from: usize, rows: i32, W: i32, columns: i32): usize {
  let best = load<f32>(from);
  let where: usize = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const place = floats(i * W + j);
      const value = load<f32>(from + place);
      if (best == best && !(value <= best)) {
        best = value;
        where = place;
      }
    }
  }
  return where;
}

/** Adds four gradients at `dy`, or one, where the windows, the first at `corner` of x and dx, have their first maxima. */
function spreadToMaxima(
  x: usize,
  dx: usize,
  corner: usize,
  rows: i32,
  W: i32,
  columns: i32,
  sw: i32,
  four: bool,
  dy: usize,
): void {
  let from = x + corner;
  const step = floats(sw);
  let best = four ? loadApart(from, sw) : v128.load32_zero(from);
  let nan = i32x4.splat(0);
  let place = nan;
  let places = nan;
  for (let i = 0; i < rows; i++) {
    const line = from + floats(i * W);
    for (let j = 0; j < columns; j++) {
      const values = four ? loadApart(line + floats(j), sw) : v128.load32_zero(line + floats(j));
      places = v128.bitselect(place, places, f32x4.lt(best, values));
      best = f32x4.pmax(best, values);
      nan = v128.or(nan, f32x4.ne(values, values));
      place = i32x4.add(place, i32x4.splat(4));
    }
    place = i32x4.add(place, i32x4.splat(<i32>floats(W - columns)));
  }
  if (v128.any_true(nan)) {
    // Windows one by one, in which NaN wins.
    for (let windows = four ? LANES : 1; windows > 0; windows--) {
      addAt(dx + corner + firstNotLess(from, rows, W, columns), dy);
      from += step;
      corner += step;
      dy += 4;
    }
    return;
  }
  const to = dx + corner;
  addAt(to + <usize>i32x4.extract_lane(places, 0), dy);
  if (!four) return;
  addAt(to + step + <usize>i32x4.extract_lane(places, 1), dy + 4);
  addAt(to + 2 * step + <usize>i32x4.extract_lane(places, 2), dy + 8);
  addAt(to + 3 * step + <usize>i32x4.extract_lane(places, 3), dy + 12);
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
  memory.fill(dx, 0, floats(planes * H * W));
  for (let plane = 0; plane < planes; plane++) {
    for (let p = 0; p < P; p++) {
      const top = first(p, H, kh, sh, ph, P);
      const bottom = end(p, H, kh, sh, ph, P);
      for (let q = 0; q < Q; q++) {
        const left = first(q, W, kw, sw, pw, Q);
        const right = end(q, W, kw, sw, pw, Q);
        const four = sideBySide(q, Q, W, kw, sw, pw);
        const corner = floats(top * W + left);
        const columns = right - left;
        spreadToMaxima(x, dx, corner, bottom - top, W, columns, sw, four, dy + floats(q));
        if (four) q += LANES - 1;
      }
      dy += floats(Q);
    }
    x += floats(H * W);
    dx += floats(H * W);
  }
}
