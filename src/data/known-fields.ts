/** Fields of data sets that somebody reads: one that nobody does is another library's name, or mistyped. */
import { quote, suggest } from '../check.js';
import { LanewiseError } from '../errors.js';
import type { AnyDataset, Dataset, Field, TensorDataset } from './dataset.js';
import type { Fit } from '../formats/resize.js';
import type { StreamedDataset } from './streamed.js';

type Known<T> = Readonly<Record<keyof T, true>>;

const NAMED = { name: true, classes: true, transforms: true, shape: true } as const;

const FIELD: Known<Field> & { readonly weights: true } = {
  shape: true,
  values: true,
  as: true,
  transforms: true,
  weights: true,
};

/** Image folders say their files. */
const LABELLED: Known<Dataset & StreamedDataset> & { readonly files: true } = {
  ...NAMED,
  samples: true,
  labels: true,
  weights: true,
  fit: true,
  table: true,
  origin: true,
  reader: true,
  fingerprint: true,
  files: true,
};

/** Tables say what their values are. */
const TENSORS: Known<TensorDataset> & { readonly features: true } = {
  name: true,
  inputs: true,
  targets: true,
  weights: true,
  classes: true,
  vocabulary: true,
  table: true,
  origin: true,
  features: true,
};

const ARRAYS = 'arrays({ samples, labels, shape }) makes a data set of arrays';

/** What is no data set at all, and what it seems to be. @throws LanewiseError kind 'data'. */
export function checkForm(data: unknown): asserts data is AnyDataset {
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

/** @throws LanewiseError kind 'data' for a field that nothing reads. */
export function checkKnown(data: AnyDataset): void {
  // What opens a stream may keep what it needs beside it.
  if ('open' in data) return;
  const kind = 'inputs' in data ? TENSORS : LABELLED;
  checkNames(`data set '${data.name}'`, data, kind);
}

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of formats/resize.ts, which a data set in memory does without. */
const FITS: readonly Fit[] = ['crop', 'pad', 'stretch'];

/** What a data set may say of itself beside its arrays. */
const SAID: Readonly<Record<string, readonly [(value: unknown) => boolean, string]>> = {
  transforms: [Array.isArray, 'a list'],
  fit: [(value) => FITS.includes(value as Fit), `one of ${FITS.join(', ')}`],
  table: [isObject, 'an object, as csvDataset makes it'],
  origin: [isObject, 'an object, as split and subset make it'],
  classes: [(value) => typeof value === 'object' && value !== null, 'names'],
};

/** @throws LanewiseError kind 'data' for a name that is no text, and what it says of itself in another form. */
export function checkDescription(data: AnyDataset): void {
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

/** As `checkKnown`, of one array of a data set. */
export const checkKnownField = (what: string, field: object): void =>
  checkNames(what, field, FIELD);

function checkNames(what: string, value: object, known: Readonly<Record<string, true>>): void {
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  const names = Object.keys(known);
  throw new LanewiseError(
    'data',
    `${what}: nothing reads ${quote(unknown)}, expected ${names.join(', ')}`,
    suggest(unknown, names),
  );
}
