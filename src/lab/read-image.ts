/** A user's picture for a lab: one image file as a sample. */
import { readFile } from 'node:fs/promises';
import { checkOptions, oneOf, oneOrTwo, text, wholeFrom } from '../base/check.js';
import { fromPixels, type PixelOptions, type PixelSamples } from '../data/from-pixels.js';
import { decodeImage } from '../formats/image-codecs.js';
import { fits } from '../formats/resize.js';
import { cannotRead } from '../node/files.js';

/** Larger images are refused, as in image folders. */
const MAX_PIXELS = 2 ** 25;

/**
 * The image in a PNG, JPEG or WebP file as bytes, channels × height × width, scaled as `imageFolder` scales files.
 * @throws LanewiseError kind 'file' for a file that cannot be read, is no image, or is damaged; kind 'argument' for
 * wrong options.
 */
export async function readImage(
  path: string,
  options: Omit<PixelOptions, 'like'> = {},
): Promise<PixelSamples> {
  text('readImage', 'path', path);
  checkOptions<Omit<PixelOptions, 'like'>>('readImage', options, {
    size: oneOrTwo(wholeFrom(1, 8192)),
    channels: oneOf([1, 3]),
    fit: oneOf(fits),
  });
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw cannotRead('image', path, error);
  }
  const { width, height, rgba } = await decodeImage(bytes, path, MAX_PIXELS);
  return fromPixels({ width, height, data: rgba }, options);
}
