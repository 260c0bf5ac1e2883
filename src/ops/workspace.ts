/**
 * Bytes of scratch that the blocked kernels need. Block sizes are those of assembly/matmul.ts; a test
 * compares them with the Wasm module's.
 */
export const MC = 128;
export const KC = 256;
export const NC = 1024;
export const NR = 8;
export const SPILL_BYTES = 256;

/** Panels may be written up to this many bytes past their end. */
const SLACK_BYTES = 64;

const floats = (count: number): number => count * 4;
const toPanels = (columns: number): number => Math.ceil(columns / NR) * NR;

/** Rows up to which a product with a transposed matrix does not pack it. */
export const SKINNY = 32;

/** For a product of m×k and k×n, transposed or not. */
export function matmulWorkspace(m: number, n: number, k: number): number {
  const packedA = Math.min(m, MC) * Math.min(k, KC) + 4;
  const packedB = Math.min(k, KC) * toPanels(Math.min(n, NC));
  const skinny = m <= SKINNY ? toPanels(m) * (Math.min(k, KC) + Math.ceil(n / 4) * 4) : 0;
  return SPILL_BYTES + floats(Math.max(packedA + packedB, skinny)) + SLACK_BYTES;
}

/**
 * A recurrent kernel, forward or back: `scratch` floats for each unit of each of N samples, and a step's product with
 * the weights of `gates` rows of H units.
 */
export function recurrentWorkspace(N: number, H: number, gates: number, scratch: number): number {
  const products = [matmulWorkspace(N, gates * H, H), matmulWorkspace(N, H, gates * H)];
  return floats(N * H * scratch) + Math.max(...products);
}

export interface ConvolutionExtents {
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

const paddedImage = ({ C, H, W, ph, pw }: ConvolutionExtents): number =>
  ph || pw ? C * (H + 2 * ph) * (W + 2 * pw) : 0;

/** conv2d: all filters packed, one block of pixels, their and its taps' offsets, one padded image. */
export function conv2dWorkspace(extents: ConvolutionExtents): number {
  const { C, O, kh, kw, P, Q } = extents;
  const K = C * kh * kw;
  const [taps, pixels] = [Math.min(K, KC), Math.min(P * Q + NR, NC)];
  const packed = O * K + 4 + taps * pixels + pixels + taps;
  return SPILL_BYTES + floats(packed + paddedImage(extents)) + SLACK_BYTES;
}

/**
 * conv2dWeightGradient: a block of pixels × filters, the same block × all taps (or in their place a vector
 * for each weight), the taps' offsets, one padded image.
 */
export function conv2dWeightGradientWorkspace(extents: ConvolutionExtents): number {
  const { C, O, kh, kw, P, Q } = extents;
  const block = Math.min(P * Q, KC);
  const K = C * kh * kw;
  const packed = Math.max(O * block + 4 + block * (K + NR), O * K * 4) + K;
  return SPILL_BYTES + floats(packed + paddedImage(extents)) + SLACK_BYTES;
}

/** conv2dInputGradient: all filters packed, one block of pixels, one image's columns, one padded image. */
export function conv2dInputGradientWorkspace(extents: ConvolutionExtents): number {
  const { C, O, kh, kw, P, Q } = extents;
  const K = C * kh * kw;
  const packed = K * O + 4 + Math.min(O, KC) * Math.min(P * Q + NR, NC);
  return SPILL_BYTES + floats(packed + K * P * Q + paddedImage(extents)) + SLACK_BYTES;
}

export interface DepthwiseExtents extends ConvolutionExtents {
  readonly sw: number;
  readonly dilationH: number;
  readonly dilationW: number;
}

/** Four vectors of outputs run side by side, each with two words in a table. */
const vectorTable = (P: number, Q: number): number => 2 * 4 * Math.ceil((P * Math.ceil(Q / 4)) / 4);

/** One padded plane, and what a vector of four spaced values reads behind its last. */
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
  const taps = 4 * Math.ceil((kh * kw) / 4);
  return floats(taps + (O / C) * taps * 4 + paddedPlane(extents)) + SLACK_BYTES;
}

/** locallyConnected2d and its gradients: K taps' offsets, N patches, N slopes (in whole vectors) of O outputs. */
export const locallyConnectedWorkspace = (N: number, K: number, O: number): number =>
  floats(K + N * K + Math.ceil(N / 4) * 4 * O);

/** Side of a tile of outputs, elements of a transformed tile, and bytes of a tile's entry in the kernel's table. */
const TILE = 4;
const ELEMENTS = 36;
const ENTRY_BYTES = 16;

const winogradBlock = ({ C, O }: ConvolutionExtents): number =>
  Math.max(16, Math.min(64, Math.floor(4096 / (C + O) / 8) * 8));

/** 36 matrices of `count` floats, each an odd number of cache lines long. */
const matrices = (count: number): number => ELEMENTS * ((Math.ceil(floats(count) / 64) | 1) * 64);

/** Images whose tiles fill a block, tiles of one image, and outputs with the last tiles made whole. */
function winogradGroup(extents: ConvolutionExtents & { readonly N: number }) {
  const [down, across] = [Math.ceil(extents.P / TILE), Math.ceil(extents.Q / TILE)];
  const tiles = down * across;
  const images = Math.max(1, Math.min(extents.N, Math.floor(winogradBlock(extents) / tiles)));
  const scratch = SPILL_BYTES + ELEMENTS * 16 + images * tiles * ENTRY_BYTES;
  return { images, scratch, height: down * TILE, width: across * TILE };
}

/** conv2dWinograd: transformed filters, tiles and products, the table of tiles, padded images. */
export function winogradWorkspace(extents: ConvolutionExtents & { readonly N: number }): number {
  const { C, O } = extents;
  const block = winogradBlock(extents);
  const { images, scratch, height, width } = winogradGroup(extents);
  const products = matrices(O * C) + matrices(block * C) + matrices(block * O);
  return scratch + products + floats(images * C * (height + 2) * (width + 2)) + SLACK_BYTES;
}

/** conv2dWinogradWeightGradient: transformed tiles of both sides and their products, the table, padded images. */
export function winogradWeightGradientWorkspace(
  extents: ConvolutionExtents & { readonly N: number },
): number {
  const { C, O } = extents;
  const block = winogradBlock(extents);
  const { images, scratch, height, width } = winogradGroup(extents);
  const products = matrices(block * O) + matrices(block * (C + 4)) + matrices(O * C);
  const padded = C * (height + 2) * (width + 2) + O * height * width;
  return scratch + products + floats(images * padded) + SLACK_BYTES;
}
