/** Splits of data sets for training, validation and test, each a function of (data, seed). */
import { checkOptions, flag, wholeFrom, type Checks } from '../base/check.js';
import { LanewiseError, show } from '../base/errors.js';
import { randomStream } from '../random/philox.js';
import { purpose } from '../random/purposes.js';
import { checkIndexed } from './chosen.js';
import { labelsOf } from './class-labels.js';
import type { IndexedDataset } from './dataset.js';
import { datasetOf, samplesOf } from './forms.js';
import type { Selection } from './origin.js';
import type { Samples } from './samples.js';
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
}

/** The size of the first part, either a fraction or a count. */
export interface SplitOptions extends FoldOptions {
  /** The first part's share of the samples, between 0 and 1. */
  readonly fraction?: number;
  /** Instead of the fraction: number of samples in the first part. */
  readonly count?: number;
  /** False cuts the data in place, for time series; default true. */
  readonly shuffled?: boolean;
}

const SPLIT: Checks<SplitOptions> = {
  fraction: true,
  count: true,
  stratified: flag,
  seed: /* @__PURE__ */ wholeFrom(0),
  shuffled: flag,
};

/**
 * Two disjoint parts: the first takes the given fraction (below 1) or count, the second the rest. Both keep the order
 * of the data.
 * @throws LanewiseError kind 'argument' if one part would be empty; kind 'data' to stratify data without classes.
 */
export function split<D extends IndexedDataset>(
  data: D,
  how: number | SplitOptions,
): [first: D, second: D] {
  const samples = samplesOf(data);
  checkIndexed(samples);
  const options = typeof how === 'number' ? (how < 1 ? { fraction: how } : { count: how }) : how;
  checkOptions('split', options, SPLIT);
  const { stratified = false, seed = 1, shuffled = true } = options;
  const total = samples.count;
  const count = firstCount(samples.name, total, options);
  if (!shuffled && stratified) {
    throw new LanewiseError('argument', 'a split is either stratified or not shuffled');
  }
  const order = shuffled ? orderOf(total, seed) : Uint32Array.from({ length: total }, (_, i) => i);
  const isFirst = new Uint8Array(total);
  if (stratified) {
    const found = labelsOf(samples);
    // Samples without a class form one more class.
    const none = (found as Int32Array).reduce((most, label) => Math.max(most, label + 1), 0);
    const labels = Int32Array.from(found, (label) => (label < 0 ? none : label));
    const left = quotas(labels, count);
    for (const index of order) if (left[labels[index]!]!-- > 0) isFirst[index] = 1;
  } else {
    for (const index of order.subarray(0, count)) isFirst[index] = 1;
  }
  const places = order.toSorted();
  const rule = { by: 'split', count, shuffled, stratified, seed } as const;
  const part = (of: 0 | 1) =>
    partAs<D>(
      samples,
      places.filter((index) => isFirst[index] !== of),
      { ...rule, part: of },
    );
  return [part(0), part(1)];
}

/** A part in the form of the whole. */
const partAs = <D extends IndexedDataset>(
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
const orderOf = (total: number, seed: number): Uint32Array =>
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

/**
 * Folds for cross-validation: k pairs of the data without one of k equal parts, and that part. Pairs are made on
 * demand: `for (const [train, validation] of kFold(data, 5))`.
 * @throws LanewiseError kind 'argument' unless k is a whole number from 2 to the number of samples; kind 'data' to
 * stratify data without classes.
 */
export function kFold<D extends IndexedDataset>(
  data: D,
  k: number,
  options: FoldOptions = {},
): Generator<[train: D, validation: D]> {
  const { stratified = false, seed = 1 } = checkOptions('kFold', options, {
    stratified: flag,
    seed: wholeFrom(0),
  });
  const samples = samplesOf(data);
  checkIndexed(samples);
  const total = samples.count;
  if (!Number.isInteger(k) || k < 2 || k > total) {
    throw new LanewiseError(
      'argument',
      `kFold of '${samples.name}': k is ${show(k)}, expected a whole number from 2 to its ${total} samples`,
    );
  }
  const order = orderOf(total, seed);
  if (stratified) {
    const labels = labelsOf(samples);
    order.set(Array.from(order).toSorted((a, b) => labels[a]! - labels[b]!));
  }
  // Samples are dealt like cards: parts differ by one sample at most, also within each class.
  const foldOf = new Uint32Array(total);
  order.forEach((index, place) => (foldOf[index] = place % k));
  return folds<D>(samples, foldOf, { by: 'kFold', k, stratified, seed });
}

function* folds<D extends IndexedDataset>(
  samples: Samples,
  foldOf: Uint32Array,
  rule: Omit<Extract<Selection, { by: 'kFold' }>, 'fold' | 'part'>,
): Generator<[D, D]> {
  const all = Uint32Array.from(foldOf, (_, i) => i);
  for (let fold = 0; fold < rule.k; fold++) {
    const part = (of: 0 | 1) =>
      partAs<D>(
        samples,
        all.filter((i) => (foldOf[i] === fold) === (of === 1)),
        { ...rule, fold, part: of },
      );
    yield [part(0), part(1)];
  }
}

/**
 * The other part of a repeated choice: the samples that it left out.
 * @throws LanewiseError as `split` and `kFold` do for data that the choice cannot have been made from.
 */
export function leftOut<D extends IndexedDataset>(
  data: D,
  selection: Exclude<Selection, { by: 'subset' }>,
): D {
  const other = 1 - selection.part;
  if (selection.by === 'split') {
    const { count, shuffled, stratified, seed } = selection;
    return split(data, { count, shuffled, stratified, seed })[other]!;
  }
  const { k, fold, stratified, seed } = selection;
  return [...kFold(data, k, { stratified, seed })][fold]![other]!;
}
