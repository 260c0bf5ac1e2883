/**
 * Where `--data` leads: a data set known by name, or a path, by what is there. Each source gives training and
 * test samples, and validation samples where it has them.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { cifar10, cifar100 } from '../data/cifar.js';
import type { LabelledDataset } from '../data/dataset.js';
import { digits } from '../data/digits/index.js';
import { emnist } from '../data/emnist.js';
import { fashionMnist } from '../data/fashion-mnist.js';
import { mnist, type MnistOptions } from '../data/mnist.js';
import type { TableFormat } from '../data/table-format.js';
import { LanewiseError, nearest } from '../errors.js';
import { fileError } from '../node/atomic.js';
import type { Fit } from '../formats/resize.js';
import type { Part } from '../run/scored.js';
import { limited, pathSources } from './data-paths.js';
import { downloadBar } from './progress.js';

export interface DataSets {
  readonly train: LabelledDataset;
  readonly test: LabelledDataset;
  /** What a run is scored on as it goes, and may choose by; the same object as `test` where there is no part for tests. */
  readonly validation?: LabelledDataset;
  /** Nothing was divided, as asked: training and test samples are the same, all there are. */
  readonly isWhole?: boolean;
}

/** What the samples that a run is scored on at its end are: validation samples where the data has no others. */
export const lastPart = ({ test, validation }: DataSets): Part =>
  test === validation ? 'validation' : 'test';

export type ImageShape = readonly [channels: number, height: number, width: number];

/** What options say of the data. */
export interface DataRequest {
  /** The first so many training samples; default all. */
  readonly limit?: number;
  /** Folder with the files of a data set that is known by name; else it is downloaded. */
  readonly directory?: string;
  /** Share of the samples that become test samples, where the source does not say which; default a fifth. */
  readonly holdout?: number;
  /** Whether the samples stay together, where the source does not say which are for tests. */
  readonly whole?: boolean;
  /** Of a sample, where the source leaves it open: images of a folder, rows of a table. */
  readonly shape?: ImageShape;
  /** What the values of such a table are; default bytes. */
  readonly type?: 'uint8' | 'float32';
  /** How the images of a folder come to that shape. */
  readonly fit?: Fit;
  /** Column of a table that holds the class, by name or place; default the last. */
  readonly target?: string;
  /** Whether the first line of a table names its columns; default true. */
  readonly header?: boolean;
  /** What columns of a table hold, by name; default what their values say. */
  readonly columns?: Readonly<Record<string, 'number' | 'class' | 'ignore'>>;
  /** The columns and classes of a table that a model was trained on: others are brought to them by name. */
  readonly known?: { readonly table?: TableFormat; readonly classes?: readonly string[] };
  /** Of the split of a table; default 1. */
  readonly seed?: number;
  /** What becomes of a table's gaps; default they are refused. */
  readonly missing?: 'drop' | number | readonly string[];
}

/** A source that goes by name. */
interface NamedSource {
  /** Whether its files may be in a folder of the user's. */
  readonly hasFiles: boolean;
  load(request: DataRequest): Promise<DataSets>;
}

const DIGITS = { seed: 1, train: 20_000, test: 5_000, testFirst: 1_000_000 };

/** Files that are downloaded once, or in a folder of the user's. */
const downloaded = (read: (options: MnistOptions) => Promise<DataSets>): NamedSource => ({
  hasFiles: true,
  async load({ directory }) {
    const bar = downloadBar(process.stderr);
    try {
      const folder = directory === undefined ? {} : { directory };
      return await read({ ...folder, onProgress: (progress) => bar.update(progress) });
    } finally {
      bar.stop();
    }
  },
});

const named: Readonly<Record<string, NamedSource>> = {
  digits: {
    hasFiles: false,
    async load({ limit = Infinity }) {
      const { seed, train, test, testFirst } = DIGITS;
      return {
        train: digits({ count: Math.min(train, limit), seed }),
        test: digits({ count: test, seed, first: testFirst }),
      };
    },
  },
  mnist: downloaded(mnist),
  'fashion-mnist': downloaded(fashionMnist),
  emnist: downloaded(emnist),
  cifar10: downloaded(cifar10),
  cifar100: downloaded(cifar100),
};

/** `digits, mnist, or the path of …`, for `--help`. */
export const dataHelp = (): string =>
  `${Object.keys(named).join(', ')}, or the path of ${pathSources.map(({ description }) => description).join(', ')}`;

/**
 * Training and test samples of the data set of that name, or at that path.
 * @throws LanewiseError kind 'argument' for what is neither, else the source's.
 */
export async function loadData(name: string, request: DataRequest = {}): Promise<DataSets> {
  const { directory, limit = Infinity } = request;
  const source = Object.hasOwn(named, name) ? named[name] : undefined;
  if (directory !== undefined && !source?.hasFiles) {
    const names = Object.keys(named).filter((key) => named[key]!.hasFiles);
    throw new LanewiseError(
      'argument',
      `--data-dir ${directory} goes with --data ${names.join(', ')}, and the data is ${name}`,
      `add --data ${names[0]}, or leave --data-dir out`,
    );
  }
  const found = await (source ? source.load(request) : loadPath(name, request));
  return { ...found, train: limited(found.train, limit) };
}

async function loadPath(path: string, request: DataRequest): Promise<DataSets> {
  const entries = await entriesOf(path);
  const source = pathSources.find((candidate) => candidate.matches(path, entries));
  if (source) return source.load(path, request);
  throw new LanewiseError(
    'argument',
    `'${path}' is no data set: expected ${pathSources.map(({ description }) => description).join(', ')}`,
  );
}

/** Names in a folder; undefined for a file. @throws LanewiseError if there is neither. */
async function entriesOf(path: string): Promise<readonly string[] | undefined> {
  const status = await stat(path).catch(() => undefined);
  if (!status) {
    const names = Object.keys(named);
    throw new LanewiseError(
      'argument',
      `unknown data set '${path}', expected one of ${names.join(', ')}, or a path, where there is no such file or folder`,
      nearest(path, names),
    );
  }
  if (!status.isDirectory()) return undefined;
  try {
    return await readdir(path);
  } catch (error) {
    throw fileError(`cannot read folder '${path}'`, error);
  }
}

/** What the data set at a path, or of a name, is called in file names: `photos` for `../photos/`. */
export const dataName = (name: string): string => basename(name, extname(name));
