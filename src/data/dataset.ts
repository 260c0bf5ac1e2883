/**
 * The one form in which labelled samples reach training: all in memory, one shape, one class index each.
 */
import { LanewiseError } from '../errors.js';
import { sizeOf, showShape } from '../graph/tensor.js';

export interface Dataset {
  /** For messages and reports: `mnist train`. */
  readonly name: string;
  /** Shape of one sample, channels × height × width. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Class names; a label is an index into them. */
  readonly classes: readonly string[];
  /** All samples one after another, length = count × product of `shape`. Bytes count 0–255. */
  readonly samples: Uint8Array | Float32Array;
  /** One class index a sample; its length is the count. */
  readonly labels: Uint8Array;
}

/**
 * Checks that the arrays of a data set agree with each other and returns it.
 * @throws LanewiseError kind 'data' if lengths disagree, it is empty, or a label is not a class.
 */
export function checkDataset(data: Dataset): Dataset {
  const { name, shape, samples, labels, classes } = data;
  const expected = labels.length * sizeOf(shape);
  if (labels.length === 0) throw new LanewiseError('data', `data set '${name}' has no samples`);
  if (samples.length !== expected) {
    throw new LanewiseError(
      'data',
      `data set '${name}': ${labels.length} labels need ${expected} values of shape ${showShape(shape)}, found ${samples.length}`,
    );
  }
  const wrong = labels.findIndex((label) => label >= classes.length);
  if (wrong >= 0) {
    throw new LanewiseError(
      'data',
      `data set '${name}': label ${labels[wrong]} of sample ${wrong} is not below the ${classes.length} classes`,
    );
  }
  return data;
}

/** The first `count` samples, sharing memory with `data`; all of them if it has fewer. */
export function firstSamples(data: Dataset, count: number): Dataset {
  if (count >= data.labels.length) return data;
  return {
    ...data,
    samples: data.samples.subarray(0, count * sizeOf(data.shape)),
    labels: data.labels.subarray(0, count),
  };
}
