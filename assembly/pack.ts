/**
 * The packing of operands into panels, which the micro-kernel reads front to back. A panel is k rows of
 * `width` floats. Two sources: lines that run along the panel's row (`packAlong`), and lines that run
 * across it, in the direction of k (`packAcross`, a transpose in 4×4 blocks).
 *
 * Panels of A are exactly as wide as their tile has rows (1–4); panels of B are 8 wide and padded with
 * zeros. Stores of 4 lanes may run up to 12 bytes past a panel's end: the next panel overwrites
 * them, and buffers carry 16 bytes of slack.
 */
import { NR } from '../src/program/scratch';
import { tileRows } from './microkernel';
import { floats, joinHigh, joinLow, zipHigh, zipLow } from './simd';

/** Writes the 4×4 transpose of four vectors, `pitch` bytes apart. */
@inline
export function storeTransposed(
  v0: v128,
  v1: v128,
  v2: v128,
  v3: v128,
  to: usize,
  pitch: usize,
): void {
  const low01 = zipLow(v0, v1);
  const low23 = zipLow(v2, v3);
  const high01 = zipHigh(v0, v1);
  const high23 = zipHigh(v2, v3);
  v128.store(to, joinLow(low01, low23));
  to += pitch;
  v128.store(to, joinHigh(low01, low23));
  to += pitch;
  v128.store(to, joinLow(high01, high23));
  to += pitch;
  v128.store(to, joinHigh(high01, high23));
}

/** Panel of A, `rows` ≤ 4 wide, from k lines of `pitch` bytes: element (k, i) at line k, place i. */
function panelAlong(from: usize, pitch: usize, rows: i32, k: i32, to: usize): void {
  const step = floats(rows);
  if (rows == 4) {
    for (let l = 0; l < k; l++) {
      v128.store(to, v128.load(from));
      from += pitch;
      to += step;
    }
    return;
  }
  for (let l = 0; l < k; l++) {
    for (let i = 0; i < rows; i++) store<f32>(to + floats(i), load<f32>(from + floats(i)));
    from += pitch;
    to += step;
  }
}

/** Four panels of A, four wide each, side by side: lines far apart are brought into the cache once. */
function panelsAlong(from: usize, pitch: usize, k: i32, to: usize): void {
  const panel = floats(4 * k);
  const second = to + panel;
  const third = second + panel;
  const fourth = third + panel;
  const end = second;
  for (let at: usize = 0; to + at < end; at += 16) {
    v128.store(to + at, v128.load(from));
    v128.store(second + at, v128.load(from, 16));
    v128.store(third + at, v128.load(from, 32));
    v128.store(fourth + at, v128.load(from, 48));
    from += pitch;
  }
}

/** Panel of A, `rows` ≤ 4 wide, from `rows` lines of `pitch` bytes: element (k, i) at line i, place k. */
function panelAcross(from: usize, pitch: usize, rows: i32, k: i32, to: usize): void {
  const step = floats(rows);
  // Missing rows repeat the last one: their lanes are overwritten or cut off.
  const p1 = rows > 1 ? from + pitch : from;
  const p2 = rows > 2 ? p1 + pitch : p1;
  const p3 = rows > 3 ? p2 + pitch : p2;
  let l = 0;
  for (; l <= k - 4; l += 4) {
    const at = floats(l);
    storeTransposed(
      v128.load(from + at),
      v128.load(p1 + at),
      v128.load(p2 + at),
      v128.load(p3 + at),
      to,
      step,
    );
    to += step * 4;
  }
  for (; l < k; l++) {
    const at = floats(l);
    for (let i = 0; i < rows; i++)
      store<f32>(to + floats(i), load<f32>(from + <usize>i * pitch + at));
    to += step;
  }
}

/**
 * Brings a block into the cache, with a load for each line of cache, since so plain a loop has many misses under way at once
 * where packing has few. What is loaded goes to `to`, where it is overwritten: no optimizer leaves the loads out.
 */
export function fetchLines(from: usize, pitch: usize, rows: i32, columns: i32, to: usize): void {
  const bytes = floats(columns);
  let all = 0;
  for (let i = 0; i < rows; i++) {
    for (let at: usize = 0; at < bytes; at += 64) all |= load<i32>(from + at);
    from += pitch;
  }
  store<i32>(to, all);
}

/** A (m×k block) into panels; `along` if A is stored k×m, else m×k. `pitch` in bytes. */
export function packA(from: usize, pitch: usize, along: bool, m: i32, k: i32, to: usize): void {
  let row = 0;
  if (!isDefined(INFERENCE) && along) {
    for (; row <= m - 16; row += 16) {
      panelsAlong(from + floats(row), pitch, k, to);
      to += floats(16 * k);
    }
  }
  while (row < m) {
    const rows = tileRows(m - row);
    if (along) panelAlong(from + floats(row), pitch, rows, k, to);
    else panelAcross(from + <usize>row * pitch, pitch, rows, k, to);
    to += floats(rows * k);
    row += rows;
  }
}

/** Values [at, at + k) of all panels of an A stored m×k, panels that hold `depth` values. `pitch` in bytes. */
export function packAPart(
  from: usize,
  pitch: usize,
  m: i32,
  k: i32,
  at: i32,
  depth: i32,
  to: usize,
): void {
  let row = 0;
  while (row < m) {
    const rows = tileRows(m - row);
    panelAcross(from + <usize>row * pitch, pitch, rows, k, to + floats(rows * at));
    to += floats(rows * depth);
    row += rows;
  }
}

/** Lines of B that `packBAlong` copies through all panels together, so that it reads them front to back. */
const LINES: i32 = 8;

/** B (k×n block) stored k×n into panels of 8 columns. */
export function packBAlong(from: usize, pitch: usize, n: i32, k: i32, to: usize): void {
  const panel = floats(k * NR);
  for (let l = 0; l < k; l += LINES) {
    const lines = min(LINES, k - l);
    let at = to;
    let column = from;
    let j = 0;
    for (; j <= n - NR; j += NR) {
      copyLines(column, pitch, lines, at);
      column += 32;
      at += panel;
    }
    if (j < n) padLines(column, pitch, n - j, lines, at);
    from += <usize>LINES * pitch;
    to += LINES * 32;
  }
}

/** Eight columns of `lines` lines. */
@inline
function copyLines(line: usize, pitch: usize, lines: i32, to: usize): void {
  do {
    v128.store(to, v128.load(line));
    v128.store(to, v128.load(line, 16), 16);
    line += pitch;
    to += 32;
  } while (--lines);
}

/** Fewer than eight columns, followed by zeros. */
function padLines(line: usize, pitch: usize, columns: i32, lines: i32, to: usize): void {
  do {
    v128.store(to, f32x4.splat(0));
    v128.store(to, f32x4.splat(0), 16);
    for (let i = 0; i < columns; i++) store<f32>(to + floats(i), load<f32>(line + floats(i)));
    line += pitch;
    to += 32;
  } while (--lines);
}

/** B (k×n block) stored n×k into panels of 8 columns. */
export function packBAcross(from: usize, pitch: usize, n: i32, k: i32, to: usize): void {
  for (let j = 0; j < n; j += NR) {
    const columns = min(NR, n - j);
    const line = from + <usize>j * pitch;
    let l = 0;
    if (columns == NR) {
      const line4 = line + pitch * 4;
      for (; l <= k - 4; l += 4) {
        const at = floats(l);
        storeTransposed(
          v128.load(line + at),
          v128.load(line + pitch + at),
          v128.load(line + pitch * 2 + at),
          v128.load(line + pitch * 3 + at),
          to,
          32,
        );
        storeTransposed(
          v128.load(line4 + at),
          v128.load(line4 + pitch + at),
          v128.load(line4 + pitch * 2 + at),
          v128.load(line4 + pitch * 3 + at),
          to + 16,
          32,
        );
        to += 128;
      }
    }
    for (; l < k; l++) {
      for (let i = 0; i < NR; i++) {
        const element = i < columns ? load<f32>(line + <usize>i * pitch + floats(l)) : <f32>0;
        store<f32>(to + floats(i), element);
      }
      to += 32;
    }
  }
}
