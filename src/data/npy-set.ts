/** Data sets from NumPy's .npy files, which hold one array each; npz.ts reads archives of several. */
import { checkFinite } from '../base/check-values.js';
import { checkOptions, flag, text, type Checks } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { decodeNpy, type NpyArray } from '../formats/npy.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';
import { classLabels, labelled } from './arrays.js';
import type { Dataset, Field, TensorDataset } from './dataset.js';
import { checkDataset } from './forms.js';
import { readSource, sourceName, type FileSource } from './file-source.js';

/** The array of an .npy file: a path, bytes or a Blob. @throws LanewiseError kind 'data' or 'file' for a damaged or missing file. */
export async function readNpy(source: FileSource): Promise<NpyArray> {
  return decodeNpy(await readSource('NPY', source), sourceName(source, 'npy'));
}

/** Options for turning the arrays of two files into a data set. */
export interface NpyDatasetOptions {
  /** Shape of one sample, if not as in the file: [1, 28, 28] for samples of 28×28 or 784. */
  readonly shape?: Shape;
  /** Samples are stored height × width × channels, as TensorFlow and most other tools store images. */
  readonly channelsLast?: boolean;
  /** Class names; default 0, 1, 2 …. */
  readonly classes?: readonly string[];
  /** The name in messages; default the file's. */
  readonly name?: string;
}

export const NPY: Checks<NpyDatasetOptions> = {
  shape: true,
  channelsLast: flag,
  classes: true,
  name: text,
};

/**
 * Samples and their targets from two files, whose first extents count the samples. Whole numbers, one per sample, are
 * classes: with samples of three extents the result is a `Dataset`, else a `TensorDataset` with input `input` and
 * target `output`. Samples are bytes (u1) or float32.
 * @throws LanewiseError as `readNpy` does, and kind 'data' if the arrays disagree.
 */
export async function npyDataset(
  samplesFile: FileSource,
  targetsFile: FileSource,
  options: NpyDatasetOptions = {},
): Promise<Dataset | TensorDataset> {
  checkOptions('npyDataset', options, NPY);
  const samples = { name: sourceName(samplesFile, 'samples'), ...(await readNpy(samplesFile)) };
  const targets = { name: sourceName(targetsFile, 'targets'), ...(await readNpy(targetsFile)) };
  return datasetOf(samples, targets, { name: samples.name, ...options });
}

/** An array and the name of its file. */
export type NamedArray = NpyArray & { readonly name: string };

export function datasetOf(
  samples: NamedArray,
  targets: NamedArray,
  { shape, channelsLast = false, classes, name }: NpyDatasetOptions & { readonly name: string },
): Dataset | TensorDataset {
  const count = countOf(samples);
  if (countOf(targets) !== count) {
    throw new LanewiseError(
      'data',
      `'${samples.name}' holds ${count} samples, '${targets.name}' ${countOf(targets)}`,
    );
  }
  const input = inputOf(samples, shape, channelsLast);
  const isInteger = !targets.dtype.startsWith('f');
  const isSingle = targets.values.length === count;
  if (isInteger && isSingle) {
    return labelled(name, input, classLabels(targets.name, targets.values, classes));
  }
  const extents = targets.shape.slice(1);
  const values = isInteger ? Int32Array.from(targets.values) : floats(targets);
  const output = { shape: extents.length > 0 ? extents : [1], values };
  return checkDataset({ name, inputs: { input }, targets: { output } });
}

function countOf({ name, shape }: NamedArray): number {
  if (shape.length > 0 && !shape.includes(0)) return shape[0]!;
  throw new LanewiseError(
    'data',
    `'${name}' holds an array of shape (${shape.join(', ')}), expected one or more samples`,
  );
}

function inputOf(samples: NamedArray, wanted: Shape | undefined, channelsLast: boolean): Field {
  const stored = samples.shape.length > 1 ? samples.shape.slice(1) : [1];
  const values = samples.dtype === 'u1' ? (samples.values as Uint8Array) : floats(samples);
  if (wanted && sizeOf(wanted) !== sizeOf(stored)) {
    throw new LanewiseError(
      'data',
      `'${samples.name}' holds samples of ${showShape(stored)}, which cannot have shape ${showShape(wanted)}`,
    );
  }
  if (!channelsLast) return { shape: wanted ?? stored, values };
  if (stored.length !== 3) {
    throw new LanewiseError(
      'data',
      `'${samples.name}' holds samples of ${showShape(stored)}, expected height × width × channels`,
    );
  }
  const [height, width, channels] = stored as [number, number, number];
  return {
    shape: [channels, height, width],
    values: channelsFirst(values, height * width, channels),
  };
}

/** Reorders pixels × channels to channels × pixels, sample by sample. */
function channelsFirst<A extends Uint8Array | Float32Array>(
  values: A,
  pixels: number,
  channels: number,
): A {
  const result = values.slice() as A;
  for (let first = 0; first < values.length; first += pixels * channels) {
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < pixels; p++)
        result[first + c * pixels + p] = values[first + p * channels + c]!;
    }
  }
  return result;
}

function floats({ name, values }: NamedArray): Float32Array {
  const all = values instanceof Float32Array ? values : Float32Array.from(values);
  checkFinite('data', `'${name}'`, all);
  return all;
}
