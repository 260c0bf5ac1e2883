/** Checks of data sets: their form, unknown fields, and that their arrays agree. */
import { isObject, quote } from '../base/check.js';
import { LanewiseError, show } from '../base/errors.js';
import type { Fit } from '../formats/resize.js';
import { sizeOf, showShape } from '../graph/tensor.js';
import { suggest } from '../base/suggest.js';
import type { Dataset, Field, SampleStream, StreamedDataset, TensorDataset } from './dataset.js';
import { checkNames } from './target-names.js';

/** The names that an object may have. */
type Known<T> = Readonly<Record<keyof T, true>>;

const FIELD: Known<Field> = {
  shape: true,
  values: true,
  as: true,
  transforms: true,
  weights: true,
};

const ARRAYS = 'arrays({ samples, labels, shape }) makes a data set of arrays';

/** Refuses a value that is not a data set, saying what it seems to be. @throws LanewiseError kind 'data'. */
export function checkForm(data: unknown): void {
  const is = (found: string, hint?: string): never => {
    throw new LanewiseError(
      'data',
      `the data set is ${found}, expected samples with labels, or inputs with targets`,
      hint,
    );
  };
  if (typeof data !== 'object' || data === null) is(quote(data));
  const given = data as Readonly<Record<string, unknown>>;
  if (Array.isArray(given) || ArrayBuffer.isView(given)) is('an array', ARRAYS);
  if (given instanceof Promise) is('a promise', 'await it');
  const has = (name: string): boolean => name in given;
  if (has('train') && has('test')) is('both parts, train and test', 'take one of the two');
  if (has('predict') && has('weights'))
    is('a trained model', 'the model comes first, then the data');
  if (['inputs', 'open', 'reader', 'samples', 'labels', 'targets'].some(has)) return;
  const names = Object.keys(given);
  is(names.length > 0 ? `an object of ${names.slice(0, 8).join(', ')}` : 'an empty object', ARRAYS);
}

/** The fits of formats/resize.ts, which data sets in memory do not load. */
const FITS: readonly Fit[] = ['crop', 'pad', 'stretch'];

/** Whether a value is right, and what is. */
type Expectation = readonly [isRight: (value: unknown) => boolean, expected: string];

/* @__NO_SIDE_EFFECTS__ */
function among(known: readonly unknown[]): Expectation {
  return [(value) => known.includes(value), `one of ${known.join(', ')}`];
}

/** The descriptive fields that a data set may have beside its arrays. */
const SAID: Readonly<Record<string, Expectation>> = {
  transforms: [Array.isArray, 'a list'],
  fit: /* @__PURE__ */ among(FITS),
  table: [isObject, 'an object, as csvDataset makes it'],
  text: [
    (value) =>
      isObject(value) && Number.isInteger(value['length']) && (value['length'] as number) > 0,
    'an object, as textWindows makes it',
  ],
  origin: [isObject, 'an object, as split and subset make it'],
  classes: [(value) => typeof value === 'object' && value !== null, 'names'],
};

/** @throws LanewiseError kind 'data' for a name that is not text, or a descriptive field of the wrong form. */
export function checkDescription(data: { readonly name: string }): void {
  const given = data as unknown as Readonly<Record<string, unknown>>;
  const check = (field: string, isRight: boolean, expected: string): void => {
    if (isRight) return;
    throw new LanewiseError(
      'data',
      `data set ${quote(data.name)}: ${field} is ${quote(given[field])}, expected ${expected}`,
    );
  };
  check('name', typeof data.name === 'string', 'a text');
  for (const [field, [isRight, expected]] of Object.entries(SAID))
    if (given[field] !== undefined) check(field, isRight(given[field]), expected);
}

/** @throws LanewiseError kind 'data' for a field that nothing reads: a mistyped name, or another library's. */
export function checkKnown(what: string, value: object, known: Known<object>): void {
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  const names = Object.keys(known);
  throw new LanewiseError(
    'data',
    `${what}: nothing reads ${quote(unknown)}, expected ${names.join(', ')}`,
    suggest(unknown, names),
  );
}

/**
 * Checks weights, if there are any.
 * @throws LanewiseError kind 'data' for a length not in `lengths`, or an invalid weight.
 */
export function checkWeights(what: string, weights: unknown, lengths: readonly number[]): void {
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

/** @throws LanewiseError kind 'data' for a value that is not an object, such as a missing field. */
export function checkObject(what: string, value: unknown): void {
  if (isObject(value)) return;
  throw new LanewiseError('data', `${what} is ${show(value)}, expected an object`);
}

/** Checks that inputs and targets by name all have the same number of samples. @throws LanewiseError kind 'data'. */
export function checkFields(data: TensorDataset): void {
  let count: number | undefined;
  for (const role of ['inputs', 'targets'] as const) {
    checkObject(`'${role}' of data set '${data.name}'`, data[role]);
    for (const [key, field] of Object.entries(data[role])) {
      const what = `data set '${data.name}', ${role.slice(0, -1)} '${key}'`;
      checkObject(what, field);
      checkKnown(what, field, FIELD);
      const { transforms } = field as { readonly transforms?: unknown };
      if (transforms !== undefined && !Array.isArray(transforms))
        throw new LanewiseError(
          'data',
          `${what}: transforms is ${show(transforms)}, expected a list`,
        );
      count = checkField(what, field, count);
      if (role === 'inputs' && field.weights !== undefined) {
        throw new LanewiseError(
          'data',
          `${what}: there are weights, which only targets have`,
          'weights of samples are `weights` of the data set',
        );
      }
      checkWeights(what, field.weights, [count, field.values.length]);
    }
  }
}

/** Checks one field of `count` samples and returns their number; the first field determines it. */
function checkField(what: string, { shape, values }: Field, count?: number): number {
  if (![Uint8Array, Int32Array, Float32Array].some((type) => values instanceof type)) {
    throw new LanewiseError(
      'data',
      `${what}: values are ${typeName(values)}, expected Uint8Array, Int32Array or Float32Array`,
      'Float32Array.from(values) for numbers, Int32Array.from(values) for classes',
    );
  }
  if (!Array.isArray(shape) || !shape.every((e: number) => Number.isInteger(e) && e > 0))
    throw new LanewiseError('data', `${what}: shape is ${String(shape)}, expected whole numbers`);
  const expected = count ?? Math.floor(values.length / sizeOf(shape));
  if (values.length === expected * sizeOf(shape)) return expected;
  throw new LanewiseError(
    'data',
    `${what}: ${values.length} values of shape ${showShape(shape)}, expected ${expected} samples as in the first input`,
  );
}

/** Images in memory with their labels. @throws LanewiseError kind 'data'. */
export function checkImages(data: Dataset): void {
  const { name, shape, labels, samples } = data;
  checkType(name, 'samples', samples, [Uint8Array, Float32Array]);
  checkType(name, 'labels', labels, [Uint8Array, Int32Array]);
  checkClassesAndShape(data);
  const expected = labels.length * sizeOf(shape);
  if (labels.length > 0 && samples.length !== expected) {
    throw new LanewiseError(
      'data',
      `data set '${name}': ${labels.length} labels need ${expected} values of shape ${showShape(shape)}, found ${samples.length}`,
    );
  }
  checkLabels(data);
}

/** Images that a reader reads. @throws LanewiseError kind 'data'. */
export function checkRead(data: StreamedDataset): void {
  const { name, reader, labels } = data;
  checkValueType(name, reader?.type);
  if (typeof reader.read !== 'function') {
    throw new LanewiseError(
      'data',
      `data set '${name}': its reader's read is ${show(reader.read)}, expected a function`,
    );
  }
  checkType(name, 'labels', labels, [Uint8Array, Int32Array]);
  checkClassesAndShape(data);
  checkLabels(data);
}

/** Checks labels. A label below 0 is no class: losses refuse or ignore it. */
function checkLabels({ name, labels, classes }: Pick<Dataset, 'name' | 'labels' | 'classes'>) {
  const wrong = labels.findIndex((label) => label >= classes.length);
  if (wrong < 0) return;
  throw new LanewiseError(
    'data',
    `data set '${name}': label ${labels[wrong]} of sample ${wrong}, expected a whole number from 0 to ${classes.length - 1}`,
    labels[wrong] === 255
      ? 'samples of no class have -1 or -100 in an Int32Array, for crossEntropy({ ignoreIndex: -100 })'
      : undefined,
  );
}

/** Checks a stream before it is opened. @throws LanewiseError kind 'data' unless it has a type, a length and a function `open`. */
export function checkStream({ name, length, type, open }: SampleStream): void {
  checkValueType(name, type);
  if (!Number.isInteger(length) || length < 0) {
    throw new LanewiseError(
      'data',
      `data set '${name}': length is ${show(length)}, expected the number of its samples`,
    );
  }
  if (typeof open === 'function') return;
  throw new LanewiseError(
    'data',
    `data set '${name}': open is ${show(open)}, expected a function that returns an async iterable`,
  );
}

/** @throws LanewiseError kind 'data' for invalid class names, or a shape that is not an image's. */
export function checkClassesAndShape({
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

function checkValueType(name: string, type: unknown): void {
  if (type === 'uint8' || type === 'float32') return;
  throw new LanewiseError(
    'data',
    `data set '${name}': type is ${show(type)}, expected uint8 or float32`,
  );
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

/** The class name of a value of the wrong type. */
const typeName = (value: unknown): string =>
  (value as object | null | undefined)?.constructor?.name ?? String(value);
