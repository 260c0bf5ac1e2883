/** What a sweep tries: all combinations of values, or settings drawn from lists and ranges as a function of the seed. */
import { exp, log } from '../../base/arithmetic.js';
import { checkKeys, checkObject, flag, isObject, quote, refuse } from '../../base/check.js';
import { LanewiseError } from '../../base/errors.js';
import { purpose } from '../../random/purposes.js';
import { randomStream, type RandomStream } from '../../random/philox.js';

/** A value of one of the settings that a sweep tries. */
export type TriedValue = string | number | boolean;

/** Numbers of which some are drawn. */
export interface TriedRange {
  readonly from: number;
  readonly to: number;
  /** Draws evenly by logarithm, as suits rates; default false. */
  readonly log?: boolean;
  /** Draws whole numbers only; default false. Others have three significant digits. */
  readonly whole?: boolean;
}

/** What is tried, by names of one's own: a list of values or, with `random`, a range. */
export type SearchSpace = Readonly<Record<string, readonly TriedValue[] | TriedRange>>;

type TriedOf<Tried> = Tried extends readonly (infer Value)[] ? Value : number;

/** One combination: a value for each name, one of the list's or a number of the range. */
export type TriedValues<Space extends SearchSpace = SearchSpace> = {
  readonly [Name in keyof Space]: TriedOf<Space[Name]>;
};

/** A sweep of more settings is a mistake. */
const MOST = 10_000;

const isTriedList = (tried: SearchSpace[string]): tried is readonly TriedValue[] =>
  Array.isArray(tried);

/** @throws LanewiseError kind 'argument' for lists and ranges of which nothing can be taken. */
export function checkSpace(owner: string, space: SearchSpace): void {
  checkObject(owner, space, ['lr', 'batch']);
  const names = Object.keys(space);
  if (names.length === 0)
    throw new LanewiseError('argument', `${owner}: nothing is tried, expected { lr: [0.01, 0.1] }`);
  for (const name of names) {
    const tried: unknown = space[name];
    if (Array.isArray(tried)) checkList(owner, name, tried);
    else if (isObject(tried)) checkTriedRange(owner, name, tried as unknown as TriedRange);
    else refuse(owner, name, tried, 'a list of values, or a range { from, to }');
  }
}

function checkList(owner: string, name: string, values: readonly unknown[]): void {
  if (values.length === 0) refuse(owner, name, values, 'a list of one value or more');
  values.forEach((value, i) => {
    const isPlain = ['string', 'boolean'].includes(typeof value) || Number.isFinite(value);
    if (!isPlain) refuse(owner, `${name}[${i}]`, value, 'a text, a finite number, true or false');
    if (values.indexOf(value) === i) return;
    throw new LanewiseError('argument', `${owner}: ${name} has ${quote(value)} twice`);
  });
}

function checkTriedRange(owner: string, name: string, range: TriedRange): void {
  const whose = `${owner}: ${name}`;
  checkKeys(whose, range, ['from', 'to', 'log', 'whole']);
  const { from, to, log: isLog, whole: isWhole } = range;
  for (const [end, value] of Object.entries({ from, to })) {
    if (!Number.isFinite(value)) refuse(whose, end, value, 'a finite number');
    if (isWhole && !Number.isSafeInteger(value)) refuse(whose, end, value, 'a whole number');
    if (isLog && value <= 0)
      refuse(whose, end, value, 'a number above 0, as the range is logarithmic');
  }
  if (isLog !== undefined) flag(whose, 'log', isLog);
  if (isWhole !== undefined) flag(whose, 'whole', isWhole);
  if (from >= to) refuse(whose, 'to', to, `a number above ${from}, where the range begins`);
}

/** All combinations, the last name varying fastest. @throws LanewiseError kind 'argument' for a range, of which there is no list. */
export function gridOf(owner: string, space: SearchSpace): TriedValues[] {
  let all: TriedValues[] = [{}];
  for (const [name, tried] of Object.entries(space)) {
    if (!isTriedList(tried))
      throw new LanewiseError(
        'argument',
        `${owner}: ${name} is a range, of which a grid has no values`,
        'say how many settings are drawn (random: 20), or list the values',
      );
    all = all.flatMap((values) => tried.map((value) => ({ ...values, [name]: value })));
    if (all.length > MOST)
      throw new LanewiseError(
        'argument',
        `${owner}: more than ${MOST} combinations`,
        'draw some of them: random: 20',
      );
  }
  return all;
}

/** Draws for one setting before it may be one that there is already. */
const ATTEMPTS = 100;

/**
 * `count` different settings, or all combinations if there are no more. Each is a function of the seed, its place and those
 * before it: more settings begin with the same ones.
 */
export function drawnOf(
  owner: string,
  space: SearchSpace,
  count: number,
  seed: number,
): TriedValues[] {
  const lists = Object.values(space);
  const size = lists.every(isTriedList)
    ? lists.reduce((product, list) => product * (list as readonly TriedValue[]).length, 1)
    : Infinity;
  if (count >= size) return gridOf(owner, space);
  const drawn = new Map<string, TriedValues>();
  for (let place = 0; drawn.size < count && place < count; place++) {
    const stream = randomStream(seed, purpose.sweep, place);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const values = drawOne(space, stream);
      const key = JSON.stringify(values);
      if (drawn.has(key)) continue;
      drawn.set(key, values);
      break;
    }
  }
  return [...drawn.values()];
}

const drawOne = (space: SearchSpace, stream: RandomStream): TriedValues =>
  Object.fromEntries(
    Object.entries(space).map(([name, tried]) => [
      name,
      isTriedList(tried) ? tried[stream.integer(tried.length)]! : numberIn(tried, stream.uniform()),
    ]),
  );

/** The number of a range at the share `at` of it, 0 ≤ at < 1. */
function numberIn({ from, to, log: isLog, whole }: TriedRange, at: number): number {
  // Each whole number has an equal part of the range, or of its logarithm.
  const [low, high] = whole ? [isLog ? from : from - 0.5, isLog ? to : to + 0.5] : [from, to];
  const value = isLog ? exp(log(low) + (log(high) - log(low)) * at) : low + (high - low) * at;
  const rounded = whole ? Math.round(value) : Number(value.toPrecision(3));
  return Math.min(to, Math.max(from, rounded));
}

/** `lr 0.01, batch 32` */
export const nameOfValues = (values: TriedValues): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
