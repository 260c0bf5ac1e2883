/**
 * Conversion of a drawing or photograph of one digit to a sample in MNIST's style. The result is light ink on black,
 * scaled into the middle 20/28 of the sample and centred by its mass, as LeCun et al. 1998 (§ III.A) made them. All
 * arithmetic is on whole numbers, so every engine gives the same sample.
 */
import { LanewiseError } from '../base/errors.js';
import { toGrey, type RgbaImage } from './pixels.js';

export { decodePng } from './png.js';

export interface GreyImage {
  readonly width: number;
  readonly height: number;
  /** 0 is black, 255 white; row by row, width × height values. */
  readonly grey: Uint8Array;
}

export interface SampleOptions {
  /** Whether dark ink on light paper becomes light on dark; 'auto' decides by the border. */
  readonly invert: boolean | 'auto';
  /** The name in messages. */
  readonly name?: string;
}

/** Least difference between the darkest and the lightest pixel: less is a blank page. */
const LEAST_CONTRAST = 32;
/**
 * The least contrast of ink with paper, as 1/n of the lightest ink: a third on a photograph, which has grain and
 * shadows; a twentieth on a drawing, known by a border of one value.
 */
const FAINT_PARTS = { photograph: 3, drawing: 20 };
/** The border of a sample is darker than this. */
const DARK = 51;

/** Grey values of a drawing, on white; a drawing as light as that, on a transparent ground, is put on black. */
export function greyOfDrawing({ width, height, rgba }: RgbaImage): GreyImage {
  const on = (ground: number) => toGrey(rgba, width * height, ground);
  const grey = on(255);
  const [darkest, lightest] = extremes(grey);
  if (lightest - darkest >= LEAST_CONTRAST) return { width, height, grey };
  const alphas = rgba.filter((_, i) => i % 4 === 3);
  const border = borderOf(alphas, width, height).toSorted();
  // Corners that are cut off a page do not count as ground.
  return { width, height, grey: border[border.length >> 1]! < 128 ? on(0) : grey };
}

/**
 * The image as bytes of `shape` = 1 × height × width. An image that has the sample's extents and a dark
 * border is treated as a sample and at most inverted.
 * @throws LanewiseError kind 'argument' for a shape of several channels, 'data' for a blank image.
 */
export function toSample(
  { width, height, grey }: GreyImage,
  shape: readonly [channels: number, height: number, width: number],
  { invert, name = 'image' }: SampleOptions,
): Uint8Array {
  const [channels, rows, columns] = shape;
  if (channels !== 1) {
    throw new LanewiseError(
      'argument',
      `images become samples of 1 channel, found the shape ${shape.join('×')}`,
    );
  }
  const [darkest, lightest] = extremes(grey);
  const border = borderOf(grey, width, height).toSorted();
  const paperGrey = border[border.length >> 1]!;
  const inverted = invert === 'auto' ? 2 * paperGrey > darkest + lightest : invert;
  const light = inverted ? grey.map((value) => 255 - value) : grey;
  const paper = inverted ? 255 - paperGrey : paperGrey;
  const contrast = (inverted ? 255 - darkest : lightest) - paper;
  if (contrast < LEAST_CONTRAST) throw blank(name, contrast, lightest - darkest);
  if (width === columns && height === rows && paper < DARK) return light.slice();

  // The middle nine tenths of the border's values, as the digit may touch the border somewhere.
  const few = Math.floor(border.length / 20);
  const drawing = border[few] === border[border.length - 1 - few];
  const parts = drawing ? FAINT_PARTS.drawing : FAINT_PARTS.photograph;
  const ink = light.map((value) => (parts * (value - paper) < contrast ? 0 : value - paper));
  const box = inkBox(ink, width, height);
  const digit = scale(ink, width, box, fit(box, middle(rows), middle(columns)));
  return centred(digit, rows, columns);
}

/** The part of a sample's extent that the digit fills: 20 of 28. */
const middle = (extent: number): number => Math.max(1, Math.floor((extent * 20) / 28));

function blank(name: string, contrast: number, range: number): LanewiseError {
  return range < LEAST_CONTRAST
    ? new LanewiseError('data', `'${name}' is blank: its pixels differ by ${range} of 255 at most`)
    : new LanewiseError(
        'data',
        `'${name}' has no light ink: it is ${Math.max(0, contrast)} of 255 lighter than its border at most`,
        'if it is dark ink on light paper, let it be inverted',
      );
}

function extremes(values: Uint8Array): [least: number, most: number] {
  let least = 255;
  let most = 0;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return [least, most];
}

/** The outermost pixels, corners twice. */
function borderOf(grey: Uint8Array, width: number, height: number): Uint8Array {
  const border = new Uint8Array(2 * (width + height));
  for (let x = 0; x < width; x++) {
    border[2 * x] = grey[x]!;
    border[2 * x + 1] = grey[(height - 1) * width + x]!;
  }
  for (let y = 0; y < height; y++) {
    border[2 * (width + y)] = grey[y * width]!;
    border[2 * (width + y) + 1] = grey[(y + 1) * width - 1]!;
  }
  return border;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The smallest box around all values that are not 0; there must be one. */
function inkBox(ink: Uint8Array, width: number, height: number): Box {
  let left = width;
  let right = -1;
  let top = height;
  let bottom = -1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (ink[y * width + x] === 0) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

type Extents = Pick<Box, 'width' | 'height'>;

/** The largest extents within rows × columns that keep the box's aspect, rounded, at least 1. */
function fit({ width, height }: Extents, rows: number, columns: number): Extents {
  const scaled = (other: number, to: number, from: number) =>
    Math.max(1, Math.floor((2 * other * to + from) / (2 * from)));
  return width * rows > height * columns
    ? { width: columns, height: scaled(height, columns, width) }
    : { width: scaled(width, rows, height), height: rows };
}

interface Digit extends Extents {
  readonly values: Uint8Array;
}

/**
 * Area average: each new pixel is the mean of the pixels under it, weighted by area. The largest value becomes 255,
 * because thin strokes fade when scaled down and MNIST's are white.
 */
function scale(ink: Uint8Array, stride: number, box: Box, { width, height }: Extents): Digit {
  const sums = new Float64Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (const [v, vWeight] of under(y, height, box.height)) {
        for (const [u, uWeight] of under(x, width, box.width)) {
          sum += ink[(box.top + v) * stride + box.left + u]! * vWeight * uWeight;
        }
      }
      sums[y * width + x] = sum;
    }
  }
  const most = sums.reduce((a, b) => Math.max(a, b));
  const values = Uint8Array.from(sums, (sum) => Math.floor((2 * 255 * sum + most) / (2 * most)));
  return { width, height, values };
}

/** The source pixels under new pixel `i` of `count`, out of `extent`, with their shares × count. */
function under(i: number, count: number, extent: number): [index: number, weight: number][] {
  const begin = i * extent;
  const end = begin + extent;
  const pixels: [number, number][] = [];
  for (let u = Math.floor(begin / count); u * count < end; u++) {
    pixels.push([u, Math.min((u + 1) * count, end) - Math.max(u * count, begin)]);
  }
  return pixels;
}

/** The digit on a black sample, with its centre of mass in the middle, as far as it fits. */
function centred({ width, height, values }: Digit, rows: number, columns: number): Uint8Array {
  let mass = 0;
  let momentX = 0;
  let momentY = 0;
  for (let i = 0; i < values.length; i++) {
    mass += values[i]!;
    momentX += values[i]! * (i % width);
    momentY += values[i]! * Math.floor(i / width);
  }
  // extent / 2 − moment / mass, rounded: the pixel nearest to the centre of mass becomes number 14 of
  // 0 to 27, as in MNIST.
  const start = (extent: number, size: number, moment: number) => {
    const wanted = Math.floor((extent * mass - 2 * moment + mass) / (2 * mass));
    return Math.min(extent - size, Math.max(0, wanted));
  };
  const left = start(columns, width, momentX);
  const top = start(rows, height, momentY);
  const sample = new Uint8Array(rows * columns);
  for (let y = 0; y < height; y++) {
    sample.set(values.subarray(y * width, (y + 1) * width), (top + y) * columns + left);
  }
  return sample;
}
