/**
 * Resizing of images to samples of one shape, channels first, with antialiasing. The arithmetic is Pillow's (bilinear,
 * 8-bit, in fixed point), which torchvision's transforms use for images: integers, so that every engine gives the same
 * sample.
 */
import { toGrey, type RgbaImage } from './pixels.js';

/**
 * How an image becomes height × width: `crop` scales it until it covers the sample and cuts the middle out, `pad`
 * scales it until it fits in the middle of black, `stretch` changes its aspect.
 */
export type Fit = 'crop' | 'pad' | 'stretch';
export const fits: readonly Fit[] = ['crop', 'pad', 'stretch'];

export type ImageShape = readonly [channels: 1 | 3, height: number, width: number];

/** Writes the image as channels × height × width bytes to `sample`. Transparent parts show white. */
export function toShape(
  image: RgbaImage,
  [channels, height, width]: ImageShape,
  fit: Fit,
  sample: Uint8Array,
): void {
  const { rows, columns, top, left } = place(image, height, width, fit);
  const across = taps(image.width, columns);
  const down = taps(image.height, rows);
  const narrow = resizeRows(image, channels, across, spanOf(down));
  if (rows.count < height || columns.count < width) sample.fill(0);
  for (let c = 0; c < channels; c++)
    resizeColumns(narrow, c, down, sample, (c * height + top) * width + left, width);
}

/** Pixels [from, from + count) of the `scaled` pixels that `extent` pixels are scaled to. */
interface Span {
  readonly scaled: number;
  readonly from: number;
  readonly count: number;
}

interface Placed {
  readonly rows: Span;
  readonly columns: Span;
  /** Place of the pixels in the sample. */
  readonly top: number;
  readonly left: number;
}

/**
 * The place of the image, rounded as torchvision's Resize and CenterCrop do: the longer side down, the margin to even.
 */
function place(image: RgbaImage, height: number, width: number, fit: Fit): Placed {
  if (fit === 'stretch') {
    return { rows: whole(height), columns: whole(width), top: 0, left: 0 };
  }
  const isWider = image.width * height >= image.height * width;
  // The side that is matched exactly; the other follows.
  const meetsHeight = fit === 'crop' ? isWider : !isWider;
  const follow = (side: number, met: number, of: number) =>
    Math.max(1, Math.floor((side * met) / of));
  const rows = meetsHeight ? height : follow(image.height, width, image.width);
  const columns = meetsHeight ? follow(image.width, height, image.height) : width;
  if (fit === 'pad') {
    const top = roundHalfEven(height - rows);
    const left = roundHalfEven(width - columns);
    return { rows: whole(rows), columns: whole(columns), top, left };
  }
  return { rows: middle(rows, height), columns: middle(columns, width), top: 0, left: 0 };
}

const whole = (count: number): Span => ({ scaled: count, from: 0, count });

const middle = (scaled: number, count: number): Span => ({
  scaled,
  from: roundHalfEven(scaled - count),
  count,
});

/** Half of `n`, as Python's round: 0.5 to 0, 1.5 to 2. */
const roundHalfEven = (n: number): number => (n % 4 === 3 ? (n + 1) / 2 : Math.floor(n / 2));

/** The pixels composited on white. */
function onWhite({ rgba, width, height }: RgbaImage): Uint8Array {
  let alphas = 255;
  for (let i = 3; i < rgba.length; i += 4) alphas &= rgba[i]!;
  if (alphas === 255) return rgba;
  const opaque = new Uint8Array(width * height * 4);
  for (let i = 0; i < opaque.length; i++) opaque[i] = overWhite(rgba[i]!, rgba[i | 3]!);
  return opaque;
}

/** One value composited on white, rounded. */
const overWhite = (value: number, alpha: number): number =>
  Math.floor((2 * (value * alpha + 255 * (255 - alpha)) + 255) / (2 * 255));

/** The weights of each new pixel: `size` per pixel, for the source pixels from `starts` on. */
interface Taps {
  readonly count: number;
  readonly size: number;
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  /** Weights in units of 2⁻²². */
  readonly weights: Int32Array;
}

const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/**
 * Pillow's precompute_coeffs with the triangle filter (libImaging/Resample.c): when scaling down, the triangle
 * is as wide as the scale, so that every source pixel counts.
 */
function taps(extent: number, { scaled, from, count }: Span): Taps {
  const scale = extent / scaled;
  const support = Math.max(scale, 1);
  const size = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(count);
  const lengths = new Int32Array(count);
  const weights = new Int32Array(count * size);
  for (let i = 0; i < count; i++) {
    const centre = (from + i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const length = Math.min(extent, Math.trunc(centre + support + 0.5)) - start;
    const share = (x: number) =>
      Math.max(0, 1 - Math.abs((x + start - centre + 0.5) * (1 / support)));
    let sum = 0;
    for (let x = 0; x < length; x++) sum += share(x);
    for (let x = 0; x < length; x++)
      weights[i * size + x] = Math.trunc(0.5 + (share(x) / sum) * (1 << PRECISION_BITS));
    starts[i] = start;
    lengths[i] = length;
  }
  return { count, size, starts, lengths, weights };
}

// The products fit in 32 bits: 255 × 2²² and half of 2²² stay below 2³¹, so the engine can use integers.
const clip8 = (sum: number): number => Math.min(255, sum >> PRECISION_BITS);

/** Source pixels [first, end) that count. */
function spanOf({ count, starts, lengths }: Taps): readonly [first: number, end: number] {
  return [starts[0]!, starts[count - 1]! + lengths[count - 1]!];
}

/** Rows of the source from `first` on, resized horizontally; each has its channels in sequence. */
interface Narrow {
  readonly values: Uint8Array;
  readonly first: number;
  readonly channels: number;
  readonly width: number;
}

/** Resizes rows [first, end) of an image to `across.count` pixels. */
function resizeRows(
  image: RgbaImage,
  channels: 1 | 3,
  { count, size, starts, lengths, weights }: Taps,
  [first, end]: readonly [number, number],
): Narrow {
  const { width, height, rgba } = image;
  const values = new Uint8Array((end - first) * channels * count);
  const narrow = { values, first, channels, width: count };
  if (channels === 1) {
    const grey = toGrey(rgba, width * height);
    for (let y = first, to = 0; y < end; y++) {
      for (let x = 0; x < count; x++) {
        const length = lengths[x]!;
        const weightsAt = x * size;
        const at = y * width + starts[x]!;
        let sum = HALF;
        for (let k = 0; k < length; k++)
          sum = (sum + Math.imul(grey[at + k]!, weights[weightsAt + k]!)) | 0;
        values[to++] = clip8(sum);
      }
    }
    return narrow;
  }
  // All three channels at once, so that each weight is read once.
  const pixels = onWhite(image);
  for (let y = first, to = 0; y < end; y++, to += 3 * count) {
    for (let x = 0; x < count; x++) {
      const weightsAt = x * size;
      const weightsEnd = weightsAt + lengths[x]!;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let k = weightsAt, at = (y * width + starts[x]!) * 4; k < weightsEnd; k++, at += 4) {
        const weight = weights[k]!;
        red = (red + Math.imul(pixels[at]!, weight)) | 0;
        green = (green + Math.imul(pixels[at + 1]!, weight)) | 0;
        blue = (blue + Math.imul(pixels[at + 2]!, weight)) | 0;
      }
      values[to + x] = clip8(red);
      values[to + count + x] = clip8(green);
      values[to + 2 * count + x] = clip8(blue);
    }
  }
  return narrow;
}

/** Resizes every column of a channel to `down.count` pixels, in rows `stride` apart from `at` on. */
function resizeColumns(
  { values, first, channels, width }: Narrow,
  channel: number,
  { count, size, starts, lengths, weights }: Taps,
  to: Uint8Array,
  at: number,
  stride: number,
): void {
  const step = channels * width;
  for (let y = 0; y < count; y++) {
    const weightsAt = y * size;
    const weightsEnd = weightsAt + lengths[y]!;
    const top = (starts[y]! - first) * step + channel * width;
    for (let x = 0; x < width; x++) {
      let sum = HALF;
      for (let k = weightsAt, from = top + x; k < weightsEnd; k++, from += step)
        sum = (sum + Math.imul(values[from]!, weights[k]!)) | 0;
      to[at + y * stride + x] = clip8(sum);
    }
  }
}
