/**
 * Losses of a distribution over classes, and of margins between classes, with their gradients by the output. Letters: n
 * samples, C classes; outputs x n×C; labels int32. The loss of a label that is not a class is NaN.
 */
import { exponentials, labelAt, logOfOne, maximum, softmax, valueAt } from './loss';
import { expOf, logOf } from './math';
import { loadSome } from './recurrent';
import { LANES, floats, sumLanes } from './simd';

/** eˣ of one number. */
@inline
function expOfOne(x: f32): f32 {
  return f32x4.extract_lane(expOf(f32x4.splat(x)), 0);
}

/** q·(rest + (top − x) + log q if relative), 0 where q = 0; top + rest is log Σ eˣ. */
@inline
function divergence(q: v128, x: v128, top: v128, rest: v128, relative: i32): v128 {
  let cost = f32x4.add(rest, f32x4.sub(top, x));
  if (relative) cost = f32x4.add(cost, logOf(q));
  return v128.andnot(f32x4.mul(q, cost), f32x4.eq(q, f32x4.splat(0)));
}

/**
 * loss[i] = Σ_c q[i, c]·(−log softmax(x[i])[c]), the cross-entropy; relative: Σ_c q·(log q − log softmax),
 * the divergence of Kullback and Leibler. workspace: C floats.
 */
export function distributionLosses(
  n: i32,
  C: i32,
  x: usize,
  q: usize,
  relative: i32,
  loss: usize,
  workspace: usize,
): void {
  for (let i = 0; i < n; i++) {
    const most = maximum(x, C);
    const others = f32x4.splat(logOfOne(exponentials(x, workspace, C, most)));
    const top = f32x4.splat(most);
    let sums = f32x4.splat(0);
    for (let c = 0; c < C; c += LANES) {
      const at = floats(c);
      const count = min(LANES, C - c);
      const own = loadSome(q + at, count);
      sums = f32x4.add(sums, divergence(own, loadSome(x + at, count), top, others, relative));
    }
    store<f32>(loss + floats(i), sumLanes(sums));
    x += floats(C);
    q += floats(C);
  }
}

/** dx[i, c] = dloss[i] · (softmax(x[i])[c]·Σ_d q[i, d] − q[i, c]). */
export function distributionLossesGradient(
  n: i32,
  C: i32,
  x: usize,
  q: usize,
  dloss: usize,
  dx: usize,
): void {
  softmax(n, C, x, dx);
  for (let i = 0; i < n; i++) {
    let total: f32 = 0;
    for (let c = 0; c < C; c++) total += load<f32>(q + floats(c));
    const d = load<f32>(dloss + floats(i));
    for (let c = 0; c < C; c++) {
      const at = floats(c);
      store<f32>(dx + at, d * (load<f32>(dx + at) * total - load<f32>(q + at)));
    }
    q += floats(C);
    dx += floats(C);
  }
}

/** loss[i] = 1/C · Σ_{c ≠ label} max(0, margin − x[i, label] + x[i, c])^power; power: 1 or 2. */
export function marginLosses(
  n: i32,
  C: i32,
  x: usize,
  labels: usize,
  margin: f32,
  power: i32,
  loss: usize,
): void {
  for (let i = 0; i < n; i++) {
    const label = labelAt(labels, i, C);
    const least = margin - valueAt(x, label);
    let sum: f32 = 0;
    for (let c = 0; c < C; c++) {
      if (c == label) continue;
      const short = max<f32>(0, least + load<f32>(x + floats(c)));
      sum += power == 1 ? short : short * short;
    }
    store<f32>(loss + floats(i), sum / <f32>C);
    x += floats(C);
  }
}

/** dx[i, c] = dloss[i]/C · (1 or 2·shortfall) where c falls short of the margin; at the label minus their sum. */
export function marginLossesGradient(
  n: i32,
  C: i32,
  x: usize,
  labels: usize,
  margin: f32,
  power: i32,
  dloss: usize,
  dx: usize,
): void {
  for (let i = 0; i < n; i++) {
    const label = labelAt(labels, i, C);
    const least = margin - valueAt(x, label);
    const d = load<f32>(dloss + floats(i)) / <f32>C;
    let sum: f32 = 0;
    for (let c = 0; c < C; c++) {
      const short = max<f32>(0, least + load<f32>(x + floats(c)));
      let slope: f32 = 0;
      if (c != label && short != 0) slope = power == 1 ? d : 2 * short * d;
      sum += slope;
      store<f32>(dx + floats(c), slope);
    }
    if (label >= 0) store<f32>(dx + floats(label), -sum);
    x += floats(C);
    dx += floats(C);
  }
}

/** The share e^−j of no class, and the shares e^−x[c] in `shares`, all times e^least; returns their sum. */
@inline
function rejectionShares(C: i32, x: usize, j: f32, least: f32, shares: usize): f32 {
  let sum = expOfOne(least - j);
  for (let c = 0; c < C; c++) {
    const share = expOfOne(least - load<f32>(x + floats(c)));
    store<f32>(shares + floats(c), share);
    sum += share;
  }
  return sum;
}

/** The smallest of j and the penalties, so that no share overflows. */
function leastPenalty(C: i32, x: usize, j: f32): f32 {
  let least = j;
  for (let c = 0; c < C; c++) least = min(least, load<f32>(x + floats(c)));
  return least;
}

/** loss[i] = x[i, label] + log(e^−j + Σ_c e^−x[i, c]); x are penalties. workspace: C floats. */
export function mapLosses(
  n: i32,
  C: i32,
  x: usize,
  labels: usize,
  j: f32,
  loss: usize,
  workspace: usize,
): void {
  for (let i = 0; i < n; i++) {
    const least = leastPenalty(C, x, j);
    const all = logOfOne(rejectionShares(C, x, j, least, workspace));
    const own = valueAt(x, labelAt(labels, i, C));
    store<f32>(loss + floats(i), all + (own - least));
    x += floats(C);
  }
}

/** dx[i, c] = dloss[i] · ([c = label[i]] − e^−x[i, c] / (e^−j + Σ_d e^−x[i, d])). */
export function mapLossesGradient(
  n: i32,
  C: i32,
  x: usize,
  labels: usize,
  j: f32,
  dloss: usize,
  dx: usize,
): void {
  for (let i = 0; i < n; i++) {
    const label = labelAt(labels, i, C);
    const d = load<f32>(dloss + floats(i));
    const sum = rejectionShares(C, x, j, leastPenalty(C, x, j), dx);
    for (let c = 0; c < C; c++) {
      const at = dx + floats(c);
      store<f32>(at, d * ((c == label ? <f32>1 : <f32>0) - load<f32>(at) / sum));
    }
    x += floats(C);
    dx += floats(C);
  }
}
