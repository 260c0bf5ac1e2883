/** Features scaled to mean 0 and deviation 1, in double precision. */
import { readRow, type Features } from './baseline.js';

/** Samples as a matrix of standardised features. */
export interface Standardized {
  readonly rows: number;
  readonly width: number;
  /** Rows of `width`. */
  readonly values: Float64Array;
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
  /** The places of the rows among the samples. */
  readonly places: ArrayLike<number>;
}

/** The samples at `places`. A feature that does not vary is 0. */
export function standardized(features: Features, places: ArrayLike<number>): Standardized {
  const { width } = features;
  const rows = places.length;
  const values = new Float64Array(rows * width);
  for (let i = 0; i < rows; i++)
    readRow(features, places[i]!, values.subarray(i * width, (i + 1) * width));
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  for (let i = 0; i < rows; i++) for (let j = 0; j < width; j++) mean[j]! += values[i * width + j]!;
  for (let j = 0; j < width; j++) mean[j]! /= rows;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < width; j++) {
      const difference = values[i * width + j]! - mean[j]!;
      deviation[j]! += difference * difference;
    }
  for (let j = 0; j < width; j++) {
    const spread = Math.sqrt(deviation[j]! / rows);
    // What does not vary but by rounding is 0 after scaling.
    deviation[j] = spread > 1e-12 * Math.abs(mean[j]!) ? spread : Infinity;
  }
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < width; j++)
      values[i * width + j] = (values[i * width + j]! - mean[j]!) / deviation[j]!;
  return { rows, width, values, mean, deviation, places };
}
