/** The option `--try` of a sweep: which options of train are tried with which values. */
import { InvalidArgumentError, type Command, type Option } from 'commander';
import { LanewiseError } from '../base/errors.js';
import { suggest } from '../base/suggest.js';
import type {
  SearchSpace,
  TriedRange,
  TriedValue,
  TriedValues,
} from '../runs/sweep/search-space.js';
import { settingOptions } from './setting-options.js';
import { foreignHint } from './foreign-options.js';
import type { TrainOptions } from './train-options.js';

/** Options of settings that no sweep tries, and why. */
const NOT_TRIED: Readonly<Record<string, string>> = {
  validation: 'all settings are judged by the same samples',
  'validate-every': 'settings are compared at the end of an epoch',
  metrics: 'figures change no result',
  workers: 'no result depends on it',
  decoders: 'no result depends on it',
  'max-memory': 'no result depends on it',
};

/** What one `--try` gives. */
export interface Tried {
  readonly name: string;
  readonly text: string;
}

/** `lr=0.01,0.1`, in its two parts. */
export function triedOf(text: string, before: readonly Tried[] = []): Tried[] {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1)
    throw new InvalidArgumentError(
      'Expected the name of an option and its values, such as lr=0.01,0.1 or lr=log:0.001..0.1.',
    );
  return [...before, { name: text.slice(0, at).replace(/^--/, ''), text: text.slice(at + 1) }];
}

const nameOf = ({ long }: Option): string => long!.replace(/^--(no-)?/, '');

/** The options that may be tried, by name: those of settings, and of the model's size. */
function tryable(command: Command): Map<string, Option> {
  const names = settingOptions().map(nameOf);
  return new Map(
    command.options
      .filter((one) => [...names, 'width', 'head'].includes(nameOf(one)))
      .map((one) => [nameOf(one), one]),
  );
}

/** @throws LanewiseError kind 'argument' for a name that is no option, or none that can be tried. */
function optionNamed(name: string, command: Command): Option {
  const known = tryable(command);
  const found = known.get(name);
  if (found && !(name in NOT_TRIED)) return found;
  const names = [...known.keys()].filter((one) => !(one in NOT_TRIED));
  const other = command.options.some((one) => nameOf(one) === name);
  const foreign = foreignHint(
    name,
    names.map((one) => `--${one}`),
  );
  if (name in NOT_TRIED || other)
    throw new LanewiseError(
      'argument',
      `--try ${name}: ${NOT_TRIED[name] ?? 'the data is read once, so that all settings are judged by the same samples, and the run’s folder is the sweep’s'}`,
      `these may be tried: ${names.join(', ')}`,
    );
  throw new LanewiseError(
    'argument',
    `--try ${name}: train has no such option, expected one of ${names.join(', ')}`,
    foreign?.replace('--', '') ?? suggest(name, names),
  );
}

/** A value as the option reads it. @throws LanewiseError kind 'argument' for one that it refuses. */
function read(option: Option, text: string): unknown {
  const refuse = (expected: string): never => {
    throw new LanewiseError('argument', `--try ${nameOf(option)}=${text}: ${expected}`);
  };
  if (option.isBoolean())
    return text === 'true' || text === 'false'
      ? text === 'true'
      : refuse('Expected true or false.');
  try {
    return option.parseArg ? option.parseArg(text, undefined) : text;
  } catch (error) {
    if (error instanceof InvalidArgumentError) return refuse(error.message);
    throw error;
  }
}

const RANGE = /^(log:)?(-?[\d.]+(?:e[-+]?\d+)?)\.\.(-?[\d.]+(?:e[-+]?\d+)?)$/i;

/** `0.01,0.1`, `a,b|c` for values with commas of their own, `0..0.5` or `log:0.001..0.1`. */
function spaceOf(option: Option, text: string): readonly TriedValue[] | TriedRange {
  const range = RANGE.exec(text);
  if (!range) {
    const parts = text.split(text.includes('|') ? '|' : ',').map((part) => part.trim());
    return parts.map((part) => {
      const value = read(option, part);
      return typeof value === 'number' || typeof value === 'boolean' ? value : part;
    });
  }
  const [from, to] = [read(option, range[2]!), read(option, range[3]!)];
  if (typeof from !== 'number' || typeof to !== 'number')
    throw new LanewiseError(
      'argument',
      `--try ${nameOf(option)}=${text}: a range is of numbers, which the option does not take`,
      'list its values, separated by commas',
    );
  const whole = Number.isInteger(from) && Number.isInteger(to) && !takesFractions(option, from);
  return { from, to, ...(range[1] ? { log: true } : {}), ...(whole ? { whole } : {}) };
}

function takesFractions(option: Option, near: number): boolean {
  try {
    read(option, String(near + 0.5));
    return true;
  } catch {
    return false;
  }
}

/** What is tried, by the options' names. @throws LanewiseError kind 'argument' for a name or a value that train refuses. */
export function triedSpace(tried: readonly Tried[], command: Command): SearchSpace {
  const space: Record<string, SearchSpace[string]> = {};
  for (const { name, text } of tried) {
    if (name in space)
      throw new LanewiseError(
        'argument',
        `--try ${name} is given twice`,
        'give all of its values at once, separated by commas',
      );
    space[name] = spaceOf(optionNamed(name, command), text);
  }
  return space;
}

/** The options of a setting: those of the command, with the values that are tried. */
export function optionsWith(
  options: TrainOptions,
  values: TriedValues,
  command: Command,
): TrainOptions {
  const given = Object.entries(values).map(([name, value]) => {
    const option = optionNamed(name, command);
    return [option.attributeName(), read(option, String(value))];
  });
  return { ...options, ...(Object.fromEntries(given) as Partial<TrainOptions>) };
}

/** The words of the options that have these values: `--lr 0.01 --keep-best`. */
export const wordsOf = (values: TriedValues): string[] =>
  Object.entries(values).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : value === false ? [] : [`--${name}`, String(value)],
  );
