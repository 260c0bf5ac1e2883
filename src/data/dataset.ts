/**
 * The forms in which samples reach training: images with one class each, or any arrays with any targets.
 */
import { LanewiseError, nearest, show } from '../errors.js';
import type { Fit } from '../formats/resize.js';
import { sizeOf, showShape, type Shape } from '../graph/tensor.js';
import type { Transform } from './transforms/transform.js';
import type { Origin } from './origin.js';
import type { TableFormat } from './table-format.js';
import { checkDescription, checkForm, checkKnown, checkKnownField } from './known-fields.js';
import { checkNames, namesByTarget } from './target-names.js';
import { checkReader, checkStream, type SampleStream, type StreamedDataset } from './streamed.js';

export type { SampleReader, SampleStream, StreamSample, StreamedDataset } from './streamed.js';

/** Images (or what has the shape of images) with a class index each. */
export interface Dataset {
  /** For messages and reports: `mnist train`. */
  readonly name: string;
  /** Shape of one sample, channels × height × width. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Class names; a label is an index into them. */
  readonly classes: readonly string[];
  /** All samples one after another, length = count × product of `shape`. Bytes count 0–255. */
  readonly samples: Uint8Array | Float32Array;
  /** One class index a sample; its length is the count. What is below 0 is no class: the loss's `ignoreIndex`, such as -100. */
  readonly labels: Uint8Array | Int32Array;
  /** How much each sample counts; default 1. */
  readonly weights?: Float32Array;
  /** What a sample goes through, in order, whenever it is gathered; the model sees the shape after them. */
  readonly transforms?: readonly Transform[];
  /** How image files became samples, if they did, which a trained model then does with others. */
  readonly fit?: Fit;
  /** The columns that the samples are rows of, if they are. */
  readonly table?: TableFormat;
  /** Which samples of which data these are, if they were taken from some. */
  readonly origin?: Origin;
}

/** One array of values for every sample, all samples one after another. */
export interface Field {
  /** Of one sample; `[]` for a single value. */
  readonly shape: Shape;
  readonly values: Uint8Array | Int32Array | Float32Array;
  /**
   * What bytes and int32 mean as a target: `classes` (default) are class indices, `values` are numbers, bytes
   * then count v/255.
   */
  readonly as?: 'classes' | 'values';
  /** What a sample goes through, in order, whenever it is gathered; not for class indices. */
  readonly transforms?: readonly Transform[];
  /**
   * How much each sample, or each value of a target, counts in the loss: finite numbers of at least 0, one a sample or
   * as many as `values`. A target's loss is then the mean over what counts, and what weighs 0 is not read: it may be NaN.
   */
  readonly weights?: Float32Array;
}

/** Arrays by the names of a model's inputs, and of the outputs they are targets of. */
export interface TensorDataset {
  readonly name: string;
  readonly inputs: Readonly<Record<string, Field>>;
  readonly targets: Readonly<Record<string, Field>>;
  /** How much each sample counts, default 1; or, by targets' names, the same as `weights` beside their values. */
  readonly weights?: Float32Array | Readonly<Record<string, Float32Array>>;
  /** Names of the classes, where a target holds class indices; of several targets by their names. */
  readonly classes?: readonly string[] | Readonly<Record<string, readonly string[]>>;
  /** What tokens stand for, such as the characters of a text. */
  readonly vocabulary?: readonly string[];
  /** The columns that the samples are rows of, if they are. */
  readonly table?: TableFormat;
  /** Which samples of which data these are, if they were taken from some. */
  readonly origin?: Origin;
}

/** Images with a class index each, in memory or not. */
export type LabelledDataset = Dataset | StreamedDataset;

/** All samples at hand. */
export type InMemoryDataset = Dataset | TensorDataset;

/** What a model is trained on or evaluated with. */
export type AnyDataset = LabelledDataset | TensorDataset | SampleStream;

export const isTensorDataset = (data: AnyDataset): data is TensorDataset => 'inputs' in data;

export const isSampleStream = (data: AnyDataset): data is SampleStream => 'open' in data;

/** Whether samples are read when they are wanted. */
export function isStreamed(data: AnyDataset): data is StreamedDataset | SampleStream {
  checkObject('the data set', data);
  return 'reader' in data || isSampleStream(data);
}

/** How much each sample counts, if they do not count the same. */
export const weightsOf = (data: AnyDataset): Float32Array | undefined =>
  isSampleStream(data) ? undefined : (data.weights as Float32Array | undefined);

/**
 * The data set with weights that it has by targets' names beside the targets' values.
 * @throws LanewiseError kind 'data' for a name that is no target's, or a target that has weights already.
 */
export function placeWeights<D extends AnyDataset>(data: D): D {
  if (typeof data !== 'object' || data === null || !isTensorDataset(data)) return data;
  const { weights, ...others } = data;
  const isNamed = typeof weights === 'object' && weights !== null && !Array.isArray(weights);
  if (!isNamed || ArrayBuffer.isView(weights)) return data;
  const targets = { ...data.targets };
  for (const [name, values] of Object.entries(weights)) {
    const field = targets[name];
    if (field && field.weights === undefined) targets[name] = { ...field, weights: values };
    else
      throw new LanewiseError(
        'data',
        `data set '${data.name}': there are weights for '${name}', ${field ? 'which has weights beside its values' : `expected one of ${Object.keys(targets).join(', ')}`}`,
        field ? 'give them once' : nearest(name, Object.keys(targets)),
      );
  }
  return { ...others, targets } as TensorDataset as D;
}

/** The field of some of its samples: `pick` takes their values, so many each. */
export function fieldAt(
  field: Field,
  pick: <V extends Field['values']>(values: V, size: number) => V,
): Field {
  const { shape, values, weights } = field;
  const size = sizeOf(shape);
  const perSample = weights && (weights.length === values.length ? size : 1);
  return {
    ...field,
    values: pick(values, size),
    ...(weights ? { weights: pick(weights, perSample!) } : {}),
  };
}

/** Number of samples. */
export function countOf(data: AnyDataset): number {
  if (isSampleStream(data)) return data.length;
  if (!isTensorDataset(data)) return data.labels.length;
  const [first] = Object.values(data.inputs);
  return first ? Math.floor(first.values.length / sizeOf(first.shape)) : 0;
}

/**
 * Checks that the arrays of a data set agree with each other and returns it.
 * @throws LanewiseError kind 'data' if lengths disagree, it is empty, or a label is not a class.
 */
export function checkDataset<D extends AnyDataset>(data: D): D {
  checkForm(data);
  checkKnown(data);
  checkDescription(data);
  if (isSampleStream(data)) {
    checkStream(data);
    checkClassesAndShape(data);
  } else if (isTensorDataset(data)) {
    checkFields(data);
    namesByTarget(data);
    if (data.vocabulary !== undefined)
      checkNames(`data set '${data.name}': vocabulary`, data.vocabulary);
  } else checkLabelled(data);
  const count = countOf(data);
  const { name } = data;
  if (count === 0) throw new LanewiseError('data', `data set '${name}' has no samples`);
  checkWeights(`data set '${name}'`, weightsOf(data), [count]);
  return data;
}

/** Weights, if there are any. @throws LanewiseError kind 'data' for other lengths than `lengths`, and what is no weight. */
function checkWeights(what: string, weights: unknown, lengths: readonly number[]): void {
  if (weights === undefined) return;
  if (!(weights instanceof Float32Array) || !lengths.includes(weights.length)) {
    const found = ArrayBuffer.isView(weights)
      ? ` of ${(weights as unknown as ArrayLike<number>).length}`
      : '';
    throw new LanewiseError(
      'data',
      `${what}: weights are ${typeName(weights)}${found}, expected a Float32Array of ${[...new Set(lengths)].join(' or ')}`,
      typeName(weights) === 'Object'
        ? 'weights of one target stand beside its values: targets: { name: { shape, values, weights } }'
        : undefined,
    );
  }
  const wrong = weights.findIndex((weight) => !(weight >= 0) || weight === Infinity);
  if (wrong < 0) return;
  const place = weights.length === lengths[0] ? `sample ${wrong}` : `value ${wrong}`;
  throw new LanewiseError(
    'data',
    `${what}: weight ${weights[wrong]} of ${place}, expected a finite number of at least 0`,
  );
}

/** @throws LanewiseError kind 'data' for what is no object, such as a missing field. */
function checkObject(what: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw new LanewiseError('data', `${what} is ${show(value)}, expected an object`);
}

function checkFields(data: TensorDataset): void {
  let count: number | undefined;
  for (const role of ['inputs', 'targets'] as const) {
    checkObject(`'${role}' of data set '${data.name}'`, data[role]);
    for (const [key, field] of Object.entries(data[role])) {
      const what = `data set '${data.name}', ${role.slice(0, -1)} '${key}'`;
      checkObject(what, field);
      checkKnownField(what, field);
      const { shape, values } = field;
      if (![Uint8Array, Int32Array, Float32Array].some((type) => values instanceof type)) {
        throw new LanewiseError(
          'data',
          `${what}: values are ${typeName(values)}, expected Uint8Array, Int32Array or Float32Array`,
          'Float32Array.from(values) for numbers, Int32Array.from(values) for classes',
        );
      }
      if (!Array.isArray(shape) || !shape.every((e: number) => Number.isInteger(e) && e > 0))
        throw new LanewiseError(
          'data',
          `${what}: shape is ${String(shape)}, expected whole numbers`,
        );
      count ??= Math.floor(values.length / sizeOf(shape));
      if (values.length !== count * sizeOf(shape)) {
        throw new LanewiseError(
          'data',
          `${what}: ${values.length} values of shape ${showShape(shape)}, expected ${count} samples as in the first input`,
        );
      }
      if (role === 'inputs' && field.weights !== undefined) {
        throw new LanewiseError(
          'data',
          `${what}: there are weights, which only targets have`,
          'weights of samples are `weights` of the data set',
        );
      }
      checkWeights(what, field.weights, [count, values.length]);
    }
  }
}

function checkLabelled(data: Dataset | StreamedDataset): void {
  const { name, shape, labels, classes } = data;
  if (isStreamed(data)) checkReader(data);
  else checkType(name, 'samples', data.samples, [Uint8Array, Float32Array]);
  checkType(name, 'labels', labels, [Uint8Array, Int32Array]);
  checkClassesAndShape(data);
  const expected = labels.length * sizeOf(shape);
  if (labels.length === 0) return;
  if (!isStreamed(data) && data.samples.length !== expected) {
    throw new LanewiseError(
      'data',
      `data set '${name}': ${labels.length} labels need ${expected} values of shape ${showShape(shape)}, found ${data.samples.length}`,
    );
  }
  // What is below 0 is no class: a loss refuses it, or ignores it.
  const wrong = labels.findIndex((label) => label >= classes.length);
  if (wrong >= 0) {
    throw new LanewiseError(
      'data',
      `data set '${name}': label ${labels[wrong]} of sample ${wrong}, expected a whole number from 0 to ${classes.length - 1}`,
      labels[wrong] === 255
        ? 'samples of no class have -1 or -100 in an Int32Array, for crossEntropy({ ignoreIndex: -100 })'
        : undefined,
    );
  }
}

function checkType(
  name: string,
  what: string,
  values: unknown,
  types: readonly (new () => object)[],
): void {
  if (types.some((type) => values instanceof type)) return;
  throw new LanewiseError(
    'data',
    `data set '${name}': ${what} are ${typeName(values)}, expected ${types.map((type) => type.name).join(' or ')}`,
  );
}

function checkClassesAndShape({
  name,
  classes,
  shape,
}: Pick<Dataset, 'name' | 'classes' | 'shape'>): void {
  checkNames(`data set '${name}': classes`, classes);
  if (
    !Array.isArray(shape) ||
    shape.length !== 3 ||
    !shape.every((extent) => Number.isInteger(extent) && extent > 0)
  ) {
    throw new LanewiseError(
      'data',
      `data set '${name}': shape ${Array.isArray(shape) ? showShape(shape) : show(shape)}, expected channels × height × width of at least 1`,
    );
  }
}

/** The name of a value's class, of a value whose type is wrong. */
const typeName = (value: unknown): string =>
  (value as object | null | undefined)?.constructor?.name ?? String(value);

/**
 * The first `count` samples, sharing memory with `data`; all of them if it has fewer.
 * @throws LanewiseError kind 'argument' unless the count is a whole number of at least 1 (or Infinity).
 */
export function firstSamples(data: Dataset, count: number): Dataset {
  checkDataset(data);
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
    ...(data.weights ? { weights: data.weights.subarray(0, count) } : {}),
  };
}
