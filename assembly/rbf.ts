/**
 * Radial basis functions, the output layer of LeNet-5 (LeCun et al. 1998, eq. 7): squared distances to centres.
 * Letters: n samples of F features, C centres; x n×F, w C×F.
 */
import { LANES, floats, loadTail, madd, storeTail, sumLanes } from './simd';

/** y[i, c] = Σ_f (x[i, f] − w[c, f])². */
export function rbf(n: i32, C: i32, F: i32, x: usize, w: usize, y: usize): void {
  for (let i = 0; i < n; i++) {
    let centre = w;
    for (let c = 0; c < C; c++) {
      let sums = f32x4.splat(0);
      let f = 0;
      for (; f <= F - LANES; f += LANES) {
        const d = f32x4.sub(v128.load(x + floats(f)), v128.load(centre + floats(f)));
        sums = madd(d, d, sums);
      }
      const rest = F - f;
      if (rest) {
        const d = f32x4.sub(loadTail(x + floats(f), rest), loadTail(centre + floats(f), rest));
        sums = madd(d, d, sums);
      }
      store<f32>(y, sumLanes(sums));
      y += 4;
      centre += floats(F);
    }
    x += floats(F);
  }
}

/** dx[i, f] = 2·Σ_c dy[i, c]·(x[i, f] − w[c, f]). */
export function rbfInputGradient(
  n: i32,
  C: i32,
  F: i32,
  x: usize,
  w: usize,
  dy: usize,
  dx: usize,
): void {
  for (let i = 0; i < n; i++) {
    for (let f = 0; f < F; f += LANES) {
      const width = min(LANES, F - f);
      const own = lanes(x + floats(f), width);
      let sums = f32x4.splat(0);
      let centre = w + floats(f);
      for (let c = 0; c < C; c++) {
        const d = v128.load_splat<f32>(dy + floats(c));
        sums = madd(d, f32x4.sub(own, lanes(centre, width)), sums);
        centre += floats(F);
      }
      put(dx + floats(f), f32x4.add(sums, sums), width);
    }
    x += floats(F);
    dy += floats(C);
    dx += floats(F);
  }
}

/** dw[c, f] = 2·Σ_i dy[i, c]·(w[c, f] − x[i, f]). */
export function rbfCentresGradient(
  n: i32,
  C: i32,
  F: i32,
  x: usize,
  w: usize,
  dy: usize,
  dw: usize,
): void {
  for (let c = 0; c < C; c++) {
    for (let f = 0; f < F; f += LANES) {
      const width = min(LANES, F - f);
      const own = lanes(w + floats(f), width);
      let sums = f32x4.splat(0);
      let sample = x + floats(f);
      let slope = dy + floats(c);
      for (let i = 0; i < n; i++) {
        const d = v128.load_splat<f32>(slope);
        sums = madd(d, f32x4.sub(own, lanes(sample, width)), sums);
        sample += floats(F);
        slope += floats(C);
      }
      put(dw + floats(f), f32x4.add(sums, sums), width);
    }
    w += floats(F);
    dw += floats(F);
  }
}

/** The first `width` (1–4) floats at `p`. */
@inline
function lanes(p: usize, width: i32): v128 {
  return width == LANES ? v128.load(p) : loadTail(p, width);
}

/** Stores the first `width` (1–4) lanes at `p`. */
@inline
function put(p: usize, v: v128, width: i32): void {
  if (width == LANES) v128.store(p, v);
  else storeTail(p, v, width);
}
