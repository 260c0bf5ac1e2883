/** The classes of samples, counted, and weights that make up for classes of different sizes. */
import { LanewiseError } from '../errors.js';
import { countOf, isTensorDataset, placeWeights, weightsOf, type AnyDataset } from './dataset.js';
import { checkIndexed, type IndexedDataset } from './subset.js';

/**
 * The class index of each sample: the labels of a data set of images, else the only target that is a class index.
 * @throws LanewiseError kind 'data' if there is none, or more than one.
 */
export function labelsOf(data: AnyDataset): Uint8Array | Int32Array {
  checkIndexed(data);
  if (!isTensorDataset(data)) return data.labels;
  const count = countOf(data);
  const found = Object.values(data.targets).filter(
    ({ values, as = 'classes' }) =>
      !(values instanceof Float32Array) && as === 'classes' && values.length === count,
  );
  if (found.length === 1) return found[0]!.values as Uint8Array | Int32Array;
  throw new LanewiseError(
    'data',
    `data set '${data.name}' has ${found.length} targets that are one class index a sample, expected one`,
  );
}

/** How many samples each class has; labels below 0 are no class. */
export function classCounts(data: IndexedDataset): number[] {
  const labels = labelsOf(data);
  const highest = (labels as Int32Array).reduce((most, label) => Math.max(most, label), -1);
  const classes = isTensorDataset(data) ? highest + 1 : data.classes.length;
  const counts = Array.from({ length: classes }, () => 0);
  for (const label of labels) if (label >= 0) counts[label]!++;
  return counts;
}

/**
 * A weight for each class, inverse to its frequency: N/(K·n) for a class of n of the N samples, where K classes have
 * samples; 0 for those that have none. The mean over the samples is 1.
 */
export function classWeights(data: IndexedDataset): number[] {
  const counts = classCounts(data);
  const present = counts.filter((count) => count > 0).length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (count === 0 ? 0 : total / (present * count)));
}

/**
 * The same data set with each sample weighted by its class, times the weight it has; default `classWeights(data)`.
 * @throws LanewiseError kind 'argument' for a class without a weight of at least 0.
 */
export function withClassWeights<D extends IndexedDataset>(
  given: D,
  weights: readonly number[] = classWeights(given),
): D {
  const data = placeWeights(given);
  const labels = labelsOf(data);
  const own = weightsOf(data);
  const classes = isTensorDataset(data) ? undefined : data.classes;
  if (classes && weights.length !== classes.length) {
    throw new LanewiseError(
      'argument',
      `withClassWeights: ${weights.length} weights, and '${data.name}' has ${classes.length} classes: ${classes.slice(0, 10).join(', ')}`,
      'weights are by class: of another data set, withClasses(data, other.classes) gives this one its classes first',
    );
  }
  const result = Float32Array.from(labels, (label, i) => {
    // No class, such as what a loss ignores.
    if (label < 0) return own?.[i] ?? 1;
    const weight = weights[label];
    if (weight !== undefined && weight >= 0 && weight < Infinity) return weight * (own?.[i] ?? 1);
    throw new LanewiseError(
      'argument',
      `class ${label} of '${data.name}' has weight ${weight}, expected a finite number of at least 0`,
    );
  });
  return { ...data, weights: result };
}
