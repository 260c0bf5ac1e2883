/** Rules, schedules and averages that settings may give by name, because each of their options has a default. */
import { quote } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { suggest } from '../base/suggest.js';
import { ema, swa, type Average } from './average.js';
import type { Optimizer } from './optimizer.js';
import * as rated from './rated.js';

/** Optimizers that have a default learning rate, by name. */
export type OptimizerName = keyof typeof rated;

/** Suggested learning rates for optimizers without a default. */
export const usualRates = { sgd: 0.1, momentum: 0.05, lars: 5 } as const;

export const averages = { ema, swa };

/** Averages of weights, by name. */
export type AverageName = keyof typeof averages;

/** The optimizer that a setting refers to. @throws LanewiseError kind 'argument' for anything else. */
export const optimizerFor = (given: unknown): Optimizer =>
  made('optimizer', given, 'update', rated, 'one made by sgd, momentum, adam, …', usualRates);

/** The average that a setting refers to. @throws LanewiseError kind 'argument' for anything else. */
export const averageFor = (given: unknown): Average =>
  made('average', given, 'share', averages, 'one made by ema or swa');

/** The value itself if it has `method`, or the one with its name. */
function made<T extends object>(
  setting: string,
  given: unknown,
  method: keyof T & string,
  table: Readonly<Record<string, () => T>>,
  expected: string,
  lacking: Readonly<Record<string, number>> = {},
): T {
  if (typeof (given as T | null | undefined)?.[method] === 'function') return given as T;
  const known = Object.keys(table);
  // PyTorch capitalises names, and some people write all of them in lower case.
  const name = typeof given === 'string' ? given : typeof given === 'function' ? given.name : '';
  const isMeant = (one: string): boolean => one.toLowerCase() === name.toLowerCase();
  const [named, rateless] = [known.find(isMeant), Object.keys(lacking).find(isMeant)];
  if (typeof given === 'string' && named !== undefined) return table[named]!();
  let hint =
    named === undefined
      ? suggest(name, [...known, ...Object.keys(lacking)])
      : `it is made by a call: ${named}()`;
  if (rateless !== undefined)
    hint = `'${rateless}' has no default learning rate: write ${rateless}({ lr: ${lacking[rateless]} })`;
  throw new LanewiseError(
    'argument',
    `${setting} is ${quote(given)}, expected ${expected}, or one of the names ${known.join(', ')}`,
    hint,
  );
}
