/**
 * The masking of sequence steps, N×T×F, by `lengths`, N whole numbers. Later steps are padding, which is not read. The
 * kernels are linear in x, and each is its own gradient.
 */
import { LANES, floats } from './simd';
import { loadSome, storeSome } from './recurrent';

// Codes shared with src/ops/steps.ts.
const LAST: i32 = 1;
const SHARE: i32 = 2;

/** y[n, t] = x[n, t] for t < lengths[n], or, if mode is LAST, for t = lengths[n] − 1 alone; divided by lengths[n] if SHARE; else 0. */
export function keepSteps(
  N: i32,
  T: i32,
  F: i32,
  mode: i32,
  lengths: usize,
  x: usize,
  y: usize,
): void {
  for (let n = 0; n < N; n++) {
    const length = <i32>min<u32>(load<u32>(lengths + floats(n)), T);
    const first = mode == LAST ? max(length - 1, 0) : 0;
    const count = (length - first) * F;
    const from = x + floats(first * F);
    const to = y + floats(first * F);
    memory.fill(y, 0, floats(first * F));
    if (mode == SHARE) {
      const divisor = f32x4.splat(<f32>max(length, 1));
      for (let i = 0; i < count; i += LANES) {
        const some = min(LANES, count - i);
        storeSome(to + floats(i), f32x4.div(loadSome(from + floats(i), some), divisor), some);
      }
    } else memory.copy(to, from, floats(count));
    memory.fill(to + floats(count), 0, floats((T - length) * F));
    x += floats(T * F);
    y += floats(T * F);
  }
}
