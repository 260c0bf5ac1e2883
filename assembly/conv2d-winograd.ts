/**
 * Cross-correlation of stride 1 with few multiplications, forward and both gradients: 3×3 by Winograd's F(4×4, 3×3), 5×5
 * by F(2×2, 5×5) (Lavin & Gray 2016), and 3×3 on planes of 2×2. The image is cut into tiles of outputs, tiles and filters
 * are transformed (winograd.ts, winograd-planes.ts), and for each of the 36 or 9 elements ξ of a transformed tile the
 * channels are summed by one matrix product,
 * forward and gradient by the input     M[ξ] (O×tiles) = U[ξ] (O×C) · V[ξ] (C×tiles),
 * gradient by the weights               M[ξ] (O×C) = dY[ξ] (O×tiles) · V[ξ]ᵀ (tiles×C).
 * The transforms write the packed operands of the micro-kernel directly. Letters as in conv2d.ts, with C and O of all
 * groups together; `k` is the filters' extent, `tile` that of a tile of outputs.
 *
 * The channel counts of a group must be multiples of 4, so that a panel of A has no narrower tiles.
 */
import { NONE, RELU, activation } from './activation';
import {
  elementsOf,
  filterBlock,
  KC,
  matrixBytes,
  NR,
  RUN,
  slotImages,
  slotRows,
  slotTiles,
  SPILL_BYTES,
  TILE_BYTES,
  tileBlock,
  TRANSFORM_BYTES,
  upTo,
} from '../src/program/scratch';
import { macroKernel } from './microkernel';
import { floats } from './simd';
import {
  fillSlot,
  packChannels,
  packFilters,
  packTiles,
  tileTable,
  unpackFilters,
  unpackTiles,
} from './winograd-tiles';

/** Bytes between matrices of ξ and ξ + 1. */
@inline
function strideOf(count: i32): usize {
  return <usize>matrixBytes(count);
}

/** C (m×n) = packed A · packed B over k, whose blocks of KC follow each other in both. */
function multiply(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  b: usize,
  c: usize,
  pitch: usize,
  spill: usize,
): void {
  for (let k0 = 0; k0 < k; k0 += KC) {
    const depth = min(KC, k - k0);
    macroKernel(m, n, depth, a + floats(m * k0), b + floats(n * k0), c, pitch, k0 == 0, spill);
  }
}

/** `conv2dWinograd` of a group: C and O are its channels; `xImage` and `yImage` bytes are from one image to the next. */
function convolveTiles(
  k: i32,
  tile: i32,
  N: i32,
  C: i32,
  H: i32,
  W: i32,
  O: i32,
  ph: i32,
  pw: i32,
  P: i32,
  Q: i32,
  flipped: bool,
  xImage: usize,
  yImage: usize,
  x: usize,
  w: usize,
  b: usize,
  y: usize,
  rectify: bool,
  workspace: usize,
): void {
  const elements = elementsOf(k, tile);
  const planes = elements == 9;
  const across = (Q + tile - 1) / tile;
  const down = (P + tile - 1) / tile;
  const most = slotTiles(C, O);
  const tall = slotRows(down, across, most);
  const group = slotImages(N, down, across, most);
  const block = tileBlock(group * tall * across, C, O);
  const filters = filterBlock(O, C, elements);
  const once = group == N && tall == down && block >= group * tall * across;
  const strideU = strideOf(filters * C);
  const strideV = strideOf(block * C);
  const strideM = strideOf(block * filters);
  const scratch = workspace + SPILL_BYTES;
  const table = scratch + TRANSFORM_BYTES;
  const V = table + <usize>(upTo(group * tall * across, NR) * TILE_BYTES);
  const M = V + strideV * elements;
  const slots = M + strideM * elements;
  const height = tall * tile + k - 1;
  const width = across * tile + k - 1;
  const plane = floats(planes ? 4 : height * width);
  const slot = planes ? xImage : plane * C;
  const U = slots + (planes ? 0 : slot * group);
  // The images, or the parts of an image if `group` is 1.
  const parts = (down + tall - 1) / tall;

  memory.fill(slots, 0, U - slots);
  for (let s = 0; s < N * parts; s += group) {
    const n = s / parts;
    const images = min(group, N - n);
    const p0 = (s - n * parts) * tall * tile;
    const p1 = min(P, p0 + tall * tile);
    const tiles = images * ((p1 - p0 + tile - 1) / tile) * across;
    const from = x + xImage * n;
    tileTable(tile, images, p0, p1, P, Q, slot, floats(width), yImage, table);
    for (let i = 0; i < images && !planes; i++) {
      const to = slots + slot * i;
      fillSlot(from + xImage * i, C, H, W, p0 - ph, pw, height, width, to);
    }
    for (let t = 0; t < tiles; t += block) {
      const count = min(block, tiles - t);
      const entries = table + <usize>(t * TILE_BYTES);
      const read = planes ? from : slots;
      packTiles(planes, read, plane, floats(width), C, entries, count, scratch, V, strideV);
      let u = U;
      for (let o = 0; o < O; o += filters) {
        const few = min(filters, O - o);
        if (s == 0 && t == 0) packFilters(k, planes, w, C, O, flipped, o, few, scratch, u, strideU);
        for (let e = 0; e < elements; e++) {
          multiply(
            few,
            (count + 7) & ~7,
            C,
            u + strideU * e,
            V + strideV * e,
            M + strideM * e,
            floats(block),
            workspace,
          );
        }
        unpackTiles(
          tile,
          planes,
          M,
          strideM,
          few,
          entries,
          count,
          block,
          scratch,
          b ? b + floats(o) : 0,
          rectify,
          y + yImage * n + floats(o * P * Q),
          floats(P * Q),
          floats(Q),
        );
        if (!once) u += strideU * elements;
      }
    }
  }
}

/**
 * conv2dGrouped with k = 3 or 5 and stride 1, without dilation. With `flipped`, w has its inputs and outputs exchanged
 * within each group, and each filter is turned by 180°: with paddings k − 1 − ph and k − 1 − pw that is the gradient by the
 * input, x being dy. `tile` is 4 for k = 3, 2 for k = 5, and 2 for k = 3 if H, W, P and Q are 2 and the paddings 1.
 * workspace: that of one group, see src/ops/workspace.ts, `winogradWorkspace`.
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
  groups: i32,
  k: i32,
  tile: i32,
): void {
  const inputs = C / groups;
  const outputs = O / groups;
  for (let g = 0; g < groups; g++) {
    convolveTiles(
      k,
      tile,
      N,
      inputs,
      H,
      W,
      outputs,
      ph,
      pw,
      P,
      Q,
      flipped != 0,
      floats(C * H * W),
      floats(O * P * Q),
      x + floats(g * inputs * H * W),
      w + floats(g * outputs * inputs * k * k),
      b ? b + floats(g * outputs) : 0,
      y + floats(g * outputs * P * Q),
      code == RELU,
      workspace,
    );
  }
  if (code != NONE && code != RELU) activation(code, y, y, N * O * P * Q);
}

/** Adds `count` floats, a multiple of 4, to those at `to`. */
function addTo(to: usize, from: usize, count: i32): void {
  for (const end = to + floats(count); to < end; to += 16) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    from += 16;
  }
}

/** `conv2dWinogradWeightGradient` of a group, as `convolveTiles`. */
function correlateTiles(
  k: i32,
  tile: i32,
  N: i32,
  C: i32,
  H: i32,
  W: i32,
  O: i32,
  ph: i32,
  pw: i32,
  P: i32,
  Q: i32,
  xImage: usize,
  yImage: usize,
  x: usize,
  dy: usize,
  dw: usize,
  workspace: usize,
): void {
  const elements = elementsOf(k, tile);
  const planes = elements == 9;
  const across = (Q + tile - 1) / tile;
  const down = (P + tile - 1) / tile;
  // Whole tiles are read where they lie.
  const whole = down * tile == P && across * tile == Q;
  const runs = k == 5;
  const most = runs ? RUN : slotTiles(C, O);
  const tall = slotRows(down, across, most);
  const group = slotImages(N, down, across, most);
  const block = runs ? upTo(group * tall * across, NR) : tileBlock(group * tall * across, C, O);
  const filters = filterBlock(O, C, elements);
  const once = group == N && tall == down && block >= group * tall * across;
  const strideA = strideOf(block * filters);
  const strideB = strideOf(block * (C + 4));
  const strideM = strideOf(filters * C);
  const scratch = workspace + SPILL_BYTES;
  const tables = <usize>(upTo(group * tall * across, NR) * TILE_BYTES);
  const table = scratch + TRANSFORM_BYTES;
  const dyTable = table + tables;
  const A = dyTable + tables;
  const B = A + strideA * elements;
  const slots = B + strideB * elements;
  const dyHeight = tall * tile;
  const dyWidth = across * tile;
  const height = dyHeight + k - 1;
  const width = dyWidth + k - 1;
  const plane = floats(planes ? 4 : height * width);
  const slot = planes ? xImage : plane * C;
  const dySlots = slots + (planes ? 0 : slot * group);
  const dyPlane = whole ? floats(P * Q) : floats(dyHeight * dyWidth);
  const dySlot = whole ? yImage : dyPlane * O;
  const run = dySlots + (whole ? 0 : dySlot * group);
  const M = run + (runs ? strideM : 0);
  const parts = (down + tall - 1) / tall;

  memory.fill(slots, 0, run - slots);
  for (let s = 0; s < N * parts; s += group) {
    const n = s / parts;
    const images = min(group, N - n);
    const p0 = (s - n * parts) * tall * tile;
    const p1 = min(P, p0 + tall * tile);
    const tiles = images * ((p1 - p0 + tile - 1) / tile) * across;
    const xFrom = x + xImage * n;
    const dyFrom = dy + yImage * n;
    tileTable(tile, images, p0, p1, P, Q, slot, floats(width), 0, table);
    tileTable(tile, images, p0, p1, P, Q, dySlot, floats(dyWidth), 0, dyTable);
    for (let i = 0; i < images; i++) {
      const to = slots + slot * i;
      const dyTo = dySlots + dySlot * i;
      if (!planes) fillSlot(xFrom + xImage * i, C, H, W, p0 - ph, pw, height, width, to);
      if (!whole) fillSlot(dyFrom + yImage * i, O, P, Q, p0, 0, dyHeight, dyWidth, dyTo);
    }
    const xRead = planes ? xFrom : slots;
    const dyRead = whole ? dyFrom + floats(p0 * Q) : dySlots;
    for (let t = 0; t < tiles; t += block) {
      const count = min(block, tiles - t);
      const at = <usize>(t * TILE_BYTES);
      packChannels(
        true,
        k,
        planes,
        xRead,
        plane,
        floats(width),
        C,
        table + at,
        count,
        scratch,
        B,
        strideB,
      );
      const first = s == 0 && t == 0;
      const last = s + group >= N * parts && t + count == tiles;
      let sums = M;
      for (let o = 0; o < O; o += filters) {
        const few = min(filters, O - o);
        packChannels(
          false,
          k,
          planes,
          dyRead + dyPlane * o,
          dyPlane,
          floats(dyWidth),
          few,
          dyTable + at,
          count,
          scratch,
          A,
          strideA,
        );
        for (let e = 0; e < elements; e++) {
          const total = sums + strideM * e;
          macroKernel(
            few,
            C,
            count,
            A + strideA * e,
            B + strideB * e,
            runs && !first ? run : total,
            floats(C),
            runs || first,
            workspace,
          );
          if (runs && !first) addTo(total, run, few * C);
        }
        const to = dw + floats(o * C * k * k);
        if (last) unpackFilters(k, planes, sums, strideM, few * C, scratch, to);
        if (!once) sums += strideM * elements;
      }
    }
  }
}

/**
 * conv2dGroupedWeightGradient for the convolutions of conv2dWinograd. The sum runs over the tiles; for 5×5 filters it
 * starts anew with each slot, and the slots' sums are added up in order.
 * workspace: that of one group, see src/ops/workspace.ts, `winogradWeightGradientWorkspace`.
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
  groups: i32,
  k: i32,
  tile: i32,
): void {
  const inputs = C / groups;
  const outputs = O / groups;
  for (let g = 0; g < groups; g++) {
    correlateTiles(
      k,
      tile,
      N,
      inputs,
      H,
      W,
      outputs,
      ph,
      pw,
      P,
      Q,
      floats(C * H * W),
      floats(O * P * Q),
      x + floats(g * inputs * H * W),
      dy + floats(g * outputs * P * Q),
      dw + floats(g * outputs * inputs * k * k),
      workspace,
    );
  }
}
