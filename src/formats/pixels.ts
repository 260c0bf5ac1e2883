/** Decoded images, and their conversion to grey values. */

/** Red, green, blue and alpha of each pixel, row by row: width × height × 4 bytes. */
export interface RgbaImage {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/**
 * Grey values by the luma of Rec. 601 with Pillow's numbers, (19595 R + 38470 G + 7471 B + 32768) >> 16; transparent
 * parts show the ground, white by default.
 */
export function toGrey(rgba: Uint8Array, pixels: number, ground = 255): Uint8Array {
  const grey = new Uint8Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const alpha = rgba[4 * i + 3]!;
    const over = (value: number) => value * alpha + ground * (255 - alpha);
    const luma =
      19595 * over(rgba[4 * i]!) + 38470 * over(rgba[4 * i + 1]!) + 7471 * over(rgba[4 * i + 2]!);
    grey[i] = Math.floor((luma + 32_768 * 255) / (65_536 * 255));
  }
  return grey;
}
