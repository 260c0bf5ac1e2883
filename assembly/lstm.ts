/**
 * LSTM with forget gate (Hochreiter & Schmidhuber 1997; Gers et al. 2000), forward and backward through time. Letters
 * as in recurrent.ts. Rows of gates are i, f, g, o of H values each, as in PyTorch. The record is six planes of N×T×H:
 * h, i, f, g, o, c.
 */
import { LSTM_STATES } from '../src/program/scratch';
import { NONE } from './activation';
import { sigmoid, tanh } from './math';
import { matmul } from './matmul';
import { ONE, isStep, loadSome, stepAt, storeSome } from './recurrent';
import { LANES, floats, madd } from './simd';

@inline
function gateInput(x: usize, product: usize, count: i32): v128 {
  return f32x4.add(loadSome(x, count), loadSome(product, count));
}

/**
 * With i, f, o = σ and g = tanh of x + h·wᵀ + bias, h that of the previous step: c = f·c + i·g, h = o·tanh c.
 * x: N×T×4H; w: 4H×H; bias: 4H or 0.
 */
export function lstm(
  N: i32,
  T: i32,
  H: i32,
  reverse: i32,
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
  const scratch = workspace + floats(N * H * LSTM_STATES);
  const plane = floats(N * T * H);
  memory.fill(h, 0, floats(N * H * 2));
  for (let i = 0; i < T; i++) {
    const t = stepAt(i, T, reverse);
    matmul(0, 1, N, 4 * H, H, h, w, bias, product, NONE, scratch);
    for (let n = 0; n < N; n++) {
      const at = floats((n * T + t) * H);
      const own = floats(n * H);
      if (!isStep(lengths, n, t)) {
        for (let i = 0; i < 6; i++) memory.fill(record + at + plane * i, 0, floats(H));
        continue;
      }
      lstmRow(H, x + at * 4, product + own * 4, h + own, c + own, record + at, plane);
    }
  }
}

function lstmRow(
  H: i32,
  x: usize,
  product: usize,
  h: usize,
  c: usize,
  to: usize,
  plane: usize,
): void {
  const gate = floats(H);
  for (let j = 0; j < H; j += LANES) {
    const count = min(LANES, H - j);
    const i = sigmoid(gateInput(x, product, count));
    storeSome(to + plane, i, count);
    const g = tanh(gateInput(x + gate * 2, product + gate * 2, count));
    storeSome(to + plane * 3, g, count);
    const f = sigmoid(gateInput(x + gate, product + gate, count));
    storeSome(to + plane * 2, f, count);
    const cell = madd(f, loadSome(c, count), f32x4.mul(i, g));
    storeSome(c, cell, count);
    storeSome(to + plane * 5, cell, count);
    const o = sigmoid(gateInput(x + gate * 3, product + gate * 3, count));
    storeSome(to + plane * 4, o, count);
    const state = f32x4.mul(o, tanh(cell));
    storeSome(h, state, count);
    storeSome(to, state, count);
    x += 16;
    product += 16;
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
  reverse: i32,
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
  const scratch = workspace + floats(N * H * LSTM_STATES);
  const plane = floats(N * T * H);
  memory.fill(carryH, 0, floats(N * H * 2));
  for (let i = T - 1; i >= 0; i--) {
    const t = stepAt(i, T, reverse);
    for (let n = 0; n < N; n++) {
      const at = floats((n * T + t) * H);
      const own = floats(n * H);
      if (!isStep(lengths, n, t)) {
        memory.fill(d + own * 4, 0, floats(H * 4));
        memory.fill(dx + at * 4, 0, floats(H * 4));
        continue;
      }
      const before = i ? record + plane * 5 + floats((n * T + stepAt(i - 1, T, reverse)) * H) : 0;
      lstmGradientRow(
        H,
        record + at,
        plane,
        before,
        dy + at,
        carryH + own,
        carryC + own,
        d + own * 4,
      );
      memory.copy(dx + at * 4, d + own * 4, floats(H * 4));
    }
    if (i) matmul(0, 0, N, H, 4 * H, d, w, 0, carryH, NONE, scratch);
  }
}

/** `before`: c of the previous step, 0 if there is none. */
function lstmGradientRow(
  H: i32,
  from: usize,
  plane: usize,
  before: usize,
  dy: usize,
  carryH: usize,
  carryC: usize,
  d: usize,
): void {
  const gate = floats(H);
  const one = v128.load_splat<f32>(ONE);
  for (let j = 0; j < H; j += LANES) {
    const count = min(LANES, H - j);
    const dh = f32x4.add(loadSome(dy, count), loadSome(carryH, count));
    const o = loadSome(from + plane * 4, count);
    const squashed = tanh(loadSome(from + plane * 5, count));
    const rise = f32x4.sub(one, f32x4.mul(squashed, squashed));
    const dc = madd(f32x4.mul(dh, o), rise, loadSome(carryC, count));
    storeSome(d + gate * 3, sigmoidSlope(f32x4.mul(dh, squashed), o, one), count);
    const i = loadSome(from + plane, count);
    const g = loadSome(from + plane * 3, count);
    storeSome(d, sigmoidSlope(f32x4.mul(dc, g), i, one), count);
    const dg = f32x4.mul(f32x4.mul(dc, i), f32x4.sub(one, f32x4.mul(g, g)));
    storeSome(d + gate * 2, dg, count);
    const f = loadSome(from + plane * 2, count);
    storeSome(carryC, f32x4.mul(dc, f), count);
    const c = before ? loadSome(before + floats(j), count) : f32x4.splat(0);
    storeSome(d + gate, sigmoidSlope(f32x4.mul(dc, c), f, one), count);
    from += 16;
    dy += 16;
    carryH += 16;
    carryC += 16;
    d += 16;
  }
}

/** dy·σ′, from y = σ. */
@inline
export function sigmoidSlope(dy: v128, y: v128, one: v128): v128 {
  return f32x4.mul(dy, f32x4.mul(y, f32x4.sub(one, y)));
}
