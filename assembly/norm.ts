/**
 * Batch normalisation (Ioffe & Szegedy 2015) of N×C×area, forward and gradient. Each channel is normalised by its own
 * mean and variance over m = N·area values. A sum runs plane by plane, each plane in four (two) chains of vectors and
 * its tail, and planes are added in order of n: the bits follow from the shape alone.
 */
import { NONE, RELU, activation } from './activation';
import { LANES, floats, loadTail, madd, storeTail, sumLanes } from './simd';

/** Σ x[i] of a plane. */
@inline
export function sumPlane(x: usize, area: i32): f32 {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let i = 0;
  for (; i <= area - 4 * LANES; i += 4 * LANES) {
    const at = x + floats(i);
    a = f32x4.add(a, v128.load(at));
    b = f32x4.add(b, v128.load(at, 16));
    c = f32x4.add(c, v128.load(at, 32));
    d = f32x4.add(d, v128.load(at, 48));
  }
  for (; i <= area - LANES; i += LANES) a = f32x4.add(a, v128.load(x + floats(i)));
  let sum = sumLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  for (; i < area; i++) sum += load<f32>(x + floats(i));
  return sum;
}

/** Σ (x[i] − mean)² of a plane. */
@inline
function sumSquares(x: usize, area: i32, mean: f32): f32 {
  const centre = f32x4.splat(mean);
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let i = 0;
  for (; i <= area - 4 * LANES; i += 4 * LANES) {
    const at = x + floats(i);
    const p = f32x4.sub(v128.load(at), centre);
    a = madd(p, p, a);
    const q = f32x4.sub(v128.load(at, 16), centre);
    b = madd(q, q, b);
    const r = f32x4.sub(v128.load(at, 32), centre);
    c = madd(r, r, c);
    const s = f32x4.sub(v128.load(at, 48), centre);
    d = madd(s, s, d);
  }
  for (; i <= area - LANES; i += LANES) {
    const p = f32x4.sub(v128.load(x + floats(i)), centre);
    a = madd(p, p, a);
  }
  let sum = sumLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  for (; i < area; i++) {
    const p = load<f32>(x + floats(i)) - mean;
    sum += p * p;
  }
  return sum;
}

/**
 * moments[0, c] = mean of x[:, c, :], moments[1, c] = its biased variance, Σ (x − mean)²/m: two passes, since
 * the difference of Σx² and m·mean² would lose digits to a large mean.
 */
export function channelMoments(N: i32, C: i32, area: i32, x: usize, moments: usize): void {
  const m = <f32>(N * area);
  const planes = floats(C * area);
  for (let c = 0; c < C; c++) {
    const first = x + floats(c * area);
    let sum: f32 = 0;
    for (let n = 0; n < N; n++) sum += sumPlane(first + <usize>n * planes, area);
    const mean = sum / m;
    let squares: f32 = 0;
    for (let n = 0; n < N; n++) squares += sumSquares(first + <usize>n * planes, area, mean);
    store<f32>(moments + floats(c), mean);
    store<f32>(moments + floats(C + c), squares / m);
  }
}

@inline
function normalised(code: i32, x: v128, mean: v128, scale: v128, shift: v128): v128 {
  const y = madd(f32x4.sub(x, mean), scale, shift);
  return code == RELU ? f32x4.pmax(y, f32x4.splat(0)) : y;
}

/** y[i] = f((x[i] − mean)·scale + shift) of a plane, f nothing or relu. */
@inline
function normalisePlane(
  code: i32,
  x: usize,
  y: usize,
  area: i32,
  mean: v128,
  scale: v128,
  shift: v128,
): void {
  let i = 0;
  for (; i <= area - LANES; i += LANES) {
    const at = floats(i);
    v128.store(y + at, normalised(code, v128.load(x + at), mean, scale, shift));
  }
  const rest = area - i;
  if (rest) {
    const at = floats(i);
    storeTail(y + at, normalised(code, loadTail(x + at, rest), mean, scale, shift), rest);
  }
}

/**
 * y = f((x − mean[c])·weight[c]/√(variance[c] + epsilon) + bias[c]), f the activation of `code`; mean and
 * variance are the shard's in training, the running ones in evaluation. y may be x.
 */
export function batchNorm(
  N: i32,
  C: i32,
  area: i32,
  x: usize,
  mean: usize,
  variance: usize,
  weight: usize,
  bias: usize,
  epsilon: f32,
  y: usize,
  code: i32,
): void {
  // In the order of memory, because the prefetcher cannot get ahead on planes that are far apart.
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) {
      const at = floats(c);
      const scale = load<f32>(weight + at) / sqrt<f32>(load<f32>(variance + at) + epsilon);
      const centre = v128.load_splat<f32>(mean + at);
      const factor = f32x4.splat(scale);
      const shift = v128.load_splat<f32>(bias + at);
      const plane = floats((n * C + c) * area);
      const from = x + plane;
      const to = y + plane;
      if (code == RELU) {
        normalisePlane(RELU, from, to, area, centre, factor, shift);
      } else {
        normalisePlane(NONE, from, to, area, centre, factor, shift);
        // The plane is still in L1.
        if (code != NONE) activation(code, to, to, area);
      }
    }
  }
}

/** Lane 0: Σ dy, lane 1: Σ (x − mean)·dy of `area` contiguous values. */
@inline
export function slopeSums(values: usize, slopes: usize, area: i32, mean: f32): v128 {
  const centre = f32x4.splat(mean);
  let s = f32x4.splat(0);
  let t = s;
  let p = s;
  let q = s;
  let i = 0;
  for (; i <= area - 2 * LANES; i += 2 * LANES) {
    const at = floats(i);
    const g = v128.load(slopes + at);
    s = f32x4.add(s, g);
    p = madd(f32x4.sub(v128.load(values + at), centre), g, p);
    const h = v128.load(slopes + at, 16);
    t = f32x4.add(t, h);
    q = madd(f32x4.sub(v128.load(values + at, 16), centre), h, q);
  }
  for (; i <= area - LANES; i += LANES) {
    const at = floats(i);
    const g = v128.load(slopes + at);
    s = f32x4.add(s, g);
    p = madd(f32x4.sub(v128.load(values + at), centre), g, p);
  }
  let sum = sumLanes(f32x4.add(s, t));
  let products = sumLanes(f32x4.add(p, q));
  for (; i < area; i++) {
    const g = load<f32>(slopes + floats(i));
    sum += g;
    products += g * (load<f32>(values + floats(i)) - mean);
  }
  return f32x4.replace_lane(f32x4.splat(sum), 1, products);
}

/** sums[0, c] = Σ dy[:, c, :], sums[1, c] = Σ dy·x̂, x̂ = (x − mean)/√(variance + epsilon): dbias and dweight. */
export function batchNormSums(
  N: i32,
  C: i32,
  area: i32,
  x: usize,
  moments: usize,
  dy: usize,
  epsilon: f32,
  sums: usize,
): void {
  memory.fill(sums, 0, floats(2 * C));
  // In the order of memory, see batchNorm; each channel's planes are still added in order of n.
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) {
      const mean = load<f32>(moments + floats(c));
      const plane = floats((n * C + c) * area);
      const values = x + plane;
      const slopes = dy + plane;
      const both = slopeSums(values, slopes, area, mean);
      const to = sums + floats(c);
      store<f32>(to, load<f32>(to) + f32x4.extract_lane(both, 0));
      store<f32>(to + floats(C), load<f32>(to + floats(C)) + f32x4.extract_lane(both, 1));
    }
  }
  for (let c = 0; c < C; c++) {
    const deviation = sqrt<f32>(load<f32>(moments + floats(C + c)) + epsilon);
    const to = sums + floats(C + c);
    store<f32>(to, load<f32>(to) / deviation);
  }
}

/** dx = weight/√(variance + epsilon) · (dy − sums[0]/m − x̂·sums[1]/m), a channel at a time; dx may be dy or x. */
export function batchNormGradient(
  N: i32,
  C: i32,
  area: i32,
  x: usize,
  moments: usize,
  weight: usize,
  sums: usize,
  dy: usize,
  epsilon: f32,
  dx: usize,
): void {
  const m = <f32>(N * area);
  for (let c = 0; c < C; c++) {
    const deviation = sqrt<f32>(load<f32>(moments + floats(C + c)) + epsilon);
    const scale = load<f32>(weight + floats(c)) / deviation;
    const mean = v128.load_splat<f32>(moments + floats(c));
    // dx = scale·dy + slope·(x − mean) + shift
    const factor = f32x4.splat(scale);
    const slope = f32x4.splat((-scale * load<f32>(sums + floats(C + c))) / (m * deviation));
    const shift = f32x4.splat((-scale * load<f32>(sums + floats(c))) / m);
    for (let n = 0; n < N; n++) {
      const plane = floats((n * C + c) * area);
      const values = x + plane;
      const slopes = dy + plane;
      const to = dx + plane;
      let i = 0;
      for (; i <= area - LANES; i += LANES) {
        const at = floats(i);
        const inner = madd(f32x4.sub(v128.load(values + at), mean), slope, shift);
        v128.store(to + at, madd(v128.load(slopes + at), factor, inner));
      }
      const rest = area - i;
      if (rest) {
        const at = floats(i);
        const inner = madd(f32x4.sub(loadTail(values + at, rest), mean), slope, shift);
        storeTail(to + at, madd(loadTail(slopes + at, rest), factor, inner), rest);
      }
    }
  }
}

/** r ← r + momentum·(g − r): running statistics move towards a minibatch's. The count is a multiple of 4. */
export function moveTowards(r: usize, g: usize, count: i32, momentum: f32): void {
  const share = f32x4.splat(momentum);
  for (let i = 0; i < count; i += LANES) {
    const at = floats(i);
    const old = v128.load(r + at);
    v128.store(r + at, madd(share, f32x4.sub(v128.load(g + at), old), old));
  }
}
