/**
 * The sizes of the int8 kernels' workspaces and packed weights in bytes, defined once for kernels and planner, as those of the
 * float kernels are in scratch.ts. AssemblyScript reads this file unchanged.
 */

/** Outputs of a panel of packed weights, and bytes of k that a step multiplies with one instruction. */
export const PANEL: i32 = 4;
export const STEP: i32 = 4;

/** Channels of a panel of packed depthwise weights. */
export const CHANNELS: i32 = 16;

/** Pixels of a tile: twelve sums, which hide the time that a dot product takes. */
export const TILE_PIXELS: i32 = 6;

/** Pixels whose sums are kept together: their bytes stay in L1 while all outputs pass. */
export const PIXELS: i32 = 84;

/** Bytes of a pixel's sums: sixteen int32. */
export const SUM_BYTES: i32 = 64;

/** Bytes that kernels may read behind a buffer of bytes, without any influence: they have to exist. */
export const SLACK: i32 = 64;

/** `count` rounded up to a multiple of `step`. */
function whole(count: i32, step: i32): i32 {
  return (((count + step - 1) / step) | 0) * step;
}

/** Sums of a block of pixels, the places of the pixels, and those of the rows of taps. */
export function tableBytes(kh: i32, kw: i32): i32 {
  return PIXELS * (SUM_BYTES + 4) + SLACK + whole(kh * kw * 4, 16);
}

/** The workspace of convInt8, convInt8Floats, convInt8Grouped and convInt8Depthwise: tables, and one image within its borders. */
export function convInt8Workspace(C: i32, H: i32, W: i32, kh: i32, kw: i32, ph: i32, pw: i32): i32 {
  const image = (ph | pw) !== 0 ? whole(C * (H + 2 * ph) * (W + 2 * pw) + SLACK, 16) : 0;
  return tableBytes(kh, kw) + image;
}
