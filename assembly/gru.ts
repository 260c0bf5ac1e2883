/**
 * Gated recurrent unit (Cho et al. 2014) in PyTorch's form, forward and backward through time. Letters as in
 * recurrent.ts. Rows of gates are r, z, n of H values each. The record is five planes of N×T×H: h, r, z, n, and m, the
 * states' part of n.
 */
import { GRU_STATES } from '../src/program/scratch';
import { NONE } from './activation';
import { sigmoidSlope } from './lstm';
import { sigmoid, tanh } from './math';
import { matmul } from './matmul';
import { ONE, isStep, loadSome, stepAt, storeSome } from './recurrent';
import { LANES, floats, madd } from './simd';

/**
 * With p = h·wᵀ + bias, h that of the previous step: r = σ(x_r + p_r), z = σ(x_z + p_z), m = p_n,
 * n = tanh(x_n + r·m), h = (1 − z)·n + z·h. x: N×T×3H; w: 3H×H; bias: 3H or 0.
 */
export function gru(
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
  const product = h + floats(N * H);
  const scratch = workspace + floats(N * H * GRU_STATES);
  const plane = floats(N * T * H);
  memory.fill(h, 0, floats(N * H));
  for (let i = 0; i < T; i++) {
    const t = stepAt(i, T, reverse);
    matmul(0, 1, N, 3 * H, H, h, w, bias, product, NONE, scratch);
    for (let n = 0; n < N; n++) {
      const at = floats((n * T + t) * H);
      const own = floats(n * H);
      if (!isStep(lengths, n, t)) {
        for (let i = 0; i < 5; i++) memory.fill(record + at + plane * i, 0, floats(H));
        continue;
      }
      gruRow(H, x + at * 3, product + own * 3, h + own, record + at, plane);
    }
  }
}

function gruRow(H: i32, x: usize, product: usize, h: usize, to: usize, plane: usize): void {
  const gate = floats(H);
  for (let j = 0; j < H; j += LANES) {
    const count = min(LANES, H - j);
    const r = sigmoid(f32x4.add(loadSome(x, count), loadSome(product, count)));
    storeSome(to + plane, r, count);
    const m = loadSome(product + gate * 2, count);
    storeSome(to + plane * 4, m, count);
    const n = tanh(madd(r, m, loadSome(x + gate * 2, count)));
    storeSome(to + plane * 3, n, count);
    const z = sigmoid(f32x4.add(loadSome(x + gate, count), loadSome(product + gate, count)));
    storeSome(to + plane * 2, z, count);
    // (1 − z)·n + z·h
    const state = madd(z, f32x4.sub(loadSome(h, count), n), n);
    storeSome(h, state, count);
    storeSome(to, state, count);
    x += 16;
    product += 16;
    h += 16;
    to += 16;
  }
}

/** dx, N×T×3H, from the record of gru(x) and the gradient dy by its h, N×T×H, through time. */
export function gruGradient(
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
  // Gradients by this step's h from later steps, past the gates and through them; and the gradients by p.
  const direct = workspace;
  const carry = direct + floats(N * H);
  const d = carry + floats(N * H);
  const scratch = workspace + floats(N * H * GRU_STATES);
  const plane = floats(N * T * H);
  memory.fill(direct, 0, floats(N * H * 2));
  for (let i = T - 1; i >= 0; i--) {
    const t = stepAt(i, T, reverse);
    for (let n = 0; n < N; n++) {
      const at = floats((n * T + t) * H);
      const own = floats(n * H);
      if (!isStep(lengths, n, t)) {
        memory.fill(d + own * 3, 0, floats(H * 3));
        memory.fill(dx + at * 3, 0, floats(H * 3));
        continue;
      }
      const before = i ? record + floats((n * T + stepAt(i - 1, T, reverse)) * H) : 0;
      const to = dx + at * 3;
      gruGradientRow(H, record + at, plane, before, dy + at, direct + own, carry + own, to);
      gruHiddenGradient(1, H, to, record + plane + at, d + own * 3);
    }
    if (i) matmul(0, 0, N, H, 3 * H, d, w, 0, carry, NONE, scratch);
  }
}

/** `before`: h of the previous step, 0 if there is none. */
function gruGradientRow(
  H: i32,
  from: usize,
  plane: usize,
  before: usize,
  dy: usize,
  direct: usize,
  carry: usize,
  dx: usize,
): void {
  const gate = floats(H);
  const one = v128.load_splat<f32>(ONE);
  for (let j = 0; j < H; j += LANES) {
    const count = min(LANES, H - j);
    const later = f32x4.add(loadSome(direct, count), loadSome(carry, count));
    const dh = f32x4.add(loadSome(dy, count), later);
    const z = loadSome(from + plane * 2, count);
    const n = loadSome(from + plane * 3, count);
    const h = before ? loadSome(before + floats(j), count) : f32x4.splat(0);
    storeSome(direct, f32x4.mul(dh, z), count);
    const dz = f32x4.mul(dh, f32x4.sub(h, n));
    storeSome(dx + gate, sigmoidSlope(dz, z, one), count);
    const dn = f32x4.mul(dh, f32x4.sub(one, z));
    const inner = f32x4.mul(dn, f32x4.sub(one, f32x4.mul(n, n)));
    storeSome(dx + gate * 2, inner, count);
    const r = loadSome(from + plane, count);
    const dr = f32x4.mul(inner, loadSome(from + plane * 4, count));
    storeSome(dx, sigmoidSlope(dr, r, one), count);
    from += 16;
    dy += 16;
    direct += 16;
    carry += 16;
    dx += 16;
  }
}

/**
 * The gradient by p from that by x: the same except for n's part, which is multiplied by r. d, y: rows×3H; r: rows×H.
 */
export function gruHiddenGradient(rows: i32, H: i32, d: usize, r: usize, y: usize): void {
  for (let i = 0; i < rows; i++) {
    memory.copy(y, d, floats(2 * H));
    const from = d + floats(2 * H);
    const to = y + floats(2 * H);
    for (let j = 0; j < H; j += LANES) {
      const count = min(LANES, H - j);
      const at = floats(j);
      storeSome(to + at, f32x4.mul(loadSome(from + at, count), loadSome(r + at, count)), count);
    }
    d += floats(3 * H);
    y += floats(3 * H);
    r += floats(H);
  }
}
