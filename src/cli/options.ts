/** Options that several commands share: how they are read, and the data they lead to. */
import { InvalidArgumentError, Option } from 'commander';
import { firstSamples, type Dataset } from '../data/dataset.js';
import { digits } from '../data/digits/index.js';
import { mnist, type DownloadProgress } from '../data/mnist.js';
import { LanewiseError, lookUp } from '../errors.js';
import { recipes } from '../models/recipes.js';
import { downloadBar } from './progress.js';

/** Reads a number; `what` says what was expected. */
function number(text: string, what: string, valid: (value: number) => boolean): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!valid(value)) throw new InvalidArgumentError(`Expected ${what}.`);
  return value;
}

export const wholeNumber =
  (least: number) =>
  (text: string): number =>
    number(
      text,
      `a whole number of at least ${least}`,
      (v) => Number.isSafeInteger(v) && v >= least,
    );

export const rate = (text: string): number =>
  number(text, 'a number of at least 0', (v) => Number.isFinite(v) && v >= 0);

/** The models that commands take: `lenet5, mlp`. */
export const modelNames = (): string => Object.keys(recipes).join(', ');

export const dataOption = (): Option =>
  new Option('--data <name>', 'data set: mnist or digits').default('digits');

export const dataDirOption = (): Option =>
  new Option(
    '--data-dir <folder>',
    'folder with the four MNIST files (else LANEWISE_DATA, else downloaded)',
  );

export const workersOption = (): Option =>
  new Option(
    '--workers <n>',
    'threads, without influence on any result (the machine’s parallelism)',
  ).argParser(wholeNumber(0));

export const numericsOption = (): Option =>
  new Option(
    '--numerics <kind>',
    'rounding of multiply-add (fused where the engine rounds once)',
  ).choices(['fused', 'strict']);

export interface DataSets {
  readonly train: Dataset;
  readonly test: Dataset;
}

const DIGITS = { seed: 1, train: 20_000, test: 5_000, testFirst: 1_000_000 };

const loaders: Readonly<
  Record<string, (directory: string | undefined, limit: number) => Promise<DataSets>>
> = {
  async digits(directory, limit) {
    if (directory !== undefined) {
      throw new LanewiseError(
        'argument',
        `--data-dir ${directory} goes with --data mnist, and the data is digits`,
        'add --data mnist, or leave --data-dir out',
      );
    }
    const { seed, train, test, testFirst } = DIGITS;
    return {
      train: digits({ count: Math.min(train, limit), seed }),
      test: digits({ count: test, seed, first: testFirst }),
    };
  },
  async mnist(directory, limit) {
    const bar = downloadBar(process.stderr);
    try {
      const { train, test } = await mnist({
        ...(directory === undefined ? {} : { directory }),
        onProgress: (progress: DownloadProgress) => bar.update(progress),
      });
      return { train: firstSamples(train, limit), test };
    } finally {
      bar.stop();
    }
  },
};

/**
 * Training and test samples of a data set known by name; the first `limit` training samples.
 * @throws LanewiseError kind 'argument' for an unknown name, else the loader's.
 */
export const loadData = (name: string, directory?: string, limit = Infinity): Promise<DataSets> =>
  lookUp('data set', loaders, name)(directory, limit);
