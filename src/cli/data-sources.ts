/**
 * Where `--data` leads: a data set known by name, or a path, by what is there. Each source gives training and
 * test samples, and validation samples where it has them.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { LabelledDataset } from '../data/dataset.js';
import { digits } from '../data/digits/index.js';
import type { MnistOptions } from '../data/mnist.js';
import * as archives from '../data/published-archives.js';
import * as published from '../data/published.js';
import type { TableFormat } from '../data/table-format.js';
import { LanewiseError, nearest } from '../base/errors.js';
import { fileError } from '../node/atomic.js';
import type { Fit } from '../formats/resize.js';
import type { Part } from '../train/events.js';
import { limited, pathSources, type PathSource } from './data-paths.js';
import { downloadBar } from './progress.js';
import { quoted } from './terminal.js';

export interface DataSets {
  readonly train: LabelledDataset;
  readonly test: LabelledDataset;
  /** What a run is scored on as it goes, and may choose by; the same object as `test` where there is no part for tests. */
  readonly validation?: LabelledDataset;
  /** Nothing was divided, as asked: training and test samples are the same, all there are. */
  readonly isWhole?: boolean;
  /** The test samples are a share that was held out: the data itself does not divide them. */
  readonly isHeldOut?: boolean;
}

/** What the samples that a run is scored on at its end are: validation samples where the data has no others. */
export const lastPart = ({ test, validation }: DataSets): Part =>
  test === validation ? 'validation' : 'test';

export type ImageShape = readonly [channels: number, height: number, width: number];

/** What options say of data that does not say it itself, each for some sources. */
export interface Adjustments {
  /** Folder with the files of a data set that is known by name; else it is downloaded. */
  readonly directory?: string;
  /** Of a sample, where the source leaves it open: images of a folder, rows of a table. */
  readonly shape?: ImageShape;
  /** How the images of a folder come to that shape. */
  readonly fit?: Fit;
  /** Column of a table that holds the class, by name or place; default the last. */
  readonly target?: string;
  /** Whether the first line of a table names its columns; default true. */
  readonly header?: boolean;
  /** What columns of a table hold, by name; default what their values say. */
  readonly columns?: Readonly<Record<string, 'number' | 'class' | 'ignore'>>;
  /** What becomes of a table's gaps; default they are refused. */
  readonly missing?: 'drop' | number | readonly string[];
}

/** What is wanted of a source. */
export interface DataRequest extends Adjustments {
  /** The first so many training samples; default all. */
  readonly limit?: number;
  /** Share of the samples that become test samples, where the source does not say which; default a fifth. */
  readonly holdout?: number;
  /** Whether the samples stay together, where the source does not say which are for tests. */
  readonly whole?: boolean;
  /** What the values of a table with a shape are; default bytes. */
  readonly type?: 'uint8' | 'float32';
  /** The columns and classes of a table that a model was trained on: others are brought to them by name. */
  readonly known?: { readonly table?: TableFormat; readonly classes?: readonly string[] };
  /** Of the split of a table; default 1. */
  readonly seed?: number;
}

/** Adjustments as they are written on the command line: also what a command is told by that goes on with the same data. */
export const WORDS: {
  readonly [K in keyof Adjustments]-?: (value: NonNullable<Adjustments[K]>) => string[];
} = {
  directory: (folder) => ['--data-dir', folder],
  target: (column) => ['--target', column],
  header: (is) => [is ? '--header' : '--no-header'],
  shape: (extents) => ['--shape', extents.join('x')],
  columns: (types) =>
    Object.entries(types).flatMap(([name, type]) =>
      type === 'ignore' ? ['--ignore', name] : ['--columns', `${name}=${type}`],
    ),
  missing: (rule) => [rule].flat().flatMap((one) => ['--missing', String(one)]),
  fit: (how) => ['--fit', how],
};

/** A source that goes by name. */
interface NamedSource {
  /** Whether its files may be in a folder of the user's: nothing else is open. */
  readonly uses: readonly (keyof Adjustments)[];
  load(request: DataRequest, name: string): Promise<DataSets>;
}

const DIGITS = { seed: 1, train: 20_000, test: 5_000, testFirst: 1_000_000 };

/** Files that are downloaded once, or in a folder of the user's. */
const downloaded = (read: (options: MnistOptions) => Promise<DataSets>): NamedSource => ({
  uses: ['directory'],
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

// Whoever tries one tries MNIST first.
const { mnist, ...others } = published;

const named: Readonly<Record<string, NamedSource>> = {
  digits: {
    uses: [],
    async load({ limit = Infinity }) {
      const { seed, train, test, testFirst } = DIGITS;
      return {
        train: digits({ count: Math.min(train, limit), seed }),
        test: digits({ count: test, seed, first: testFirst }),
      };
    },
  },
  ...namesOf({ mnist, ...others, ...archives }),
};

/** `fashion-mnist` for `fashionMnist`. */
function namesOf(
  functions: Readonly<Record<string, (options: MnistOptions) => Promise<DataSets>>>,
): Record<string, NamedSource> {
  const plain = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return Object.fromEntries(
    Object.entries(functions).map(([name, read]) => [plain(name), downloaded(read)]),
  );
}

/** `digits, mnist, or the path of …`, for `--help`. */
export const dataHelp = (): string =>
  `${Object.keys(named).join(', ')}, or the path of ${pathSources.map(describe).join(', ')}`;

const describe = ({ what, more = '' }: PathSource): string => what + more;

/**
 * Training and test samples of the data set of that name, or at that path, as `asked`; what is `known` goes for what that
 * leaves open.
 * @throws LanewiseError kind 'argument' for what is neither, and for what is asked of data that has no use for it; else
 * the source's.
 */
export async function loadData(
  name: string,
  asked: DataRequest = {},
  known: DataRequest = {},
): Promise<DataSets> {
  const { limit = Infinity, holdout } = asked;
  const source = Object.hasOwn(named, name) ? named[name]! : await sourceAt(name);
  refuseUnused(name, source, asked);
  const isDivided = 'what' in source ? undefined : 'test';
  if (isDivided && holdout !== undefined) throw alreadyDivided(name, holdout, isDivided);
  const found = await source.load({ ...known, ...asked }, name);
  if (holdout !== undefined && !found.isHeldOut && !found.isWhole)
    throw alreadyDivided(name, holdout, lastPart(found));
  return { ...found, train: limited(found.train, limit) };
}

/** @throws LanewiseError kind 'argument' for what is asked of data that has no use for it. */
function refuseUnused(name: string, { uses }: Pick<PathSource, 'uses'>, asked: Adjustments): void {
  for (const [key, words] of Object.entries(WORDS) as [
    keyof Adjustments,
    (value: unknown) => string[],
  ][]) {
    const value = asked[key];
    if (value === undefined || uses.includes(key)) continue;
    const names = Object.keys(named).filter((one) => named[one]!.uses.includes(key));
    const others = pathSources.filter((one) => one.uses.includes(key)).map(({ what }) => what);
    const [flag] = words(value);
    const wanted = names.length > 0 ? `--data ${names.join(', ')}` : others.join(' or ');
    throw new LanewiseError(
      'argument',
      `${words(value).map(quoted).join(' ')} goes with ${wanted}, and the data is ${name}`,
      names.length > 0 ? `add --data ${names[0]}, or leave ${flag} out` : `leave ${flag} out`,
    );
  }
}

const alreadyDivided = (name: string, holdout: number, part: Part): LanewiseError =>
  new LanewiseError(
    'argument',
    `--holdout ${holdout} is for data that is not divided, and '${name}' has ${part} samples of its own`,
    'leave it out, or give --data the path of one part',
  );

/** The first source that takes what is there. @throws LanewiseError kind 'argument' if none does. */
async function sourceAt(path: string): Promise<PathSource> {
  const entries = await entriesOf(path);
  const source = pathSources.find((candidate) => candidate.matches(path, entries));
  if (source) return source;
  throw new LanewiseError(
    'argument',
    `'${path}' is no data set: expected ${pathSources.map(describe).join(', ')}`,
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
