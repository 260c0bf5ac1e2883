/** Padding of planes by a value, by the nearest pixel, or by mirroring at the outermost pixels. */
import { floats } from './simd';

/** Codes shared with src/ops/pad2d.ts. */
const VALUE: i32 = 0;
const REPLICATE: i32 = 1;

/** The pixel of [0, extent) shown at `i`, inside or outside; reflection does not repeat the edge. */
@inline
function sourceOf(mode: i32, i: i32, extent: i32): i32 {
  if (mode == REPLICATE) return max(0, min(i, extent - 1));
  const forward = abs(i);
  return forward < extent ? forward : 2 * (extent - 1) - forward;
}

/**
 * y: planes of height×width with x's planes of H×W `top` rows down and `left` columns to the right.
 * mode: 0 the rest is `value`; 1 replicate; 2 reflect, borders narrower than the image.
 */
export function pad2d(
  planes: i32,
  H: i32,
  W: i32,
  top: i32,
  left: i32,
  height: i32,
  width: i32,
  mode: i32,
  value: f32,
  x: usize,
  y: usize,
): void {
  for (let plane = 0; plane < planes; plane++) {
    for (let r = 0; r < height; r++) {
      const row = r - top;
      if (mode == VALUE && (row < 0 || row >= H)) {
        for (let s = 0; s < width; s++) store<f32>(y + floats(s), value);
      } else {
        const from = x + floats((mode == VALUE ? row : sourceOf(mode, row, H)) * W);
        memory.copy(y + floats(left), from, floats(W));
        for (let s = 0; s < width; s++) {
          if (s == left) s += W;
          if (s >= width) break;
          const v = mode == VALUE ? value : load<f32>(from + floats(sourceOf(mode, s - left, W)));
          store<f32>(y + floats(s), v);
        }
      }
      y += floats(width);
    }
    x += floats(H * W);
  }
}

/** dx = Σ of dy over the places of each pixel in pad2d's result, row by row. */
export function pad2dGradient(
  planes: i32,
  H: i32,
  W: i32,
  top: i32,
  left: i32,
  height: i32,
  width: i32,
  mode: i32,
  dy: usize,
  dx: usize,
): void {
  memory.fill(dx, 0, floats(planes * H * W));
  for (let plane = 0; plane < planes; plane++) {
    for (let r = 0; r < height; r++) {
      const row = r - top;
      const inside = row >= 0 && row < H;
      if (mode != VALUE || inside) {
        const to = dx + floats((mode == VALUE ? row : sourceOf(mode, row, H)) * W);
        const first = mode == VALUE ? left : 0;
        const end = mode == VALUE ? left + W : width;
        for (let s = first; s < end; s++) {
          const at = to + floats(mode == VALUE ? s - left : sourceOf(mode, s - left, W));
          store<f32>(at, load<f32>(at) + load<f32>(dy + floats(s)));
        }
      }
      dy += floats(width);
    }
    dx += floats(H * W);
  }
}
