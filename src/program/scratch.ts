/**
 * The sizes of kernels' workspaces, defined once for kernels and planner. Kernels lay their scratch out by these sizes
 * (AssemblyScript reads this file unchanged), and src/ops/workspace.ts adds them up. All of it is arithmetic of whole
 * numbers; `| 0` truncates quotients in JavaScript. Sizes are in floats unless stated otherwise.
 */

/** Block sizes of products: rows of A in L2, of k in L1, columns of B in L3. KC·8 floats of B fit half of a 32 KiB L1. */
export const MC: i32 = 128;
export const KC: i32 = 256;
export const NC: i32 = 1024;

/** Columns of a packed panel of B. Tiles take two panels at once. */
export const NR: i32 = 8;

/** Bytes before the packed blocks: one tile that extends beyond the edge. */
export const SPILL_BYTES: i32 = 256;

/** Largest number of rows for which a product with a transposed matrix does not pack it. */
export const SKINNY: i32 = 32;

/** Largest number of channels for which convolutions of stride 1 read images instead of packed panels. */
export const DIRECT_CHANNELS: i32 = 4;

/** Floats of its few rows that such a product packs at a time, at most: half a megabyte. Long runs of the matrix come faster. */
const SKINNY_FLOATS: i32 = 147456;

/** Most filters for which a convolution reads pixels instead of packing them, most taps of it, pixels at a time. */
export const FEW_FILTERS: i32 = 32;
export const FEW_TAPS: i32 = 512;
export const FEW_PIXELS: i32 = 240;

/** Rows of the tile for rows that are not packed. */
export const SIX: i32 = 6;

/** Values whose hyperbolic tangents GELU computes together. */
export const SMOOTH_RUN: i32 = 512;

/** For depthwise convolutions: vectors of outputs computed together, and taps whose sums a pass keeps in registers. */
export const BESIDE: i32 = 4;

/** Bytes of such a vector's entry in the table: where it is read and where it is written. */
export const VECTOR_BYTES: i32 = 8;

/** Bytes of a tile's entry in Winograd's table of tiles, and of one transform. */
export const TILE_BYTES: i32 = 16;
export const TRANSFORM_BYTES: i32 = 36 * 16;

/** The state that a step of a recurrent layer keeps, in floats per unit and sample. */
export const ELMAN_STATES: i32 = 2;
export const LSTM_STATES: i32 = 6;
export const GRU_STATES: i32 = 5;

function least(a: i32, b: i32): i32 {
  return a < b ? a : b;
}

/** `count` rounded up to a multiple of `step`. */
export function upTo(count: i32, step: i32): i32 {
  return (((count + step - 1) / step) | 0) * step;
}

/** A block of an m×k matrix in panels of rows. */
export function rowPanels(m: i32, k: i32): i32 {
  return least(m, MC) * least(k, KC) + 4;
}

/** A block of a k×n matrix in panels of columns. */
export function columnPanels(k: i32, n: i32): i32 {
  return least(k, KC) * upTo(least(n, NC), NR);
}

/** All of a k×n matrix in panels of columns. */
export function packedMatrix(k: i32, n: i32): i32 {
  return k * upTo(n, NR);
}

/**
 * Steps of k in one block of a product of few rows that does not pack the other matrix: at least KC, and as many more as
 * fit where a product that packs it has its panels.
 */
export function skinnyDepth(m: i32, n: i32, k: i32): i32 {
  const room = rowPanels(m, k) + columnPanels(k, n) - skinnyResult(m, n);
  const depth = (least(SKINNY_FLOATS, room) / upTo(m, NR)) | 0;
  return least(k, depth < KC ? KC : depth);
}

/** The few rows of an m×k matrix in panels, one block of k, for such a product. */
export function skinnyPanels(m: i32, n: i32, k: i32): i32 {
  return upTo(m, NR) * skinnyDepth(m, n, k);
}

/** Its transposed result: n rows, of m values in whole panels, and what tiles of six and then four rows write beyond. */
export function skinnyResult(m: i32, n: i32): i32 {
  return upTo(m, NR) * (upTo(n, 4) + 2);
}

/** All of an m×k matrix in panels of rows. */
export function allRowPanels(m: i32, k: i32): i32 {
  return m * k + 4;
}

/** Pixels of one image, and the part of the last panel beyond them: at most a block. */
export function pixelsOf(P: i32, Q: i32): i32 {
  return least(P * Q + NR, NC);
}

/** A block of pixels × `depth` taps or channels in panels of pixels. */
export function pixelPanels(depth: i32, P: i32, Q: i32): i32 {
  return least(depth, KC) * pixelsOf(P, Q);
}

/** One image of C planes within its borders, or nothing without borders. */
export function paddedImage(C: i32, H: i32, W: i32, ph: i32, pw: i32): i32 {
  return (ph | pw) !== 0 ? C * (H + 2 * ph) * (W + 2 * pw) : 0;
}

/** Columns up to which the images of a batch share a product, side by side. */
const BESIDE_COLUMNS: i32 = 512;

/** Images whose P×Q pixels are columns of one product. */
export function imagesBeside(N: i32, P: i32, Q: i32): i32 {
  const images = least(N, (BESIDE_COLUMNS / (P * Q)) | 0);
  return images < 1 ? 1 : images;
}

/** The products of several images, before they are copied to the images; a single image's are written there. */
export function besideEachOther(images: i32, rows: i32, P: i32, Q: i32): i32 {
  return images > 1 ? rows * images * P * Q : 0;
}

/** Images whose P×Q pixels together are one block of k. */
export function imagesDeep(N: i32, P: i32, Q: i32): i32 {
  const images = least(N, (KC / (P * Q)) | 0);
  return images < 1 ? 1 : images;
}

/** Pixels of an image in a block of k: all, or one of the fewest equal parts. */
export function pixelsDeep(P: i32, Q: i32): i32 {
  const parts = ((P * Q + KC - 1) / KC) | 0;
  return ((P * Q + parts - 1) / parts) | 0;
}

/** Channels whose taps fill a block of rows. */
export function channelsTogether(C: i32, kh: i32, kw: i32): i32 {
  return least(C, upTo((MC / (kh * kw)) | 0, 4));
}

/** Channels whose taps are a block of k. */
export function channelsDeep(C: i32, kh: i32, kw: i32): i32 {
  const channels = least(C, (KC / (kh * kw)) | 0);
  return channels < 1 ? 1 : channels;
}

/** For planes so small that many taps are outside: samples of a tile, filters whose gradients are computed together. */
export const BESIDE_SAMPLES: i32 = 16;
export const FILTERS: i32 = 16;

/** How many of `kernel` taps are within `extent`, of all `count` outputs together. */
function tapsInside(
  extent: i32,
  kernel: i32,
  stride: i32,
  padding: i32,
  dilation: i32,
  count: i32,
): i32 {
  let inside = 0;
  for (let p = 0; p < count; p++) {
    for (let i = 0; i < kernel; i++) {
      const at = p * stride + i * dilation - padding;
      if (at >= 0 && at < extent) inside++;
    }
  }
  return inside;
}

/** Whether P×Q outputs are so few that leaving out taps may pay. */
export function fewPixels(P: i32, Q: i32): bool {
  return P * Q <= 9;
}

/** Whether to leave out the taps outside the image: where that saves two fifths of the multiplications of full tiles. */
export function leavesOut(
  N: i32,
  H: i32,
  W: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  ph: i32,
  pw: i32,
  dilationH: i32,
  dilationW: i32,
  P: i32,
  Q: i32,
): bool {
  if (!fewPixels(P, Q)) return false;
  const inside = tapsInside(H, kh, sh, ph, dilationH, P) * tapsInside(W, kw, sw, pw, dilationW, Q);
  const all = kh * kw * upTo(P * Q * N, BESIDE_SAMPLES);
  return 5 * inside * upTo(N, BESIDE_SAMPLES) <= 3 * all;
}

/** Vectors of P×Q outputs of a depthwise convolution, rounded up to the number computed together. */
export function vectorsOf(P: i32, Q: i32): i32 {
  return upTo((P * upTo(Q, 4)) / 4, BESIDE);
}

/** Sums of n samples' slopes, in whole vectors, at O outputs of a layer of unshared weights. */
export function slopesOf(n: i32, O: i32): i32 {
  return upTo(n, 4) * O;
}

/** Tiles whose transforms and products should fit in L2, or with many channels, for which filters are read once. */
function mostTiles(C: i32, O: i32): i32 {
  if (C + O >= 256) return 128;
  const fit = ((4096 / (C + O) / 8) | 0) * 8;
  return fit < 16 ? 16 : least(fit, 64);
}

/** Tiles whose inputs are copied together: a few blocks, so that few panels of the last one stay empty. */
export function slotTiles(C: i32, O: i32): i32 {
  return least(2 * mostTiles(C, O), 128);
}

/**
 * Tiles of 2×2 over which a sum for the gradient by 5×5 filters is one chain of multiply-adds: one over four times as many
 * tiles as 3×3 filters have would round more. Bits depend on it.
 */
export const RUN: i32 = 64;

/** Rows of tiles that are copied together, of at most `most` tiles; `down` rows make an image: all, or equal parts. */
export function slotRows(down: i32, across: i32, most: i32): i32 {
  const parts = least(down, ((down * across + most - 1) / most) | 0);
  return ((down + parts - 1) / parts) | 0;
}

/** Images that are copied together. */
export function slotImages(N: i32, down: i32, across: i32, most: i32): i32 {
  const images = least(N, (most / (down * across)) | 0);
  return images < 1 ? 1 : images;
}

/** Tiles of `tiles` that are transformed and multiplied at a time: equal parts in whole panels. */
export function tileBlock(tiles: i32, C: i32, O: i32): i32 {
  const most = mostTiles(C, O);
  const parts = ((tiles + most - 1) / most) | 0;
  return upTo(((tiles + parts - 1) / parts) | 0, NR);
}

/** Elements of a transformed tile of tile×tile outputs of k×k filters; 9 for planes of 2×2. */
export function elementsOf(k: i32, tile: i32): i32 {
  return k + tile === 5 ? 9 : 36;
}

/** Filters of C channels each that are transformed at a time, a multiple of 4. */
export function filterBlock(O: i32, C: i32, elements: i32): i32 {
  return least(O, upTo(((589824 / (C * elements)) | 0) + 1, 4));
}

/** Bytes from the matrix of one element to the next: an odd number of cache lines, lest all 36 fall into one set. */
export function matrixBytes(count: i32): i32 {
  return (((count + 15) / 16) | 1) * 64;
}
