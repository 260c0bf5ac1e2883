/** The machine's peak rate: multiply-adds on registers alone, enough of them at once to hide their latency. */
import { madd, sumLanes } from './simd';

/** Loaded, since V8 rebuilds a constant at each use. */
const FACTORS: usize = memory.data<f32>([0.999999, 1e-6]);

/** Multiply-adds of vectors in one round of `ceiling`. */
export const CEILING_MADDS: i32 = 10;

/** `rounds` rounds of ten independent vector multiply-adds; the result keeps them from being optimised away. */
export function ceiling(rounds: i32): f32 {
  const x = v128.load_splat<f32>(FACTORS);
  const y = v128.load_splat<f32>(FACTORS, 4);
  // All different, else the optimizer merges equal chains.
  let s0 = f32x4.splat(0.1);
  let s1 = f32x4.splat(0.2);
  let s2 = f32x4.splat(0.3);
  let s3 = f32x4.splat(0.4);
  let s4 = f32x4.splat(0.5);
  let s5 = f32x4.splat(0.6);
  let s6 = f32x4.splat(0.7);
  let s7 = f32x4.splat(0.8);
  let s8 = f32x4.splat(0.9);
  let s9 = f32x4.splat(1.5);
  do {
    s0 = madd(x, y, s0);
    s1 = madd(x, y, s1);
    s2 = madd(x, y, s2);
    s3 = madd(x, y, s3);
    s4 = madd(x, y, s4);
    s5 = madd(x, y, s5);
    s6 = madd(x, y, s6);
    s7 = madd(x, y, s7);
    s8 = madd(x, y, s8);
    s9 = madd(x, y, s9);
  } while (--rounds);
  const low = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  const high = f32x4.add(f32x4.add(s4, s5), f32x4.add(s6, s7));
  return sumLanes(f32x4.add(f32x4.add(low, high), f32x4.add(s8, s9)));
}
