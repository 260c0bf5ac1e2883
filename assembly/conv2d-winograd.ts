/**
 * 3×3 cross-correlation of stride 1 by Winograd's F(4×4, 3×3), forward and both gradients (Lavin & Gray
 * 2016). The image is cut into 4×4 tiles of outputs, tiles and filters are transformed (winograd.ts), and
 * for each of the 36 elements ξ of a transformed tile the channels are summed by one matrix product,
 * forward and gradient by the input     M[ξ] (O×tiles) = U[ξ] (O×C) · V[ξ] (C×tiles),
 * gradient by the weights               M[ξ] (O×C) = dY[ξ] (O×tiles) · V[ξ]ᵀ (tiles×C).
 * The transforms write the packed operands of the micro-kernel directly. Letters as in conv2d.ts.
 *
 * The channel counts must be multiples of 4, so that a panel of A has no narrower tiles.
 */
import { NONE, RELU, activation } from './activation';
import {
  ELEMENTS,
  filterBlock,
  KC,
  matrixBytes,
  NR,
  SPILL_BYTES,
  slotImages,
  slotRows,
  TILE,
  TILE_BYTES,
  tileBlock,
  TRANSFORM_BYTES,
  upTo,
} from '../src/program/scratch';
import { macroKernel } from './microkernel';
import { storeTransposed } from './pack';
import { floats } from './simd';
import {
  transformFilter,
  transformFilterGradient,
  transformGradient,
  transformInput,
  transformOutput,
} from './winograd';

/** A tile's entry in the table: its offsets in bytes on the two sides, its rows, its columns. */
const ENTRY_BYTES: usize = TILE_BYTES;

/** Channels that are transformed before the next tiles are: their half lines should still be in L1 or L2. */
const CHANNELS: i32 = 32;

/** Bytes between matrices of ξ and ξ + 1. */
@inline
function strideOf(count: i32): usize {
  return <usize>matrixBytes(count);
}

/** C (m×n) (+)= packed A · packed B over k, whose blocks of KC follow each other in both. */
function multiply(
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
  for (let k0 = 0; k0 < k; k0 += KC) {
    const depth = min(KC, k - k0);
    const isFirst = first && k0 == 0;
    macroKernel(m, n, depth, a + floats(m * k0), b + floats(n * k0), c, pitch, isFirst, spill);
  }
}

/**
 * The tiles of rows [p0, p1) of P×Q outputs of some images: where each is read, in slots of `slot` bytes, planes of which
 * begin with row p0 and have `pitch` bytes a row; where it is in images of `image` bytes; and the part of it that exists.
 * Missing tiles of the last panel repeat the last one; their products are not read.
 */
function tileTable(
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
    for (let p = p0; p < p1; p += TILE) {
      for (let q = 0; q < Q; q += TILE) {
        store<u32>(to, <u32>(<usize>n * slot + <usize>(p - p0) * pitch + floats(q)));
        store<u32>(to, <u32>(<usize>n * image + floats(p * Q + q)), 4);
        store<i32>(to, min(TILE, P - p), 8);
        store<i32>(to, min(TILE, Q - q), 12);
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
function fillSlot(
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
function packTiles(
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
      const tiles = table + <usize>t * ENTRY_BYTES;
      const from = x + plane * c0;
      let p0 = from + <usize>load<u32>(tiles);
      let p1 = from + <usize>load<u32>(tiles, ENTRY_BYTES);
      let p2 = from + <usize>load<u32>(tiles, ENTRY_BYTES * 2);
      let p3 = from + <usize>load<u32>(tiles, ENTRY_BYTES * 3);
      let to = V + floats(columns * k0 + (t & ~7) * depth + (c0 - k0) * NR + (t & 4));
      for (let c = c0; c < c1; c++) {
        transformInput(p0, p1, p2, p3, pitch, scratch, to, stride);
        p0 += plane;
        p1 += plane;
        p2 += plane;
        p3 += plane;
        to += floats(NR);
      }
    }
  }
}

/** U of filters [o0, o0 + count): packed A, panels of 4 filters over the channels. */
function packFilters(
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
  for (let k0 = 0; k0 < C; k0 += KC) {
    const depth = min(KC, C - k0);
    for (let o = 0; o < count; o += 4) {
      let to = U + floats(count * k0 + o * depth);
      for (let c = k0; c < k0 + depth; c++) {
        const filter = w + floats(9 * (flipped ? c * O + o0 + o : (o0 + o) * C + c));
        transformFilter(filter, floats(flipped ? 9 : 9 * C), flipped, scratch, to, stride);
        to += 16;
      }
    }
  }
}

/** y of `count` tiles from their products M, with bias and, if `code` is RELU, the rectifier. */
function unpackTiles(
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
      transformOutput(M + floats(t), stride, scratch);
      for (let i: usize = 0; i < 4; i++) {
        const row = scratch + 64 * i;
        storeTransposed(
          f32x4.pmax(f32x4.add(v128.load(row), bias), low),
          f32x4.pmax(f32x4.add(v128.load(row, 16), bias), low),
          f32x4.pmax(f32x4.add(v128.load(row, 32), bias), low),
          f32x4.pmax(f32x4.add(v128.load(row, 48), bias), low),
          row,
          16,
        );
      }
      const tiles = min(4, count - t);
      for (let k = 0; k < tiles; k++) {
        const entry = table + <usize>(t + k) * ENTRY_BYTES;
        const rows = load<i32>(entry, 8);
        const columns = load<i32>(entry, 12);
        const to = y + <usize>load<u32>(entry, 4);
        const tile = scratch + floats(4 * k);
        if (rows == 4 && columns == 4) {
          v128.store(to, v128.load(tile));
          v128.store(to + pitch, v128.load(tile, 64));
          v128.store(to + pitch * 2, v128.load(tile, 128));
          v128.store(to + pitch * 3, v128.load(tile, 192));
          continue;
        }
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < columns; j++) {
            store<f32>(to + <usize>i * pitch + floats(j), load<f32>(tile + floats(16 * i + j)));
          }
        }
      }
    }
    M += floats(block);
    y += plane;
  }
}

/**
 * conv2d with kh = kw = 3 and sh = sw = 1. With `flipped`, w is C×O×3×3 and each filter is turned by 180°:
 * with paddings 2 − ph and 2 − pw that is the gradient by the input, x being dy.
 * C, O: multiples of 4. workspace: see src/ops/workspace.ts, `winogradWorkspace`.
 *
 * Filters are transformed in blocks that stay in cache, and their results with them. If all tiles are one block, a block
 * of filters is used once, and the next one takes its place.
 */
export function conv2dWinograd(
  N: i32,
  C: i32,
  H: i32,
  W: i32,
  O: i32,
  ph: i32,
  pw: i32,
  P: i32,
  Q: i32,
  flipped: i32,
  x: usize,
  w: usize,
  b: usize,
  y: usize,
  code: i32,
  workspace: usize,
): void {
  const across = (Q + TILE - 1) / TILE;
  const down = (P + TILE - 1) / TILE;
  const width = across * TILE + 2;
  const tall = slotRows(down, across, C, O);
  const group = slotImages(N, down, across, C, O);
  const block = tileBlock(group * tall * across, C, O);
  const filters = filterBlock(O, C);
  const once = group == N && tall == down && block >= group * tall * across;
  const strideU = strideOf(filters * C);
  const strideV = strideOf(block * C);
  const strideM = strideOf(block * filters);
  const scratch = workspace + SPILL_BYTES;
  const table = scratch + TRANSFORM_BYTES;
  const V = table + <usize>(upTo(group * tall * across, NR) * ENTRY_BYTES);
  const M = V + strideV * ELEMENTS;
  const slots = M + strideM * ELEMENTS;
  const height = tall * TILE + 2;
  const plane = floats(height * width);
  const slot = plane * C;
  const U = slots + slot * group;
  // The images, or the parts of an image if `group` is 1.
  const parts = (down + tall - 1) / tall;

  memory.fill(slots, 0, slot * group);
  for (let s = 0; s < N * parts; s += group) {
    const n = s / parts;
    const images = min(group, N - n);
    const p0 = (s - n * parts) * tall * TILE;
    const p1 = min(P, p0 + tall * TILE);
    const tiles = images * ((p1 - p0 + TILE - 1) / TILE) * across;
    tileTable(images, p0, p1, P, Q, slot, floats(width), floats(O * P * Q), table);
    for (let i = 0; i < images; i++) {
      const from = x + floats((n + i) * C * H * W);
      fillSlot(from, C, H, W, p0 - ph, pw, height, width, slots + slot * i);
    }
    for (let t = 0; t < tiles; t += block) {
      const count = min(block, tiles - t);
      const entries = table + <usize>t * ENTRY_BYTES;
      packTiles(slots, plane, floats(width), C, entries, count, scratch, V, strideV);
      let u = U;
      for (let o = 0; o < O; o += filters) {
        const few = min(filters, O - o);
        if (s == 0 && t == 0) packFilters(w, C, O, flipped != 0, o, few, scratch, u, strideU);
        for (let e = 0; e < ELEMENTS; e++) {
          multiply(
            few,
            (count + 7) & ~7,
            C,
            u + strideU * e,
            V + strideV * e,
            M + strideM * e,
            floats(block),
            true,
            workspace,
          );
        }
        unpackTiles(
          M,
          strideM,
          few,
          entries,
          count,
          block,
          scratch,
          b ? b + floats(o) : 0,
          code == RELU,
          y + floats((n * O + o) * P * Q),
          floats(P * Q),
          floats(Q),
        );
        if (!once) u += strideU * ELEMENTS;
      }
    }
  }
  if (code != NONE && code != RELU) activation(code, y, y, N * O * P * Q);
}

/** Transformed tiles, four channels in the lanes: packed panels of `wide` channels, 4 or NR, over the tiles. */
function packChannels(
  from: usize,
  plane: usize,
  pitch: usize,
  C: i32,
  isInput: bool,
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
      if (isInput) transformInput(p0, p1, p2, p3, pitch, scratch, at, stride);
      else transformGradient(p0, p1, p2, p3, pitch, scratch, at, stride);
      at += floats(wide);
    }
    from += plane * 4;
  }
}

/**
 * conv2dWeightGradient with kh = kw = 3 and sh = sw = 1; the sum runs over the tiles.
 * C, O: multiples of 4. workspace: see src/ops/workspace.ts, `winogradWeightGradientWorkspace`.
 */
export function conv2dWinogradWeightGradient(
  N: i32,
  C: i32,
  H: i32,
  W: i32,
  O: i32,
  ph: i32,
  pw: i32,
  P: i32,
  Q: i32,
  x: usize,
  dy: usize,
  dw: usize,
  workspace: usize,
): void {
  const across = (Q + TILE - 1) / TILE;
  const down = (P + TILE - 1) / TILE;
  const width = across * TILE;
  const whole = down * TILE == P && width == Q;
  const tall = slotRows(down, across, C, O);
  const group = slotImages(N, down, across, C, O);
  const block = tileBlock(group * tall * across, C, O);
  const filters = filterBlock(O, C);
  const once = group == N && tall == down && block >= group * tall * across;
  const strideA = strideOf(block * filters);
  const strideB = strideOf(block * (C + 4));
  const strideM = strideOf(filters * C);
  const scratch = workspace + SPILL_BYTES;
  const tables = <usize>(upTo(group * tall * across, NR) * ENTRY_BYTES);
  const table = scratch + TRANSFORM_BYTES;
  const dyTable = table + tables;
  const A = dyTable + tables;
  const B = A + strideA * ELEMENTS;
  const slots = B + strideB * ELEMENTS;
  const height = tall * TILE;
  const plane = floats((height + 2) * (width + 2));
  const slot = plane * C;
  const dySlots = slots + slot * group;
  const dySlot = floats(height * width) * O;
  const dyPlane = whole ? floats(P * Q) : floats(height * width);
  const M = dySlots + dySlot * (whole ? 0 : group);
  const parts = (down + tall - 1) / tall;

  memory.fill(slots, 0, M - slots);
  for (let s = 0; s < N * parts; s += group) {
    const n = s / parts;
    const images = min(group, N - n);
    const p0 = (s - n * parts) * tall * TILE;
    const p1 = min(P, p0 + tall * TILE);
    const tiles = images * ((p1 - p0 + TILE - 1) / TILE) * across;
    const dyFrom = whole ? dy + floats((n * O * P + p0) * Q) : dySlots;
    const dyImage = whole ? floats(O * P * Q) : dySlot;
    tileTable(images, p0, p1, P, Q, slot, floats(width + 2), 0, table);
    tileTable(images, p0, p1, P, Q, dyImage, floats(width), 0, dyTable);
    for (let i = 0; i < images; i++) {
      const from = x + floats((n + i) * C * H * W);
      fillSlot(from, C, H, W, p0 - ph, pw, height + 2, width + 2, slots + slot * i);
      const dyImage = dy + floats((n + i) * O * P * Q);
      if (!whole) fillSlot(dyImage, O, P, Q, p0, 0, height, width, dySlots + dySlot * i);
    }
    for (let t = 0; t < tiles; t += block) {
      const count = min(block, tiles - t);
      const at = <usize>t * ENTRY_BYTES;
      packChannels(slots, plane, floats(width + 2), C, true, table + at, count, scratch, B, strideB);
      const first = s == 0 && t == 0;
      const last = s + group >= N * parts && t + count == tiles;
      let sums = M;
      for (let o = 0; o < O; o += filters) {
        const few = min(filters, O - o);
        const from = dyFrom + dyPlane * o;
        packChannels(
          from,
          dyPlane,
          floats(width),
          few,
          false,
          dyTable + at,
          count,
          scratch,
          A,
          strideA,
        );
        for (let e = 0; e < ELEMENTS; e++) {
          macroKernel(
            few,
            C,
            count,
            A + strideA * e,
            B + strideB * e,
            sums + strideM * e,
            floats(C),
            first,
            workspace,
          );
        }
        for (let i = 0; last && i < few * C; i += 4) {
          const to = dw + floats((o * C + i) * 9);
          transformFilterGradient(sums + floats(i), strideM, scratch, to);
        }
        if (!once) sums += strideM * ELEMENTS;
      }
    }
  }
}
