/**
 * Products of few rows with a transposed matrix, c = a·bᵀ: a dense layer on a shard or on one sample. Packing b, the
 * weights, would cost a good part of the product itself, so b is read in place. Each element is one chain in the order
 * of k, as in microkernel.ts, so the bits are those of the blocked product.
 */
import { broadTiles, hasBroadTiles } from './loads';
import { NR, skinnyDepth, skinnyPanels, SPILL_BYTES } from '../src/program/scratch';
import { rowTimesTransposed } from './matvec';
import { packBAcross } from './pack';
import { LANES, floats, joinHigh, zipHigh, joinLow, zipLow, storeTail } from './simd';
import { tile4x8Rows } from './tile4x8';
import { tile6x8Rows } from './tile6x8';

/** Steps of k after which the next panel takes the same rows. */
const STRETCH: i32 = 128;

/**
 * c[m×n] = a[m×k]·b[n×k]ᵀ for m ≤ SKINNY.
 * workspace: a tile beyond the edge, a in panels of 8 rows, cᵀ.
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
    rowTimesTransposed(a, b, floats(k), n, k, c);
    return;
  }
  // cᵀ[n×m] = b·aᵀ: b takes the place of the unpacked left operand, four rows at a time.
  const panels = (m + NR - 1) / NR;
  const packed = workspace + SPILL_BYTES;
  const ct = packed + floats(skinnyPanels(m, n, k));
  const pitch = floats(panels * NR);
  const depth = skinnyDepth(m, n, k);
  for (let pc = 0; pc < k; pc += depth) {
    const kc = min(depth, k - pc);
    packBAcross(a + floats(pc), floats(k), m, kc, packed);
    let j = 0;
    if (hasBroadTiles && broadTiles) {
      for (; j <= n - 6; j += 6) {
        rowsTimesPanels(
          6,
          b + floats(j * k + pc),
          0,
          k,
          kc,
          packed,
          panels,
          ct + <usize>j * pitch,
          pc == 0,
        );
      }
    }
    for (; j < n; j += 4) {
      const last = min(4, n - j) - 1;
      rowsTimesPanels(
        4,
        b + floats(j * k + pc),
        last,
        k,
        kc,
        packed,
        panels,
        ct + <usize>j * pitch,
        pc == 0,
      );
    }
  }
  transpose(ct, n, m, panels * NR, c);
}

/**
 * c[rows×panels·8] (+)= rows of b times packed panels. Every panel takes a stretch of the rows while it is in L1, so the
 * rows come from memory in step with the arithmetic.
 */
function rowsTimesPanels(
  rows: i32,
  b: usize,
  last: i32,
  k: i32,
  kc: i32,
  packed: usize,
  panels: i32,
  c: usize,
  first: bool,
): void {
  const pitch = floats(panels * NR);
  const line = floats(k);
  const stretch = panels > 1 ? STRETCH : kc;
  for (let l = 0; l < kc; l += stretch) {
    const steps = min(stretch, kc - l);
    const from = b + floats(l);
    let at = packed + floats(l * NR);
    for (let panel = 0; panel < panels; panel++) {
      const to = c + floats(panel * NR);
      const isFirst = first && l == 0;
      if (hasBroadTiles && rows == 6) tile6x8Rows(from, line, at, to, pitch, steps, isFirst);
      else {
        // Missing rows of the last four repeat the last one.
        const b1 = from + line * <usize>min(1, last);
        const b2 = from + line * <usize>min(2, last);
        const b3 = from + line * <usize>last;
        tile4x8Rows(from, b1, b2, b3, at, to, pitch, steps, isFirst);
      }
      at += floats(NR * kc);
    }
  }
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
      const low01 = zipLow(v0, v1);
      const low23 = zipLow(v2, v3);
      storeSome(c + floats(i * n + j), joinLow(low01, low23), rest);
      if (i + 1 >= m) break;
      storeSome(c + floats((i + 1) * n + j), joinHigh(low01, low23), rest);
      if (i + 2 >= m) break;
      const high01 = zipHigh(v0, v1);
      const high23 = zipHigh(v2, v3);
      storeSome(c + floats((i + 2) * n + j), joinLow(high01, high23), rest);
      if (i + 3 >= m) break;
      storeSome(c + floats((i + 3) * n + j), joinHigh(high01, high23), rest);
    }
  }
}

@inline
function storeSome(to: usize, v: v128, count: i32): void {
  if (count == LANES) v128.store(to, v);
  else storeTail(to, v, count);
}
