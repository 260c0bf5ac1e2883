/**
 * Gated recurrent unit (Cho et al. 2014) in PyTorch's form, forward and backward through time. Letters as in
 * recurrent.ts. Rows of gates are r, z, n of H values each. The record is five planes of N×T×H: h, r, z, n, and m, the
 * states' part of n. With RESET_FIRST, as in Cho et al.'s own formula, m is what the weights of n are multiplied with.
 */
import { GRU_STATES } from '../src/program/scratch';
import { tanh } from './math';
import {
  ONE,
  RESET_FIRST,
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

/**
 * With p = h·wᵀ + bias, h that of the previous step: r = σ(x_r + p_r), z = σ(x_z + p_z), m = p_n,
 * n = tanh(x_n + r·m), h = (1 − z)·n + z·h. With RESET_FIRST m = r·h and n = tanh(x_n + m·wₙᵀ + biasₙ).
 * x: N×T×3H; w: 3H×H; bias: 3H or 0.
 */
export function gru(
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
  const product = h + floats(N * H);
  const plane = floats(N * T * H);
  const isFirst = (mode & RESET_FIRST) != 0;
  // Rows of r and z, then those of n; or all three together.
  const rows = isFirst ? 2 * H : 3 * H;
  const pitch = floats(rows);
  const ofN = w + floats(2 * H * H);
  const packed = workspace + floats(N * H * GRU_STATES);
  const packedOfN = packSteps(mode, 1, rows, H, w, packed);
  const scratch = isFirst ? packSteps(mode, 1, H, H, ofN, packedOfN) : packedOfN;
  const inner = product + floats(2 * H * (isFirst ? N : 1));
  const innerPitch = isFirst ? floats(H) : pitch;
  memory.fill(h, 0, floats(N * H));
  for (let i = 0; i < T; i++) {
    const t = stepAt(i, T, mode);
    stepProduct(mode, 1, N, rows, H, h, w, packed, bias, product, scratch);
    if (isFirst) {
      const reset = inner + floats(N * H);
      for (let n = 0; n < N; n++) {
        const own = floats(n * H);
        resetRow(H, mode, x + floats((n * T + t) * H * 3), product + 2 * own, h + own, reset + own);
      }
      const biasOfN = bias ? bias + floats(2 * H) : 0;
      stepProduct(mode, 1, N, H, H, reset, ofN, packedOfN, biasOfN, inner, scratch);
    }
    for (let n = 0; n < N; n++) {
      const at = floats((n * T + t) * H);
      const own = h + floats(n * H);
      const to = record + at;
      if (isInitial(i, mode) || !isStep(lengths, n, t, mode)) {
        for (let p = 0; p < 5; p++) memory.fill(to + plane * p, 0, floats(H));
        if (isInitial(i, mode)) {
          memory.copy(own, x + at * 3, floats(H));
          memory.copy(to, own, floats(H));
        }
        continue;
      }
      const given = inner + innerPitch * <usize>n;
      gruRow(H, mode, x + at * 3, product + pitch * <usize>n, given, own, to, plane);
    }
  }
}

/** y = r·h. */
function resetRow(H: i32, mode: i32, x: usize, product: usize, h: usize, y: usize): void {
  add(x, product, y, H);
  gates(mode, H, y, y);
  for (let j = 0; j < H; j += LANES) {
    const count = min(LANES, H - j);
    const at = floats(j);
    storeSome(y + at, f32x4.mul(loadSome(y + at, count), loadSome(h + at, count)), count);
  }
}

/** `inner` is n's part of the product. */
function gruRow(
  H: i32,
  mode: i32,
  x: usize,
  product: usize,
  inner: usize,
  h: usize,
  to: usize,
  plane: usize,
): void {
  const part = floats(H);
  add(x, product, product, 2 * H);
  gates(mode, H, product, to + plane);
  gates(mode, H, product + part, to + plane * 2);
  for (let j = 0; j < H; j += LANES) {
    const count = min(LANES, H - j);
    const r = loadSome(to + plane, count);
    const m = loadSome(inner, count);
    const own = loadSome(h, count);
    const isFirst = mode & RESET_FIRST;
    storeSome(to + plane * 4, isFirst ? f32x4.mul(r, own) : m, count);
    const given = loadSome(x + part * 2, count);
    const n = tanh(isFirst ? f32x4.add(m, given) : madd(r, m, given));
    storeSome(to + plane * 3, n, count);
    const z = loadSome(to + plane * 2, count);
    // (1 − z)·n + z·h
    const state = madd(z, f32x4.sub(own, n), n);
    storeSome(h, state, count);
    storeSome(to, state, count);
    x += 16;
    inner += 16;
    h += 16;
    to += 16;
  }
}

/** dx, N×T×3H, from the record of gru(x) and the gradient dy by its h, N×T×H, through time. */
export function gruGradient(
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
  // Gradients by this step's h from later steps, past the gates and through them; and the gradients by p.
  const direct = workspace;
  const carry = direct + floats(N * H);
  const d = carry + floats(N * H);
  const plane = floats(N * T * H);
  const isFirst = (mode & RESET_FIRST) != 0;
  // As in gru: rows of r and z, then those of n; or all three together.
  const rows = isFirst ? 2 * H : 3 * H;
  const ofN = w + floats(2 * H * H);
  const packed = workspace + floats(N * H * GRU_STATES);
  const packedOfN = packSteps(mode, 0, H, rows, w, packed);
  const scratch = isFirst ? packSteps(mode, 0, H, H, ofN, packedOfN) : packedOfN;
  const inner = d + floats(2 * N * H);
  memory.fill(direct, 0, floats(N * H * 2));
  for (let i = T - 1; i >= 0; i--) {
    const t = stepAt(i, T, mode);
    const before = record + floats(stepAt(i - 1, T, mode) * H);
    for (let n = 0; n < N; n++) {
      const at = floats((n * T + t) * H);
      const own = floats(n * H);
      const to = dx + at * 3;
      if (isInitial(i, mode) || !isStep(lengths, n, t, mode)) {
        memory.fill(to, 0, floats(H * 3));
        if (isInitial(i, mode)) {
          add(direct + own, carry + own, to, H);
          add(to, dy + at, to, H);
        }
      } else {
        const h = i ? before + floats(n * T * H) : 0;
        gruGradientRow(H, mode, record + at, plane, h, dy + at, direct + own, carry + own, to);
      }
      if (isFirst) memory.copy(inner + own, to + floats(2 * H), floats(H));
      else gruHiddenGradient(1, H, to, record + plane + at, d + own * 3);
    }
    if (!i) break;
    if (isFirst) {
      // The gradients by r·h take carry's place until they are spread.
      stepProduct(mode, 0, N, H, H, inner, ofN, packedOfN, 0, carry, scratch);
      for (let n = 0; n < N; n++) {
        const at = floats((n * T + t) * H);
        const own = floats(n * H);
        const h = before + floats(n * T * H);
        resetGradientRow(H, mode, record + plane + at, h, carry + own, direct + own, dx + at * 3);
        memory.copy(d + own * 2, dx + at * 3, floats(2 * H));
      }
    }
    stepProduct(mode, 0, N, H, rows, d, w, packed, 0, carry, scratch);
  }
}

/** From the gradient by r·h, `d`: that by r's argument, and h's part, added to direct. */
function resetGradientRow(
  H: i32,
  mode: i32,
  r: usize,
  h: usize,
  d: usize,
  direct: usize,
  dx: usize,
): void {
  const one = v128.load_splat<f32>(ONE);
  for (let j = 0; j < H; j += LANES) {
    const count = min(LANES, H - j);
    const at = floats(j);
    const own = loadSome(r + at, count);
    const by = loadSome(d + at, count);
    storeSome(dx + at, gateSlope(f32x4.mul(by, loadSome(h + at, count)), own, one, mode), count);
    storeSome(direct + at, madd(by, own, loadSome(direct + at, count)), count);
  }
}

/** `before`: h of the previous step, 0 if there is none. */
function gruGradientRow(
  H: i32,
  mode: i32,
  from: usize,
  plane: usize,
  before: usize,
  dy: usize,
  direct: usize,
  carry: usize,
  dx: usize,
): void {
  const part = floats(H);
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
    storeSome(dx + part, gateSlope(dz, z, one, mode), count);
    const dn = f32x4.mul(dh, f32x4.sub(one, z));
    const inner = f32x4.mul(dn, f32x4.sub(one, f32x4.mul(n, n)));
    storeSome(dx + part * 2, inner, count);
    const r = loadSome(from + plane, count);
    const dr = f32x4.mul(inner, loadSome(from + plane * 4, count));
    storeSome(dx, gateSlope(dr, r, one, mode), count);
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
