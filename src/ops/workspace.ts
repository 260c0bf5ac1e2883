/** Bytes of scratch that each kernel needs: the sum of the parts that src/program/scratch.ts lays out. */
import {
  allRowPanels,
  BESIDE,
  BESIDE_SAMPLES,
  besideEachOther,
  channelsDeep,
  channelsTogether,
  columnPanels,
  DIRECT_CHANNELS,
  elementsOf,
  FEW_FILTERS,
  FEW_PIXELS,
  FEW_TAPS,
  filterBlock,
  fewPixels,
  FILTERS,
  imagesBeside,
  imagesDeep,
  KC,
  matrixBytes,
  NR,
  packedMatrix,
  paddedImage,
  pixelPanels,
  pixelsDeep,
  pixelsOf,
  rowPanels,
  SKINNY,
  SIX,
  skinnyPanels,
  skinnyResult,
  RUN,
  slotImages,
  slotRows,
  slotTiles,
  slopesOf,
  SMOOTH_RUN,
  SPILL_BYTES,
  TILE_BYTES,
  tileBlock,
  TRANSFORM_BYTES,
  upTo,
  VECTOR_BYTES,
  vectorsOf,
} from '../program/scratch.js';

/** Panels may be written up to this many bytes past their end. */
const SLACK_BYTES = 64;

const floats = (count: number): number => count * 4;

/** Size, in floats, of a kernel that ends in products: its parts, with the tile in front. */
const blocked = (...parts: readonly number[]): number =>
  SPILL_BYTES + floats(parts.reduce((sum, part) => sum + part, 0)) + SLACK_BYTES;

/** Scratch of the gradient of a function with exponentials. */
export const SMOOTH_BYTES = floats(SMOOTH_RUN);

/** Scratch of a product of m×k and k×n, transposed or not. */
export function matmulWorkspace(m: number, n: number, k: number): number {
  const skinny = m <= SKINNY ? skinnyPanels(m, n, k) + skinnyResult(m, n) : 0;
  return blocked(Math.max(rowPanels(m, k) + columnPanels(k, n), skinny));
}

/**
 * Scratch of a recurrent kernel, forward or backward: `states`, and a step's product with `gates` rows of H units,
 * which are packed once or in each step. Packed the other way round, or in two parts, they need no more room.
 */
export function recurrentWorkspace(
  N: number,
  H: number,
  gates: number,
  states: number,
  packed: boolean,
): number {
  const rows = gates * H;
  const products = packed
    ? [blocked(packedMatrix(rows, H), rowPanels(N, rows))]
    : [matmulWorkspace(N, rows, H), matmulWorkspace(N, H, rows)];
  return floats(N * H * states) + Math.max(...products);
}

/** Whether a build may read the pixels of a convolution where they lie (assembly/conv2d-few.ts). */
const isFew = (O: number, K: number): boolean => O <= FEW_FILTERS && K <= FEW_TAPS;

export interface ConvolutionExtents {
  readonly N: number;
  readonly C: number;
  readonly H: number;
  readonly W: number;
  readonly O: number;
  readonly kh: number;
  readonly kw: number;
  readonly ph: number;
  readonly pw: number;
  readonly P: number;
  readonly Q: number;
}

/**
 * conv2d: a block of the filters and of the pixels of a group of images, the offsets of both pixels and taps, the
 * group's products, its padded images.
 */
export function conv2dWorkspace(extents: ConvolutionExtents): number {
  const { N, C, H, W, O, kh, kw, ph, pw, P, Q } = extents;
  const K = C * kh * kw;
  const images = imagesBeside(N, P, Q);
  const tables = pixelsOf(images * P, Q) + Math.min(K, KC);
  const packed = rowPanels(O, K) + pixelPanels(K, images * P, Q);
  const products = besideEachOther(images, O, P, Q);
  const rows = upTo(O, NR);
  const few = [K * rows, K + FEW_PIXELS + NR, FEW_PIXELS * rows, paddedImage(C, H, W, ph, pw)];
  const all = Math.max(
    blocked(packed, tables, products, images * paddedImage(C, H, W, ph, pw)),
    isFew(O, K) ? blocked(...few) : 0,
  );
  if (!fewPixels(P, Q)) return all;
  const samples = upTo(images, BESIDE_SAMPLES);
  const depth = channelsDeep(C, kh, kw) * kh * kw;
  return Math.max(all, blocked((O * P * Q + depth + 1) * samples, depth, allRowPanels(O, depth)));
}

/**
 * conv2dWeightGradient: the taps' offsets, a group of padded images, a block of pixels × filters, the same block × a
 * block of taps (or, in place of both blocks, a vector for each weight).
 */
export function conv2dWeightGradientWorkspace(extents: ConvolutionExtents): number {
  const { N, C, H, W, O, kh, kw, ph, pw, P, Q } = extents;
  const images = imagesDeep(N, P, Q);
  const depth = images * pixelsDeep(P, Q);
  const K = C * kh * kw;
  const packed = allRowPanels(O, depth) + columnPanels(depth, K);
  const sums = C <= DIRECT_CHANNELS ? O * K * 4 : 0;
  const [rows, rounded] = [upTo(O, NR), upTo(K, SIX)];
  const few = [
    FEW_PIXELS * rows,
    rounded + FEW_PIXELS + NR,
    rounded * rows,
    paddedImage(C, H, W, ph, pw),
  ];
  const all = Math.max(
    blocked(K, images * paddedImage(C, H, W, ph, pw), Math.max(packed, sums)),
    isFew(O, K) ? blocked(...few) : 0,
  );
  if (!fewPixels(P, Q) || images < N) return all;
  const taps = kh * kw * N * P * Q * upTo(C, NR);
  return Math.max(all, blocked(C + FILTERS * (K + N * P * Q) + 4, taps));
}

/**
 * conv2dInputGradient: a block of the filters, the pixels of a group of images × all filters, their offsets, the columns
 * of a few channels, those channels of one padded image.
 */
export function conv2dInputGradientWorkspace(extents: ConvolutionExtents): number {
  const { N, C, H, W, O, kh, kw, ph, pw, P, Q } = extents;
  const images = imagesBeside(N, P, Q);
  const channels = channelsTogether(C, kh, kw);
  const rows = channels * kh * kw;
  const packed = allRowPanels(rows, Math.min(O, KC)) + O * upTo(images * P * Q, NR);
  const tables = pixelsOf(images * P, Q) + Math.min(O, KC);
  const columns = images * P * Q;
  const all = Math.max(
    blocked(packed, tables, rows * columns, paddedImage(channels, H, W, ph, pw)),
    kh * kw === 1 ? matmulWorkspace(C, P * Q, O) : 0,
  );
  if (!fewPixels(P, Q)) return all;
  const samples = upTo(images, NR);
  const sums = channels * (P * Q + H * W) * samples;
  const block = (O + 1) * P * Q * samples + (channels + 1) * Math.min(O, KC) + 4;
  return Math.max(all, blocked(sums, block));
}

export interface DepthwiseExtents extends ConvolutionExtents {
  readonly sw: number;
  readonly dilationH: number;
  readonly dilationW: number;
}

const vectorTable = (P: number, Q: number): number => (vectorsOf(P, Q) * VECTOR_BYTES) / 4;

/** One padded plane, and what a vector of four spaced values reads after its last. */
const paddedPlane = ({ H, W, ph, pw, sw }: DepthwiseExtents): number =>
  (H + 2 * ph) * (W + 2 * pw) + 4 * (sw + 1);

/** conv2dDepthwise: the taps' offsets, the table of vectors, one plane. */
export const depthwiseWorkspace = (extents: DepthwiseExtents): number => {
  const { kh, kw, P, Q } = extents;
  return floats(kh * kw + vectorTable(P, Q) + paddedPlane(extents)) + SLACK_BYTES;
};

/** conv2dDepthwiseInputGradient: taps and planes of all of a channel's filters, the table of vectors. */
export function depthwiseInputGradientWorkspace(extents: DepthwiseExtents): number {
  const { C, O, H, W, kh, kw, dilationH, dilationW } = extents;
  const plane = (H + (kh - 1) * dilationH) * (W + (kw - 1) * dilationW);
  return floats((O / C) * (kh * kw + plane) + vectorTable(H, W) + 8) + SLACK_BYTES;
}

/** conv2dDepthwiseWeightGradient: a vector for each weight of a channel, the taps' offsets, one plane. */
export function depthwiseWeightGradientWorkspace(extents: DepthwiseExtents): number {
  const { C, O, kh, kw } = extents;
  const taps = upTo(kh * kw, BESIDE);
  return floats(taps + (O / C) * taps * 4 + paddedPlane(extents)) + SLACK_BYTES;
}

/** locallyConnected2d and its gradients: K taps' offsets, N patches, N slopes (in whole vectors) of O outputs. */
export const locallyConnectedWorkspace = (N: number, K: number, O: number): number =>
  floats(K + N * K + slopesOf(N, O));

/** A convolution of k×k filters by tiles of tile×tile outputs; C and O are those of a group. */
export interface TiledExtents extends ConvolutionExtents {
  readonly tile: number;
}

/** What Winograd's kernels hold at a time: images or parts of one in slots, tiles of a block, filters of a block. */
function winogradBlocks({ N, C, O, kh, P, Q, tile }: TiledExtents, runs = false) {
  const elements = elementsOf(kh, tile);
  const [down, across] = [Math.ceil(P / tile), Math.ceil(Q / tile)];
  const most = runs ? RUN : slotTiles(C, O);
  const tall = slotRows(down, across, most);
  const group = slotImages(N, down, across, most);
  const tiles = group * tall * across;
  const block = runs ? upTo(tiles, NR) : tileBlock(tiles, C, O);
  const filters = filterBlock(O, C, elements);
  const once = group === N && tall === down && block >= tiles;
  const [height, width] = [tall * tile, across * tile];
  return {
    block,
    filters,
    /** Bytes of a matrix of `count` floats for each element of a transformed tile. */
    matrices: (count: number) => elements * matrixBytes(count),
    /** Blocks of filters that are kept. */
    kept: once ? 1 : Math.ceil(O / filters),
    table: upTo(tiles, NR) * TILE_BYTES,
    inputs: group * C * (height + kh - 1) * (width + kh - 1),
    outputs: group * O * height * width,
  };
}

/** conv2dWinograd: transformed filters, tiles and products, the table of tiles, their inputs with borders. */
export function winogradWorkspace(extents: TiledExtents): number {
  const { C } = extents;
  const { block, filters, matrices, kept, table, inputs } = winogradBlocks(extents);
  const products = matrices(filters * C) * kept + matrices(block * C) + matrices(block * filters);
  return SPILL_BYTES + TRANSFORM_BYTES + table + products + floats(inputs) + SLACK_BYTES;
}

/** conv2dWinogradWeightGradient: transformed tiles of both sides and their products, tables, slots of both sides. */
export function winogradWeightGradientWorkspace(extents: TiledExtents): number {
  const { C, kh } = extents;
  const runs = kh === 5;
  const { block, filters, matrices, kept, table, inputs, outputs } = winogradBlocks(extents, runs);
  const tiles = matrices(block * filters) + matrices(block * (C + 4));
  const sums = matrices(filters * C) * kept + (runs ? matrixBytes(filters * C) : 0);
  const rest = 2 * table + tiles + sums + floats(inputs + outputs);
  return SPILL_BYTES + TRANSFORM_BYTES + rest + SLACK_BYTES;
}
