/** The properties of a build: how it rounds, and where its constants end. */
import { madd } from './simd';

/** x·x + c, as the kernels compute it. */
export function multiplyAdd(x: f32, c: f32): f32 {
  const factor = f32x4.splat(x);
  return f32x4.extract_lane(madd(factor, factor, f32x4.splat(c)), 0);
}

/** First byte after the module's own constants. */
export function heapBase(): usize {
  return __heap_base;
}
