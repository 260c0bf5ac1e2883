/** Data sets from NumPy's files, .npy with one array each or .npz with several by name. */
import { LanewiseError, nearest } from '../errors.js';
import { decodeNpy, type NpyArray } from '../formats/npy.js';
import { readZip } from '../formats/zip.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';
import { checkFinite, classLabels, labelled } from './arrays.js';
import { checkDataset, type Dataset, type Field, type TensorDataset } from './dataset.js';
import { readSource, sourceName, type FileSource } from './file-source.js';

/** Bound on what an archive unpacks to. */
const MAX_BYTES = 2 ** 31;

/** The array of an .npy file, a path, bytes or a Blob. @throws LanewiseError kind 'data' or 'file' for one that is damaged or not there. */
export async function readNpy(source: FileSource): Promise<NpyArray> {
  return decodeNpy(await readSource('NPY', source), sourceName(source, 'npy'));
}

/** Which arrays of a .npz file, and how large they may be. */
export interface NpzOptions {
  /** Names of the arrays to read; default all. */
  readonly names?: readonly string[];
  /** Bound on the bytes of all arrays; default 2 GiB. */
  readonly limitBytes?: number;
}

/**
 * The arrays of an .npz file, a path or bytes, by name.
 * @throws LanewiseError kind 'data' for a damaged file, one that unpacks to more than the bound, or an array that is
 * not in it; kind 'file' if it cannot be read.
 */
export async function readNpz(
  source: string | Uint8Array,
  { names, limitBytes = MAX_BYTES }: NpzOptions = {},
): Promise<Map<string, NpyArray>> {
  const file = typeof source === 'string' ? source : 'npz';
  const present: string[] = [];
  const wanted = (path: string) => {
    if (!path.endsWith('.npy')) return false;
    const name = path.slice(0, -4);
    present.push(name);
    return !names || names.includes(name);
  };
  const files = await readZip(source, file, { wanted, limitBytes });
  const missing = names?.find((name) => !files.has(`${name}.npy`));
  if (missing !== undefined) {
    throw new LanewiseError(
      'data',
      `'${file}' has no array '${missing}', it has ${present.join(', ') || 'none'}`,
      nearest(missing, present),
    );
  }
  return new Map(
    [...files].map(([path, bytes]) => [path.slice(0, -4), decodeNpy(bytes, `${file}: ${path}`)]),
  );
}

/** What the files of arrays do not say of the samples. */
export interface NpyDatasetOptions {
  /** Of one sample, if not as in the file: [1, 28, 28] for samples of 28×28 or 784. */
  readonly shape?: Shape;
  /** Samples are stored height × width × channels, as images are in TensorFlow's and most other tools. */
  readonly channelsLast?: boolean;
  /** Class names; default 0, 1, 2 …. */
  readonly classes?: readonly string[];
  /** For messages; default the file's. */
  readonly name?: string;
}

/**
 * Samples and what belongs to them from two files, whose first extents count the samples. Whole numbers, one each, are
 * classes: with samples of three extents that is a `Dataset`, else a `TensorDataset` with input `input` and target
 * `output`. Samples are bytes (u1), or float32.
 * @throws LanewiseError as `readNpy` does, and kind 'data' if the arrays do not agree.
 */
export async function npyDataset(
  samplesFile: FileSource,
  targetsFile: FileSource,
  options: NpyDatasetOptions = {},
): Promise<Dataset | TensorDataset> {
  const samples = { name: sourceName(samplesFile, 'samples'), ...(await readNpy(samplesFile)) };
  const targets = { name: sourceName(targetsFile, 'targets'), ...(await readNpy(targetsFile)) };
  return datasetOf(samples, targets, { name: samples.name, ...options });
}

/** As `npyDataset`, from arrays of one file; default those named `x` and `y`. */
export async function npzDataset(
  source: string | Uint8Array,
  options: NpyDatasetOptions & { readonly samples?: string; readonly targets?: string } = {},
): Promise<Dataset | TensorDataset> {
  const { samples: x = 'x', targets: y = 'y' } = options;
  const file = typeof source === 'string' ? source : 'npz';
  const read = await readNpz(source, { names: [x, y] });
  const named = (name: string) => ({ name: `${file}: ${name}`, ...read.get(name)! });
  return datasetOf(named(x), named(y), { name: file, ...options });
}

type Named = NpyArray & { readonly name: string };

function datasetOf(
  samples: Named,
  targets: Named,
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

function countOf({ name, shape }: Named): number {
  if (shape.length > 0 && !shape.includes(0)) return shape[0]!;
  throw new LanewiseError(
    'data',
    `'${name}' holds an array of shape (${shape.join(', ')}), expected one or more samples`,
  );
}

function inputOf(samples: Named, wanted: Shape | undefined, channelsLast: boolean): Field {
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

/** From pixels × channels to channels × pixels, sample by sample. */
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

function floats({ name, values }: Named): Float32Array {
  const all = values instanceof Float32Array ? values : Float32Array.from(values);
  checkFinite(`'${name}'`, all);
  return all;
}
