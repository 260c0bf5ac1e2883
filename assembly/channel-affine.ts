/** Kernels for a factor and a shift per channel of N×C×area, and the gradient by the factors. */
import { LANES, floats, loadTail, madd, storeTail, sumLanes } from './simd';

/** y[n, c, :] = x[n, c, :]·weight[c] + bias[c]; a bias of 0 (no address) adds nothing. y may be x. */
export function channelAffine(
  N: i32,
  C: i32,
  area: i32,
  x: usize,
  weight: usize,
  bias: usize,
  y: usize,
): void {
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) {
      const factor = v128.load_splat<f32>(weight + floats(c));
      const shift = bias ? v128.load_splat<f32>(bias + floats(c)) : f32x4.splat(0);
      const plane = floats((n * C + c) * area);
      const from = x + plane;
      const to = y + plane;
      let i = 0;
      for (; i <= area - LANES; i += LANES) {
        const at = floats(i);
        v128.store(to + at, madd(v128.load(from + at), factor, shift));
      }
      const rest = area - i;
      if (rest) {
        const at = floats(i);
        storeTail(to + at, madd(loadTail(from + at, rest), factor, shift), rest);
      }
    }
  }
}

/** dw[c] = Σ_{n,i} x[n, c, i]·dy[n, c, i]: plane by plane in order of n, each in two chains of vectors and a tail. */
export function channelProducts(N: i32, C: i32, area: i32, x: usize, dy: usize, dw: usize): void {
  memory.fill(dw, 0, floats(C));
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) {
      const plane = floats((n * C + c) * area);
      const values = x + plane;
      const slopes = dy + plane;
      let p = f32x4.splat(0);
      let q = p;
      let i = 0;
      for (; i <= area - 2 * LANES; i += 2 * LANES) {
        const at = floats(i);
        p = madd(v128.load(values + at), v128.load(slopes + at), p);
        q = madd(v128.load(values + at, 16), v128.load(slopes + at, 16), q);
      }
      for (; i <= area - LANES; i += LANES) {
        const at = floats(i);
        p = madd(v128.load(values + at), v128.load(slopes + at), p);
      }
      let sum = sumLanes(f32x4.add(p, q));
      for (; i < area; i++) sum += load<f32>(values + floats(i)) * load<f32>(slopes + floats(i));
      const to = dw + floats(c);
      store<f32>(to, load<f32>(to) + sum);
    }
  }
}
