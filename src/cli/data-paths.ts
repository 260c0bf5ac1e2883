/** The kinds of data sets that a path can hold: folders of images, CSV and NumPy files, MNIST's own files. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { quote, shorten } from '../base/check.js';
import { withNames } from '../data/class-names.js';
import type { IndexedDataset } from '../data/dataset.js';
import { changed, samplesOf } from '../data/forms.js';
import { imageFolder, partOfName, type PartName } from '../data/image-folder.js';
import { idxDataset } from '../data/idx-set.js';
import { split } from '../data/split-samples.js';
import { foldBy, keysFor, splitBy, type PartKeys } from './split-rule.js';
import { firstPart } from '../data/subset.js';
import { LanewiseError } from '../base/errors.js';
import { showShape } from '../graph/tensor.js';
import { loadMat } from './mat-source.js';
import { loadNumpy } from './numpy-source.js';
import { holdsShards, loadArchives, loadParquet } from './shard-source.js';
import { loadSeries } from './series-source.js';
import { loadTable } from './load-table.js';
import { countOf } from './task.js';
import { isTextName, loadText } from './text-source.js';
import { isJsonLines, isTextFolder, loadTextFolder, loadTextTable } from './texts-source.js';
import { note } from './terminal.js';
import type { Adjustments, DataRequest, DataSets, ImageShape, PartsOf } from './data-sources.js';

/** A kind of data at a path. */
export interface PathSource {
  /** Its name in errors and `--help`. */
  readonly what: string;
  /** What `--help` adds to the name. */
  readonly more?: string;
  /**
   * The fields of a request that apply to it; others are refused. Any source that does not divide its samples takes
   * `holdout`.
   */
  readonly uses: readonly (keyof Adjustments)[];
  /** `entries` are the names in a folder; absent for a file. */
  matches(path: string, entries?: readonly string[]): boolean;
  load(request: DataRequest, path: string, entries?: readonly string[]): Promise<DataSets>;
}

const IDX = /[-.]idx\d-ubyte(\.gz)?$/;

/** All kinds; the first that matches is taken. */
export const pathSources: readonly PathSource[] = [
  {
    what: 'a CSV file',
    more: ' or one of JSON lines',
    uses: [
      'shape',
      'target',
      'header',
      'columns',
      'missing',
      'task',
      'intervals',
      'text',
      'tokens',
      'window',
      'series',
    ],
    matches: (path, entries) => !entries && (/\.(csv|tsv)$/i.test(path) || isJsonLines(path)),
    async load(request, path) {
      if (request.series) return loadSeries(request, path);
      if ((request.text ?? request.known?.text?.column) !== undefined)
        return loadTextTable(request, path);
      refuseWindow(request, path);
      const keys = keysFor(request.whole ? undefined : request.split);
      const { data, task } = await loadTable(path, request, keys?.values);
      return { ...holdOut(data, request, keys), ...(task ? { task } : {}) };
    },
  },
  {
    what: 'an NPZ file',
    more: ' with arrays x and y',
    uses: ['shape', 'columns', 'task', 'intervals'],
    matches: (path, entries) => !entries && /\.npz$/i.test(path),
    load: loadNumpy,
  },
  {
    what: 'a Parquet file',
    more: ' or a folder of them, with rows or images',
    uses: ['shape', 'fit', 'target', 'columns', 'missing', 'task', 'intervals'],
    matches: (path, entries) => holdsShards(path, entries, 'parquet'),
    load: loadParquet,
  },
  {
    what: 'a tar archive',
    more: ' of images, or a folder of them, as WebDataset lays them out',
    uses: ['shape', 'fit', 'target'],
    matches: (path, entries) => holdsShards(path, entries, 'tar'),
    load: loadArchives,
  },
  {
    what: 'a MATLAB file',
    more: ' with arrays X and y',
    uses: ['shape', 'target', 'columns'],
    matches: (path, entries) => !entries && /\.mat$/i.test(path),
    load: loadMat,
  },
  {
    what: 'a text file',
    uses: ['window'],
    matches: (path, entries) => !entries && isTextName(path),
    load: loadText,
  },
  {
    what: 'a folder with IDX files',
    more: ' named as those of MNIST',
    uses: [],
    matches: (_, entries) => entries?.some((name) => IDX.test(name)) ?? false,
    load: loadIdx,
  },
  {
    what: 'a folder of images or texts',
    more: ', one folder in it a class, or train, val and test with such folders',
    uses: ['shape', 'fit', 'tokens'],
    matches: (_, entries) => entries !== undefined,
    load: loadFolder,
  },
];

/** @throws LanewiseError kind 'argument' for a window of a table. */
function refuseWindow({ window }: DataRequest, path: string): void {
  if (window === undefined) return;
  throw new LanewiseError(
    'argument',
    `--window ${window} goes with a text file or a series, and '${path}' is a table`,
    '--time names the column of times of a series, --horizon the rows to forecast',
  );
}

/**
 * Holds test samples out of a data set that has none: the same ones every time, each class in proportion, or as the request
 * says, by `keys` if it is by a column.
 */
export function holdOut<D extends IndexedDataset>(
  data: D,
  { holdout = 0.2, seed = 1, whole = false, split: rule, fold }: DataRequest,
  keys?: PartKeys,
): PartsOf<D> {
  if (whole) return { train: data, test: data, isWhole: true };
  const parts = fold
    ? foldBy<D>(data, fold, seed, rule, keys)
    : splitBy<D>(data, { fraction: 1 - holdout, seed }, rule, keys);
  return {
    train: { ...parts.first, name: `${data.name} train` },
    test: { ...parts.second, name: `${data.name} test` },
    isHeldOut: true,
    ...(parts.keys ? { keys: parts.keys } : {}),
    ...(rule ? { splitBy: rule } : {}),
    ...(fold ? { fold } : {}),
  };
}

/** The default shape of images: about as small as those the models are made for, and in colour. */
const DEFAULT_SHAPE: ImageShape = [3, 32, 32];

async function loadFolder(request: DataRequest, path: string): Promise<DataSets> {
  if (await isTextFolder(path)) return loadTextFolder(request, path, await partsIn(path));
  const { size, fit } = request;
  const { shape = size === undefined ? DEFAULT_SHAPE : ([3, size, size] as const) } = request;
  const [channels, height, width] = shape;
  if (channels !== 1 && channels !== 3) {
    throw new LanewiseError(
      'argument',
      `images of a folder as ${showShape(shape)}, expected 1 channel (grey) or 3`,
    );
  }
  const read = (folder: string) => imageFolder(folder, { size: [height, width], channels, fit });
  const names = await partsIn(path);
  if (names?.train === undefined) return holdOut(await read(path), request);
  const found = await read(join(path, names.train));
  const train = { ...found, name: `${path} ${names.train}` };
  const readOther = async (folder: string | undefined) =>
    folder === undefined
      ? undefined
      : withNames(
          { ...(await read(join(path, folder))), name: `${path} ${folder}` },
          train.classes,
          `data set '${train.name}'`,
        );
  return partsOf(
    found,
    train,
    await readOther(names.validation),
    await readOther(names.test),
    request,
  );
}

/**
 * The parts that a source has. Without a test part the validation samples are scored; without either, some samples are
 * held out.
 */
export function partsOf<D extends IndexedDataset>(
  whole: D,
  train: D,
  validation: D | undefined,
  test: D | undefined,
  request: DataRequest,
): PartsOf<D> {
  if (validation) return { train, validation, test: test ?? validation };
  return test ? { train, test } : holdOut(whole, request);
}

/** The folders of a path that hold parts of its images, if one of them is for training. */
async function partsIn(path: string): Promise<{ [part in PartName]?: string } | undefined> {
  const folders = (await readdir(path, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name);
  const found: { [part in PartName]?: string } = {};
  const others: string[] = [];
  for (const name of folders) {
    const part = partOfName(name);
    if (!part) others.push(name);
    else if (found[part] === undefined) found[part] = name;
    else
      throw new LanewiseError(
        'data',
        `'${path}' has folders ${quote(found[part])} and ${quote(name)}, expected one of the ${part} samples`,
        'put the images of both into one of them',
      );
  }
  if (found.train === undefined) return undefined;
  if (others.length > 0)
    note(`not used, as '${path}' has a folder '${found.train}': ${shorten(others.join(', '))}`);
  return found;
}

async function loadIdx(_: DataRequest, path: string): Promise<DataSets> {
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

/** The first `count` samples; for folders, which have one class after the other, that many across all classes. */
export function limited(data: IndexedDataset, count: number): IndexedDataset {
  if (count >= countOf(data)) return data;
  if (samplesOf(data).source) return split(data, { count, stratified: true })[0];
  return changed(data, (samples) => firstPart(samples, count));
}
