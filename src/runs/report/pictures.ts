/** Samples, filters and feature maps as small PNG images (Node). */
import { PNG } from 'pngjs';

/** A PNG file, base64. */
export type Picture = string;

/** Largest extent of a picture. */
const MAX_EXTENT = 112;

type Values = Float32Array | Uint8Array | Int32Array;

/** A sample, channels × height × width: grey for one channel, colours for three, else the first channel alone. */
export function samplePicture(
  values: Values,
  [C, H, W]: readonly [number, number, number],
): Picture {
  const [low, scale] = values instanceof Uint8Array ? [0, 1] : stretch(values);
  const size = H * W;
  const channels = C === 3 ? [0, size, 2 * size] : [0, 0, 0];
  return encode(H, W, (i) => channels.map((offset) => (values[offset + i]! - low) * scale));
}

/** Values without a fixed scale: the least is black, the largest white. */
export function mapPicture(values: Float32Array, H: number, W: number): Picture {
  const [low, scale] = stretch(values);
  return encode(H, W, (i) => [0, 0, 0].map(() => (values[i]! - low) * scale));
}

const ZERO = [245, 245, 245];
const ABOVE = [202, 60, 20];
const BELOW = [18, 88, 168];

/** Weights: 0 is white, above it orange, below it blue, as strong as their size relative to `most`. */
export function weightPicture(values: Float32Array, H: number, W: number, most: number): Picture {
  return encode(H, W, (i) => {
    const share = most > 0 ? Math.max(-1, Math.min(1, values[i]! / most)) : 0;
    const end = share < 0 ? BELOW : ABOVE;
    return ZERO.map((zero, c) => zero + (end[c]! - zero) * Math.abs(share));
  });
}

/** The least value, and the factor that scales the others from there to 0–255. */
function stretch(values: Values): [low: number, scale: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high > low ? [low, 255 / (high - low)] : [low, 0];
}

/** `colourAt(i)` gives red, green and blue of a pixel. Large images are reduced by means of square blocks. */
function encode(H: number, W: number, colourAt: (i: number) => readonly number[]): Picture {
  const block = Math.ceil(Math.max(H, W) / MAX_EXTENT);
  const [height, width] = [Math.ceil(H / block), Math.ceil(W / block)];
  const data = Buffer.alloc(height * width * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const rows = Math.min(block, H - y * block);
      const columns = Math.min(block, W - x * block);
      const sums = [0, 0, 0];
      for (let v = 0; v < rows; v++) {
        for (let u = 0; u < columns; u++) {
          const colour = colourAt((y * block + v) * W + x * block + u);
          for (let c = 0; c < 3; c++) sums[c]! += colour[c]!;
        }
      }
      for (let c = 0; c < 3; c++) {
        const mean = sums[c]! / (rows * columns);
        data[(y * width + x) * 3 + c] = Number.isFinite(mean)
          ? Math.max(0, Math.min(255, Math.round(mean)))
          : 0;
      }
    }
  }
  const png = new PNG({ width, height });
  png.data = data;
  return PNG.sync
    .write(png, { inputColorType: 2, colorType: 2, inputHasAlpha: false })
    .toString('base64');
}
