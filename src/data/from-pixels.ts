/** Samples from pixels at hand, such as those of a canvas or of a video's current frame. */
import {
  checkOptions,
  extent,
  oneOf,
  oneOrTwo,
  pairOf,
  refuse,
  type Checks,
} from '../base/check.js';
import { LanewiseError, show } from '../base/errors.js';
import { fits, toShape, type Fit, type ImageShape } from '../formats/resize.js';
import type { RgbaImage } from '../formats/pixels.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';

/** Red, green, blue and alpha of each pixel, row by row, as an `ImageData` has them. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/**
 * Anything that a canvas can draw: a canvas, an image, a video (its current frame), an `ImageBitmap`, a `VideoFrame`.
 * Their types are a document's, which not every runtime has.
 */
export type PixelSource = Pixels | object;

/** The form of samples that pixels become. */
export interface PixelOptions {
  /** Height and width of a sample, or one number for both; default the source's own. */
  readonly size?: number | readonly [height: number, width: number];
  /** 3 (default) for red, green and blue; 1 for grey. */
  readonly channels?: 1 | 3;
  /** How the image is brought to the size, as by `imageFolder`: `crop` (default), `pad`, `stretch`. */
  readonly fit?: Fit;
  /** A trained model, whose file says size, channels and fit of the samples that it takes. */
  readonly like?: ModelOfImages;
}

/** The part of a trained model that says what its samples are. */
interface ModelOfImages {
  readonly samples?: { readonly shape: Shape; readonly type: string; readonly fit?: Fit };
  readonly model: {
    readonly architecture: { readonly inputs: Readonly<Record<string, { readonly shape: Shape }>> };
  };
}

/** Samples in sequence, and the shape of one. */
export interface PixelSamples {
  /** Bytes 0–255, count × channels × height × width. */
  readonly samples: Uint8Array;
  readonly shape: ImageShape;
}

const CHECKS: Checks<PixelOptions> = {
  size: /* @__PURE__ */ oneOrTwo(extent),
  channels: /* @__PURE__ */ oneOf([1, 3]),
  fit: /* @__PURE__ */ oneOf(fits),
  like: true,
};

/** Larger images are refused, as in image folders. */
const MAX_PIXELS = 2 ** 25;
/** Bound on the bytes of all samples. */
const MAX_BYTES = 2 ** 31;

/**
 * Samples of one shape from one source or a list of them, scaled as `imageFolder` scales files: with antialiasing, in
 * integers, to the same bytes on every engine for the same pixels. Transparent parts show white.
 * @throws LanewiseError kind 'data' for a source without pixels, such as a video that has not begun; kind 'platform' for
 * a source that must be drawn where nothing can draw; kind 'argument' for other values.
 */
export function fromPixels(
  source: PixelSource | readonly PixelSource[],
  options: PixelOptions = {},
): PixelSamples {
  const sources = Array.isArray(source)
    ? (source as readonly PixelSource[])
    : [source as PixelSource];
  if (sources.length === 0) refuse('fromPixels', 'source', source, 'at least one image');
  const { size, channels, fit, like } = checkOptions('fromPixels', options, CHECKS);
  const known = like === undefined ? undefined : formOf(like);
  const images = sources.map(imageOf);
  const [height, width] =
    (size === undefined ? undefined : pairOf(size)) ?? known?.shape.slice(1) ?? sameSides(images);
  const shape: ImageShape = [channels ?? known?.shape[0] ?? 3, height!, width!];
  const step = sizeOf(shape);
  if (images.length * step > MAX_BYTES)
    throw new LanewiseError(
      'argument',
      `fromPixels: samples of ${showShape(shape)} and ${images.length} images take ${images.length * step} bytes, expected at most ${MAX_BYTES}`,
    );
  const samples = new Uint8Array(images.length * step);
  images.forEach((image, i) =>
    toShape(image, shape, fit ?? known?.fit ?? 'crop', samples.subarray(i * step, (i + 1) * step)),
  );
  return { samples, shape };
}

/** The sides that all images share. */
function sameSides(images: readonly RgbaImage[]): readonly number[] {
  const [{ height, width }] = images as [RgbaImage];
  const other = images.find((one) => one.height !== height || one.width !== width);
  if (!other) return [height, width];
  throw new LanewiseError(
    'data',
    `fromPixels: images of ${height}×${width} and of ${other.height}×${other.width} have no size in common`,
    'size: 64 brings all of them to 64×64',
  );
}

/** What the model's samples are. @throws LanewiseError kind 'argument' for a model of other samples than images. */
function formOf(like: ModelOfImages): { readonly shape: ImageShape; readonly fit?: Fit } {
  const inputs = like?.model?.architecture?.inputs;
  if (!inputs) refuse('fromPixels', 'like', like, 'a trained model');
  const { shape, type = 'uint8', fit } = { ...Object.values(inputs)[0]!, ...like.samples };
  if (shape.length === 3 && (shape[0] === 1 || shape[0] === 3) && type === 'uint8')
    return { shape: shape as unknown as ImageShape, ...(fit ? { fit } : {}) };
  throw new LanewiseError(
    'argument',
    `fromPixels: the model takes samples of ${showShape(shape)} (${type}), expected images of bytes with 1 or 3 channels`,
  );
}

function imageOf(source: PixelSource): RgbaImage {
  if (typeof source !== 'object' || source === null)
    refuse('fromPixels', 'source', source, 'pixels, a canvas, an image or a video');
  const { width, height, data } = 'data' in source ? source : drawn(source);
  if (!(data instanceof Uint8Array) && !(data instanceof Uint8ClampedArray))
    refuse('fromPixels', 'data', data, 'bytes, four a pixel');
  checkSides(width, height);
  if (data.length !== 4 * width * height)
    throw new LanewiseError(
      'data',
      `fromPixels: ${data.length} bytes for ${height}×${width} pixels, expected ${4 * width * height}: red, green, blue, alpha`,
    );
  return { width, height, rgba: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

function checkSides(width: number, height: number): void {
  const isSide = (side: number) => Number.isInteger(side) && side > 0;
  if (isSide(width) && isSide(height) && width * height <= MAX_PIXELS) return;
  throw new LanewiseError(
    'data',
    `fromPixels: the image has ${show(height)}×${show(width)} pixels, expected some, and at most ${MAX_PIXELS}`,
    'a video has none before its event loadeddata, an image none before its event load',
  );
}

/** Sizes by the names that sources have them under, the drawn size of an image apart from that of its element. */
const SIDES = [
  ['videoWidth', 'videoHeight'],
  ['naturalWidth', 'naturalHeight'],
  ['displayWidth', 'displayHeight'],
  ['width', 'height'],
] as const;

/** The pixels that a canvas shows of a source. */
function drawn(source: object): Pixels {
  const sides = source as unknown as Readonly<Record<string, number>>;
  const names = SIDES.find(([name]) => name in source);
  if (!names) refuse('fromPixels', 'source', source, 'pixels, a canvas, an image or a video');
  const [width, height] = [sides[names[0]]!, sides[names[1]]!];
  checkSides(width, height);
  const context = canvasOf(width, height).getContext('2d', {
    willReadFrequently: true,
  }) as OffscreenCanvasRenderingContext2D | null;
  if (!context) throw new LanewiseError('platform', 'fromPixels: a canvas has no 2d context here');
  try {
    context.drawImage(source as CanvasImageSource, 0, 0, width, height);
    return context.getImageData(0, 0, width, height);
  } catch (error) {
    throw new LanewiseError(
      'data',
      `fromPixels: the source cannot be read: ${(error as Error).message}`,
      'images and videos of other sites need crossorigin="anonymous", and the site’s permission',
      { cause: error },
    );
  }
}

function canvasOf(width: number, height: number): OffscreenCanvas | HTMLCanvasElement {
  if (typeof OffscreenCanvas === 'function') return new OffscreenCanvas(width, height);
  if (typeof document === 'object')
    return Object.assign(document.createElement('canvas'), { width, height });
  throw new LanewiseError(
    'platform',
    'fromPixels: there is no canvas here that could draw the source',
    'give its pixels: { width, height, data } with four bytes each',
  );
}
