/** Splits of data sets for training, validation and test, each a function of (data, seed). */
import { checkOptions, flag, numberIn, wholeFrom, type Checks } from '../base/check.js';
import { LanewiseError, show } from '../base/errors.js';
import { randomStream } from '../random/philox.js';
import { purpose } from '../random/purposes.js';
import { checkIndexed } from './chosen.js';
import { labelsOf } from './class-labels.js';
import type { IndexedDataset } from './dataset.js';
import { checkKeys, dealGroups, earlier, type SampleKeys } from './deal-groups.js';
import { datasetOf, samplesOf } from './forms.js';
import type { Selection } from './origin.js';
import type { Samples } from './samples.js';
import { encodePlaces, MOST_PLACES } from './part-places.js';
import { partOf } from './subset.js';
import { permutation } from './shuffle.js';

/** Options for dealing samples out to parts. */
export interface FoldOptions {
  /**
   * Whether every part has the classes in the proportions of the whole, as nearly as whole samples allow; default
   * false.
   */
  readonly stratified?: boolean;
  /** Seed of the assignment to parts; default 1. */
  readonly seed?: number;
  /**
   * The group of each sample, such as its patient or its speaker: all samples of a group go to the same part, so that sizes
   * are met as nearly as whole groups allow.
   */
  readonly groups?: SampleKeys;
}

/** The size of the first part, either a fraction or a count. */
export interface SplitOptions extends FoldOptions {
  /** The first part's share of the samples, between 0 and 1. */
  readonly fraction?: number;
  /** Instead of the fraction: number of samples in the first part. */
  readonly count?: number;
  /** False cuts the data in place, for time series; default true. */
  readonly shuffled?: boolean;
  /**
   * The time of each sample, a number or a date such as 2024-02-29: the second part is the latest samples. Those of the same time
   * stay together.
   */
  readonly times?: SampleKeys;
}

const SPLIT: Checks<SplitOptions> = {
  fraction: true,
  count: true,
  stratified: flag,
  seed: /* @__PURE__ */ wholeFrom(0),
  groups: true,
  times: true,
  shuffled: flag,
};

/**
 * Two disjoint parts: the first takes the given fraction (below 1) or count, the second the rest. Both keep the order
 * of the data.
 * @throws LanewiseError kind 'argument' if one part would be empty, and for groups or times of other samples; kind 'data'
 * to stratify data without classes.
 */
export function split<D extends IndexedDataset>(
  data: D,
  how: number | SplitOptions,
): [first: D, second: D] {
  const samples = samplesOf(data);
  checkIndexed(samples);
  const options = typeof how === 'number' ? (how < 1 ? { fraction: how } : { count: how }) : how;
  checkOptions('split', options, SPLIT);
  const { isFirst, rule } = firstOfSplit(samples, options);
  const places = Uint32Array.from(isFirst, (_, i) => i);
  const part = (of: 0 | 1) =>
    partAs<D>(
      samples,
      places.filter((index) => isFirst[index] !== of),
      rule(of),
    );
  return [part(0), part(1)];
}

/** Which samples are in the first part, and the record of either part. */
export interface Division {
  readonly isFirst: Uint8Array;
  readonly rule: (part: 0 | 1) => Selection;
}

function firstOfSplit(samples: Samples, options: SplitOptions): Division {
  const { stratified = false, seed = 1, shuffled = true, groups, times } = options;
  const total = samples.count;
  const count = firstCount(samples.name, total, options);
  if (!shuffled && stratified) {
    throw new LanewiseError('argument', 'a split is either stratified or not shuffled');
  }
  if (groups !== undefined || times !== undefined) {
    if (!shuffled || (times !== undefined && (stratified || groups !== undefined)))
      throw new LanewiseError(
        'argument',
        'a split by times takes neither groups nor stratified, and one by either does not take shuffled',
      );
    return divideByKeys(samples, count, options);
  }
  const order = shuffled ? orderOf(total, seed) : Uint32Array.from({ length: total }, (_, i) => i);
  const isFirst = new Uint8Array(total);
  if (stratified) {
    const labels = classesOf(samples);
    const left = quotas(labels, count);
    for (const index of order) if (left[labels[index]!]!-- > 0) isFirst[index] = 1;
  } else {
    for (const index of order.subarray(0, count)) isFirst[index] = 1;
  }
  return {
    isFirst,
    rule: (part) => ({ by: 'split', count, shuffled, stratified, seed, part }),
  };
}

/** The class of each sample; samples without a class form one more. */
export function classesOf(samples: Samples): Int32Array {
  const found = labelsOf(samples);
  const none = (found as Int32Array).reduce((most, label) => Math.max(most, label + 1), 0);
  return Int32Array.from(found, (label) => (label < 0 ? none : label));
}

function divideByKeys(
  samples: Samples,
  count: number,
  { groups, times, stratified = false, seed = 1 }: SplitOptions,
): Division {
  const owner = `split of '${samples.name}'`;
  if (times !== undefined) {
    checkKeys(owner, 'times', times, samples.count);
    return byPlaces('time', earlier(owner, times, count));
  }
  checkKeys(owner, 'groups', groups!, samples.count);
  const share = count / samples.count;
  const partOf = dealGroups(owner, {
    keys: groups!,
    ...(stratified ? { labels: classesOf(samples) } : {}),
    shares: [share, 1 - share],
    orderOf: (length) => orderOf(length, seed),
    largestFirst: false,
  });
  return byPlaces(
    'group',
    Uint8Array.from(partOf, (part) => 1 - part),
  );
}

export function byPlaces(rule: 'group' | 'time', isFirst: Uint8Array): Division {
  const count = isFirst.reduce((sum, bit) => sum + bit, 0);
  const first = isFirst.length <= MOST_PLACES ? encodePlaces(isFirst) : undefined;
  return {
    isFirst,
    rule: (part) =>
      first === undefined
        ? { by: 'subset', count: part === 0 ? count : isFirst.length - count }
        : { by: 'places', rule, count, first, part },
  };
}

/** How large the parts are, and how samples are dealt out to them. */
export interface PartsOptions extends Omit<SplitOptions, 'fraction' | 'count'> {
  /** The share of all samples that are set aside to choose by, such as when to stop; default 0.1. */
  readonly validation?: number;
  /** The share that is looked at once, at the end; default 0.2. */
  readonly test?: number;
}

/**
 * Three disjoint parts, by two splits: the test part first, then the validation part of the rest, in the same way. By times
 * the test part is the latest, and the validation part the latest before it.
 * @throws LanewiseError as `split`, and kind 'argument' for shares that leave nothing to train on.
 */
export function splitParts<D extends IndexedDataset>(
  data: D,
  options: PartsOptions = {},
): { readonly train: D; readonly validation: D; readonly test: D } {
  const share = numberIn(0, 1);
  checkOptions('splitParts', options, {
    validation: share,
    test: share,
    stratified: flag,
    seed: wholeFrom(0),
    groups: true,
    shuffled: flag,
    times: true,
  });
  const { validation = 0.1, test = 0.2, ...how } = options;
  const samples = samplesOf(data);
  checkIndexed(samples);
  const first = firstOfSplit(samples, { ...how, fraction: 1 - test });
  const places = Uint32Array.from(first.isFirst, (_, i) => i);
  const rest = places.filter((i) => first.isFirst[i] === 1);
  const tested = places.filter((i) => first.isFirst[i] !== 1);
  const kept = partOf(samples, rest, first.rule(0));
  const keysOf = (keys: SampleKeys | undefined) => keys && Array.from(rest, (i) => keys[i]!);
  const second = split(datasetOf(kept) as D, {
    ...how,
    groups: keysOf(how.groups),
    times: keysOf(how.times),
    count: rest.length - Math.round(validation * samples.count),
  });
  return {
    train: second[0],
    validation: second[1],
    test: partAs<D>(samples, tested, first.rule(1)),
  };
}

/** A part in the form of the whole. */
export const partAs = <D extends IndexedDataset>(
  samples: Samples,
  indices: Uint32Array,
  selection: Selection,
): D => datasetOf(partOf(samples, indices, selection)) as D;

function firstCount(name: string, total: number, options: SplitOptions): number {
  const { fraction, count } = options ?? {};
  if ((fraction === undefined) === (count === undefined)) {
    throw new LanewiseError(
      'argument',
      `split of '${name}': expected a fraction or a count for the first part`,
    );
  }
  const first = count ?? Math.round(fraction! * total);
  if (Number.isInteger(first) && first >= 1 && first < total) return first;
  throw new LanewiseError(
    'argument',
    `split of '${name}': ${count === undefined ? `fraction ${show(fraction)}` : show(count)} of ${total} samples, expected at least one in each part`,
  );
}

/** An order of all samples. */
export const orderOf = (total: number, seed: number): Uint32Array =>
  permutation(total, randomStream(seed, purpose.split, 0));

/**
 * The number of samples of each class among `count`, in proportion: count·n/N rounded down, and one more where the
 * remainder is largest, until they add up.
 */
function quotas(labels: Uint8Array | Int32Array, count: number): number[] {
  const sizes: number[] = [];
  for (const label of labels) sizes[label] = (sizes[label] ?? 0) + 1;
  const all = Array.from(sizes, (size = 0) => size);
  const floors = all.map((size) => Math.floor((count * size) / labels.length));
  const remainders = all.map((size, c) => count * size - floors[c]! * labels.length);
  const order = all.map((_, c) => c).toSorted((a, b) => remainders[b]! - remainders[a]! || a - b);
  let missing = count - floors.reduce((a, b) => a + b, 0);
  for (const c of order) if (missing-- > 0) floors[c]!++;
  return floors;
}
