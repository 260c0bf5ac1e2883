/**
 * Group normalisation (Wu & He 2018) of N×C×area, forward and gradient. Each sample's `groups` runs of C/groups
 * channels are normalised by their own mean and variance over m = C/groups·area values, then scaled and shifted per
 * channel. The moments are two rows of N·groups, means and biased variances, from channelMoments, which treats the
 * groups as channels of one sample. A weight or bias of 0 (no address) means ones or zeros.
 */
import { slopeSums } from './norm';
import { LANES, floats, loadTail, madd, storeTail } from './simd';

/** y = (x − mean)·weight[c]/√(variance + epsilon) + bias[c]. y may be x. */
export function groupNorm(
  N: i32,
  C: i32,
  area: i32,
  groups: i32,
  x: usize,
  moments: usize,
  weight: usize,
  bias: usize,
  epsilon: f32,
  y: usize,
): void {
  const own = C / groups;
  for (let plane = 0; plane < N * C; plane++) {
    const c = plane % C;
    const group = moments + floats(plane / own);
    const mean = v128.load_splat<f32>(group);
    const deviation = sqrt<f32>(load<f32>(group + floats(N * groups)) + epsilon);
    const factor: f32 = weight ? load<f32>(weight + floats(c)) : 1;
    const scale = f32x4.splat(factor / deviation);
    const shift = bias ? v128.load_splat<f32>(bias + floats(c)) : f32x4.splat(0);
    const from = x + floats(plane * area);
    const to = y + floats(plane * area);
    let i = 0;
    for (; i <= area - LANES; i += LANES) {
      const at = floats(i);
      v128.store(to + at, madd(f32x4.sub(v128.load(from + at), mean), scale, shift));
    }
    const rest = area - i;
    if (rest) {
      const at = floats(i);
      storeTail(to + at, madd(f32x4.sub(loadTail(from + at, rest), mean), scale, shift), rest);
    }
  }
}

/** sums[0, n, c] = Σ dy[n, c, :], sums[1, n, c] = Σ dy·x̂, x̂ = (x − mean)/√(variance + epsilon). */
export function groupNormSums(
  N: i32,
  C: i32,
  area: i32,
  groups: i32,
  x: usize,
  moments: usize,
  dy: usize,
  epsilon: f32,
  sums: usize,
): void {
  const own = C / groups;
  for (let plane = 0; plane < N * C; plane++) {
    const group = moments + floats(plane / own);
    const mean = load<f32>(group);
    const values = x + floats(plane * area);
    const slopes = dy + floats(plane * area);
    const both = slopeSums(values, slopes, area, mean);
    const deviation = sqrt<f32>(load<f32>(group + floats(N * groups)) + epsilon);
    store<f32>(sums + floats(plane), f32x4.extract_lane(both, 0));
    const products = f32x4.extract_lane(both, 1);
    store<f32>(sums + floats(N * C + plane), products / deviation);
  }
}

/**
 * dx = (g − Σg/m − x̂·Σ(g·x̂)/m)/√(variance + epsilon) by group, with g = dy·weight[c]; the sums of g follow from
 * those of dy. dx may be dy or x.
 */
export function groupNormGradient(
  N: i32,
  C: i32,
  area: i32,
  groups: i32,
  x: usize,
  moments: usize,
  weight: usize,
  sums: usize,
  dy: usize,
  epsilon: f32,
  dx: usize,
): void {
  const own = C / groups;
  const m = <f32>(own * area);
  for (let group = 0; group < N * groups; group++) {
    const channel = (group % groups) * own;
    let sum: f32 = 0;
    let products: f32 = 0;
    for (let c = 0; c < own; c++) {
      const factor: f32 = weight ? load<f32>(weight + floats(channel + c)) : 1;
      const plane = sums + floats(group * own + c);
      sum += factor * load<f32>(plane);
      products += factor * load<f32>(plane + floats(N * C));
    }
    const deviation = sqrt<f32>(load<f32>(moments + floats(N * groups + group)) + epsilon);
    const mean = v128.load_splat<f32>(moments + floats(group));
    // dx = scale·dy + slope·(x − mean) + shift
    const slope = f32x4.splat(-products / (m * deviation * deviation));
    const shift = f32x4.splat(-sum / (m * deviation));
    for (let c = 0; c < own; c++) {
      const factor: f32 = weight ? load<f32>(weight + floats(channel + c)) : 1;
      const scale = f32x4.splat(factor / deviation);
      const plane = floats((group * own + c) * area);
      const values = x + plane;
      const slopes = dy + plane;
      const to = dx + plane;
      let i = 0;
      for (; i <= area - LANES; i += LANES) {
        const at = floats(i);
        const inner = madd(f32x4.sub(v128.load(values + at), mean), slope, shift);
        v128.store(to + at, madd(v128.load(slopes + at), scale, inner));
      }
      const rest = area - i;
      if (rest) {
        const at = floats(i);
        const inner = madd(f32x4.sub(loadTail(values + at, rest), mean), slope, shift);
        storeTail(to + at, madd(loadTail(slopes + at, rest), scale, inner), rest);
      }
    }
  }
}
