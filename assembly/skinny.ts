/**
 * Products of few rows with a transposed matrix, c = a·bᵀ: a dense layer on a shard or on one sample. Packing b, the
 * weights, would cost a good part of the product itself, so b is read where it lies. Each element is one
 * chain in the order of k, as in microkernel.ts, so the bits are those of the blocked product.
 */
import { KC, SPILL_BYTES } from './matmul';
import { NR } from './microkernel';
import { packBAcross } from './pack';
import { LANES, floats, highHalves, highPairs, lowHalves, lowPairs, madd, storeTail } from './simd';

/** Rows of a up to which b is not packed. Shared with src/ops/workspace.ts. */
export const SKINNY: i32 = 32;

/**
 * c[m×n] = a[m×k]·b[n×k]ᵀ for m ≤ SKINNY.
 * workspace: SPILL_BYTES, a in panels of 8 rows, cᵀ, slack; see src/ops/workspace.ts.
 */
export function skinnyProduct(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  b: usize,
  c: usize,
  workspace: usize,
): void {
  if (m == 1) {
    let j = 0;
    for (; j <= n - 16; j += 16) dot16(k, a, b + floats(j * k), c + floats(j));
    for (; j <= n - 4; j += 4) dot4(k, a, b + floats(j * k), c + floats(j));
    for (; j < n; j++) store<f32>(c + floats(j), dot(k, a, b + floats(j * k)));
    return;
  }
  // cᵀ[n×m] = b·aᵀ: b has the part of the unpacked left operand, four rows at a time.
  const panels = (m + NR - 1) / NR;
  const packed = workspace + SPILL_BYTES;
  const ct = packed + floats(panels * NR * min(k, KC));
  const pitch = floats(panels * NR);
  for (let pc = 0; pc < k; pc += KC) {
    const kc = min(KC, k - pc);
    packBAcross(a + floats(pc), floats(k), m, kc, packed);
    for (let j = 0; j < n; j += 4) {
      // Missing rows of the last four repeat the last one.
      const b0 = b + floats(j * k + pc);
      const b1 = b + floats(min(j + 1, n - 1) * k + pc);
      const b2 = b + floats(min(j + 2, n - 1) * k + pc);
      const b3 = b + floats(min(j + 3, n - 1) * k + pc);
      for (let panel = 0; panel < panels; panel++) {
        const to = ct + <usize>j * pitch + floats(panel * NR);
        unpackedTile(b0, b1, b2, b3, packed + floats(panel * NR * kc), to, pitch, kc, pc == 0);
      }
    }
  }
  transpose(ct, n, m, panels * NR, c);
}

/** c[4×8] (+)= four rows of k floats times b[k×8]. */
function unpackedTile(
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  b: usize,
  c: usize,
  pitch: usize,
  k: i32,
  first: bool,
): void {
  const c1 = c + pitch;
  const c2 = c1 + pitch;
  const c3 = c2 + pitch;
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  if (!first) {
    s00 = v128.load(c);
    s01 = v128.load(c, 16);
    s10 = v128.load(c1);
    s11 = v128.load(c1, 16);
    s20 = v128.load(c2);
    s21 = v128.load(c2, 16);
    s30 = v128.load(c3);
    s31 = v128.load(c3, 16);
  }
  do {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load_splat<f32>(a0);
    s00 = madd(x, b0, s00);
    s01 = madd(x, b1, s01);
    x = v128.load_splat<f32>(a1);
    s10 = madd(x, b0, s10);
    s11 = madd(x, b1, s11);
    x = v128.load_splat<f32>(a2);
    s20 = madd(x, b0, s20);
    s21 = madd(x, b1, s21);
    x = v128.load_splat<f32>(a3);
    s30 = madd(x, b0, s30);
    s31 = madd(x, b1, s31);
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    b += 32;
  } while (--k);
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
}

/** c[m×n] from ct, n rows (up to a multiple of 4 are readable) of `width` floats. */
function transpose(ct: usize, n: i32, m: i32, width: i32, c: usize): void {
  for (let j = 0; j < n; j += 4) {
    const rest = min(4, n - j);
    for (let i = 0; i < m; i += 4) {
      const from = ct + floats(j * width + i);
      const v0 = v128.load(from);
      const v1 = v128.load(from + floats(width));
      const v2 = v128.load(from + floats(2 * width));
      const v3 = v128.load(from + floats(3 * width));
      const low01 = lowPairs(v0, v1);
      const low23 = lowPairs(v2, v3);
      storeSome(c + floats(i * n + j), lowHalves(low01, low23), rest);
      if (i + 1 >= m) break;
      storeSome(c + floats((i + 1) * n + j), highHalves(low01, low23), rest);
      if (i + 2 >= m) break;
      const high01 = highPairs(v0, v1);
      const high23 = highPairs(v2, v3);
      storeSome(c + floats((i + 2) * n + j), lowHalves(high01, high23), rest);
      if (i + 3 >= m) break;
      storeSome(c + floats((i + 3) * n + j), highHalves(high01, high23), rest);
    }
  }
}

@inline
function storeSome(to: usize, v: v128, count: i32): void {
  if (count == LANES) v128.store(to, v);
  else storeTail(to, v, count);
}

/** sum + a[l…l+3] times four lines of b, each lane along its own line. */
@inline
function dotBlock(a: usize, line: usize, pitch: usize, sum: v128): v128 {
  const v0 = v128.load(line);
  const v1 = v128.load(line + pitch);
  const v2 = v128.load(line + pitch * 2);
  const v3 = v128.load(line + pitch * 3);
  const low01 = lowPairs(v0, v1);
  const low23 = lowPairs(v2, v3);
  const high01 = highPairs(v0, v1);
  const high23 = highPairs(v2, v3);
  sum = madd(v128.load_splat<f32>(a), lowHalves(low01, low23), sum);
  sum = madd(v128.load_splat<f32>(a, 4), highHalves(low01, low23), sum);
  sum = madd(v128.load_splat<f32>(a, 8), lowHalves(high01, high23), sum);
  return madd(v128.load_splat<f32>(a, 12), highHalves(high01, high23), sum);
}

/** sum + a[l] times one element of each of four lines. */
@inline
function dotStep(a: usize, line: usize, pitch: usize, sum: v128): v128 {
  let v = v128.load32_zero(line);
  v = v128.load_lane<f32>(line + pitch, v, 1);
  v = v128.load_lane<f32>(line + pitch * 2, v, 2);
  v = v128.load_lane<f32>(line + pitch * 3, v, 3);
  return madd(v128.load_splat<f32>(a), v, sum);
}

/** c[16] = b[16×k]·a: four chains of four lanes side by side. */
function dot16(k: i32, a: usize, b: usize, c: usize): void {
  const pitch = floats(k);
  const b1 = b + pitch * 4;
  const b2 = b1 + pitch * 4;
  const b3 = b2 + pitch * 4;
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let l = 0;
  for (; l <= k - 4; l += 4) {
    const at = floats(l);
    s0 = dotBlock(a + at, b + at, pitch, s0);
    s1 = dotBlock(a + at, b1 + at, pitch, s1);
    s2 = dotBlock(a + at, b2 + at, pitch, s2);
    s3 = dotBlock(a + at, b3 + at, pitch, s3);
  }
  for (; l < k; l++) {
    const at = floats(l);
    s0 = dotStep(a + at, b + at, pitch, s0);
    s1 = dotStep(a + at, b1 + at, pitch, s1);
    s2 = dotStep(a + at, b2 + at, pitch, s2);
    s3 = dotStep(a + at, b3 + at, pitch, s3);
  }
  v128.store(c, s0);
  v128.store(c, s1, 16);
  v128.store(c, s2, 32);
  v128.store(c, s3, 48);
}

/** c[4] = b[4×k]·a. */
function dot4(k: i32, a: usize, b: usize, c: usize): void {
  const pitch = floats(k);
  let sum = f32x4.splat(0);
  let l = 0;
  for (; l <= k - 4; l += 4) sum = dotBlock(a + floats(l), b + floats(l), pitch, sum);
  for (; l < k; l++) sum = dotStep(a + floats(l), b + floats(l), pitch, sum);
  v128.store(c, sum);
}

/** a·b, in vector arithmetic so that its bits are a lane's. */
function dot(k: i32, a: usize, b: usize): f32 {
  let sum = f32x4.splat(0);
  for (let l = 0; l < k; l++) {
    sum = madd(v128.load_splat<f32>(a + floats(l)), v128.load32_zero(b + floats(l)), sum);
  }
  return f32x4.extract_lane(sum, 0);
}
