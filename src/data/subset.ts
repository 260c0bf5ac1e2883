/** Subsets of data sets, by indices or by count. */
import { LanewiseError, show } from '../base/errors.js';
import { checkIndexed, choose, firstOf } from './chosen.js';
import type { Dataset, IndexedDataset } from './dataset.js';
import { changed } from './forms.js';
import { originOfPart, type Selection } from './origin.js';
import type { Samples } from './samples.js';

/**
 * The samples at `indices`, in this order, possibly repeated. Arrays are copied; images that are read on demand stay in
 * place.
 * @throws LanewiseError kind 'argument' for an invalid index, an empty list, or a stream.
 */
export const subset = <D extends IndexedDataset>(data: D, indices: ArrayLike<number>): D =>
  changed(data, (samples) => {
    checkIndexed(samples);
    const { name, count } = samples;
    if (!(indices?.length > 0)) {
      throw new LanewiseError(
        'argument',
        `subset of '${name}': indices are ${show(indices)}, expected a list of at least one`,
      );
    }
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]!;
      if (Number.isInteger(index) && index >= 0 && index < count) continue;
      throw new LanewiseError(
        'argument',
        `subset of '${name}': index ${show(index)} at ${i}, expected a whole number of 0–${count - 1}`,
      );
    }
    return partOf(samples, Uint32Array.from(indices), { by: 'subset', count: indices.length });
  });

/** The samples at `indices`, with the record that `selection` chose them. */
export const partOf = (samples: Samples, indices: Uint32Array, selection: Selection): Samples =>
  withOrigin(choose(samples, indices), samples, selection);

function withOrigin(part: Samples, whole: Samples, selection: Selection): Samples {
  const origin = originOfPart(whole, selection);
  return { ...part, ...(origin ? { origin } : {}) };
}

const AS_THEY_STAND = { shuffled: false, stratified: false, seed: 1 } as const;

/** The first `count` samples of those in memory, which they share, with the record that they are the first. */
export const firstPart = (samples: Samples, count: number): Samples =>
  count >= samples.count
    ? samples
    : withOrigin(firstOf(samples, count), samples, {
        by: 'split',
        count,
        ...AS_THEY_STAND,
        part: 0,
      });

/**
 * The first `count` samples, sharing memory with `data`; all of them if it has fewer.
 * @throws LanewiseError kind 'argument' unless the count is a whole number of at least 1 (or Infinity).
 */
export const firstSamples = (data: Dataset, count: number): Dataset =>
  changed(data, (samples) => {
    if (!(count >= samples.count) && (!Number.isInteger(count) || count < 1)) {
      throw new LanewiseError(
        'argument',
        `first ${count} samples of '${samples.name}', expected at least 1`,
      );
    }
    return firstPart(samples, count);
  });
