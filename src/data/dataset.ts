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
  if (!(samples instanceof Uint8Array) && !(samples instanceof Float32Array)) {
    throw new LanewiseError(
      'data',
      `data set '${name}': samples are ${typeName(samples)}, expected Uint8Array or Float32Array`,
    );
  }
  if (!(labels instanceof Uint8Array)) {
    throw new LanewiseError(
      'data',
      `data set '${name}': labels are ${typeName(labels)}, expected Uint8Array`,
    );
  }
  if (shape.length !== 3 || !shape.every((extent) => Number.isInteger(extent) && extent > 0)) {
    throw new LanewiseError(
      'data',
      `data set '${name}': shape ${showShape(shape)}, expected channels × height × width of at least 1`,
    );
  }
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

/** The name of a value's class, of a value whose type is wrong. */
const typeName = (value: unknown): string =>
  (value as object | null | undefined)?.constructor?.name ?? String(value);

/**
 * The first `count` samples, sharing memory with `data`; all of them if it has fewer.
 * @throws LanewiseError kind 'argument' unless the count is a whole number of at least 1 (or Infinity).
 */
export function firstSamples(data: Dataset, count: number): Dataset {
  if (count >= data.labels.length) return data;
  if (!Number.isInteger(count) || count < 1) {
    throw new LanewiseError(
      'argument',
      `first ${count} samples of '${data.name}', expected at least 1`,
    );
  }
  return {
    ...data,
    samples: data.samples.subarray(0, count * sizeOf(data.shape)),
    labels: data.labels.subarray(0, count),
  };
}
