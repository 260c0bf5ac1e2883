/** Decoder of the binary files of CIFAR (Krizhevsky 2009): one or two labels, then 3×32×32 bytes, for each image. */
import { LanewiseError } from '../base/errors.js';

export const CIFAR_SHAPE = [3, 32, 32] as const;
const IMAGE_BYTES = 3 * 32 * 32;

export interface CifarImages {
  readonly samples: Uint8Array;
  readonly labels: Uint8Array;
}

/**
 * Reads the bytes of one or more files; `name` is for messages. The label at `which` of the `labelBytes` before each
 * image is taken; it must be below `classes`.
 * @throws LanewiseError kind 'data' for files that are not a whole number of images, or a label beyond the classes.
 */
export function decodeCifar(
  files: readonly (readonly [name: string, bytes: Uint8Array])[],
  labelBytes: number,
  which: number,
  classes: number,
): CifarImages {
  const recordBytes = labelBytes + IMAGE_BYTES;
  for (const [name, bytes] of files) {
    if (bytes.length > 0 && bytes.length % recordBytes === 0) continue;
    throw new LanewiseError(
      'data',
      `'${name}' has ${bytes.length} bytes, expected a multiple of ${recordBytes}, one image each`,
    );
  }
  const count = files.reduce((sum, [, bytes]) => sum + bytes.length / recordBytes, 0);
  const samples = new Uint8Array(count * IMAGE_BYTES);
  const labels = new Uint8Array(count);
  let image = 0;
  for (const [name, bytes] of files) {
    for (let at = 0; at < bytes.length; at += recordBytes, image++) {
      const label = bytes[at + which]!;
      if (label >= classes) {
        throw new LanewiseError(
          'data',
          `'${name}': the label of image ${at / recordBytes} is ${label}, expected 0–${classes - 1}`,
        );
      }
      labels[image] = label;
      samples.set(bytes.subarray(at + labelBytes, at + recordBytes), image * IMAGE_BYTES);
    }
  }
  return { samples, labels };
}
