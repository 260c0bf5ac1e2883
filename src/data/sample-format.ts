/** What a model's file says of the samples it was trained on, and of names; read from outside, with all checks. */
import { isObject } from '../base/check.js';
import { fits, type Fit } from '../formats/resize.js';
import type { Shape } from '../graph/tensor.js';

/** The samples that a model was trained on. */
export interface SampleFormat {
  /** The shape after the transforms. */
  readonly shape: Shape;
  /** Bytes 0–255 are scaled to 0–1; floats are used as they are. */
  readonly type: 'uint8' | 'int32' | 'float32';
  /** How image files were brought to that shape, if there were any. */
  readonly fit?: Fit;
}

/** Longest list of names: more than Unicode's characters, or a table's features, are a mistake. */
export const MOST_NAMES = 2 ** 21;

/** A list of texts; undefined for any other value. */
export const readNames = (list: unknown): readonly string[] | undefined =>
  Array.isArray(list) && list.length <= MOST_NAMES && list.every((one) => typeof one === 'string')
    ? list
    : undefined;

/** The format of samples; undefined for any other value. */
export function readSampleFormat(value: unknown): SampleFormat | undefined {
  const { shape, type, fit } = (isObject(value) ? value : {}) as Partial<SampleFormat>;
  const isFormat =
    Array.isArray(shape) &&
    shape.every((extent) => Number.isSafeInteger(extent) && extent >= 1) &&
    (type === 'uint8' || type === 'int32' || type === 'float32') &&
    (fit === undefined || fits.includes(fit));
  return isFormat ? { shape: shape as Shape, type, ...(fit ? { fit } : {}) } : undefined;
}
