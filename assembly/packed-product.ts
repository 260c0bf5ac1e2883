/**
 * Products with one matrix that stays packed over many of them, as a recurrent layer's weights do over its steps. The
 * chains are those of matmul.ts: the bits do not depend on which of the two multiplies.
 */
import { KC, MC, SPILL_BYTES, packedMatrix } from '../src/program/scratch';
import { macroKernel } from './microkernel';
import { packA, packBAcross, packBAlong } from './pack';
import { floats } from './simd';

/** Packs op(b), k×n, of which b is n×k if `transpose`; to: packedMatrix(k, n) floats. */
export function packMatrix(transpose: i32, n: i32, k: i32, b: usize, to: usize): void {
  for (let pc = 0; pc < k; pc += KC) {
    const kc = min(KC, k - pc);
    if (transpose) packBAcross(b + floats(pc), floats(k), n, kc, to);
    else packBAlong(b + floats(pc * n), floats(n), n, kc, to);
    to += floats(packedMatrix(kc, n));
  }
}

/** c[m×n] = a[m×k]·b, b as packMatrix has left it. workspace: a tile beyond the edge, a block of a. */
export function packedProduct(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  b: usize,
  c: usize,
  workspace: usize,
): void {
  const block = workspace + SPILL_BYTES;
  for (let ic = 0; ic < m; ic += MC) {
    const mc = min(MC, m - ic);
    let panels = b;
    for (let pc = 0; pc < k; pc += KC) {
      const kc = min(KC, k - pc);
      packA(a + floats(ic * k + pc), floats(k), false, mc, kc, block);
      macroKernel(mc, n, kc, block, panels, c + floats(ic * n), floats(n), pc == 0, workspace);
      panels += floats(packedMatrix(kc, n));
    }
  }
}
