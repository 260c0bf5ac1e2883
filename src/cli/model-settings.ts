/** The settings that a model takes from a data set: shape, number of classes, and the scale of the values. */
import { samplesAt } from '../data/chosen.js';
import type { Dataset, Field, IndexedDataset, LabelledDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { pixelsOf, type Samples } from '../data/samples.js';
import { standardize } from '../data/standardize.js';
import { areRows } from './tables.js';
import { showShape } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import type { ImageSettings } from '../models/recipes.js';

/** So many samples of a streamed data set determine the scale. */
const SOME = 256;

/** The settings of a model for the data, and `values 0…16 of bytes` if images do not fill the range of their type. */
interface Measured {
  readonly settings: ImageSettings;
  readonly range?: string;
}

/** The scale: for images like those of MNIST the models keep their own, for others it is measured. */
export async function modelSettings(data: LabelledDataset): Promise<Measured> {
  const { shape, classes } = data;
  const settings = { shape, classes: classes.length };
  if (areRows(data) && shape[0] > 1) return { settings: { ...settings, ...scaleOfColumns(data) } };
  const samples = await pixelsToMeasure(samplesOf(data));
  const isLikeMnist = showShape(shape) === '1×28×28';
  const range = oddRange(samples, isLikeMnist);
  if (isLikeMnist && range === undefined) return { settings };
  return {
    settings: { ...settings, ...scaleOf(samples) },
    range,
  };
}

/** The range of bytes that stay in the dark half and, if the models have a scale of their own, of floats outside 0 to 1. */
function oddRange(samples: Dataset['samples'], hasScale: boolean): string | undefined {
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < samples.length; i++) {
    least = Math.min(least, samples[i]!);
    most = Math.max(most, samples[i]!);
  }
  const areBytes = samples instanceof Uint8Array;
  if (areBytes ? most >= 128 : !hasScale || (least >= 0 && most <= 1)) return undefined;
  const show = (value: number) => String(Number(value.toPrecision(4)));
  return `values ${show(least)}…${show(most)} of ${areBytes ? 'bytes' : 'floats'}`;
}

/** Notes on what a user may not expect: how images of an odd range are scaled, and small ones framed. */
export function notesOn(
  name: string,
  model: Model,
  { settings: { shape, mean }, range }: Measured,
): string[] {
  const notes: string[] = [];
  const [input] = Object.values(model.architecture.inputs);
  if (range !== undefined) {
    const isOwn = input?.mean === mean;
    notes.push(
      isOwn
        ? `${range}: scaled by their own mean and deviation, which the model keeps`
        : `${range}, where ${name} scales images as MNIST's are: bytes of 0…255, floats of 0…1; multiply them in the file`,
    );
  }
  const [, height = 0, width = 0] = input?.shape ?? [];
  if (2 * shape[1] * shape[2] <= height * width)
    notes.push(
      `samples of ${shape[1]}×${shape[2]} are framed to the ${height}×${width} that ${name} takes; it learns more from images enlarged to that size, in the file or by transforms.resize`,
    );
  return notes;
}

/** Mean and deviation of each column of numbers; features that are 0 or 1 for a class of a column stay as they are. */
export function scaleOfColumns(data: IndexedDataset): {
  mean: number[];
  deviation: number[];
} {
  const { name, table, inputs } = samplesOf(data);
  const [{ shape, values }] = Object.values(inputs) as [Field];
  const input = { shape: [shape[0]!], values };
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

/** All samples if they are in memory; otherwise some from all over the data set. */
async function pixelsToMeasure(samples: Samples): Promise<Dataset['samples']> {
  const count = Math.min(SOME, samples.count);
  const places = Array.from({ length: count }, (_, i) => Math.floor((i * samples.count) / count));
  const known = samples.source ? await samplesAt(samples, places) : samples;
  return pixelsOf(known) as Dataset['samples'];
}

/** Mean and deviation of all values, bytes as 0 to 1. Equal values get a deviation of 1. */
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
