/** Class counts, and weights that balance classes of different sizes. */
import { LanewiseError } from '../base/errors.js';
import { checkIndexed } from './chosen.js';
import type { IndexedDataset } from './dataset.js';
import { changed, samplesOf } from './forms.js';
import { UNNAMED, type Samples } from './samples.js';
import { hasClasses, namesByTarget } from './target-names.js';

/** Names of the targets that hold one class index per sample. */
const labelTargets = ({ targets, count }: Samples): string[] =>
  Object.keys(targets).filter(
    (name) => hasClasses(targets[name]!) && targets[name]!.values.length === count,
  );

/** The class index of each sample, from the only target that holds one. */
export function labelsOf(samples: Samples): Uint8Array | Int32Array {
  checkIndexed(samples);
  const found = labelTargets(samples);
  if (found.length === 1) return samples.targets[found[0]!]!.values as Uint8Array | Int32Array;
  throw new LanewiseError(
    'data',
    `data set '${samples.name}' has ${found.length} targets that are one class index a sample, expected one`,
  );
}

/** Number of samples per class; labels below 0 belong to no class. */
export const classCounts = (data: IndexedDataset): number[] => countsOf(samplesOf(data));

function countsOf(samples: Samples): number[] {
  const labels = labelsOf(samples);
  const highest = (labels as Int32Array).reduce((most, label) => Math.max(most, label), -1);
  const named = namesByTarget(samples)[labelTargets(samples)[0]!]?.length ?? 0;
  const counts = Array.from({ length: Math.max(named, highest + 1) }, () => 0);
  for (const label of labels) if (label >= 0) counts[label]!++;
  return counts;
}

/**
 * A weight for each class, inverse to its frequency: N/(K·n) for a class with n of the N samples, where K classes have
 * samples; 0 for empty classes. The mean over the samples is 1.
 */
export const classWeights = (data: IndexedDataset): number[] => weightsOf(samplesOf(data));

function weightsOf(samples: Samples): number[] {
  const counts = countsOf(samples);
  const present = counts.filter((count) => count > 0).length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (count === 0 ? 0 : total / (present * count)));
}

/**
 * The same data set with each sample weighted by its class, times its own weight; default `classWeights(data)`.
 * @throws LanewiseError kind 'argument' for a class without a weight of at least 0.
 */
export const withClassWeights = <D extends IndexedDataset>(data: D, given?: readonly number[]): D =>
  changed(data, (samples) => {
    const weights = given ?? weightsOf(samples);
    const labels = labelsOf(samples);
    const { name, weights: own } = samples;
    const classes = namesByTarget(samples)[UNNAMED];
    if (classes && weights.length !== classes.length) {
      throw new LanewiseError(
        'argument',
        `withClassWeights: ${weights.length} weights, and '${name}' has ${classes.length} classes: ${classes.slice(0, 10).join(', ')}`,
        'weights are by class: of another data set, withClasses(data, other.classes) gives this one its classes first',
      );
    }
    const result = Float32Array.from(labels, (label, i) => {
      // A label below 0 belongs to no class; losses may ignore it.
      if (label < 0) return own?.[i] ?? 1;
      const weight = weights[label];
      if (weight !== undefined && weight >= 0 && weight < Infinity) return weight * (own?.[i] ?? 1);
      throw new LanewiseError(
        'argument',
        `class ${label} of '${name}' has weight ${weight}, expected a finite number of at least 0`,
      );
    });
    return { ...samples, weights: result };
  });
