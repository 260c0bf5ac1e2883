/** The samples given to `predict`, as a field: from typed arrays, pixels of a canvas, or nested lists of numbers. */
import { checkFinite, inSamples } from '../base/check-values.js';
import { isList, quote } from '../base/check.js';
import type { Field } from '../data/dataset.js';
import { LanewiseError } from '../base/errors.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';
import type { InputSettings } from '../layers/index.js';

/** A list of numbers, or of equally long lists, nested to any depth. */
export type NestedNumbers = readonly (number | NestedNumbers)[];

const refuse = (message: string, hint?: string): never => {
  throw new LanewiseError('data', message, hint);
};

/**
 * A field of as many samples as `samples` holds.
 * @throws LanewiseError kind 'data' unless they are whole samples, and for the first value that is not finite.
 */
export function samplesField(
  samples: unknown,
  { shape: taken, vocabulary }: InputSettings,
  shape: Shape = taken,
): Field {
  if (!Array.isArray(shape) || !shape.every((extent) => Number.isInteger(extent) && extent > 0))
    refuse(`samples: shape is ${quote(shape)}, expected the extents of one sample`);
  const values = valuesOf(samples, sizeOf(shape), vocabulary !== undefined);
  if (values.length === 0) refuse('there are no samples: no values are given');
  if (values.length % sizeOf(shape) !== 0) {
    refuse(
      `${values.length} values are not whole samples of shape ${showShape(shape)}`,
      'predict(samples, shape) takes samples of another shape than the input’s',
    );
  }
  checkFiniteSamples(values, sizeOf(shape));
  return { shape, values };
}

function valuesOf(samples: unknown, size: number, areTokens: boolean): Field['values'] {
  if (
    samples instanceof Float32Array ||
    samples instanceof Uint8Array ||
    samples instanceof Int32Array
  )
    return samples;
  if (samples instanceof Uint8ClampedArray)
    return new Uint8Array(samples.buffer, samples.byteOffset, samples.length);
  if (!isList(samples)) {
    refuse(
      `samples are ${quote(samples)}, expected a typed array, a list of numbers, or a field for each input`,
    );
  }
  let flat = samples as ArrayLike<unknown>;
  if (Array.isArray(samples)) {
    const extents = extentsOf(samples, 'samples');
    flat = samples.flat(Infinity) as unknown[];
    const each = flat.length / (extents[0] || 1);
    // Rows are samples, or the rows of one sample.
    if (extents.length > 1 && each !== size && flat.length !== size)
      refuse(`samples are ${extents.join('×')} numbers, expected ${size} for each sample`);
  }
  const wrong = Array.prototype.findIndex.call(flat, (value) => typeof value !== 'number');
  if (wrong >= 0) refuse(`samples: value ${wrong} is ${quote(flat[wrong])}, expected a number`);
  const numbers = flat as ArrayLike<number>;
  // Others stay as they are, for the check of tokens to name.
  const areWhole = areTokens && Array.prototype.every.call(flat, (value) => (value | 0) === value);
  return areWhole ? Int32Array.from(numbers) : Float32Array.from(numbers);
}

/** The extents of nested lists, which must have equally many entries. */
function extentsOf(list: readonly unknown[], where: string): number[] {
  const [first] = list;
  if (!Array.isArray(first)) {
    const deeper = list.findIndex((one) => Array.isArray(one) || ArrayBuffer.isView(one));
    if (deeper >= 0 && !ArrayBuffer.isView(first))
      refuse(`${where}: entry ${deeper} is a list, entry 0 is ${quote(first)}`);
    if (deeper >= 0) refuse(`${where} are a list of typed arrays`, 'write them one after another');
    return [list.length];
  }
  const below = extentsOf(first, `${where}[0]`);
  list.forEach((one, i) => {
    const found = Array.isArray(one) ? extentsOf(one, `${where}[${i}]`) : [];
    if (found.join() !== below.join())
      refuse(
        `${where}[${i}] has ${found.join('×') || 'no'} numbers, ${where}[0] ${below.join('×')}`,
      );
  });
  return [list.length, ...below];
}

/** @throws LanewiseError kind 'data' for the first value that is not finite. */
export const checkFiniteSamples = (values: Field['values'], size: number, what = 'samples'): void =>
  checkFinite(
    'data',
    what,
    values,
    'a missing value has to become a number first, such as the mean of its feature',
    inSamples(size),
  );
