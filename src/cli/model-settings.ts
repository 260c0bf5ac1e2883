/** What a data set asks of a model: the shape and number of its images, and the scale of their values. */
import { isStreamed, type Dataset, type LabelledDataset } from '../data/dataset.js';
import { standardize } from '../data/standardize.js';
import { areRows } from './tables.js';
import { showShape, sizeOf } from '../graph/tensor.js';
import type { ImageSettings } from '../models/recipes.js';

/** Of samples that are read when they are wanted, so many tell the scale. */
const SOME = 256;

/** For images like those of MNIST the models keep their own scale; for others it is measured. */
export async function modelSettings(data: LabelledDataset): Promise<ImageSettings> {
  const { shape, classes } = data;
  const settings = { shape, classes: classes.length };
  if (showShape(shape) === '1×28×28') return settings;
  if (areRows(data) && shape[0] > 1) return { ...settings, ...scaleOfColumns(data) };
  return { ...settings, ...scaleOf(isStreamed(data) ? await someSamples(data) : data.samples) };
}

/** Mean and deviation of each column of numbers; features that are 0 or 1 for a class of a column stay as they are. */
function scaleOfColumns({ name, samples, shape, table }: Dataset): {
  mean: number[];
  deviation: number[];
} {
  const input = { shape: [shape[0]], values: samples };
  const { mean, deviation } = standardize({ name, inputs: { input }, targets: {} }).input;
  let at = 0;
  for (const { classes } of table?.columns ?? []) {
    if (classes) {
      mean.fill(0, at, at + classes.length);
      deviation.fill(1, at, at + classes.length);
    }
    at += classes?.length ?? 1;
  }
  return { mean, deviation };
}

/** Samples from all over the data set. */
async function someSamples({
  shape,
  labels,
  reader,
}: Exclude<LabelledDataset, Dataset>): Promise<Dataset['samples']> {
  const count = Math.min(SOME, labels.length);
  const size = sizeOf(shape);
  const values = new (reader.type === 'uint8' ? Uint8Array : Float32Array)(count * size);
  for (let i = 0; i < count; i++) {
    const index = Math.floor((i * labels.length) / count);
    await reader.read(index, values.subarray(i * size, (i + 1) * size));
  }
  return values;
}

/** Mean and deviation of all values, bytes as 0 to 1. Values that are all the same have a deviation of 1. */
export function scaleOf(values: Dataset['samples']): { mean: number; deviation: number } {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    // Bytes add up exactly: below 2⁵³ for 10¹¹ of them.
    sum += value;
    squares += value * value;
  }
  const count = values.length;
  const unit = values instanceof Uint8Array ? 255 : 1;
  const mean = sum / count;
  const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
  return { mean: mean / unit, deviation: deviation === 0 ? 1 : deviation / unit };
}
