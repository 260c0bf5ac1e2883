/** Sums over axes, sums of arrays, and simple fills, each in one fixed order. */
import { RELU, activation } from './activation';
import { LANES, floats, loadTail, storeTail, sumLanes } from './simd';

/** y[i] = value. */
export function fill(y: usize, count: i32, value: f32): void {
  const v = f32x4.splat(value);
  let i = 0;
  for (; i <= count - LANES; i += LANES) v128.store(y + floats(i), v);
  for (; i < count; i++) store<f32>(y + floats(i), value);
}

/** y[i] = weight · s[0]: a scalar spread over count elements. */
export function spread(s: usize, y: usize, count: i32, weight: f32): void {
  fill(y, count, weight * load<f32>(s));
}

/** y = a + b; y may be a or b. */
export function add(a: usize, b: usize, y: usize, count: i32): void {
  let i = 0;
  for (; i <= count - LANES; i += LANES) {
    const at = floats(i);
    v128.store(y + at, f32x4.add(v128.load(a + at), v128.load(b + at)));
  }
  for (; i < count; i++) {
    const at = floats(i);
    store<f32>(y + at, load<f32>(a + at) + load<f32>(b + at));
  }
}

/** y = f(a + b), f the activation of `code`; y may be a or b. */
export function addActivation(a: usize, b: usize, y: usize, count: i32, code: i32): void {
  if (code != RELU) {
    add(a, b, y, count);
    activation(code, y, y, count);
    return;
  }
  let i = 0;
  for (; i <= count - LANES; i += LANES) {
    const at = floats(i);
    const sum = f32x4.add(v128.load(a + at), v128.load(b + at));
    v128.store(y + at, f32x4.pmax(sum, f32x4.splat(0)));
  }
  const rest = count - i;
  if (rest) {
    const at = floats(i);
    const sum = f32x4.add(loadTail(a + at, rest), loadTail(b + at, rest));
    storeTail(y + at, f32x4.pmax(sum, f32x4.splat(0)), rest);
  }
}

/** y[i] = weight · x[i]; y may be x. */
export function scale(x: usize, y: usize, count: i32, weight: f32): void {
  const factor = f32x4.splat(weight);
  let i = 0;
  for (; i <= count - LANES; i += LANES) {
    v128.store(y + floats(i), f32x4.mul(v128.load(x + floats(i)), factor));
  }
  for (; i < count; i++) store<f32>(y + floats(i), load<f32>(x + floats(i)) * weight);
}

/**
 * y[j] = Σᵢ x[i, j] over rows; x: rows×columns. The gradient of a bias of a matrix product. Row by row, as memory is
 * read: column by column, rows of 2 KB and more fell into few sets of the cache (7 times as slow).
 */
export function sumRows(rows: i32, columns: i32, x: usize, y: usize): void {
  memory.fill(y, 0, floats(columns));
  for (let i = 0; i < rows; i++) {
    add(y, x, y, columns);
    x += floats(columns);
  }
}

/**
 * y[c] = Σ_{n,p} x[n, c, p]; x: N×C×area. The gradient of a bias of a convolution. Four sums run side by
 * side, as one alone would wait for each addition (2.4 times as fast on 32×32 images).
 */
export function sumChannels(N: i32, C: i32, area: i32, x: usize, y: usize): void {
  for (let c = 0; c < C; c++) {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let tail: f32 = 0;
    for (let n = 0; n < N; n++) {
      const row = x + floats((n * C + c) * area);
      let i = 0;
      for (; i <= area - 4 * LANES; i += 4 * LANES) {
        const at = row + floats(i);
        s0 = f32x4.add(s0, v128.load(at));
        s1 = f32x4.add(s1, v128.load(at, 16));
        s2 = f32x4.add(s2, v128.load(at, 32));
        s3 = f32x4.add(s3, v128.load(at, 48));
      }
      for (; i <= area - LANES; i += LANES) s0 = f32x4.add(s0, v128.load(row + floats(i)));
      for (; i < area; i++) tail += load<f32>(row + floats(i));
    }
    const lanes = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
    store<f32>(y + floats(c), sumLanes(lanes) + tail);
  }
}

/** y[0] = weight · Σ x[i], summed from first to last. */
export function weightedSum(x: usize, y: usize, count: i32, weight: f32): void {
  let sum: f32 = 0;
  for (let i = 0; i < count; i++) sum += load<f32>(x + floats(i));
  store<f32>(y, weight * sum);
}
