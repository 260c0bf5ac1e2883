/** What tells a build's rounding from outside. */
import { madd } from './simd';

/** x·x + c, as the kernels compute it. */
export function multiplyAdd(x: f32, c: f32): f32 {
  const factor = f32x4.splat(x);
  return f32x4.extract_lane(madd(factor, factor, f32x4.splat(c)), 0);
}
