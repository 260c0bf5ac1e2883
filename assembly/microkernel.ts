/**
 * The innermost loops of the matrix product (Goto & van de Geijn 2008; van Zee & van de Geijn 2015):
 * an MR×8 tile of C in registers, MR rows of packed A against 8 columns of packed B.
 *
 * Every element of C is one chain of multiply-adds in the order of k, continued across k blocks from
 * the stored value. So its bits do not depend on tile, block or panel sizes.
 *
 * The shapes follow what V8 does with registers: 8 accumulators, 2 of B, 1 of A and 1 temporary fit
 * into 15; more spill on V8 11–12. `do … while (--k)` measured faster than `for`.
 */
import { madd } from './simd';

/** Columns of a tile, and of a packed panel of B. */
export const NR: i32 = 8;

/** Rows of the tile that starts with `rest` rows left: 4, but 3 + 3 and 3 + 2 instead of 4 + 2 and 4 + 1. */
@inline
export function tileRows(rest: i32): i32 {
  return rest > 6 ? 4 : rest > 4 ? 3 : rest;
}

/** c[4×8] (+)= a[k×4]ᵀ·b[k×8]; `pitch` is the bytes between rows of c. */
function tile4(a: usize, b: usize, c: usize, pitch: usize, k: i32, first: bool): void {
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
    const a0 = v128.load_splat<f32>(a);
    s00 = madd(a0, b0, s00);
    s01 = madd(a0, b1, s01);
    const a1 = v128.load_splat<f32>(a, 4);
    s10 = madd(a1, b0, s10);
    s11 = madd(a1, b1, s11);
    const a2 = v128.load_splat<f32>(a, 8);
    s20 = madd(a2, b0, s20);
    s21 = madd(a2, b1, s21);
    const a3 = v128.load_splat<f32>(a, 12);
    s30 = madd(a3, b0, s30);
    s31 = madd(a3, b1, s31);
    a += 16;
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

function tile3(a: usize, b: usize, c: usize, pitch: usize, k: i32, first: bool): void {
  const c1 = c + pitch;
  const c2 = c1 + pitch;
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  if (!first) {
    s00 = v128.load(c);
    s01 = v128.load(c, 16);
    s10 = v128.load(c1);
    s11 = v128.load(c1, 16);
    s20 = v128.load(c2);
    s21 = v128.load(c2, 16);
  }
  do {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load_splat<f32>(a);
    s00 = madd(a0, b0, s00);
    s01 = madd(a0, b1, s01);
    const a1 = v128.load_splat<f32>(a, 4);
    s10 = madd(a1, b0, s10);
    s11 = madd(a1, b1, s11);
    const a2 = v128.load_splat<f32>(a, 8);
    s20 = madd(a2, b0, s20);
    s21 = madd(a2, b1, s21);
    a += 12;
    b += 32;
  } while (--k);
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
}

function tile2(a: usize, b: usize, c: usize, pitch: usize, k: i32, first: bool): void {
  const c1 = c + pitch;
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  if (!first) {
    s00 = v128.load(c);
    s01 = v128.load(c, 16);
    s10 = v128.load(c1);
    s11 = v128.load(c1, 16);
  }
  do {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load_splat<f32>(a);
    s00 = madd(a0, b0, s00);
    s01 = madd(a0, b1, s01);
    const a1 = v128.load_splat<f32>(a, 4);
    s10 = madd(a1, b0, s10);
    s11 = madd(a1, b1, s11);
    a += 8;
    b += 32;
  } while (--k);
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
}

function tile1(a: usize, b: usize, c: usize, k: i32, first: bool): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  if (!first) {
    s0 = v128.load(c);
    s1 = v128.load(c, 16);
  }
  do {
    const a0 = v128.load_splat<f32>(a);
    s0 = madd(a0, v128.load(b), s0);
    s1 = madd(a0, v128.load(b, 16), s1);
    a += 4;
    b += 32;
  } while (--k);
  v128.store(c, s0);
  v128.store(c, s1, 16);
}

@inline
function tile(rows: i32, a: usize, b: usize, c: usize, pitch: usize, k: i32, first: bool): void {
  if (rows == 4) tile4(a, b, c, pitch, k, first);
  else if (rows == 3) tile3(a, b, c, pitch, k, first);
  else if (rows == 2) tile2(a, b, c, pitch, k, first);
  else tile1(a, b, c, k, first);
}

/** Copies a rows×columns block of floats between two pitches (bytes). */
function copyBlock(
  from: usize,
  fromPitch: usize,
  to: usize,
  toPitch: usize,
  rows: i32,
  columns: i32,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      store<f32>(to + ((<usize>j) << 2), load<f32>(from + ((<usize>j) << 2)));
    }
    from += fromPitch;
    to += toPitch;
  }
}

/**
 * c[m×n] (+)= packed A · packed B over k: the two loops around the tile. A panel that starts at row i
 * stands at a + i·k floats, a panel of B at b + panel·k·8 floats. `first` stores, else adds to c.
 * `spill` is 128 bytes for the tiles that stick out over the right edge.
 */
export function macroKernel(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  b: usize,
  c: usize,
  pitch: usize,
  first: bool,
  spill: usize,
): void {
  const bPanel = (<usize>(k * NR)) << 2;
  for (let j = 0; j < n; j += NR) {
    const columns = min(NR, n - j);
    let row = 0;
    while (row < m) {
      const rows = tileRows(m - row);
      const aPanel = a + ((<usize>(row * k)) << 2);
      const at = c + <usize>row * pitch + ((<usize>j) << 2);
      if (columns == NR) {
        tile(rows, aPanel, b, at, pitch, k, first);
      } else {
        if (!first) copyBlock(at, pitch, spill, 32, rows, columns);
        tile(rows, aPanel, b, spill, 32, k, first);
        copyBlock(spill, 32, at, pitch, rows, columns);
      }
      row += rows;
    }
    b += bPanel;
  }
}
