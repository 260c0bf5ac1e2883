/** The options that several commands share, and how they are read. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  expectedOf,
  notNegative,
  numberAbove,
  numberFrom,
  refuse,
  wholeFrom,
  type Check,
} from '../base/check.js';
import type { Numerics } from '../engine/features.js';
import { allRecipes } from '../models/recipes.js';
import { fits, type Fit } from '../formats/resize.js';
import { suggest } from '../base/suggest.js';
import type { Spread } from '../base/spread.js';
import { CALIBRATION_SHARE, VALIDATION_SHARE } from './validation.js';
import { ASKED_TASKS, type AskedTask } from './target-task.js';
import { splitRule, type SplitRule } from './split-rule.js';
import { dataHelp, type DataRequest, type ImageShape } from './data-sources.js';

/** An option whose value is a V. */
export interface OptionOf<V> extends Option {
  /** Never present: it carries the type alone. */
  readonly gives?: V;
}

/** An option, and how its text is read; `before` is the value if it was given earlier. */
export function option<V = string>(
  flags: string,
  help: string,
  read?: (text: string, before?: V) => V,
): OptionOf<V> {
  const made = new Option(flags, help);
  return read ? made.argParser(read) : made;
}

/** An option whose value is one of some names, in any case, as in programs. */
export const choice = <V extends string>(
  flags: string,
  help: string,
  names: readonly V[],
): OptionOf<V> =>
  new Option(flags, help).choices(names).argParser((text: string): V => {
    const name = names.find((one) => one.toLowerCase() === text.toLowerCase());
    if (name !== undefined) return name;
    const hint = suggest(text, names);
    throw new InvalidArgumentError(
      `Allowed choices are ${names.join(', ')}.${hint === undefined ? '' : `\n  ${hint}`}`,
    );
  });

/** Reads a number that passes `check`; the refusal adds `more` to what was expected. */
const number =
  (check: Check, more = '') =>
  (text: string): number => {
    const value = text.trim() === '' ? NaN : Number(text);
    const expected = expectedOf(check, value);
    if (expected !== undefined) throw new InvalidArgumentError(`Expected ${expected}${more}.`);
    return value;
  };

export const wholeNumber = (least: number, most?: number): ((text: string) => number) =>
  number(wholeFrom(least, most));

export const rate: (text: string) => number = number(notNegative);

/** A share from 0, none, to 1, all. */
export const share: (text: string) => number = number(numberFrom(0, 1));

export const positive: (text: string) => number = number(numberAbove(0));

/** The models that commands take: `lenet5, mlp`. */
export const modelNames = (): string => Object.keys(allRecipes()).join(', ');

export const dataOption = (): Option =>
  new Option('--data <name or path>', dataHelp()).default('digits');

export const dataDirOption = (): Option =>
  new Option(
    '--data-dir <folder>',
    'folder with the files of a named data set (else LANEWISE_DATA, else downloaded)',
  );

const partOfAll: Check = (owner, name, value) => {
  if (!((value as number) > 0 && (value as number) < 1))
    refuse(owner, name, value, 'a number between 0 and 1');
};

const partOf = (more?: string): ((text: string) => number) => number(partOfAll, more);

export const holdoutOption = (more?: string): Option =>
  new Option(
    '--holdout <share>',
    'share of the samples for tests, if the data does not say which (0.2)',
  ).argParser(partOf(more));

export const validationOption = (): OptionOf<number> =>
  option(
    '--validation <share>',
    `share of the training samples, set aside for validation (${VALIDATION_SHARE} if --keep-best, --patience or reduceOnPlateau needs it and the data has no such part; ${CALIBRATION_SHARE} with --intervals)`,
    partOf(),
  );

export const workersOption = (): OptionOf<number> =>
  option(
    '--workers <n>',
    'threads; they do not affect any result (the machine’s parallelism)',
    wholeNumber(0),
  );

export const decodersOption = (): OptionOf<number> =>
  option(
    '--decoders <n>',
    'threads that read the images of a folder; they do not affect any result (the machine’s parallelism)',
    wholeNumber(0),
  );

const UNITS: Readonly<Record<string, number>> = {
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
};

/** `256MiB` in bytes. */
export function byteCount(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([KMG]i?B)$/i.exec(text.trim()) ?? [];
  const name = Object.keys(UNITS).find((key) => key.toLowerCase() === unit?.toLowerCase());
  const bytes = Math.floor(Number(digits) * (UNITS[name ?? ''] ?? NaN));
  if (bytes >= 1) return bytes;
  throw new InvalidArgumentError('Expected a number and its unit, such as 256MiB or 2GiB.');
}

export const maxMemoryOption = (): OptionOf<number> =>
  option(
    '--max-memory <size>',
    'for the images of a folder: they are loaded if they fit, else streamed (1GiB)',
    byteCount,
  );

export const numericsOption = (): OptionOf<Numerics> =>
  choice('--numerics <kind>', 'rounding of multiply-add (fused where the engine rounds once)', [
    'fused',
    'strict',
  ]);

/** `3x32x32`, three whole numbers. */
function shape(text: string): ImageShape {
  const extents = text.split(/[x×]/).map((part) => (/^\d{1,5}$/.test(part) ? Number(part) : 0));
  if (extents.length !== 3 || extents.includes(0))
    throw new InvalidArgumentError('Expected channels x height x width, such as 3x32x32.');
  return extents as unknown as ImageShape;
}

export const addOptions = (command: Command, options: readonly Option[]): Command =>
  options.reduce((to, option) => to.addOption(option), command);

const TYPES = ['number', 'class', 'date', 'ignore'] as const;
type GivenType = (typeof TYPES)[number];

const partsOf = (text: string): string[] => text.split(',').map((part) => part.trim());

/** A name with a comma in it needs an option of its own. */
const names = (text: string, before: readonly string[] = []): string[] => [
  ...before,
  ...partsOf(text),
];

function columnTypes(
  text: string,
  before: Readonly<Record<string, GivenType>> = {},
): Record<string, GivenType> {
  const parts = partsOf(text).every((part) => part.includes('=')) ? partsOf(text) : [text];
  const pairs = parts.map((part) => {
    const at = part.lastIndexOf('=');
    const type = TYPES.find((one) => one === part.slice(at + 1));
    if (at > 0 && type) return [part.slice(0, at), type] as const;
    throw new InvalidArgumentError(
      `Expected the name of a column, =, and ${TYPES.join(', ')}, such as zip=class.`,
    );
  });
  return { ...before, ...Object.fromEntries(pairs) };
}

function missingOf(text: string, before?: DataRequest['missing']): DataRequest['missing'] {
  const isRule = text === 'drop' || (text.trim() !== '' && Number.isFinite(Number(text)));
  if (isRule && before === undefined) return text === 'drop' ? text : Number(text);
  if (!isRule && (before === undefined || typeof before === 'object'))
    return [...(before ?? []), text];
  throw new InvalidArgumentError('Expected either drop, or one number, or texts that mean a gap.');
}

/** The options that describe data which does not describe itself. */
export const dataDetailOptions = (): Option[] => [
  new Option(
    '--shape <CxHxW>',
    'shape of a sample, to which images of a folder are brought (3x32x32), or as which rows of a CSV file are read',
  ).argParser(shape),
  choice(
    '--fit <how>',
    'how images get that shape: crop the middle (default), pad with black, or stretch',
    fits,
  ),
  new Option(
    '--target <column>',
    'column of a CSV file to predict: its name or place (the last); several by commas',
  ),
  new Option(
    '--columns <name=type>',
    'what columns of a CSV file hold: number, class, date or ignore; separate several by commas',
  ).argParser(columnTypes),
  new Option(
    '--ignore <columns>',
    'columns of a CSV file to leave out, separated by commas; identifiers are left out by default',
  ).argParser(names),
  new Option(
    '--missing <what>',
    'rows of a CSV file with gaps: drop leaves them out, a number replaces the gaps (default: the median of the training part); other texts mean a gap, and leave the row out (repeatable)',
  ).argParser(missingOf),
  new Option(
    '--text <column>',
    'column of a CSV file or of JSON lines with texts, whose classes --target has',
  ),
  choice('--tokens <unit>', 'what is counted in texts that have classes (words)', [
    'words',
    'trigrams',
  ]),
  new Option(
    '--window <n>',
    'characters of a text (64), or rows of a series, that a model sees at a time',
  ).argParser(wholeNumber(1)),
  new Option('--header', 'the CSV file’s first line names its columns, even by numbers'),
  new Option('--no-header', 'the CSV file begins with its first sample'),
];

/** `0.9`: a low and a high quantile and the median; `gaussian`: mean and deviation. */
function intervalsOf(text: string): Spread {
  if (text.toLowerCase() === 'gaussian') return { normal: 0.9 };
  const level = text.trim() === '' ? NaN : Number(text);
  if (!(level >= 0.01 && level <= 0.999))
    throw new InvalidArgumentError('Expected a share from 0.01 to 0.999, or gaussian.');
  const low = Number(((1 - level) / 2).toPrecision(12));
  return { quantiles: [low, 0.5, Number((1 - low).toPrecision(12))] };
}

/** The options that say what is learned from the data. */
export const targetOptions = (): Option[] => [
  choice(
    '--task <kind>',
    'what the targets of a CSV file are taken for, if not for what their values look like: classes, values (numbers) or labels (any number a row)',
    ASKED_TASKS,
  ),
  new Option(
    '--intervals <share>',
    'predict intervals around numbers that hold this share of them, such as 0.9, by quantiles, or gaussian; calibrated by the validation part',
  ).argParser(intervalsOf),
];

/** How data that is not divided is divided. */
export const splitOption = (): OptionOf<SplitRule> =>
  option(
    '--split <how>',
    'the test samples (and validation samples): random, stratified (each class in proportion), group:COLUMN (rows of one value stay together) or time:COLUMN (the latest); the column is no feature unless --columns says so',
    splitRule,
  );

/** The values of the options of the data. */
export interface DataOptions {
  readonly data: string;
  readonly dataDir?: string;
  readonly holdout?: number;
  readonly limit?: number;
  readonly shape?: ImageShape;
  readonly fit?: Fit;
  readonly target?: string;
  readonly header?: boolean;
  readonly columns?: DataRequest['columns'];
  readonly ignore?: readonly string[];
  readonly missing?: DataRequest['missing'];
  readonly window?: number;
  readonly text?: string;
  readonly tokens?: DataRequest['tokens'];
  readonly task?: AskedTask;
  readonly intervals?: Spread;
  readonly split?: SplitRule;
}

export function dataRequest(options: Partial<DataOptions>): DataRequest {
  const { limit, holdout, shape, fit, target, header, missing, dataDir, columns, ignore } = options;
  const { window, text, tokens, task, intervals, split } = options;
  const ignored = ignore?.map((name) => [name, 'ignore'] as const) ?? [];
  const types = columns || ignore ? { ...columns, ...Object.fromEntries(ignored) } : undefined;
  const words = { limit, holdout, shape, fit, target, header, missing, window, text, tokens };
  const asked = { ...words, task, intervals, split };
  const given = Object.entries({ ...asked, directory: dataDir, columns: types });
  // Options that are not given must not hide known values.
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}
