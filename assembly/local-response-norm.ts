/**
 * Local response normalisation across channels (Krizhevsky et al. 2012, §3.3) of N×C×area.
 *   y[c] = x[c]·d[c]^−β,  d[c] = k + α/size·Σ x[j]²,  j from c − ⌊size/2⌋ to c + ⌊(size − 1)/2⌋ within 0 … C − 1.
 * Each sum runs over the channels in order, so no bit depends on the place in a plane.
 */
import { expOf, logOf } from './math';
import { LANES, floats, loadTail, madd, storeTail } from './simd';

/** A whole vector, or the `count` floats of a tail. */
@inline
function loadSome(p: usize, count: i32): v128 {
  return count >= LANES ? v128.load(p) : loadTail(p, count);
}

@inline
function storeSome(p: usize, v: v128, count: i32): void {
  if (count >= LANES) v128.store(p, v);
  else storeTail(p, v, count);
}

/** d^−β: by square roots where β is ¾ or ½, by division where it is 1, else by exp and log. */
@inline
function inversePower(d: v128, beta: f32): v128 {
  if (beta == 0.75) {
    const root = f32x4.sqrt(d);
    return f32x4.div(f32x4.splat(1), f32x4.mul(root, f32x4.sqrt(root)));
  }
  if (beta == 0.5) return f32x4.div(f32x4.splat(1), f32x4.sqrt(d));
  if (beta == 1) return f32x4.div(f32x4.splat(1), d);
  return expOf(f32x4.mul(f32x4.splat(-beta), logOf(d)));
}

/** d at `count` places of a plane, `from` the first channel's place of the window and `channels` their number. */
@inline
function denominator(
  from: usize,
  channels: i32,
  area: i32,
  count: i32,
  k: v128,
  share: v128,
): v128 {
  let squares = f32x4.splat(0);
  for (let j = 0; j < channels; j++) {
    const v = loadSome(from + floats(j * area), count);
    squares = madd(v, v, squares);
  }
  return madd(squares, share, k);
}

/** y = x·d^−β, see above. */
export function localResponseNorm(
  N: i32,
  C: i32,
  area: i32,
  size: i32,
  alpha: f32,
  beta: f32,
  k: f32,
  x: usize,
  y: usize,
): void {
  const share = f32x4.splat(alpha / <f32>size);
  const offset = f32x4.splat(k);
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) {
      const low = max(c - size / 2, 0);
      const channels = min(c + (size - 1) / 2, C - 1) - low + 1;
      for (let i = 0; i < area; i += LANES) {
        const count = area - i;
        const d = denominator(x + floats(low * area + i), channels, area, count, offset, share);
        const at = floats(c * area + i);
        storeSome(y + at, f32x4.mul(loadSome(x + at, count), inversePower(d, beta)), count);
      }
    }
    x += floats(C * area);
    y += floats(C * area);
  }
}

/**
 * dx[c] = dy[c]·d[c]^−β − 2αβ/size·x[c]·Σ t[j] with t = dy·x·d^(−β−1), over the j whose windows contain c. The
 * workspace holds t of one sample, C·area floats.
 */
export function localResponseNormGradient(
  N: i32,
  C: i32,
  area: i32,
  size: i32,
  alpha: f32,
  beta: f32,
  k: f32,
  x: usize,
  dy: usize,
  dx: usize,
  workspace: usize,
): void {
  const share = f32x4.splat(alpha / <f32>size);
  const offset = f32x4.splat(k);
  const factor = f32x4.splat((-2 * alpha * beta) / <f32>size);
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) {
      const low = max(c - size / 2, 0);
      const channels = min(c + (size - 1) / 2, C - 1) - low + 1;
      for (let i = 0; i < area; i += LANES) {
        const count = area - i;
        const d = denominator(x + floats(low * area + i), channels, area, count, offset, share);
        const at = floats(c * area + i);
        const direct = f32x4.mul(loadSome(dy + at, count), inversePower(d, beta));
        const t = f32x4.div(f32x4.mul(direct, loadSome(x + at, count)), d);
        storeSome(dx + at, direct, count);
        storeSome(workspace + at, t, count);
      }
    }
    for (let c = 0; c < C; c++) {
      // The windows that contain c: those of the window around c, mirrored.
      const low = max(c - (size - 1) / 2, 0);
      const high = min(c + size / 2, C - 1);
      for (let i = 0; i < area; i += LANES) {
        const count = area - i;
        let sum = f32x4.splat(0);
        for (let j = low; j <= high; j++) {
          sum = f32x4.add(sum, loadSome(workspace + floats(j * area + i), count));
        }
        const at = floats(c * area + i);
        const slope = f32x4.mul(loadSome(x + at, count), factor);
        storeSome(dx + at, madd(slope, sum, loadSome(dx + at, count)), count);
      }
    }
    x += floats(C * area);
    dy += floats(C * area);
    dx += floats(C * area);
  }
}
