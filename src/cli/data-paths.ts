/** Data sets at a path, by what is there: folders of images, CSV and NumPy files, MNIST's own files. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { matchClasses } from '../data/class-names.js';
import { isStreamed, type LabelledDataset } from '../data/dataset.js';
import { imageFolder } from '../data/image-folder.js';
import { idxDataset } from '../data/idx.js';
import { split } from '../data/split.js';
import { LanewiseError } from '../errors.js';
import { showShape, sizeOf } from '../graph/tensor.js';
import { loadNumpy } from './numpy-source.js';
import { loadTable } from './tables.js';
import type { DataRequest, DataSets, ImageShape } from './data-sources.js';

/** A source that is found at a path. */
export interface PathSource {
  /** In errors and `--help`. */
  readonly description: string;
  /** `entries` are the names in a folder; absent for a file. */
  matches(path: string, entries?: readonly string[]): boolean;
  load(path: string, request: DataRequest): Promise<DataSets>;
}

const IDX = /[-.]idx\d-ubyte(\.gz)?$/;

/** The first that matches is taken. */
export const pathSources: readonly PathSource[] = [
  {
    description: 'a CSV file',
    matches: (path, entries) => !entries && /\.(csv|tsv)$/i.test(path),
    load: async (path, request) => holdOut(await loadTable(path, request), request),
  },
  {
    description: 'an NPZ file with arrays x and y',
    matches: (path, entries) => !entries && /\.npz$/i.test(path),
    load: loadNumpy,
  },
  {
    description: 'a folder with IDX files named as those of MNIST',
    matches: (_, entries) => entries?.some((name) => IDX.test(name)) ?? false,
    load: loadIdx,
  },
  {
    description:
      'a folder of images, one folder in it a class, or train and test with such folders',
    matches: (_, entries) => entries !== undefined,
    load: loadFolder,
  },
];

/** Test samples of a data set that has none: the same whenever it is loaded, each class in proportion. */
export function holdOut(data: LabelledDataset, { holdout = 0.2, seed = 1 }: DataRequest): DataSets {
  const [train, test] = split(data, { fraction: 1 - holdout, stratified: true, seed });
  return {
    train: { ...train, name: `${data.name} train` },
    test: { ...test, name: `${data.name} test` },
  };
}

/** As small as the models' own images, and in colour. */
const DEFAULT_SHAPE: ImageShape = [3, 32, 32];
const TEST_FOLDERS = ['test', 'val', 'valid', 'validation'];

async function loadFolder(path: string, request: DataRequest): Promise<DataSets> {
  const { shape = DEFAULT_SHAPE, fit } = request;
  const [channels, height, width] = shape;
  if (channels !== 1 && channels !== 3) {
    throw new LanewiseError(
      'argument',
      `images of a folder as ${showShape(shape)}, expected 1 channel (grey) or 3`,
    );
  }
  const read = (folder: string) =>
    imageFolder(folder, { size: [height, width], channels, ...(fit ? { fit } : {}) });
  const entries = (await readdir(path, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const testFolder = TEST_FOLDERS.find((name) => entries.includes(name));
  if (!entries.includes('train')) return holdOut(await read(path), request);
  const train = await read(join(path, 'train'));
  if (testFolder === undefined) return holdOut(train, request);
  const test = await read(join(path, testFolder));
  const known = { ...train, name: `${path} train` };
  return {
    train: known,
    test: matchClasses(
      { ...test, name: `${path} ${testFolder}` },
      { output: train.classes },
      `data set '${known.name}'`,
    ),
  };
}

async function loadIdx(path: string): Promise<DataSets> {
  const names = (await readdir(path)).filter((name) => IDX.test(name)).toSorted();
  const find = (beginning: string) => {
    const name = names.find((candidate) => candidate.startsWith(beginning));
    if (name !== undefined) return join(path, name);
    throw new LanewiseError(
      'data',
      `'${path}' has no '${beginning}-idx…-ubyte', found ${names.join(', ')}`,
    );
  };
  const read = (part: string, beginning: string, classes?: readonly string[]) =>
    idxDataset(find(`${beginning}-images`), find(`${beginning}-labels`), {
      name: `${path} ${part}`,
      ...(classes ? { classes } : {}),
    });
  const train = await read('train', 'train');
  return { train, test: await read('test', 't10k', train.classes) };
}

/** The first `count` samples; of folders, which have one class after the other, that many of all. */
export function limited(data: LabelledDataset, count: number): LabelledDataset {
  const total = data.labels.length;
  if (count >= total) return data;
  if (isStreamed(data)) return split(data, { count, stratified: true })[0];
  const size = sizeOf(data.shape);
  return {
    ...data,
    samples: data.samples.subarray(0, count * size),
    labels: data.labels.subarray(0, count),
    ...(data.weights ? { weights: data.weights.subarray(0, count) } : {}),
  };
}
