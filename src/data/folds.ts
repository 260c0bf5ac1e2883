/** Folds of data sets for cross-validation. */
import { checkOptions, flag, wholeFrom } from '../base/check.js';
import { LanewiseError, show } from '../base/errors.js';
import { checkIndexed } from './chosen.js';
import { labelsOf } from './class-labels.js';
import type { IndexedDataset } from './dataset.js';
import { checkKeys, dealGroups, type SampleKeys } from './deal-groups.js';
import { samplesOf } from './forms.js';
import type { Samples } from './samples.js';
import {
  byPlaces,
  classesOf,
  orderOf,
  partAs,
  type Division,
  type FoldOptions,
} from './split-samples.js';

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
  const {
    stratified = false,
    seed = 1,
    groups,
  } = checkOptions('kFold', options, { stratified: flag, seed: wholeFrom(0), groups: true });
  const samples = samplesOf(data);
  checkIndexed(samples);
  const total = samples.count;
  if (!Number.isInteger(k) || k < 2 || k > total) {
    throw new LanewiseError(
      'argument',
      `kFold of '${samples.name}': k is ${show(k)}, expected a whole number from 2 to its ${total} samples`,
    );
  }
  if (groups !== undefined) return groupFolds(samples, k, groups, stratified, seed);
  const order = orderOf(total, seed);
  if (stratified) {
    const labels = labelsOf(samples);
    order.set(Array.from(order).toSorted((a, b) => labels[a]! - labels[b]!));
  }
  // Samples are dealt like cards: parts differ by one sample at most, also within each class.
  const foldOf = new Uint32Array(total);
  order.forEach((index, place) => (foldOf[index] = place % k));
  return foldsAs<D>(samples, foldOf, k, (fold) => (part) => ({
    by: 'kFold',
    k,
    fold,
    stratified,
    seed,
    part,
  }));
}

/** Folds of whole groups. */
function groupFolds<D extends IndexedDataset>(
  samples: Samples,
  k: number,
  groups: SampleKeys,
  stratified: boolean,
  seed: number,
): Generator<[D, D]> {
  const owner = `kFold of '${samples.name}'`;
  checkKeys(owner, 'groups', groups, samples.count);
  const foldOf = dealGroups(owner, {
    keys: groups,
    ...(stratified ? { labels: classesOf(samples) } : {}),
    shares: Array.from({ length: k }, () => 1 / k),
    orderOf: (length) => orderOf(length, seed),
    largestFirst: true,
  });
  return foldsAs<D>(
    samples,
    foldOf,
    k,
    (fold) =>
      byPlaces(
        'group',
        Uint8Array.from(foldOf, (of) => Number(of !== fold)),
      ).rule,
  );
}

function* foldsAs<D extends IndexedDataset>(
  samples: Samples,
  foldOf: Uint32Array,
  k: number,
  ruleOf: (fold: number) => Division['rule'],
): Generator<[D, D]> {
  const all = Uint32Array.from(foldOf, (_, i) => i);
  for (let fold = 0; fold < k; fold++) {
    const rule = ruleOf(fold);
    const part = (of: 0 | 1) =>
      partAs<D>(
        samples,
        all.filter((i) => (foldOf[i] === fold) === (of === 1)),
        rule(of),
      );
    yield [part(0), part(1)];
  }
}
