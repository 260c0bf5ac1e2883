/**
 * The two loops around the tile (Goto & van de Geijn 2008; van Zee & van de Geijn 2015). They multiply a block of
 * packed A, in panels of up to 4 rows, by a block of packed B, in panels of 8 columns, two or three at a time.
 *
 * Every element of C is one chain of multiply-adds in the order of k, continued across k blocks from the stored value.
 * So its bits do not depend on tile, block or panel sizes.
 */
import { NR } from '../src/program/scratch';
import { broadTiles, hasBroadTiles, plainLoads } from './loads';
import { floats } from './simd';
import { tile1x16 } from './tile1x16';
import { tile2x16 } from './tile2x16';
import { tile2x16Plain } from './tile2x16-plain';
import { tile2x24 } from './tile2x24';
import { tile4x8 } from './tile4x8';

/** Number of rows in the panel of A that starts with `rest` rows left. */
@inline
export function tileRows(rest: i32): i32 {
  return min(4, rest);
}

/** Bytes between rows of the block in which tiles beyond the edge are computed: 4×16 floats. */
const SPILL_PITCH: usize = 64;

/** c[rows×16] (+)= a panel of A times the panels b and d. */
@inline
function tiles(
  rows: i32,
  a: usize,
  b: usize,
  d: usize,
  c: usize,
  pitch: usize,
  k: i32,
  first: bool,
): void {
  const step = floats(rows);
  for (let i = 0; i < rows - 1; i += 2) {
    if (plainLoads) tile2x16Plain(a, step, b, d, c, pitch, k, first);
    else tile2x16(a, step, b, d, c, pitch, k, first);
    a += 8;
    c += pitch * 2;
  }
  if (rows & 1) tile1x16(a, step, b, d, c, k, first);
}

/**
 * c[m×24] (+)= steps `l` to `l + steps` of packed A, k deep, times 8 columns every `bStep` bytes at b and at two
 * places `beside` bytes on: panels, or for even m a matrix as it lies. `spill` is a tile beyond the edge.
 */
export function broadColumns(
  m: i32,
  k: i32,
  a: usize,
  l: i32,
  steps: i32,
  b: usize,
  beside: usize,
  bStep: usize,
  c: usize,
  pitch: usize,
  first: bool,
  spill: usize,
): void {
  const d = b + beside;
  const e = d + beside;
  for (let row = 0; row < m;) {
    const rows = tileRows(m - row);
    const step = floats(rows);
    let at = a + floats(row * k) + <usize>l * step;
    for (let i = 0; i < rows - 1; i += 2) {
      tile2x24(at, step, b, d, e, bStep, c, pitch, steps, first);
      at += 8;
      c += pitch * 2;
    }
    if (rows & 1) {
      // The last row of all: 16 columns, and the other 8 with a second panel that is never copied out.
      tile1x16(at, step, b, d, c, steps, first);
      if (!first) copyBlock(c + 64, 0, spill, 0, 1, NR);
      tile1x16(at, step, e, e, spill, steps, first);
      copyBlock(spill, 0, c + 64, 0, 1, NR);
    }
    row += rows;
  }
}

/** Copies a rows×columns block of floats between two pitches (bytes). */
export function copyBlock(
  from: usize,
  fromPitch: usize,
  to: usize,
  toPitch: usize,
  rows: i32,
  columns: i32,
): void {
  for (let i = 0; i < rows; i++) {
    let j = 0;
    for (; j <= columns - 4; j += 4) v128.store(to + floats(j), v128.load(from + floats(j)));
    for (; j < columns; j++) store<f32>(to + floats(j), load<f32>(from + floats(j)));
    from += fromPitch;
    to += toPitch;
  }
}

/**
 * c[m×n] (+)= packed A · packed B over k. A panel that starts at row i is at a + i·k floats, a
 * panel of B at b + panel·k·8 floats. `first` stores, else adds to c. `spill` is SPILL_BYTES for the
 * tiles beyond the right edge.
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
  const panel = floats(k * NR);
  let j = 0;
  if (hasBroadTiles && broadTiles) {
    for (; j <= n - 3 * NR; j += 3 * NR) {
      broadColumns(m, k, a, 0, k, b, panel, floats(NR), c + floats(j), pitch, first, spill);
      b += panel * 3;
    }
  }
  for (; j < n; j += 2 * NR) {
    const columns = min(2 * NR, n - j);
    // A last panel without partner is paired with itself, and the second result is never copied out.
    const d = columns > NR ? b + panel : b;
    let row = 0;
    while (row < m) {
      const rows = tileRows(m - row);
      const width = columns > NR || rows < 4 ? 2 * NR : NR;
      const at = c + <usize>row * pitch + floats(j);
      const to = columns == width ? at : spill;
      const toPitch = columns == width ? pitch : SPILL_PITCH;
      if (to == spill && !first) copyBlock(at, pitch, spill, SPILL_PITCH, rows, columns);
      const from = a + floats(row * k);
      if (width == NR) tile4x8(from, b, to, toPitch, k, first);
      else tiles(rows, from, b, d, to, toPitch, k, first);
      if (to == spill) copyBlock(spill, SPILL_PITCH, at, pitch, rows, columns);
      row += rows;
    }
    b += panel * 2;
  }
}
