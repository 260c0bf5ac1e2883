/** The tile for the odd row that the 2×16 tile leaves over. `first` stores, else adds to c. */
import { madd } from './simd';

/** c[1×16] (+)= one value every `step` bytes of a, times the panels at b and d. */
export function tile1x16(
  a: usize,
  step: usize,
  b: usize,
  d: usize,
  c: usize,
  k: i32,
  first: bool,
): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  if (!first) {
    s0 = v128.load(c);
    s1 = v128.load(c, 16);
    s2 = v128.load(c, 32);
    s3 = v128.load(c, 48);
  }
  do {
    const x = v128.load_splat<f32>(a);
    s0 = madd(x, v128.load(b), s0);
    s1 = madd(x, v128.load(b, 16), s1);
    s2 = madd(x, v128.load(d), s2);
    s3 = madd(x, v128.load(d, 16), s3);
    a += step;
    b += 32;
    d += 32;
  } while (--k);
  v128.store(c, s0);
  v128.store(c, s1, 16);
  v128.store(c, s2, 32);
  v128.store(c, s3, 48);
}
