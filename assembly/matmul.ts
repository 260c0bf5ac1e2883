/**
 * The matrix product as five loops around the micro-kernel (Goto & van de Geijn 2008). Each loop is named for the cache
 * its block is in: NC columns of B in L3, KC of k in L1, MC rows of A in L2.
 */
import { NONE, activation, finishColumns } from './activation';
import { KC, MC, NC, NR, rowPanels, SKINNY, SPILL_BYTES } from '../src/program/scratch';
import { broadTiles, hasBroadTiles } from './loads';
import { broadColumns, macroKernel } from './microkernel';
import { fetchLines, packA, packBAcross, packBAlong } from './pack';
import { floats } from './simd';
import { skinnyProduct } from './skinny';

/** Columns and lines of an unpacked B that are read together: its lines come in runs of 4 KB, 24 at a time. */
const BESIDES: i32 = 1008;
const LINES: i32 = 24;

/** Up to this k a product writes more than it computes, so it writes few rows at a time, from a block of B in L1. */
const SHALLOW: i32 = 64;
const SHALLOW_FLOATS: i32 = 16384;
const SHALLOW_ROWS: i32 = 8;

/**
 * c[m×n] = f(op(a)·op(b) + bias), all dense and row-major.
 * a: m×k, or k×m if transposeA; b: k×n, or n×k if transposeB; bias: n or 0; code: activation.
 * workspace: a tile beyond the edge, packed A, packed B.
 */
export function matmul(
  transposeA: i32,
  transposeB: i32,
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  b: usize,
  bias: usize,
  c: usize,
  code: i32,
  workspace: usize,
): void {
  if (transposeB && !transposeA && m <= SKINNY) {
    skinnyProduct(m, n, k, a, b, c, workspace);
    finish(c, floats(n), m, n, bias, code);
    return;
  }
  const packedA = workspace + SPILL_BYTES;
  const packedB = packedA + floats(rowPanels(m, k));
  const aPitch = (<usize>(transposeA ? m : k)) << 2;
  const bPitch = (<usize>(transposeB ? k : n)) << 2;
  const cPitch = (<usize>n) << 2;
  let from = 0;
  if (hasBroadTiles && broadTiles && !transposeB && m <= SKINNY && (m & 1) == 0) {
    from = n - (n % (3 * NR));
    linesProduct(transposeA, m, from, n, k, a, b, c, packedA);
    finish(c, cPitch, m, from, bias, code);
  }
  const columns = k <= SHALLOW ? min(NC, (SHALLOW_FLOATS / k / NR) * NR) : NC;
  const rows = k <= SHALLOW ? SHALLOW_ROWS : MC;
  for (let jc = from; jc < n; jc += columns) {
    const nc = min(columns, n - jc);
    for (let pc = 0; pc < k; pc += KC) {
      const kc = min(KC, k - pc);
      if (transposeB)
        packBAcross(b + <usize>jc * bPitch + ((<usize>pc) << 2), bPitch, nc, kc, packedB);
      else packBAlong(b + <usize>pc * bPitch + ((<usize>jc) << 2), bPitch, nc, kc, packedB);
      for (let ic = 0; ic < m; ic += MC) {
        const mc = min(MC, m - ic);
        const part = transposeA
          ? a + <usize>pc * aPitch + ((<usize>ic) << 2)
          : a + <usize>ic * aPitch + ((<usize>pc) << 2);
        if (transposeA) fetchLines(part, aPitch, kc, mc, packedA);
        else fetchLines(part, aPitch, mc, kc, packedA);
        packA(part, aPitch, transposeA != 0, mc, kc, packedA);
        const block = c + <usize>ic * cPitch + ((<usize>jc) << 2);
        for (let i = 0; i < mc; i += rows) {
          const at = packedA + floats(i * kc);
          const to = block + <usize>i * cPitch;
          macroKernel(min(rows, mc - i), nc, kc, at, packedB, to, cPitch, pc == 0, workspace);
        }
        if (pc + kc == k) finish(block, cPitch, mc, nc, bias ? bias + ((<usize>jc) << 2) : 0, code);
      }
    }
  }
}

/** The first `columns` columns of c[m×n] = op(a)·b, a multiple of 24, for few rows: b is read where it lies. */
function linesProduct(
  transposeA: i32,
  m: i32,
  columns: i32,
  n: i32,
  k: i32,
  a: usize,
  b: usize,
  c: usize,
  packedA: usize,
): void {
  const pitch = floats(n);
  for (let pc = 0; pc < k; pc += KC) {
    const kc = min(KC, k - pc);
    if (transposeA) packA(a + floats(pc * m), floats(m), true, m, kc, packedA);
    else packA(a + floats(pc), floats(k), false, m, kc, packedA);
    for (let jc = 0; jc < columns; jc += BESIDES) {
      const end = min(jc + BESIDES, columns);
      for (let l = 0; l < kc; l += LINES) {
        const lines = min(LINES, kc - l);
        const line = b + <usize>(pc + l) * pitch;
        const isFirst = pc + l == 0;
        for (let j = jc; j < end; j += 3 * NR) {
          const at = floats(j);
          broadColumns(
            m,
            kc,
            packedA,
            l,
            lines,
            line + at,
            floats(NR),
            pitch,
            c + at,
            pitch,
            isFirst,
            0,
          );
        }
      }
    }
  }
}

/** c[i] = op(a[i])·op(b[i]) for each of `batch` products, contiguous in memory; workspace as for one. */
export function batchMatmul(
  batch: i32,
  transposeA: i32,
  transposeB: i32,
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  b: usize,
  c: usize,
  workspace: usize,
): void {
  for (let i = 0; i < batch; i++) {
    matmul(transposeA, transposeB, m, n, k, a, b, 0, c, NONE, workspace);
    a += floats(m * k);
    b += floats(k * n);
    c += floats(m * n);
  }
}

/** Applies bias and activation to a block of C while it is in cache. */
function finish(c: usize, pitch: usize, m: i32, n: i32, bias: usize, code: i32): void {
  if (!bias && code == NONE) return;
  for (let i = 0; i < m; i++) {
    if (bias) finishColumns(code, c, n, bias);
    else activation(code, c, c, n);
    c += pitch;
  }
}
