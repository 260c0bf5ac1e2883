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

/** For a product of m×k and k×n. */
export function matmulWorkspace(m: number, n: number, k: number): number {
  const packedA = Math.min(m, MC) * Math.min(k, KC) + 4;
  const packedB = Math.min(k, KC) * toPanels(Math.min(n, NC));
  return SPILL_BYTES + floats(packedA + packedB) + SLACK_BYTES;
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

/** conv2dWeightGradient: a block of pixels × filters, the same block × all taps, the taps' offsets, one padded image. */
export function conv2dWeightGradientWorkspace(extents: ConvolutionExtents): number {
  const { C, O, kh, kw, P, Q } = extents;
  const block = Math.min(P * Q, KC);
  const K = C * kh * kw;
  const packed = O * block + 4 + block * (K + NR) + K;
  return SPILL_BYTES + floats(packed + paddedImage(extents)) + SLACK_BYTES;
}

/** conv2dInputGradient: all filters packed, one block of pixels, one image's columns, one padded image. */
export function conv2dInputGradientWorkspace(extents: ConvolutionExtents): number {
  const { C, O, kh, kw, P, Q } = extents;
  const K = C * kh * kw;
  const packed = K * O + 4 + Math.min(O, KC) * Math.min(P * Q + NR, NC);
  return SPILL_BYTES + floats(packed + K * P * Q + paddedImage(extents)) + SLACK_BYTES;
}
