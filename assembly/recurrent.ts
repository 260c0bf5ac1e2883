/**
 * The Elman recurrent layer (Elman 1990) through time, and helpers shared with lstm.ts and gru.ts. Letters: N samples,
 * T steps, H units; rows of step t are at n·T + t, so sequences are batch-first and nothing is transposed. The input's
 * part of all steps is one matrix product before these kernels; each step adds the product of the previous states with
 * the recurrent weights, on dense rows in the workspace.
 *
 * `mode` has the bits below. States before the first step are zero, unless the step that comes first holds them.
 * `lengths` are N whole numbers, or 0 for none: steps from there on are padding, which is not read; there states stay
 * unchanged and results are 0. Steps that hold states do not count.
 */
import { ELMAN_STATES, packedMatrix } from '../src/program/scratch';
import { NONE, SIGMOID, activation, activationGradient } from './activation';
import { matmul } from './matmul';
import { packMatrix, packedProduct } from './packed-product';
import { add } from './reduce';
import { LANES, floats, loadTail, madd, storeTail } from './simd';

/** 1, loaded since V8 rebuilds a constant at each use. */
export const ONE: usize = memory.data<f32>([1.0]);

/** It runs from the last step to the first. */
export const REVERSE: i32 = 1;

/** Gates are a line between 0 and 1 in place of σ. */
export const HARD: i32 = 2;

/** A GRU multiplies states by r before their product with the weights. */
export const RESET_FIRST: i32 = 4;

/** The step that comes first holds initial states in place of x: h, then an LSTM's c; gradients by them are there in dx. */
export const INITIAL: i32 = 8;

/** In place of h, the step that comes last gives an LSTM's c of the step before. */
export const FINAL: i32 = 16;

/** The weights stay packed over all steps, for which there is room in the workspace. */
export const PACKED: i32 = 32;

/** Packs op(w), k×n, if it is to be; the workspace for the steps' products begins where it returns. */
export function packSteps(mode: i32, transpose: i32, n: i32, k: i32, w: usize, to: usize): usize {
  if (!(mode & PACKED)) return to;
  packMatrix(transpose, n, k, w, to);
  return to + floats(packedMatrix(k, n));
}

/** c[m×n] = a[m×k]·op(w) + bias of one step, of w or of `packed`, which packSteps has left. */
export function stepProduct(
  mode: i32,
  transpose: i32,
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  w: usize,
  packed: usize,
  bias: usize,
  c: usize,
  workspace: usize,
): void {
  if (!(mode & PACKED)) {
    matmul(0, transpose, m, n, k, a, w, bias, c, NONE, workspace);
    return;
  }
  packedProduct(m, n, k, a, packed, c, workspace);
  if (bias) for (let i = 0; i < m; i++) add(c + floats(i * n), bias, c + floats(i * n), n);
}

/** y = σ(x) of H gates, or with HARD 0.2·x + ½ between 0 and 1. */
export function gates(mode: i32, H: i32, x: usize, y: usize): void {
  if (!(mode & HARD)) {
    activation(SIGMOID, x, y, H);
    return;
  }
  for (let j = 0; j < H; j += LANES) {
    const count = min(LANES, H - j);
    const at = floats(j);
    const line = madd(loadSome(x + at, count), f32x4.splat(0.2), f32x4.splat(0.5));
    storeSome(y + at, f32x4.min(f32x4.max(line, f32x4.splat(0)), f32x4.splat(1)), count);
  }
}

/** dy times the gates' slope, from y = gates(x). */
@inline
export function gateSlope(dy: v128, y: v128, one: v128, mode: i32): v128 {
  if (!(mode & HARD)) return f32x4.mul(dy, f32x4.mul(y, f32x4.sub(one, y)));
  const isInside = v128.and(f32x4.gt(y, f32x4.splat(0)), f32x4.lt(y, one));
  return v128.and(isInside, f32x4.mul(dy, f32x4.splat(0.2)));
}

/** The first `count` (1–4) floats at `p`. */
@inline
export function loadSome(p: usize, count: i32): v128 {
  return count == LANES ? v128.load(p) : loadTail(p, count);
}

/** Stores the first `count` (1–4) lanes at `p`. */
@inline
export function storeSome(p: usize, v: v128, count: i32): void {
  if (count == LANES) v128.store(p, v);
  else storeTail(p, v, count);
}

/** The step that comes `i`th. */
@inline
export function stepAt(i: i32, T: i32, mode: i32): i32 {
  return mode & REVERSE ? T - 1 - i : i;
}

/** Whether step t of sample n is not padding. */
@inline
export function isStep(lengths: usize, n: i32, t: i32, mode: i32): bool {
  const before = mode & (mode & REVERSE ? FINAL : INITIAL) ? 1 : 0;
  return !lengths || <u32>(t - before) < load<u32>(lengths + floats(n));
}

/** Whether the step that comes `i`th holds initial states. */
@inline
export function isInitial(i: i32, mode: i32): bool {
  return i == 0 && (mode & INITIAL) != 0;
}

/** y = f(x + h·wᵀ + bias), h the y of the previous step. x, y: N×T×H; w: H×H; bias: H or 0; code: f. */
export function elman(
  N: i32,
  T: i32,
  H: i32,
  mode: i32,
  code: i32,
  x: usize,
  w: usize,
  bias: usize,
  y: usize,
  workspace: usize,
  lengths: usize,
): void {
  const h = workspace;
  const product = h + floats(N * H);
  const packed = workspace + floats(N * H * ELMAN_STATES);
  const scratch = packSteps(mode, 1, H, H, w, packed);
  memory.fill(h, 0, floats(N * H));
  for (let i = 0; i < T; i++) {
    const t = stepAt(i, T, mode);
    stepProduct(mode, 1, N, H, H, h, w, packed, bias, product, scratch);
    for (let n = 0; n < N; n++) {
      const at = floats((n * T + t) * H);
      if (!isInitial(i, mode) && !isStep(lengths, n, t, mode)) {
        memory.fill(y + at, 0, floats(H));
        continue;
      }
      const own = h + floats(n * H);
      if (isInitial(i, mode)) memory.copy(own, x + at, floats(H));
      else {
        add(x + at, product + floats(n * H), own, H);
        activation(code, own, own, H);
      }
      memory.copy(y + at, own, floats(H));
    }
  }
}

/** dx from y = elman(x) and dy, through time. */
export function elmanGradient(
  N: i32,
  T: i32,
  H: i32,
  mode: i32,
  code: i32,
  w: usize,
  y: usize,
  dy: usize,
  dx: usize,
  workspace: usize,
  lengths: usize,
): void {
  // Gradients by this step's states from later steps, and the gradient by f's argument.
  const carry = workspace;
  const d = carry + floats(N * H);
  const packed = workspace + floats(N * H * ELMAN_STATES);
  const scratch = packSteps(mode, 0, H, H, w, packed);
  memory.fill(carry, 0, floats(N * H));
  for (let i = T - 1; i >= 0; i--) {
    const t = stepAt(i, T, mode);
    for (let n = 0; n < N; n++) {
      const at = floats((n * T + t) * H);
      const own = d + floats(n * H);
      if (!isInitial(i, mode) && !isStep(lengths, n, t, mode)) {
        memory.fill(own, 0, floats(H));
        memory.fill(dx + at, 0, floats(H));
        continue;
      }
      add(dy + at, carry + floats(n * H), own, H);
      if (!isInitial(i, mode)) activationGradient(code, y + at, own, own, H);
      memory.copy(dx + at, own, floats(H));
    }
    if (i) stepProduct(mode, 0, N, H, H, d, w, packed, 0, carry, scratch);
  }
}
