/** Standardisation of features to mean 0 and deviation 1, by the statistics of the training data. */
import { checkFinite, inSamples } from '../base/check-values.js';
import { LanewiseError } from '../base/errors.js';
import { sizeOf, type Shape } from '../graph/tensor.js';
import type { Field, TensorDataset } from './dataset.js';
import { samplesOf } from './forms.js';

/** Means and deviations of the training data, to be applied to any data. */
export interface Standardizer {
  /** One for each value of a sample. */
  readonly mean: Float64Array;
  /** Population standard deviation (divided by N); 1 for values that do not vary, which become 0. */
  readonly deviation: Float64Array;
  /**
   * Settings of a model that takes the data unstandardised and does this itself: `sequential(layers,
   * standardize(train).input)`. For inputs of one axis.
   */
  readonly input: { readonly input: Shape; readonly mean: number[]; readonly deviation: number[] };
  /** The same data with (x − mean) / deviation in place of each value x of the input. */
  apply<D extends TensorDataset>(data: D): D;
  /** Rows to predict, all values in sequence, for a model that was trained on such data. */
  apply(rows: Float32Array | readonly number[]): Float32Array;
}

const GAPS = 'impute puts values into the gaps of tables';

/**
 * Means and deviations of the input's values over all samples of `train`, to standardise it and all data that the model
 * is evaluated on: `const { apply } = standardize(train)`, then `apply(train)`, `apply(test)`.
 * @throws LanewiseError kind 'data' for another input than floats, and for values that are not finite, such as gaps.
 */
export function standardize(train: TensorDataset, input = 'input'): Standardizer {
  const { count } = samplesOf(train);
  const { values, size } = floatsOf(train, input);
  checkFinite('data', `standardize: data set '${train.name}'`, values, GAPS, inSamples(size));
  const mean = new Float64Array(size);
  const deviation = new Float64Array(size);
  const varies = new Uint8Array(size);
  for (let i = 0; i < values.length; i++) {
    mean[i % size]! += values[i]!;
    if (values[i] !== values[i % size]) varies[i % size] = 1;
  }
  for (let j = 0; j < size; j++) mean[j] = varies[j] ? mean[j]! / count : values[j]!;
  for (let i = 0; i < values.length; i++) {
    const difference = values[i]! - mean[i % size]!;
    deviation[i % size]! += difference * difference;
  }
  // Constant features are not divided by a rounded deviation near 0, which could make them any size.
  for (let j = 0; j < size; j++) deviation[j] = varies[j] ? Math.sqrt(deviation[j]! / count) : 1;
  const scaled = (values: ArrayLike<number>): Float32Array =>
    Float32Array.from(values, (x, i) => (x - mean[i % size]!) / deviation[i % size]!);
  return {
    mean,
    deviation,
    input: {
      input: train.inputs[input]!.shape,
      mean: Array.from(mean),
      deviation: Array.from(deviation),
    },
    apply<D extends TensorDataset>(data: D | Float32Array | readonly number[]) {
      if (isRows(data)) {
        if (data.length % size === 0) return scaled(data) as D & Float32Array;
        throw new LanewiseError(
          'data',
          `standardize: ${data.length} values are not a whole number of rows of ${size}`,
        );
      }
      const field = floatsOf(data, input);
      if (field.size !== size) {
        throw new LanewiseError(
          'data',
          `data set '${data?.name}': input '${input}' has ${field.size} values a sample, ${size} were standardised`,
        );
      }
      const values = scaled(field.values);
      const inputs = { ...data.inputs, [input]: { ...data.inputs[input]!, values } };
      return { ...data, inputs } as D & Float32Array;
    },
  };
}

const isRows = (data: unknown): data is Float32Array | readonly number[] =>
  data instanceof Float32Array || Array.isArray(data);

function floatsOf(data: TensorDataset, input: string): { values: Float32Array; size: number } {
  const field: Field | undefined = data?.inputs?.[input];
  if (field?.values instanceof Float32Array)
    return { values: field.values, size: sizeOf(field.shape) };
  throw new LanewiseError(
    'data',
    `data set '${data?.name}': input '${input}' is ${field ? 'not of floats' : 'missing'}, expected a Float32Array to standardise`,
  );
}
