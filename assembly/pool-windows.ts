/**
 * Pooling over windows of unequal extent, `planes` = N·C images of H×W, outputs P×Q: windows that reach into
 * the padding or beyond it (they start at p·sh − ph and are cut at the image's edge), and adaptive ones. An
 * extent kh = kw = 0 says adaptive: row p takes ⌊p·H/P⌋ to ⌈(p + 1)·H/P⌉. No window is without an input.
 */
import { floats } from './simd';

/** Where window p begins along one axis of `extent` inputs and `count` windows. */
@inline
function first(p: i32, extent: i32, kernel: i32, stride: i32, padding: i32, count: i32): i32 {
  return kernel ? max(p * stride - padding, 0) : (p * extent) / count;
}

/** Where it ends. */
@inline
function end(p: i32, extent: i32, kernel: i32, stride: i32, padding: i32, count: i32): i32 {
  if (kernel) return min(p * stride - padding + kernel, extent);
  return ((p + 1) * extent + count - 1) / count;
}

/** Its extent with the padding's share, but without what lies beyond the padding. */
@inline
function breadth(p: i32, extent: i32, kernel: i32, stride: i32, padding: i32): i32 {
  const start = p * stride - padding;
  return min(start + kernel, extent + padding) - start;
}

/** y[plane, p, q] = Σ of the window's inputs / their number, with `countPadding` padding is counted too. */
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
        let best: f32 = -Infinity;
        for (let i = top; i < bottom; i++) {
          const line = x + floats(i * W);
          for (let j = left; j < right; j++) best = max(best, load<f32>(line + floats(j)));
        }
        store<f32>(y + floats(q), best);
      }
      y += floats(Q);
    }
    x += floats(H * W);
  }
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
        let where = floats(top * W + left);
        let best = load<f32>(x + where);
        for (let i = top; i < bottom; i++) {
          const line = floats(i * W);
          for (let j = left; j < right; j++) {
            const value = load<f32>(x + line + floats(j));
            // The second clause lets a NaN win over a number.
            if (value > best || (value != value && best == best)) {
              best = value;
              where = line + floats(j);
            }
          }
        }
        store<f32>(dx + where, load<f32>(dx + where) + load<f32>(dy + floats(q)));
      }
      dy += floats(Q);
    }
    x += floats(H * W);
    dx += floats(H * W);
  }
}
