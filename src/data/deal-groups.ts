/** Parts of which none shares a group with another, and parts of time. */
import { isList, quote, refuse } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { dateOf } from './dates.js';

/** One value for each sample. */
export type SampleKeys = ArrayLike<number | string>;

/** @throws LanewiseError kind 'argument' unless there is one number or text for each sample. */
export function checkKeys(owner: string, name: string, keys: SampleKeys, count: number): void {
  if (!isList(keys)) refuse(owner, name, keys, 'a list');
  if (keys.length !== count)
    throw new LanewiseError(
      'argument',
      `${owner}: there are ${keys.length} ${name} for ${count} samples, expected one for each`,
    );
  for (let i = 0; i < count; i++) {
    const key: unknown = keys[i];
    if (typeof key === 'string' || Number.isFinite(key)) continue;
    throw new LanewiseError(
      'argument',
      `${owner}: ${name}[${i}] is ${quote(key)}, expected a number or a text`,
    );
  }
}

/** The samples of each group, in the order in which groups first occur. */
function groupsOf(keys: SampleKeys): number[][] {
  const groups = new Map<number | string, number[]>();
  for (let i = 0; i < keys.length; i++) {
    const found = groups.get(keys[i]!);
    if (found) found.push(i);
    else groups.set(keys[i]!, [i]);
  }
  return [...groups.values()];
}

/** What groups are dealt by. */
export interface Deal {
  /** The group of each sample. */
  readonly keys: SampleKeys;
  /** The class of each sample, if parts are to have the classes in proportion. */
  readonly labels?: ArrayLike<number>;
  /** How large the parts are to be, as shares of all samples. */
  readonly shares: readonly number[];
  /** A number for each of so many groups, by which they are ordered. */
  readonly orderOf: (groups: number) => ArrayLike<number>;
  /** Whether the largest groups are dealt first, for parts of nearly the same size. */
  readonly largestFirst: boolean;
}

/**
 * The part of each sample: one group after another goes where it is missed most, by the squares of what parts have too much or
 * too little of each class, and no part stays empty.
 * @throws LanewiseError kind 'data' for fewer groups than parts.
 */
export function dealGroups(owner: string, deal: Deal): Uint32Array {
  const { keys, labels, shares, largestFirst } = deal;
  const groups = groupsOf(keys);
  if (groups.length < shares.length)
    throw new LanewiseError(
      'data',
      `${owner}: there ${groups.length === 1 ? 'is one group' : `are ${groups.length} groups`}, expected one at least for each of ${shares.length} parts`,
    );
  const rank = deal.orderOf(groups.length);
  const order = groups.map((_, g) => g).toSorted((a, b) => rank[a]! - rank[b]!);
  if (largestFirst) order.sort((a, b) => groups[b]!.length - groups[a]!.length);
  const classOf = (i: number): number => (labels ? Math.max(-1, labels[i]!) + 1 : 0);
  const sizes: number[] = [];
  for (let i = 0; i < keys.length; i++) sizes[classOf(i)] = (sizes[classOf(i)] ?? 0) + 1;
  const classes = Array.from(sizes, (size = 0) => size);
  const filled = shares.map(() => classes.map(() => 0));
  const partOf = new Uint32Array(keys.length);
  const isEmpty = shares.map(() => true);
  order.forEach((g, place) => {
    const own = classes.map(() => 0);
    for (const i of groups[g]!) own[classOf(i)]!++;
    // As many groups are left as parts are empty: each gets one.
    const left = order.length - place;
    const mustFill = isEmpty.filter(Boolean).length >= left;
    let best = -1;
    let least = Infinity;
    shares.forEach((share, p) => {
      if (mustFill && !isEmpty[p]) return;
      // The rise of Σ (filled − wanted)²/wanted.
      const rise = own.reduce((sum, more, c) => {
        const wanted = share * classes[c]!;
        return more === 0 ? sum : sum + (more * (2 * (filled[p]![c]! - wanted) + more)) / wanted;
      }, 0);
      if (rise < least) [best, least] = [p, rise];
    });
    isEmpty[best] = false;
    own.forEach((more, c) => (filled[best]![c]! += more));
    for (const i of groups[g]!) partOf[i] = best;
  });
  return partOf;
}

const isNumeric = (time: number | string): boolean =>
  String(time).trim() !== '' && Number.isFinite(Number(time));

/** A time as a number: a number itself, a number in a text, or a date in milliseconds. */
function timeOf(owner: string, time: number | string, place: number): number {
  const found = isNumeric(time) ? Number(time) : dateOf(String(time));
  if (found !== undefined) return found;
  throw new LanewiseError(
    'data',
    `${owner}: times[${place}] is ${quote(time)}, expected a number or a date such as 2024-02-29 or 2024-02-29T18:30`,
  );
}

/**
 * Whether each sample is before the latest: 1 for the earliest `count`, but samples of the same time stay together, in the
 * later part unless it is all of them.
 * @throws LanewiseError kind 'data' for texts that are no dates, and if all times are the same.
 */
export function earlier(owner: string, times: SampleKeys, count: number): Uint8Array {
  const values = Float64Array.from(times, (time, i) => timeOf(owner, time, i));
  const isNumber = isNumeric(times[0]!);
  const other = Array.prototype.findIndex.call(times, (time) => isNumeric(time) !== isNumber);
  if (other > 0)
    throw new LanewiseError(
      'data',
      `${owner}: times[0] is ${quote(times[0])} and times[${other}] is ${quote(times[other])}, expected either numbers or dates`,
    );
  const sorted = values.toSorted();
  let limit = sorted[count]!;
  if (limit === sorted[0]) {
    const next = sorted.find((time) => time > limit);
    if (next === undefined)
      throw new LanewiseError(
        'data',
        `${owner}: all ${times.length} samples have the same time, expected at least two times`,
      );
    limit = next;
  }
  return Uint8Array.from(values, (time) => Number(time < limit));
}
