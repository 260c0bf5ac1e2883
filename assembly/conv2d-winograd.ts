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
import { padImage } from './im2col';
import {
  ELEMENTS,
  matrixBytes,
  NR,
  SPILL_BYTES,
  TILE,
  TILE_BYTES,
  tileBlock,
  tileGroup,
  TRANSFORM_BYTES,
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

/** Bytes between matrices of ξ and ξ + 1. */
@inline
function strideOf(count: i32): usize {
  return <usize>matrixBytes(count);
}

/**
 * The 4×4 tiles of P×Q outputs, one image after the other: the place of each in images of `fromImage`
 * bytes and rows of `fromPitch`, the same for the other side of the convolution, and the part of it that exists.
 */
function tileTable(
  images: i32,
  P: i32,
  Q: i32,
  fromImage: usize,
  fromPitch: usize,
  toImage: usize,
  toPitch: usize,
  to: usize,
): void {
  for (let n = 0; n < images; n++) {
    for (let p = 0; p < P; p += TILE) {
      for (let q = 0; q < Q; q += TILE) {
        store<u32>(to, <u32>(<usize>n * fromImage + <usize>p * fromPitch + floats(q)));
        store<u32>(to, <u32>(<usize>n * toImage + <usize>p * toPitch + floats(q)), 4);
        store<i32>(to, min(TILE, P - p), 8);
        store<i32>(to, min(TILE, Q - q), 12);
        to += ENTRY_BYTES;
      }
    }
  }
}

@inline
function readFrom(table: usize, tile: i32): usize {
  return <usize>load<u32>(table + <usize>tile * ENTRY_BYTES);
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
  for (let t = 0; t < count; t += NR) {
    for (let half = 0; half < NR; half += 4) {
      // Missing tiles of the last panel repeat the last one; their products are not read.
      let p0 = x + readFrom(table, min(t + half, count - 1));
      let p1 = x + readFrom(table, min(t + half + 1, count - 1));
      let p2 = x + readFrom(table, min(t + half + 2, count - 1));
      let p3 = x + readFrom(table, min(t + half + 3, count - 1));
      let to = V + floats(t * C + half);
      for (let c = 0; c < C; c++) {
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
  const tiles = ((P + TILE - 1) / TILE) * across;
  const height = ((P + TILE - 1) / TILE) * TILE + 2;
  const width = across * TILE + 2;
  const padded = height != H || width != W;
  const block = tileBlock(C, O);
  const group = tileGroup(N, tiles, block);
  const strideU = strideOf(O * C);
  const strideV = strideOf(block * C);
  const strideM = strideOf(block * O);
  const scratch = workspace + SPILL_BYTES;
  const U = scratch + TRANSFORM_BYTES;
  const V = U + strideU * ELEMENTS;
  const M = V + strideV * ELEMENTS;
  const table = M + strideM * ELEMENTS;
  const images = table + <usize>(group * tiles) * ENTRY_BYTES;
  const plane = floats(height * width);
  const image = plane * C;

  for (let o = 0; o < O; o += 4) {
    for (let c = 0; c < C; c++) {
      const filter = w + floats(9 * (flipped ? c * O + o : o * C + c));
      const to = U + floats(o * C + c * 4);
      transformFilter(filter, floats(flipped ? 9 : 9 * C), flipped != 0, scratch, to, strideU);
    }
  }
  tileTable(group, P, Q, image, floats(width), floats(O * P * Q), floats(Q), table);
  // The borders are zeroed once, and the images are written between them.
  if (padded) memory.fill(images, 0, image * group);
  for (let n = 0; n < N; n += group) {
    const count = min(group, N - n);
    let from = x + floats(n * C * H * W);
    if (padded) {
      for (let i = 0; i < count; i++) {
        padImage(from, C, H, W, ph, pw, height, width, images + image * i);
        from += floats(C * H * W);
      }
      from = images;
    }
    for (let t = 0; t < count * tiles; t += block) {
      const some = min(block, count * tiles - t);
      const entries = table + <usize>t * ENTRY_BYTES;
      packTiles(from, plane, floats(width), C, entries, some, scratch, V, strideV);
      for (let e = 0; e < ELEMENTS; e++) {
        macroKernel(
          O,
          (some + 7) & ~7,
          C,
          U + strideU * e,
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
        O,
        entries,
        some,
        block,
        scratch,
        b,
        code == RELU,
        y + floats(n * O * P * Q),
        floats(P * Q),
        floats(Q),
      );
    }
  }
  if (code != NONE && code != RELU) activation(code, y, y, N * O * P * Q);
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
  const tiles = ((P + TILE - 1) / TILE) * across;
  const height = ((P + TILE - 1) / TILE) * TILE;
  const width = across * TILE;
  const xPadded = height + 2 != H || width + 2 != W;
  const dyPadded = height != P || width != Q;
  const block = tileBlock(C, O);
  const group = tileGroup(N, tiles, block);
  const strideA = strideOf(block * O);
  const strideB = strideOf(block * (C + 4));
  const strideM = strideOf(O * C);
  const scratch = workspace + SPILL_BYTES;
  const A = scratch + TRANSFORM_BYTES;
  const B = A + strideA * ELEMENTS;
  const M = B + strideB * ELEMENTS;
  const table = M + strideM * ELEMENTS;
  const xImages = table + <usize>(group * tiles) * ENTRY_BYTES;
  const xPlane = floats((height + 2) * (width + 2));
  const dyImages = xImages + xPlane * (xPadded ? C * group : 0);
  const dyPlane = floats(height * width);

  tileTable(group, P, Q, xPlane * C, floats(width + 2), dyPlane * O, floats(width), table);
  if (xPadded) memory.fill(xImages, 0, xPlane * C * group);
  if (dyPadded) memory.fill(dyImages, 0, dyPlane * O * group);
  for (let n = 0; n < N; n += group) {
    const count = min(group, N - n);
    let xFrom = x + floats(n * C * H * W);
    let dyFrom = dy + floats(n * O * P * Q);
    for (let i = 0; i < count; i++) {
      if (xPadded) {
        const from = xFrom + floats(i * C * H * W);
        padImage(from, C, H, W, ph, pw, height + 2, width + 2, xImages + xPlane * C * i);
      }
      if (dyPadded) {
        const from = dyFrom + floats(i * O * P * Q);
        padImage(from, O, P, Q, 0, 0, height, width, dyImages + dyPlane * O * i);
      }
    }
    if (xPadded) xFrom = xImages;
    if (dyPadded) dyFrom = dyImages;
    for (let t = 0; t < count * tiles; t += block) {
      const some = min(block, count * tiles - t);
      for (let i = 0; i < some; i++) {
        const entry = table + <usize>(t + i) * ENTRY_BYTES;
        let from = dyFrom + <usize>load<u32>(entry, 4);
        for (let o = 0; o < O; o += 4) {
          const to = A + floats(o * some + i * 4);
          const p1 = from + dyPlane;
          const p2 = p1 + dyPlane;
          const p3 = p2 + dyPlane;
          transformGradient(from, p1, p2, p3, floats(width), scratch, to, strideA);
          from = p3 + dyPlane;
        }
        from = xFrom + <usize>load<u32>(entry);
        for (let c = 0; c < C; c += 4) {
          const to = B + floats((c & ~7) * some + i * NR + (c & 4));
          const p1 = from + xPlane;
          const p2 = p1 + xPlane;
          const p3 = p2 + xPlane;
          transformInput(from, p1, p2, p3, floats(width + 2), scratch, to, strideB);
          from = p3 + xPlane;
        }
      }
      const first = n == 0 && t == 0;
      for (let e = 0; e < ELEMENTS; e++) {
        const sums = M + strideM * e;
        macroKernel(
          O,
          C,
          some,
          A + strideA * e,
          B + strideB * e,
          sums,
          floats(C),
          first,
          workspace,
        );
      }
    }
  }
  for (let i = 0; i < O * C; i += 4) {
    transformFilterGradient(M + floats(i), strideM, scratch, dw + floats(i * 9));
  }
}
