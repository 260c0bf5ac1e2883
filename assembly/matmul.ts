/**
 * The matrix product as five loops around the micro-kernel (Goto & van de Geijn 2008). Each loop is named for the cache
 * its block is in: NC columns of B in L3, KC of k in L1, MC rows of A in L2.
 */
import { NONE, activation, finishColumns } from './activation';
import { KC, MC, NC, rowPanels, SKINNY, SPILL_BYTES } from '../src/program/scratch';
import { macroKernel } from './microkernel';
import { packA, packBAcross, packBAlong } from './pack';
import { floats } from './simd';
import { skinnyProduct } from './skinny';

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
  for (let jc = 0; jc < n; jc += NC) {
    const nc = min(NC, n - jc);
    for (let pc = 0; pc < k; pc += KC) {
      const kc = min(KC, k - pc);
      if (transposeB)
        packBAcross(b + <usize>jc * bPitch + ((<usize>pc) << 2), bPitch, nc, kc, packedB);
      else packBAlong(b + <usize>pc * bPitch + ((<usize>jc) << 2), bPitch, nc, kc, packedB);
      for (let ic = 0; ic < m; ic += MC) {
        const mc = min(MC, m - ic);
        const from = transposeA
          ? a + <usize>pc * aPitch + ((<usize>ic) << 2)
          : a + <usize>ic * aPitch + ((<usize>pc) << 2);
        packA(from, aPitch, transposeA != 0, mc, kc, packedA);
        const block = c + <usize>ic * cPitch + ((<usize>jc) << 2);
        macroKernel(mc, nc, kc, packedA, packedB, block, cPitch, pc == 0, workspace);
        if (pc + kc == k) finish(block, cPitch, mc, nc, bias ? bias + ((<usize>jc) << 2) : 0, code);
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
