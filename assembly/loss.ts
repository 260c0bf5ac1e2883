/**
 * Losses per sample, their gradients, and functions of classes: softmax, one-hot targets, hits. Letters: n samples, C
 * classes; logits n×C; labels int32.
 */
import { exp, expOf, logOf } from './math';
import { sumPlane } from './norm';
import { scale } from './reduce';
import { LANES, floats, joinHigh, loadTail, storeTail, sumLanes } from './simd';

/** The class of sample i, or −1 if it is not a class: then nothing is read or written in its place. */
@inline
export function labelAt(labels: usize, i: i32, C: i32): i32 {
  const label = load<i32>(labels + floats(i));
  return <u32>label < <u32>C ? label : -1;
}

/** x[label], NaN without a class. */
@inline
export function valueAt(x: usize, label: i32): f32 {
  return label < 0 ? <f32>NaN : load<f32>(x + floats(label));
}

/** ln x of one number. */
@inline
export function logOfOne(x: f32): f32 {
  return f32x4.extract_lane(logOf(f32x4.splat(x)), 0);
}

/** The largest of `count` values, NaN if one is. The engine's own maximum is slow: it is several instructions long. */
export function maximum(x: usize, count: i32): f32 {
  let best = v128.load_splat<f32>(x);
  let strange = f32x4.ne(best, best);
  let i = 0;
  for (; i <= count - LANES; i += LANES) {
    const v = v128.load(x + floats(i));
    best = f32x4.pmax(best, v);
    strange = v128.or(strange, f32x4.ne(v, v));
  }
  for (; i < count; i++) {
    const v = v128.load_splat<f32>(x + floats(i));
    best = f32x4.pmax(best, v);
    strange = v128.or(strange, f32x4.ne(v, v));
  }
  if (v128.any_true(strange)) return NaN;
  best = f32x4.pmax(best, joinHigh(best, best));
  return max(f32x4.extract_lane(best, 0), f32x4.extract_lane(best, 1));
}

/** y[i] = e^(x[i] − top) and their sum: lanes 0–3 added up side by side, then across. */
export function exponentials(x: usize, y: usize, count: i32, top: f32): f32 {
  const shift = f32x4.splat(top);
  let sums = f32x4.splat(0);
  let i = 0;
  for (; i <= count - LANES; i += LANES) {
    const e = exp(f32x4.sub(v128.load(x + floats(i)), shift));
    v128.store(y + floats(i), e);
    sums = f32x4.add(sums, e);
  }
  const rest = count - i;
  if (rest) {
    storeTail(y + floats(i), expOf(f32x4.sub(loadTail(x + floats(i), rest), shift)), rest);
    sums = f32x4.add(sums, loadTail(y + floats(i), rest));
  }
  return sumLanes(sums);
}

/** y[i, c] = e^x[i, c] / Σ_d e^x[i, d], stable by subtracting the row's maximum. */
export function softmax(n: i32, C: i32, x: usize, y: usize): void {
  for (let i = 0; i < n; i++) {
    scale(y, y, C, <f32>1 / exponentials(x, y, C, maximum(x, C)));
    x += floats(C);
    y += floats(C);
  }
}

/** dx[i, c] = y[i, c]·(dy[i, c] − Σ_d y[i, d]·dy[i, d]), from y = softmax(x). */
export function softmaxGradient(n: i32, C: i32, y: usize, dy: usize, dx: usize): void {
  for (let i = 0; i < n; i++) {
    let dot: f32 = 0;
    for (let c = 0; c < C; c++) dot += load<f32>(y + floats(c)) * load<f32>(dy + floats(c));
    for (let c = 0; c < C; c++) {
      const at = floats(c);
      store<f32>(dx + at, load<f32>(y + at) * (load<f32>(dy + at) - dot));
    }
    y += floats(C);
    dy += floats(C);
    dx += floats(C);
  }
}

/** y[i, c] = (x[i, c] − m) − log Σ_d e^(x[i, d] − m), m the row's maximum. */
export function logSoftmax(n: i32, C: i32, x: usize, y: usize): void {
  for (let i = 0; i < n; i++) {
    const top = maximum(x, C);
    const sum = exponentials(x, y, C, top);
    const logSum = logOfOne(sum);
    for (let c = 0; c < C; c++) store<f32>(y + floats(c), load<f32>(x + floats(c)) - top - logSum);
    x += floats(C);
    y += floats(C);
  }
}

/** dx[i, c] = dy[i, c] − e^y[i, c]·Σ_d dy[i, d], from y = logSoftmax(x). */
export function logSoftmaxGradient(n: i32, C: i32, y: usize, dy: usize, dx: usize): void {
  for (let i = 0; i < n; i++) {
    const sum = f32x4.splat(sumPlane(dy, C));
    let c = 0;
    for (; c <= C - LANES; c += LANES) {
      const at = floats(c);
      const share = f32x4.mul(exp(v128.load(y + at)), sum);
      v128.store(dx + at, f32x4.sub(v128.load(dy + at), share));
    }
    const rest = C - c;
    if (rest) {
      const at = floats(c);
      const share = f32x4.mul(expOf(loadTail(y + at, rest)), sum);
      storeTail(dx + at, f32x4.sub(loadTail(dy + at, rest), share), rest);
    }
    y += floats(C);
    dy += floats(C);
    dx += floats(C);
  }
}

/**
 * loss[i] = log Σ_c e^(x[i, c] − m) + m − x[i, label[i]], m the row's maximum; NaN if the label is not a class.
 * workspace: C floats.
 */
export function crossEntropy(
  n: i32,
  C: i32,
  x: usize,
  labels: usize,
  loss: usize,
  workspace: usize,
): void {
  for (let i = 0; i < n; i++) {
    const top = maximum(x, C);
    const sum = exponentials(x, workspace, C, top);
    const logSum = logOfOne(sum);
    const own = valueAt(x, labelAt(labels, i, C));
    store<f32>(loss + floats(i), logSum + (top - own));
    x += floats(C);
  }
}

/** dx[i, c] = (softmax(x[i])[c] − [c = label[i]]) · dloss[i]. */
export function crossEntropyGradient(
  n: i32,
  C: i32,
  x: usize,
  labels: usize,
  dloss: usize,
  dx: usize,
): void {
  softmax(n, C, x, dx);
  for (let i = 0; i < n; i++) {
    const label = labelAt(labels, i, C);
    const at = dx + floats(label);
    if (label >= 0) store<f32>(at, load<f32>(at) - 1);
    const d = load<f32>(dloss + floats(i));
    scale(dx, dx, C, d);
    dx += floats(C);
  }
}

/** loss[i] = Σ_c (y[i, c] − t[i, c])². */
export function squaredErrors(n: i32, C: i32, y: usize, t: usize, loss: usize): void {
  for (let i = 0; i < n; i++) {
    let sum: f32 = 0;
    for (let c = 0; c < C; c++) {
      const d = load<f32>(y + floats(c)) - load<f32>(t + floats(c));
      sum += d * d;
    }
    store<f32>(loss + floats(i), sum);
    y += floats(C);
    t += floats(C);
  }
}

/** dy[i, c] = 2·(y[i, c] − t[i, c])·dloss[i]. */
export function squaredErrorsGradient(
  n: i32,
  C: i32,
  y: usize,
  t: usize,
  dloss: usize,
  dy: usize,
): void {
  for (let i = 0; i < n; i++) {
    const d = load<f32>(dloss + floats(i));
    for (let c = 0; c < C; c++) {
      const at = floats(c);
      store<f32>(dy + at, 2 * (load<f32>(y + at) - load<f32>(t + at)) * d);
    }
    y += floats(C);
    t += floats(C);
    dy += floats(C);
  }
}

/** y[i, c] = 1 where c = label[i], else 0. */
export function oneHot(n: i32, C: i32, labels: usize, y: usize): void {
  memory.fill(y, 0, floats(n * C));
  for (let i = 0; i < n; i++) {
    const label = labelAt(labels, i, C);
    if (label >= 0) store<f32>(y + floats(i * C + label), 1);
  }
}

/** The index of the first maximum of x. */
function firstMaximum(x: usize, count: i32): i32 {
  let best = 0;
  for (let c = 1; c < count; c++) {
    const value = load<f32>(x + floats(c));
    const most = load<f32>(x + floats(best));
    // The second clause lets a NaN win over a number, as in PyTorch.
    if (value > most || (value != value && most == most)) best = c;
  }
  return best;
}

/** y[i] = 1 where the first maximum of x[i] is at label[i], else 0. */
export function correct(n: i32, C: i32, x: usize, labels: usize, y: usize): void {
  for (let i = 0; i < n; i++) {
    const isRight = firstMaximum(x, C) == load<i32>(labels + floats(i));
    store<f32>(y + floats(i), isRight ? 1 : 0);
    x += floats(C);
  }
}

/** y[i] = 1 where the first maxima of x[i] and t[i] are at the same place, else 0. */
export function agreeing(n: i32, C: i32, x: usize, t: usize, y: usize): void {
  for (let i = 0; i < n; i++) {
    store<f32>(y + floats(i), firstMaximum(x, C) == firstMaximum(t, C) ? 1 : 0);
    x += floats(C);
    t += floats(C);
  }
}
