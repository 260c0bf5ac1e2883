/**
 * Element-wise non-linearities and their gradients. Each gradient is written in terms of the function's own output y,
 * so the input need not be kept, and the matrix product can apply the function in its epilogue.
 */
import { exp, log, sigmoid, tanh, tanhOf } from './math';
import { LANES, loadTail, storeTail } from './simd';

// Codes shared with src/ops/activation.ts.
export const NONE: i32 = 0;
export const RELU: i32 = 1;
export const SIGMOID: i32 = 2;
export const TANH: i32 = 3;
export const SCALED_TANH: i32 = 4;
export const EXP: i32 = 5;
export const LOG: i32 = 6;

// LeCun et al. 1998, appendix A: f(x) = A·tanh(S·x), so that f(±1) = ±1.
const A: f32 = 1.7159;
const S: f32 = 2.0 / 3.0;

/** 1, S·A and S/A. */
const SLOPES: usize = memory.data<f32>([1.0, 1.1439333, 0.38852304]);

@inline
function value(code: i32, x: v128): v128 {
  if (code == RELU) return f32x4.pmax(x, f32x4.splat(0));
  if (code == SIGMOID) return sigmoid(x);
  if (code == TANH) return tanh(x);
  if (code == SCALED_TANH) return f32x4.mul(f32x4.splat(A), tanh(f32x4.mul(f32x4.splat(S), x)));
  if (code == EXP) return exp(x);
  if (code == LOG) return log(x);
  return x;
}

/** ∂value/∂x · dy, from y = value(x). */
@inline
function slope(code: i32, y: v128, dy: v128): v128 {
  // Loaded, since V8 rebuilds a constant at each use.
  const one = v128.load_splat<f32>(SLOPES);
  // Zero only where y ≤ 0, so that dy passes at a NaN, as in PyTorch.
  if (code == RELU) return v128.andnot(dy, f32x4.le(y, f32x4.splat(0)));
  if (code == SIGMOID) return f32x4.mul(dy, f32x4.mul(y, f32x4.sub(one, y)));
  if (code == TANH) return f32x4.mul(dy, f32x4.sub(one, f32x4.mul(y, y)));
  if (code == SCALED_TANH) {
    // S·(A − y²/A)
    const most = v128.load_splat<f32>(SLOPES, 4);
    const inner = f32x4.sub(most, f32x4.mul(f32x4.mul(y, y), v128.load_splat<f32>(SLOPES, 8)));
    return f32x4.mul(dy, inner);
  }
  return dy;
}

/** A vector of values, in builds whose memory is one thread's. */
const LAST: usize = memory.data(16, 16);

/**
 * The last values of a row, fewer than a vector: functions for all codes, since the loops are large enough without
 * them.
 */
function mapLast(code: i32, x: usize, y: usize, rest: i32): void {
  if (isDefined(INFERENCE)) {
    v128.store(LAST, loadTail(x, rest));
    activation(code, LAST, LAST, LANES);
    storeTail(y, v128.load(LAST), rest);
    return;
  }
  storeTail(y, value(code, loadTail(x, rest)), rest);
}

function mapLastBiased(code: i32, y: usize, rest: i32, bias: v128): void {
  storeTail(y, f32x4.add(loadTail(y, rest), bias), rest);
  mapLast(code, y, y, rest);
}

@inline
function mapWith(code: i32, x: usize, y: usize, count: i32): void {
  let i = 0;
  for (; i <= count - LANES; i += LANES) {
    const at = (<usize>i) << 2;
    v128.store(y + at, value(code, v128.load(x + at)));
  }
  const rest = count - i;
  if (rest) {
    const at = (<usize>i) << 2;
    mapLast(code, x + at, y + at, rest);
  }
}

@inline
function mapBiased(code: i32, y: usize, count: i32, bias: v128): void {
  let i = 0;
  for (; i <= count - LANES; i += LANES) {
    const at = y + ((<usize>i) << 2);
    v128.store(at, value(code, f32x4.add(v128.load(at), bias)));
  }
  const rest = count - i;
  if (rest) {
    const at = y + ((<usize>i) << 2);
    mapLastBiased(code, at, rest, bias);
  }
}

/** y[i] = tanh(x[i] + bias). */
function mapTanh(x: usize, y: usize, count: i32, bias: v128): void {
  tanhOf(x, y, count, bias);
  const rest = count & (LANES - 1);
  if (!rest) return;
  const at = (<usize>(count - rest)) << 2;
  storeTail(y + at, tanh(f32x4.add(loadTail(x + at, rest), bias)), rest);
}

@inline
function mapBiases(code: i32, y: usize, count: i32, bias: usize): void {
  let i = 0;
  for (; i <= count - LANES; i += LANES) {
    const at = (<usize>i) << 2;
    v128.store(y + at, value(code, f32x4.add(v128.load(y + at), v128.load(bias + at))));
  }
  const rest = count - i;
  if (rest) {
    const at = (<usize>i) << 2;
    mapLastBiased(code, y + at, rest, loadTail(bias + at, rest));
  }
}

@inline
function slopeWith(code: i32, y: usize, dy: usize, dx: usize, count: i32): void {
  let i = 0;
  for (; i <= count - LANES; i += LANES) {
    const at = (<usize>i) << 2;
    v128.store(dx + at, slope(code, v128.load(y + at), v128.load(dy + at)));
  }
  const rest = count - i;
  if (rest) {
    const at = (<usize>i) << 2;
    storeTail(dx + at, slope(code, loadTail(y + at, rest), loadTail(dy + at, rest)), rest);
  }
}

/** y[i] = f(x[i]), count elements; y may be x. */
export function activation(code: i32, x: usize, y: usize, count: i32): void {
  if (code == RELU) mapWith(RELU, x, y, count);
  else if (code == SIGMOID) mapWith(SIGMOID, x, y, count);
  else if (code == TANH) {
    if (isDefined(INFERENCE)) mapWith(TANH, x, y, count);
    else mapTanh(x, y, count, f32x4.splat(-0.0));
  } else if (code == SCALED_TANH) mapWith(SCALED_TANH, x, y, count);
  else if (code == EXP) mapWith(EXP, x, y, count);
  else if (code == LOG) mapWith(LOG, x, y, count);
  else mapWith(NONE, x, y, count);
}

/**
 * y[i] = f(y[i] + bias) with one bias for the row: the epilogue of a convolution. Here and in `finishColumns` the longer
 * functions follow in a second pass: the row is in L1, and each pass of theirs is a good part of a build.
 */
export function finishRow(code: i32, y: usize, count: i32, bias: f32): void {
  const b = f32x4.splat(bias);
  if (code == NONE) mapBiased(NONE, y, count, b);
  else if (code == RELU) mapBiased(RELU, y, count, b);
  else if (!isDefined(INFERENCE) && code == TANH) mapTanh(y, y, count, b);
  else {
    mapBiased(NONE, y, count, b);
    activation(code, y, y, count);
  }
}

/** y[i] = f(y[i] + bias[i]): the epilogue of a matrix product. */
export function finishColumns(code: i32, y: usize, count: i32, bias: usize): void {
  if (code == NONE) mapBiases(NONE, y, count, bias);
  else if (code == RELU) mapBiases(RELU, y, count, bias);
  else {
    mapBiases(NONE, y, count, bias);
    activation(code, y, y, count);
  }
}

/** dx[i] = f′(x[i])·dy[i], from y = f(x); dx may be dy. */
export function activationGradient(code: i32, y: usize, dy: usize, dx: usize, count: i32): void {
  if (code == RELU) slopeWith(RELU, y, dy, dx, count);
  else if (code == SIGMOID) slopeWith(SIGMOID, y, dy, dx, count);
  else if (code == TANH) slopeWith(TANH, y, dy, dx, count);
  else if (code == SCALED_TANH) slopeWith(SCALED_TANH, y, dy, dx, count);
}
