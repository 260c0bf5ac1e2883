/** Data sets from MATLAB's .mat files, such as SVHN's. */
import { checkOptions, listOf, oneOf, text, wholeFrom } from '../base/check.js';
import { LanewiseError, nearest } from '../base/errors.js';
import { decodeMat, type MatArray, type MatOther } from '../formats/mat.js';
import { toRowMajor, type NpyArray } from '../formats/npy.js';
import type { Shape } from '../graph/tensor.js';
import type { Dataset, TensorDataset } from './dataset.js';
import { readSource, sourceName, type FileSource } from './file-source.js';
import { datasetOf, type NamedArray } from './npy-set.js';

/** Options for reading the arrays of a .mat file. */
export interface MatOptions {
  /** Names of the arrays to read; default all. */
  readonly names?: readonly string[];
  /** Bound on the bytes of each array; default 2 GiB. */
  readonly limitBytes?: number;
}

/** Options for turning two arrays of a .mat file into samples and targets. */
export interface MatDatasetOptions {
  /** The array of samples; default `X`. */
  readonly samples?: string;
  /** The array of targets; default `y`. */
  readonly targets?: string;
  /**
   * The meaning of the targets: `classes` (default for images, whole numbers of other types than double and single, and
   * logical) or `values`.
   */
  readonly as?: 'classes' | 'values';
  /** Class names in the order of their numbers; default these numbers. */
  readonly classes?: readonly string[];
  /** Shape of one sample, if not as in the file: [3, 32, 32] for samples of 3072. */
  readonly shape?: Shape;
  /** The name in messages; default the file's. */
  readonly name?: string;
}

/** Bound on an array's unpacked size. */
const MAX_BYTES = 2 ** 31;

/**
 * The arrays of a .mat file of version 5 or 7 (a path, bytes or a Blob) by name, in row-major order.
 * @throws LanewiseError kind 'data' for a file of another version, damaged, or, without `names`, with variables that are
 * no arrays of real numbers; for an array that is missing; kind 'file' if it cannot be read.
 */
export async function readMat(
  source: FileSource,
  options: MatOptions = {},
): Promise<Map<string, NpyArray>> {
  const { names, limitBytes = MAX_BYTES } = checkOptions('readMat', options, {
    names: listOf(text),
    limitBytes: wholeFrom(1),
  });
  const file = sourceName(source, 'mat');
  const found = await decodeMat(await readSource('MATLAB', source), file, {
    wanted: (name) => !names || names.includes(name),
    limitBytes,
  });
  const arrays = new Map<string, NpyArray>();
  for (const name of names ?? found.keys()) {
    const { shape, dtype, values } = arrayIn(file, name, found, !names);
    arrays.set(name, { shape, dtype, values: toRowMajor(values, shape) });
  }
  if (arrays.size > 0) return arrays;
  throw new LanewiseError('data', `'${file}' has no variables`);
}

/** The names of a file's variables. @throws as `readMat`. */
export async function namesInMat(source: FileSource): Promise<readonly string[]> {
  const bytes = await readSource('MATLAB', source);
  const none = { wanted: () => false, limitBytes: 0 };
  return [...(await decodeMat(bytes, sourceName(source, 'mat'), none)).keys()];
}

/** @throws LanewiseError kind 'data' unless the variable is an array. */
function arrayIn(
  file: string,
  name: string,
  found: ReadonlyMap<string, MatArray | MatOther | undefined>,
  isAll = false,
): MatArray {
  const value = found.get(name);
  if (value && 'values' in value) return value;
  const all = [...found.keys()];
  if (!found.has(name))
    throw new LanewiseError(
      'data',
      `'${file}' has no variable '${name}', it has ${all.join(', ') || 'none'}`,
      nearest(name, all),
    );
  const arrays = all.filter((one) => found.get(one) && 'values' in found.get(one)!);
  throw new LanewiseError(
    'data',
    `'${file}', variable '${name}' is ${value?.is}, expected an array of real numbers`,
    isAll ? `names: ${JSON.stringify(arrays)} reads the arrays alone` : undefined,
  );
}

/**
 * Samples and targets from two arrays of a .mat file. Images are height × width × channels × count, as MATLAB keeps them,
 * or count × height × width × channels; other samples are rows. Whole numbers as targets are classes, named by these
 * numbers from the least on: SVHN's are 1 to 10.
 * @throws LanewiseError as `readMat` does, and kind 'data' if the arrays disagree.
 */
export async function matDataset(
  source: FileSource,
  options: MatDatasetOptions = {},
): Promise<Dataset | TensorDataset> {
  const {
    samples: x = 'X',
    targets: y = 'y',
    as,
    classes,
    shape,
    name,
  } = checkOptions('matDataset', options, {
    samples: text,
    targets: text,
    as: oneOf(['classes', 'values']),
    classes: listOf(text),
    shape: true,
    name: text,
  });
  const file = sourceName(source, 'mat');
  const found = await decodeMat(await readSource('MATLAB', source), file, {
    wanted: (one) => one === x || one === y,
    limitBytes: MAX_BYTES,
  });
  const targets = arrayIn(file, y, found);
  const samples = arrayIn(file, x, found);
  const isImages = samples.shape.length > 2 || (shape?.length ?? 0) > 2;
  const areClasses =
    (as ?? (isImages || !targets.dtype.startsWith('f') ? 'classes' : 'values')) === 'classes';
  const { count, target, names } = targetsOf(`${file}: ${y}`, targets, areClasses, classes);
  return datasetOf(samplesOf(`${file}: ${x}`, samples, count, shape), target, {
    name: name ?? file,
    ...(names ? { classes: names } : {}),
    ...(shape ? { shape } : {}),
  });
}

/** Targets of one value a sample: class indices, with names, or values. */
function targetsOf(
  name: string,
  { shape, values }: MatArray,
  areClasses: boolean,
  given: readonly string[] | undefined,
): { count: number; target: NamedArray; names?: readonly string[] } {
  const isVector = shape.every((extent, i) => extent === 1 || shape.findIndex((e) => e > 1) === i);
  if (!areClasses) {
    const count = isVector ? values.length : shape[0]!;
    const extents = isVector ? [count] : shape;
    const floats = Float32Array.from(isVector ? values : toRowMajor(values, shape));
    return { count, target: { name, shape: extents, dtype: 'f4', values: floats } };
  }
  if (!isVector)
    throw new LanewiseError('data', `'${name}' is ${shape.join('×')}, expected a class a sample`);
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) [least, most] = [Math.min(least, value), Math.max(most, value)];
  // Classes count from 1 in MATLAB, from 0 where they come from elsewhere.
  const first = least >= 1 ? 1 : 0;
  const count = given?.length ?? most - first + 1;
  const wrong = values.findIndex(
    (value) => !Number.isInteger(value) || value < first || value >= first + count,
  );
  if (wrong >= 0 || !(count <= 65_536))
    throw new LanewiseError(
      'data',
      `'${name}': the class of sample ${Math.max(wrong, 0)} is ${values[Math.max(wrong, 0)]}, expected a whole number of ${first}–${first + Math.min(count, 65_536) - 1}`,
      "as: 'values' takes numbers as they are",
    );
  const labels = Int32Array.from(values, (value) => value - first);
  const names = given ?? Array.from({ length: count }, (_, i) => String(first + i));
  return {
    count: values.length,
    target: { name, shape: [values.length], dtype: 'i4', values: labels },
    names,
  };
}

/** Samples one behind the other, images as channels × height × width, as they are in the file if that is the `wanted` shape. */
function samplesOf(
  name: string,
  { shape, dtype, values }: MatArray,
  count: number,
  wanted: Shape | undefined,
): NamedArray {
  const isLast = shape.length > 2 ? shape.at(-1) === count : shape[0] !== count;
  const own = isLast ? shape.at(-1) : shape[0];
  if (own !== count || shape.length > 4)
    throw new LanewiseError(
      'data',
      `'${name}' is ${shape.join('×')}, and there are ${count} targets`,
    );
  const rest = isLast ? shape.slice(0, -1) : shape.slice(1);
  const type = dtype === 'b1' ? 'u1' : dtype;
  if (rest.length < 2) {
    const rows = isLast ? values : toRowMajor(values, shape);
    return { name, shape: [count, ...rest], dtype: type, values: rows };
  }
  const isFirst = channelsAreFirst(name, rest, wanted);
  const [height, width, channels = 1] = (isFirst ? [rest[1], rest[2], rest[0]] : rest) as [
    number,
    number,
    number?,
  ];
  const size = height * width * channels;
  const images = values.slice();
  // The first extent is the innermost: strides of what is taken.
  const inner = isLast ? 1 : count;
  const n = isLast ? size : 1;
  const [h, w, c] = isFirst
    ? [inner * channels, inner * channels * height, inner]
    : [inner, inner * height, inner * height * width];
  let to = 0;
  for (let i = 0; i < count; i++)
    for (let k = 0; k < channels; k++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) images[to++] = values[i * n + y * h + x * w + k * c]!;
  return { name, shape: [count, channels, height, width], dtype: type, values: images };
}

/** Whether images of these extents are channels × height × width: if `shape` says so. @throws if it should. */
function channelsAreFirst(
  name: string,
  extents: readonly number[],
  wanted: Shape | undefined,
): boolean {
  const [first, height, last] = extents;
  if (first === undefined || height === undefined || last === undefined) return false;
  if (String(wanted) === String([last, first, height])) return false;
  if (String(wanted) === String(extents)) return true;
  if (CHANNELS.includes(last) || !CHANNELS.includes(first)) return false;
  throw new LanewiseError(
    'data',
    `'${name}' has images of ${extents.join('×')}, expected height × width × channels`,
    `shape: [${extents.join(', ')}] takes the first extent for the channels`,
  );
}

/** Usual counts of channels. */
const CHANNELS: readonly number[] = [1, 3, 4];
