/** Options that several commands share, and how they are read. */
import { InvalidArgumentError, Option } from 'commander';
import { recipes } from '../models/recipes.js';
import { dataHelp, type DataRequest } from './data-sources.js';

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
  new Option('--data <name or path>', dataHelp()).default('digits');

export const dataDirOption = (): Option =>
  new Option(
    '--data-dir <folder>',
    'folder with the files of a named data set (else LANEWISE_DATA, else downloaded)',
  );

export const holdoutOption = (): Option =>
  new Option(
    '--holdout <share>',
    'of the samples, for tests, where the data does not say which (0.2)',
  ).argParser((text) => number(text, 'a number between 0 and 1', (v) => v > 0 && v < 1));

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

/** What the options of the data are parsed to. */
export interface DataOptions {
  readonly data: string;
  readonly dataDir?: string;
  readonly holdout?: number;
  readonly limit?: number;
}

export const dataRequest = ({ dataDir, holdout, limit }: DataOptions): DataRequest => ({
  ...(dataDir === undefined ? {} : { directory: dataDir }),
  ...(holdout === undefined ? {} : { holdout }),
  ...(limit === undefined ? {} : { limit }),
});
