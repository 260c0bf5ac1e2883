/**
 * Images as samples of one shape: channels apart, resized with antialiasing. The arithmetic is Pillow's
 * (bilinear, 8-bit, in fixed point), which torchvision's transforms use for images: integers, so that every
 * engine gives the same sample.
 */
import { toGrey, type RgbaImage } from './pixels.js';

/**
 * How an image becomes height × width: `crop` scales it until it covers that, and cuts the middle out;
 * `pad` scales it until it fits, in the middle of black; `stretch` changes its aspect.
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
  const target = place(image, height, width, fit);
  const { rows, columns } = target;
  const planes = planesOf(image, channels);
  const across = taps(image.width, columns);
  const down = taps(image.height, rows);
  sample.fill(0);
  planes.forEach((plane, c) => {
    const narrow = resizeRows(plane, image, across);
    const at = (c * height + target.top) * width + target.left;
    resizeColumns(narrow, across.count, down, sample, at, width);
  });
}

/** Pixels [from, from + count) of `scaled` that `extent` pixels are scaled to. */
interface Span {
  readonly scaled: number;
  readonly from: number;
  readonly count: number;
}

interface Placed {
  readonly rows: Span;
  readonly columns: Span;
  /** Where they come to stand in the sample. */
  readonly top: number;
  readonly left: number;
}

/** Rounded as torchvision's Resize and CenterCrop do: the longer side down, the margin to the nearest even. */
function place(image: RgbaImage, height: number, width: number, fit: Fit): Placed {
  if (fit === 'stretch') {
    return { rows: whole(height), columns: whole(width), top: 0, left: 0 };
  }
  const isWider = image.width * height >= image.height * width;
  // The side that is met exactly; the other follows.
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

function planesOf({ rgba, width, height }: RgbaImage, channels: 1 | 3): Uint8Array[] {
  const pixels = width * height;
  if (channels === 1) return [toGrey(rgba, pixels)];
  return [0, 1, 2].map((c) => {
    const plane = new Uint8Array(pixels);
    for (let i = 0; i < pixels; i++) {
      const alpha = rgba[4 * i + 3]!;
      const value = rgba[4 * i + c]!;
      plane[i] = alpha === 255 ? value : overWhite(value, alpha);
    }
    return plane;
  });
}

/** Rounded. */
const overWhite = (value: number, alpha: number): number =>
  Math.floor((2 * (value * alpha + 255 * (255 - alpha)) + 255) / (2 * 255));

/** What each new pixel is made of: `size` weights a pixel, of the source pixels from `starts` on. */
interface Taps {
  readonly count: number;
  readonly size: number;
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  /** In parts of 2²². */
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

// Products in 32 bits: 255 × 2²² and half of 2²² stay below 2³¹, and the engine need not look for more.
const clip8 = (sum: number): number => Math.min(255, sum >> PRECISION_BITS);

/** Every row of a plane made `across.count` pixels wide. */
function resizeRows(
  plane: Uint8Array,
  { width, height }: RgbaImage,
  { count, size, starts, lengths, weights }: Taps,
): Uint8Array {
  const to = new Uint8Array(height * count);
  for (let x = 0; x < count; x++) {
    const length = lengths[x]!;
    const first = x * size;
    for (let y = 0, at = starts[x]!; y < height; y++, at += width) {
      let sum = HALF;
      for (let k = 0; k < length; k++)
        sum = (sum + Math.imul(plane[at + k]!, weights[first + k]!)) | 0;
      to[y * count + x] = clip8(sum);
    }
  }
  return to;
}

/** Every column of a plane made `down.count` pixels high, to rows that begin `stride` apart from `at` on. */
function resizeColumns(
  plane: Uint8Array,
  width: number,
  { count, size, starts, lengths, weights }: Taps,
  to: Uint8Array,
  at: number,
  stride: number,
): void {
  for (let y = 0; y < count; y++) {
    const length = lengths[y]!;
    const first = y * size;
    const top = starts[y]! * width;
    for (let x = 0; x < width; x++) {
      let sum = HALF;
      for (let k = 0; k < length; k++)
        sum = (sum + Math.imul(plane[top + k * width + x]!, weights[first + k]!)) | 0;
      to[at + y * stride + x] = clip8(sum);
    }
  }
}
