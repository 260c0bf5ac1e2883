/**
 * LSTM with forget gate (Hochreiter & Schmidhuber 1997; Gers et al. 2000), forward and backward through time. Letters
 * as in recurrent.ts. Rows of gates are i, f, g, o of H values each, as in PyTorch. The record is six planes of N×T×H:
 * h, i, f, g, o, c.
 */
import { LSTM_STATES } from '../src/program/scratch';
import { TANH, activation } from './activation';
import { tanh } from './math';
import {
  FINAL,
  ONE,
  gateSlope,
  gates,
  isInitial,
  isStep,
  loadSome,
  packSteps,
  stepAt,
  stepProduct,
  storeSome,
} from './recurrent';
import { add } from './reduce';
import { LANES, floats, madd } from './simd';

/** Whether the step that comes `i`th gives c. */
@inline
function isFinal(i: i32, T: i32, mode: i32): bool {
  return i == T - 1 && (mode & FINAL) != 0;
}

/**
 * With i, f, o = σ and g = tanh of x + h·wᵀ + bias, h that of the previous step: c = f·c + i·g, h = o·tanh c.
 * x: N×T×4H; w: 4H×H; bias: 4H or 0.
 */
export function lstm(
  N: i32,
  T: i32,
  H: i32,
  mode: i32,
  x: usize,
  w: usize,
  bias: usize,
  record: usize,
  workspace: usize,
  lengths: usize,
): void {
  const h = workspace;
  const c = h + floats(N * H);
  const product = c + floats(N * H);
  const packed = workspace + floats(N * H * LSTM_STATES);
  const scratch = packSteps(mode, 1, 4 * H, H, w, packed);
  const plane = floats(N * T * H);
  memory.fill(h, 0, floats(N * H * 2));
  for (let i = 0; i < T; i++) {
    const t = stepAt(i, T, mode);
    stepProduct(mode, 1, N, 4 * H, H, h, w, packed, bias, product, scratch);
    for (let n = 0; n < N; n++) {
      const at = floats((n * T + t) * H);
      const own = floats(n * H);
      const to = record + at;
      if (isInitial(i, mode) || isFinal(i, T, mode) || !isStep(lengths, n, t, mode)) {
        for (let p = 0; p < 6; p++) memory.fill(to + plane * p, 0, floats(H));
        if (isInitial(i, mode)) {
          memory.copy(h + own, x + at * 4, floats(H));
          memory.copy(to, h + own, floats(H));
          memory.copy(c + own, x + at * 4 + floats(H), floats(H));
          memory.copy(to + plane * 5, c + own, floats(H));
        } else if (isFinal(i, T, mode)) memory.copy(to, c + own, floats(H));
        continue;
      }
      lstmRow(H, mode, x + at * 4, product + own * 4, h + own, c + own, to, plane);
    }
  }
}

function lstmRow(
  H: i32,
  mode: i32,
  x: usize,
  product: usize,
  h: usize,
  c: usize,
  to: usize,
  plane: usize,
): void {
  const part = floats(H);
  add(x, product, product, 4 * H);
  gates(mode, H, product, to + plane);
  gates(mode, H, product + part, to + plane * 2);
  activation(TANH, product + part * 2, to + plane * 3, H);
  gates(mode, H, product + part * 3, to + plane * 4);
  for (let j = 0; j < H; j += LANES) {
    const count = min(LANES, H - j);
    const increment = f32x4.mul(loadSome(to + plane, count), loadSome(to + plane * 3, count));
    const cell = madd(loadSome(to + plane * 2, count), loadSome(c, count), increment);
    storeSome(c, cell, count);
    storeSome(to + plane * 5, cell, count);
    const state = f32x4.mul(loadSome(to + plane * 4, count), tanh(cell));
    storeSome(h, state, count);
    storeSome(to, state, count);
    h += 16;
    c += 16;
    to += 16;
  }
}

/** dx, N×T×4H, from the record of lstm(x) and the gradient dy by its h, N×T×H, through time. */
export function lstmGradient(
  N: i32,
  T: i32,
  H: i32,
  mode: i32,
  w: usize,
  record: usize,
  dy: usize,
  dx: usize,
  workspace: usize,
  lengths: usize,
): void {
  // Gradients by this step's h and c from later steps, and the gradient by its gates' inputs.
  const carryH = workspace;
  const carryC = carryH + floats(N * H);
  const d = carryC + floats(N * H);
  const packed = workspace + floats(N * H * LSTM_STATES);
  const scratch = packSteps(mode, 0, H, 4 * H, w, packed);
  const plane = floats(N * T * H);
  memory.fill(carryH, 0, floats(N * H * 2));
  for (let i = T - 1; i >= 0; i--) {
    const t = stepAt(i, T, mode);
    for (let n = 0; n < N; n++) {
      const at = floats((n * T + t) * H);
      const own = floats(n * H);
      const to = dx + at * 4;
      if (isInitial(i, mode) || isFinal(i, T, mode) || !isStep(lengths, n, t, mode)) {
        memory.fill(d + own * 4, 0, floats(H * 4));
        memory.fill(to, 0, floats(H * 4));
        if (isInitial(i, mode)) {
          add(dy + at, carryH + own, to, H);
          memory.copy(to + floats(H), carryC + own, floats(H));
        } else if (isFinal(i, T, mode)) memory.copy(carryC + own, dy + at, floats(H));
        continue;
      }
      const before = i ? record + plane * 5 + floats((n * T + stepAt(i - 1, T, mode)) * H) : 0;
      lstmGradientRow(
        H,
        mode,
        record + at,
        plane,
        before,
        dy + at,
        carryH + own,
        carryC + own,
        d + own * 4,
      );
      memory.copy(to, d + own * 4, floats(H * 4));
    }
    if (i) stepProduct(mode, 0, N, H, 4 * H, d, w, packed, 0, carryH, scratch);
  }
}

/** `before`: c of the previous step, 0 if there is none. */

function lstmGradientRow(
  H: i32,
  mode: i32,
  from: usize,
  plane: usize,
  before: usize,
  dy: usize,
  carryH: usize,
  carryC: usize,
  d: usize,
): void {
  const part = floats(H);
  const one = v128.load_splat<f32>(ONE);
  for (let j = 0; j < H; j += LANES) {
    const count = min(LANES, H - j);
    const dh = f32x4.add(loadSome(dy, count), loadSome(carryH, count));
    const o = loadSome(from + plane * 4, count);
    const squashed = tanh(loadSome(from + plane * 5, count));
    const rise = f32x4.sub(one, f32x4.mul(squashed, squashed));
    const dc = madd(f32x4.mul(dh, o), rise, loadSome(carryC, count));
    storeSome(d + part * 3, gateSlope(f32x4.mul(dh, squashed), o, one, mode), count);
    const i = loadSome(from + plane, count);
    const g = loadSome(from + plane * 3, count);
    storeSome(d, gateSlope(f32x4.mul(dc, g), i, one, mode), count);
    const dg = f32x4.mul(f32x4.mul(dc, i), f32x4.sub(one, f32x4.mul(g, g)));
    storeSome(d + part * 2, dg, count);
    const f = loadSome(from + plane * 2, count);
    storeSome(carryC, f32x4.mul(dc, f), count);
    const c = before ? loadSome(before + floats(j), count) : f32x4.splat(0);
    storeSome(d + part, gateSlope(f32x4.mul(dc, c), f, one, mode), count);
    from += 16;
    dy += 16;
    carryH += 16;
    carryC += 16;
    d += 16;
  }
}
