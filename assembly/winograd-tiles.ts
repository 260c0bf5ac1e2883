/**
 * The tiles of Winograd's convolutions: where they are, copies of their inputs with borders, and their transforms, which
 * are written as packed operands of the micro-kernel. Letters as in conv2d.ts; `k` is the filters' extent and `tile` that of
 * a tile of outputs, which name the transforms: 3 and 4 or 5 and 2 (winograd.ts), 3 and 2 (winograd-planes.ts).
 */
import { KC, NR, TILE_BYTES } from '../src/program/scratch';
import { storeTransposed } from './pack';
import { floats, zipHigh, zipLow } from './simd';
import {
  transformFilter,
  transformFilterGradient,
  transformGradient,
  transformInput,
  transformOutput,
} from './winograd';
import {
  transformPlaneFilter,
  transformPlaneFilterGradient,
  transformPlaneOutput,
  transformPlanes,
} from './winograd-planes';

/** A tile's entry in the table: its offsets in bytes on the two sides, its rows, its columns. */
const ENTRY_BYTES: usize = TILE_BYTES;

/** Channels that are transformed before the next tiles are: their half lines should still be in L1 or L2. */
const CHANNELS: i32 = 32;

/**
 * The tiles of rows [p0, p1) of P×Q outputs of some images: where each is read, in slots of `slot` bytes, planes of which
 * begin with row p0 and have `pitch` bytes a row; where it is in images of `image` bytes; and the part of it that exists.
 * Missing tiles of the last panel repeat the last one; their products are not read.
 */
export function tileTable(
  tile: i32,
  images: i32,
  p0: i32,
  p1: i32,
  P: i32,
  Q: i32,
  slot: usize,
  pitch: usize,
  image: usize,
  to: usize,
): void {
  let count = 0;
  for (let n = 0; n < images; n++) {
    for (let p = p0; p < p1; p += tile) {
      for (let q = 0; q < Q; q += tile) {
        store<u32>(to, <u32>(<usize>n * slot + <usize>(p - p0) * pitch + floats(q)));
        store<u32>(to, <u32>(<usize>n * image + floats(p * Q + q)), 4);
        store<i32>(to, min(tile, P - p), 8);
        store<i32>(to, min(tile, Q - q), 12);
        to += ENTRY_BYTES;
        count++;
      }
    }
  }
  for (; count & 7; count++) {
    memory.copy(to, to - ENTRY_BYTES, ENTRY_BYTES);
    to += ENTRY_BYTES;
  }
}

/**
 * Copies rows [p, p + height) of an image into a slot of C×height×width, `left` columns to the right. Rows beyond the
 * image become zeros; the columns beside it are zeros already.
 */
export function fillSlot(
  x: usize,
  C: i32,
  H: i32,
  W: i32,
  p: i32,
  left: i32,
  height: i32,
  width: i32,
  to: usize,
): void {
  const above = min(height, max(0, -p));
  const inside = max(0, min(H, p + height) - max(p, 0));
  for (let c = 0; c < C; c++) {
    let from = x + floats((c * H + max(p, 0)) * W);
    let row = to + floats(left);
    for (let i = 0; i < height; i++) {
      let j = 0;
      if (i >= above && i < above + inside) {
        // Rows are short: a call of memory.copy would cost more than the copying.
        for (; j <= W - 4; j += 4) v128.store(row + floats(j), v128.load(from + floats(j)));
        for (; j < W; j++) store<f32>(row + floats(j), load<f32>(from + floats(j)));
        from += floats(W);
      } else {
        for (; j <= W - 4; j += 4) v128.store(row + floats(j), f32x4.splat(0));
        for (; j < W; j++) store<f32>(row + floats(j), 0);
      }
      row += floats(width);
    }
    to += floats(height * width);
  }
}

/** V of `count` tiles, a tile in each lane: packed B, panels of 8 tiles over the channels. */
export function packTiles(
  planes: bool,
  x: usize,
  plane: usize,
  pitch: usize,
  C: i32,
  table: usize,
  count: i32,
  scratch: usize,
  V: usize,
  stride: usize,
): void {
  const columns = (count + 7) & ~7;
  for (let c0 = 0; c0 < C; c0 += CHANNELS) {
    const c1 = min(C, c0 + CHANNELS);
    // The block of k that the channels are in.
    const k0 = c0 & ~(KC - 1);
    const depth = min(KC, C - k0);
    for (let t = 0; t < columns; t += 4) {
      const entries = table + <usize>t * ENTRY_BYTES;
      const from = x + plane * c0;
      let p0 = from + <usize>load<u32>(entries);
      let p1 = from + <usize>load<u32>(entries, ENTRY_BYTES);
      let p2 = from + <usize>load<u32>(entries, ENTRY_BYTES * 2);
      let p3 = from + <usize>load<u32>(entries, ENTRY_BYTES * 3);
      let to = V + floats(columns * k0 + (t & ~7) * depth + (c0 - k0) * NR + (t & 4));
      for (let c = c0; c < c1; c++) {
        if (planes) transformPlanes(false, p0, p1, p2, p3, to, stride);
        else transformInput(p0, p1, p2, p3, pitch, scratch, to, stride);
        p0 += plane;
        p1 += plane;
        p2 += plane;
        p3 += plane;
        to += floats(NR);
      }
    }
  }
}

/**
 * Transformed tiles, four channels in the lanes: packed over the tiles, inputs in panels of 8 channels, gradients in
 * panels of 4.
 */
export function packChannels(
  isInput: bool,
  k: i32,
  planes: bool,
  from: usize,
  plane: usize,
  pitch: usize,
  C: i32,
  table: usize,
  count: i32,
  scratch: usize,
  to: usize,
  stride: usize,
): void {
  const wide = isInput ? NR : 4;
  for (let c = 0; c < C; c += 4) {
    let at = to + floats((c & ~(wide - 1)) * count + (c & (wide - 1)));
    for (let i = 0; i < count; i++) {
      const p0 = from + <usize>load<u32>(table + <usize>i * ENTRY_BYTES);
      const p1 = p0 + plane;
      const p2 = p1 + plane;
      const p3 = p2 + plane;
      if (planes) transformPlanes(!isInput, p0, p1, p2, p3, at, stride);
      else if (isInput) transformInput(p0, p1, p2, p3, pitch, scratch, at, stride);
      else transformGradient(k == 5, p0, p1, p2, p3, pitch, scratch, at, stride);
      at += floats(wide);
    }
    from += plane * 4;
  }
}

/** U of filters [o0, o0 + count): packed A, panels of 4 filters over the channels. */
export function packFilters(
  k: i32,
  planes: bool,
  w: usize,
  C: i32,
  O: i32,
  flipped: bool,
  o0: i32,
  count: i32,
  scratch: usize,
  U: usize,
  stride: usize,
): void {
  const taps = k * k;
  const pitch = floats(flipped ? taps : taps * C);
  for (let k0 = 0; k0 < C; k0 += KC) {
    const depth = min(KC, C - k0);
    for (let o = 0; o < count; o += 4) {
      let to = U + floats(count * k0 + o * depth);
      for (let c = k0; c < k0 + depth; c++) {
        const filter = w + floats(taps * (flipped ? c * O + o0 + o : (o0 + o) * C + c));
        if (planes) transformPlaneFilter(filter, pitch, flipped, to, stride);
        else transformFilter(k == 5, filter, pitch, flipped, scratch, to, stride);
        to += 16;
      }
    }
  }
}

/** The gradients of `count` filters from their sums, a multiple of 4. */
export function unpackFilters(
  k: i32,
  planes: bool,
  sums: usize,
  stride: usize,
  count: i32,
  scratch: usize,
  dw: usize,
): void {
  for (let i = 0; i < count; i += 4) {
    if (planes) transformPlaneFilterGradient(sums, stride, dw);
    else transformFilterGradient(k == 5, sums, stride, scratch, dw);
    sums += 16;
    dw += floats(4 * k * k);
  }
}

/** Rows of four tiles' outputs, columns with a tile in each lane, become rows of each tile after the other. */
@inline
function finishTiles(tile: i32, scratch: usize, bias: v128, low: v128): void {
  for (let i = 0; i < tile; i++) {
    const row = scratch + 64 * <usize>i;
    const first = f32x4.pmax(f32x4.add(v128.load(row), bias), low);
    const second = f32x4.pmax(f32x4.add(v128.load(row, 16), bias), low);
    if (tile == 2) {
      v128.store(row, zipLow(first, second));
      v128.store(row, zipHigh(first, second), 16);
      continue;
    }
    const third = f32x4.pmax(f32x4.add(v128.load(row, 32), bias), low);
    const fourth = f32x4.pmax(f32x4.add(v128.load(row, 48), bias), low);
    storeTransposed(first, second, third, fourth, row, 16);
  }
}

/** y of `count` tiles from their products M, with bias and, if `code` is RELU, the rectifier. */
export function unpackTiles(
  tile: i32,
  planes: bool,
  M: usize,
  stride: usize,
  O: i32,
  table: usize,
  count: i32,
  block: i32,
  scratch: usize,
  b: usize,
  rectify: bool,
  y: usize,
  plane: usize,
  pitch: usize,
): void {
  const low = f32x4.splat(rectify ? 0 : -f32.MAX_VALUE * 2);
  for (let o = 0; o < O; o++) {
    const bias = b ? v128.load_splat<f32>(b + floats(o)) : f32x4.splat(0);
    for (let t = 0; t < count; t += 4) {
      if (planes) transformPlaneOutput(M + floats(t), stride, scratch);
      else transformOutput(tile == 2, M + floats(t), stride, scratch);
      finishTiles(tile, scratch, bias, low);
      const tiles = min(4, count - t);
      for (let k = 0; k < tiles; k++) {
        const entry = table + <usize>(t + k) * ENTRY_BYTES;
        const rows = load<i32>(entry, 8);
        const columns = load<i32>(entry, 12);
        const to = y + <usize>load<u32>(entry, 4);
        const from = scratch + floats(tile * k);
        if (rows == 4 && columns == 4) {
          v128.store(to, v128.load(from));
          v128.store(to + pitch, v128.load(from, 64));
          v128.store(to + pitch * 2, v128.load(from, 128));
          v128.store(to + pitch * 3, v128.load(from, 192));
          continue;
        }
        if (rows == 2 && columns == 2 && tile == 2) {
          store<i64>(to, load<i64>(from));
          store<i64>(to + pitch, load<i64>(from, 64));
          continue;
        }
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < columns; j++) {
            store<f32>(to + <usize>i * pitch + floats(j), load<f32>(from + floats(16 * i + j)));
          }
        }
      }
    }
    M += floats(block);
    y += plane;
  }
}
