/** The options by which image files of any size become samples of one size. */
import {
  checkOptions,
  extent,
  oneOf,
  oneOrTwo,
  pairOf,
  required,
  wholeFrom,
  type Check,
} from '../base/check.js';
import { fits, type Fit, type ImageShape } from '../formats/resize.js';

/** How image files become samples. */
export interface ImageOptions {
  /** Height and width of a sample, or one number for both. */
  readonly size: number | readonly [height: number, width: number];
  /** 3 (default) for red, green and blue; 1 for grey. */
  readonly channels?: 1 | 3;
  /**
   * How an image is fitted to the size, with antialiasing: `crop` (default) scales it until it covers the sample and
   * cuts out the middle, `pad` scales it until it fits and leaves black around it, `stretch` changes its aspect.
   */
  readonly fit?: Fit;
  /** Largest number of pixels of an image; default 2²⁵. */
  readonly maxPixels?: number;
}

/** The same, with defaults filled in. */
export interface ImageSettings {
  readonly shape: ImageShape;
  readonly fit: Fit;
  readonly maxPixels: number;
}

/** 33 megapixels, 134 MB when decoded: enough for a camera's photographs, too little for decompression bombs. */
const DEFAULT_MAX_PIXELS = 2 ** 25;
const MAX_SIZE = 8192;

/** Advice for mistyped options. */
const HINTS = {
  transforms: 'transformed(data, [transforms.flip()]) adds transforms',
  classes: 'classes are the folders in it',
};

/** The settings in a function's options, of which `more` has the checks of its own. */
export function imageSettings<Options extends ImageOptions>(
  owner: string,
  options: Options,
  more: { readonly [Name in Exclude<keyof Options, keyof ImageOptions>]-?: Check | true },
): ImageSettings {
  checkOptions<ImageOptions>(
    owner,
    options,
    {
      size: required(oneOrTwo(wholeFrom(1, MAX_SIZE))),
      channels: oneOf([1, 3]),
      fit: oneOf(fits),
      maxPixels: extent,
      ...more,
    },
    HINTS,
  );
  const { size, channels = 3, fit = 'crop', maxPixels = DEFAULT_MAX_PIXELS } = options;
  const [height, width] = pairOf(size);
  return { shape: [channels, height, width], fit, maxPixels };
}
