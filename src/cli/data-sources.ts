/**
 * The sources that `--data` takes: a data set known by name, or a path. Each source gives training and
 * test samples, and validation samples if it has them.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { IndexedDataset, LabelledDataset } from '../data/dataset.js';
import { digits } from '../data/digits/index.js';
import type { MnistOptions } from '../data/mnist.js';
import * as archives from '../data/published-archives.js';
import * as published from '../data/published.js';
import type { TableFormat } from '../data/table-format.js';
import type { TextUnit } from '../data/text-bags.js';
import type { TextFormat } from '../data/text-format.js';
import { LanewiseError, nearest } from '../base/errors.js';
import { levelOf, type Spread } from '../base/spread.js';
import { fileError } from '../node/atomic.js';
import type { Fit } from '../formats/resize.js';
import type { Part } from '../train/events.js';
import { limited, pathSources, type PathSource } from './data-paths.js';
import { downloadBar } from './progress.js';
import type { AskedTask } from './target-task.js';
import { seriesWords, type SeriesRequest } from './series-source.js';
import type { Task } from './task.js';
import { ruleWords, type Fold, type PartKeys, type SplitRule } from './split-rule.js';
import { quoted } from './terminal.js';
import { dashed } from './words.js';

/** The parts of a data set of one form. */
export interface PartsOf<D extends IndexedDataset> {
  readonly train: D;
  readonly test: D;
  /**
   * The samples on which a run is scored while it trains, and by which it may choose; the same object as `test` without
   * a test part.
   */
  readonly validation?: D;
  /** What there is to learn from the samples; absent for one class a sample. */
  readonly task?: Task;
  /** The request was not to divide the samples: training and test samples are the same, all of them. */
  readonly isWhole?: boolean;
  /** The test samples are a share that was held out, because the data itself is not divided. */
  readonly isHeldOut?: boolean;
  /** What the training samples are divided by, if the split is by a column. */
  readonly keys?: PartKeys;
  /** The fold that was held out. */
  readonly fold?: Fold;
  /** The rule of the request by which samples were held out. */
  readonly splitBy?: SplitRule;
}

export type DataSets = PartsOf<IndexedDataset>;

/** Data sets of samples with one class each. */
export type LabelledSets = PartsOf<LabelledDataset>;

/** The part on which a run is scored at its end: validation samples if the data has no test samples. */
export const lastPart = ({ test, validation }: DataSets): Part =>
  test === validation ? 'validation' : 'test';

export type ImageShape = readonly [channels: number, height: number, width: number];

/** What options say about data that does not say it itself. Each applies to some sources. */
export interface Adjustments {
  /** Folder with the files of a data set that is known by name; without it they are downloaded. */
  readonly directory?: string;
  /** The shape of a sample, for sources that leave it open: images of a folder, rows of a table. */
  readonly shape?: ImageShape;
  /** How the images of a folder are brought to that shape. */
  readonly fit?: Fit;
  /** Column of a table that holds the class, by name or place; default the last. */
  readonly target?: string;
  /** Whether the first line of a table names its columns; default true. */
  readonly header?: boolean;
  /** What columns of a table hold, by name; by default their values decide. */
  readonly columns?: Readonly<Record<string, 'number' | 'class' | 'date' | 'ignore'>>;
  /** How a table's gaps are treated; by default they are refused. */
  readonly missing?: 'drop' | number | readonly string[];
  /** Characters in a window of a text, rows in a window of a series. */
  readonly window?: number;
  /** Column of a table that holds texts, of which classes are told. */
  readonly text?: string;
  /** What the features of texts count; default words. */
  readonly tokens?: TextUnit;
  /** What makes a series of a table. */
  readonly series?: SeriesRequest;
  /** What the targets of a table are taken for; by default their values decide. */
  readonly task?: AskedTask;
  /** How predictions of numbers describe their distribution; by default they are the expected number alone. */
  readonly intervals?: Spread;
}

/** A request to a source. */
export interface DataRequest extends Adjustments {
  /** How many training samples to take, from the first; default all. */
  readonly limit?: number;
  /** Share of the samples that become test samples, if the source does not say which; default a fifth. */
  readonly holdout?: number;
  /** Whether the samples stay together, if the source does not say which are for tests. */
  readonly whole?: boolean;
  /** The type of the values of a table with a shape; default bytes. */
  readonly type?: 'uint8' | 'float32';
  /** What a model was trained on: columns and classes, to which other tables are matched by name; a text's vocabulary. */
  readonly known?: {
    readonly table?: TableFormat;
    readonly classes?: readonly string[];
    readonly vocabulary?: readonly string[];
    readonly text?: TextFormat;
  };
  /** Height and width of images that are read from files, unless their shape is given. */
  readonly size?: number | undefined;
  /** Seed of the split of a table; default 1. */
  readonly seed?: number;
  /** How samples are dealt to the parts, if the source does not divide them; by default each class in proportion. */
  readonly split?: SplitRule;
  /** Instead of a share, one of so many folds is held out. */
  readonly fold?: Fold;
}

/** Adjustments as command-line words; the commands that a run suggests for the same data contain them. */
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
  window: (count) => ['--window', String(count)],
  text: (column) => ['--text', column],
  tokens: (unit) => ['--tokens', unit],
  series: seriesWords,
  task: (name) => ['--task', name],
  intervals: (spread) => [
    '--intervals',
    'normal' in spread ? 'gaussian' : String(Number(levelOf(spread).toPrecision(12))),
  ],
};

/** A source that is known by name. */
interface NamedSource {
  /** The fields of a request that apply: at most the folder with its files. */
  readonly uses: readonly (keyof Adjustments)[];
  load(request: DataRequest, name: string): Promise<DataSets>;
}

const DIGITS = { seed: 1, train: 20_000, test: 5_000, testFirst: 1_000_000 };

/** Drawing them takes a second, and the commands of one process share them. */
let testDigits: ReturnType<typeof digits> | undefined;

/** A source whose files are downloaded once, or are in a folder of the user's. */
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

// MNIST comes first in help, as most people try it first.
const { mnist, ...others } = published;

const named: Readonly<Record<string, NamedSource>> = {
  digits: {
    uses: [],
    async load({ limit = Infinity }) {
      const { seed, train, test, testFirst } = DIGITS;
      return {
        train: digits({ count: Math.min(train, limit), seed }),
        test: (testDigits ??= digits({ count: test, seed, first: testFirst })),
      };
    },
  },
  ...namesOf({ mnist, ...others, ...archives }),
};

/** `fashion-mnist` for `fashionMnist`. */
function namesOf(
  functions: Readonly<Record<string, (options: MnistOptions) => Promise<DataSets>>>,
): Record<string, NamedSource> {
  return Object.fromEntries(
    Object.entries(functions).map(([name, read]) => [dashed(name), downloaded(read)]),
  );
}

/** `digits, mnist, or the path of …`, for `--help`. */
export const dataHelp = (): string =>
  `${Object.keys(named).join(', ')}, or the path of ${pathSources.map(describe).join(', ')}`;

const describe = ({ what, more = '' }: PathSource): string => what + more;

/**
 * Training and test samples of the data set with that name or path, as `asked`; `known` fills in what the request
 * leaves open.
 * @throws LanewiseError kind 'argument' if there is no such data set, and for requests that do not apply to it; and what
 * the source throws.
 */
export const loadData = async (
  name: string,
  asked: DataRequest = {},
  known: DataRequest = {},
): Promise<DataSets> => (await dataLoader(name, asked, known))();

/** What `loadData` does after its request is checked: nothing is read or downloaded before the function is called. */
export async function dataLoader(
  name: string,
  asked: DataRequest = {},
  known: DataRequest = {},
): Promise<() => Promise<DataSets>> {
  const dividing = dividingWords(asked);
  const source = Object.hasOwn(named, name) ? named[name]! : await sourceAt(name);
  refuseUnused(name, source, asked);
  const isDivided = 'what' in source ? undefined : 'test';
  if (isDivided && dividing !== undefined) throw alreadyDivided(name, dividing, isDivided);
  return async () => partsAsked(name, asked, await source.load({ ...known, ...asked }, name));
}

/** What a source has given, divided and limited as the request says. */
function partsAsked(name: string, asked: DataRequest, found: DataSets): DataSets {
  const { limit = Infinity, split, fold } = asked;
  const dividing = dividingWords(asked);
  if (dividing !== undefined && !found.isHeldOut && !found.isWhole)
    throw alreadyDivided(name, dividing, lastPart(found));
  if (!found.isWhole && (found.splitBy !== split || found.fold !== fold))
    throw new LanewiseError(
      'argument',
      `${fold ? `--folds ${fold.k}` : `--split ${ruleWords(split!)}`} does not apply to '${name}', which is cut in place`,
      `leave ${fold ? '--folds' : '--split'} out`,
    );
  const { keys } = found;
  return {
    ...found,
    train: limited(found.train, limit),
    ...(keys && limit < keys.values.length
      ? { keys: { ...keys, values: keys.values.slice(0, limit) } }
      : {}),
  };
}

/** @throws LanewiseError kind 'argument' for requests that do not apply to the data. */
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
    const wanted = names.length > 0 ? `--data ${names.join(', ')}` : inWords(others);
    throw new LanewiseError(
      'argument',
      `${words(value).map(quoted).join(' ')} goes with ${wanted}, and the data is ${name}`,
      names.length > 0 ? `add --data ${names[0]}, or leave ${flag} out` : `leave ${flag} out`,
    );
  }
}

/** `a, b or c` */
const inWords = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

/** The option that asks for samples to be divided, as it was given. */
function dividingWords({ holdout, split, fold }: DataRequest): string | undefined {
  if (holdout !== undefined) return `--holdout ${holdout}`;
  if (split) return `--split ${ruleWords(split)}`;
  return fold && `--folds ${fold.k}`;
}

const alreadyDivided = (name: string, words: string, part: Part): LanewiseError =>
  new LanewiseError(
    'argument',
    `${words} is for data that is not divided, and '${name}' has ${part} samples of its own`,
    'leave it out, or give --data the path of one part',
  );

/** The first kind of data that matches the path. @throws LanewiseError kind 'argument' if none does. */
async function sourceAt(path: string): Promise<PathSource> {
  const entries = await entriesOf(path);
  const source = pathSources.find((candidate) => candidate.matches(path, entries));
  if (source) return { ...source, load: (request, at) => source.load(request, at, entries) };
  throw new LanewiseError(
    'argument',
    `'${path}' is not a data set, expected ${pathSources.map(describe).join(', ')}`,
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

/** The name of a data set in file names: `photos` for `../photos/`. */
export const dataName = (name: string): string => basename(name, extname(name));
