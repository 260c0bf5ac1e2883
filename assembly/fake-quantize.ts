/**
 * Fake quantisation (Jacob et al. 2018): each value becomes the multiple of a scale that integers would hold in its place.
 * Quotients are products with 1/scale, rounded to the nearest whole number and of two to the even one, as in programs of
 * integers. What is not finite stays so.
 */
import { loadSome, storeSome } from './recurrent';
import { LANES, floats } from './simd';

/** y = scale·clamp(nearest(x/scale), low, high). y may be x. */
export function fakeQuantize(
  count: i32,
  x: usize,
  y: usize,
  scale: f32,
  low: f32,
  high: f32,
): void {
  const inverse = f32x4.splat(<f32>1 / scale);
  for (let i = 0; i < count; i += LANES) {
    const at = floats(i);
    const some = min(count - i, LANES);
    const q = f32x4.nearest(f32x4.mul(loadSome(x + at, some), inverse));
    const inside = f32x4.min(f32x4.max(q, f32x4.splat(low)), f32x4.splat(high));
    storeSome(y + at, f32x4.mul(inside, f32x4.splat(scale)), some);
  }
}

/** dx = dy where low ≤ nearest(x/scale) ≤ high, else 0. dx may be dy or x. */
export function fakeQuantizeGradient(
  count: i32,
  x: usize,
  dy: usize,
  dx: usize,
  scale: f32,
  low: f32,
  high: f32,
): void {
  const inverse = f32x4.splat(<f32>1 / scale);
  for (let i = 0; i < count; i += LANES) {
    const at = floats(i);
    const some = min(count - i, LANES);
    const q = f32x4.nearest(f32x4.mul(loadSome(x + at, some), inverse));
    const inside = v128.and(f32x4.ge(q, f32x4.splat(low)), f32x4.le(q, f32x4.splat(high)));
    storeSome(dx + at, v128.and(loadSome(dy + at, some), inside), some);
  }
}

/** Row by row, each with the scale by which its largest magnitude is 127; rows within ±1e-30 become 0. y may be x. */
export function fakeQuantizeRows(rows: i32, n: i32, x: usize, y: usize): void {
  for (let row = 0; row < rows; row++) {
    let most = f32x4.splat(0);
    for (let i = 0; i < n; i += LANES)
      most = f32x4.max(most, f32x4.abs(loadSome(x + floats(i), min(n - i, LANES))));
    const largest = max(
      max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
      max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
    );
    if (largest <= 1e-30) memory.fill(y, 0, floats(n));
    else fakeQuantize(n, x, y, largest / 127, -127, 127);
    x += floats(n);
    y += floats(n);
  }
}
