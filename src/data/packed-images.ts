/** Data sets of images that lie within larger files, such as archives: each is read from its place when it is needed. */
import { createHash } from 'node:crypto';
import { LanewiseError } from '../base/errors.js';
import { decodeImage } from '../formats/image-codecs.js';
import { toShape } from '../formats/resize.js';
import type { SampleReader, StreamedDataset } from './dataset.js';
import type { ImageSettings } from './image-settings.js';
import {
  checkLength,
  createReader,
  nameOfPart,
  type ImageFile,
  type ImageParts,
} from './image-reader.js';
import { checksumOfText } from './origin.js';

/** Images on demand, whose samples and order have a fingerprint. */
export interface PackedDataset extends StreamedDataset {
  /** SHA-256 of the names, sizes and times of the files, of the images' places and of the settings for reading them. */
  readonly fingerprint: string;
}

/** Images found in files, with their classes. */
export interface FoundImages {
  readonly name: string;
  readonly files: readonly ImageFile[];
  readonly parts: ImageParts;
  readonly labels: Uint8Array | Int32Array;
  readonly classes: readonly string[];
  /** What the fingerprint is of, in place of the files: these may be copies. */
  readonly origins?: readonly ImageFile[];
  /** The files' bytes, where they are in memory. */
  readonly memory?: readonly Uint8Array[];
}

export function packedDataset(found: FoundImages, settings: ImageSettings): PackedDataset {
  const { name, files, parts, labels, classes, origins = files, memory } = found;
  if (labels.length === 0) throw new LanewiseError('data', `'${name}' has no images`);
  const { shape, fit } = settings;
  const hash = createHash('sha256').update(JSON.stringify({ shape, fit }));
  for (const { path, bytes, changed } of origins)
    hash.update(`\n${JSON.stringify(path)} ${bytes} ${changed}`);
  hash.update(bytesOf(parts.lengths)).update(bytesOf(labels));
  return {
    name,
    shape,
    classes,
    labels,
    fit,
    fingerprint: hash.digest('hex'),
    // Sizes only: copies have other names and times.
    origin: {
      samples: labels.length,
      fingerprint: checksumOfText(
        `${origins.map(({ bytes }) => bytes).join()} ${createHash('sha256').update(bytesOf(parts.lengths)).update(bytesOf(labels)).digest('hex')}`,
      ),
      selections: [],
    },
    reader: memory
      ? readerOf(parts, memory, settings)
      : onDisk({ root: '', files, parts, ...settings }),
  };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const onDisk = (settings: Parameters<typeof createReader>[0]): SampleReader => ({
  ...createReader(settings),
  module: { url: new URL('../../workers/image-reader.js', import.meta.url).href, settings },
});

/** The reader of images in memory. */
const readerOf = (
  parts: ImageParts,
  memory: readonly Uint8Array[],
  { shape, fit, maxPixels }: ImageSettings,
): SampleReader => ({
  type: 'uint8',
  async read(index, to) {
    const name = nameOfPart(parts, index);
    const [start, length] = [parts.starts[index]!, parts.lengths[index]!];
    checkLength(name, length, maxPixels);
    const bytes = memory[parts.files[index]!]!.slice(start, start + length);
    toShape(await decodeImage(bytes, name, maxPixels), shape, fit, to as Uint8Array);
  },
  describe: (index) => `'${nameOfPart(parts, index)}'`,
});
