/** Data sets from IDX files of images and labels, plain or gzip, the format of MNIST and its successors. */
import { checkOptions, text } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { gunzip } from '../formats/gzip.js';
import { decodeIdx, type IdxArray } from '../formats/idx.js';
import { isFile } from '#platform/files';
import { showShape } from '../graph/tensor.js';
import type { Dataset } from './dataset.js';
import { checkDataset } from './forms.js';
import { readSource, sourceName, type FileSource } from './file-source.js';

/** An array, and the path or name of its source. */
export type NamedIdx = IdxArray & { readonly path: string };

/** Bound on the inflated size of a compressed file. */
const MAX_BYTES = 2 ** 30;

/** @throws LanewiseError kind 'data' for a damaged file; kind 'file' if it cannot be read. */
export async function readIdx(source: FileSource, name = 'IDX'): Promise<NamedIdx> {
  return decodeNamed(await readSource('IDX', source), sourceName(source, name));
}

/** An array from the bytes of a file, compressed or not. */
export const decodeNamed = async (bytes: Uint8Array, path: string): Promise<NamedIdx> => ({
  ...decodeIdx(await gunzip(bytes, path, MAX_BYTES), path),
  path,
});

/**
 * Reads `train-images-idx3-ubyte.gz`, or the same without `.gz`, or with a dot before `idx3`.
 * @throws LanewiseError kind 'data', with the hint, if there is none.
 */
export async function findIdx(folder: string, archive: string, hint: string): Promise<NamedIdx> {
  const plain = archive.replace('.gz', '');
  const dotted = plain.replace('-idx', '.idx');
  for (const name of [archive, plain, `${dotted}.gz`, dotted]) {
    const path = `${folder.replace(/\/$/, '')}/${name}`;
    if (await isFile(path)) return readIdx(path);
  }
  throw new LanewiseError('data', `no '${plain}' (or '${archive}') in '${folder}'`, hint);
}

/** Details that the files do not contain. */
export interface IdxOptions {
  /** Class names; default 0, 1, 2 … to the largest label. */
  readonly classes?: readonly string[];
  /** The name in messages; default the path of the images, or their file's name. */
  readonly name?: string;
}

/**
 * Images (N×height×width, or N×channels×height×width bytes) from one file and their labels from another: given as
 * paths, bytes, or Files dropped on a page.
 * @throws LanewiseError kind 'data' for files that are damaged or disagree; kind 'file' if one cannot be read.
 */
export async function idxDataset(
  imagesFile: FileSource,
  labelsFile: FileSource,
  options: IdxOptions = {},
): Promise<Dataset> {
  const { classes, name } = checkOptions('idxDataset', options, { classes: true, name: text });
  const images = await readIdx(imagesFile, 'images');
  const labels = await readIdx(labelsFile, 'labels');
  return labelledImages(name ?? images.path, images, labels, classes ? { classes } : {});
}

export interface LabelledImagesOptions {
  readonly classes?: readonly string[];
  /** Height and width that images must have. */
  readonly extents?: readonly [height: number, width: number];
  /** The label of the first class; default 0. */
  readonly firstLabel?: number;
}

/** @throws LanewiseError kind 'data' unless every image has a label, and each label is one of the classes. */
export function labelledImages(
  name: string,
  images: NamedIdx,
  labels: NamedIdx,
  { classes: given, extents, firstLabel = 0 }: LabelledImagesOptions,
): Dataset {
  const [count, ...rest] = images.shape as [number, ...number[]];
  const [channels, height, width] = (rest.length === 3 ? rest : [1, ...rest]) as [
    number,
    number,
    number,
  ];
  const isOfExtents =
    !extents || (rest.length === 2 && height === extents[0] && width === extents[1]);
  if (rest.length < 2 || !isOfExtents) {
    throw new LanewiseError(
      'data',
      `'${images.path}' holds ${showShape(images.shape)}, expected images${extents ? ` of ${showShape(extents)}` : ''}`,
    );
  }
  if (labels.shape.length !== 1) {
    throw new LanewiseError(
      'data',
      `'${labels.path}' holds ${showShape(labels.shape)}, expected a list of labels`,
    );
  }
  if (count !== labels.shape[0]) {
    throw new LanewiseError(
      'data',
      `'${images.path}' holds ${count} images, '${labels.path}' ${labels.shape[0]} labels`,
    );
  }
  const most = labels.data.reduce((a, b) => Math.max(a, b), 0);
  const classes = given ?? Array.from({ length: most + 1 }, (_, i) => String(i));
  const last = firstLabel + classes.length - 1;
  const wrong = labels.data.findIndex((label) => label < firstLabel || label > last);
  if (wrong >= 0) {
    throw new LanewiseError(
      'data',
      `'${labels.path}': label ${wrong} is ${labels.data[wrong]}, expected ${firstLabel}–${last}`,
    );
  }
  return checkDataset({
    name,
    shape: [channels, height, width],
    classes,
    samples: images.data,
    labels: firstLabel === 0 ? labels.data : labels.data.map((label) => label - firstLabel),
  });
}
