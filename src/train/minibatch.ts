/**
 * Minibatches that users build, as data sets. They are samples and what these are compared with, in the forms that
 * `arrays` and `predict` take, or some samples of a data set.
 */
import { checkKeys, isList, isObject, quote, refuse } from '../base/check.js';
import { arrays, type ArraysOptions } from '../data/arrays.js';
import { matchClasses } from '../data/class-names.js';
import type { AnyDataset, Dataset, Field, TensorDataset } from '../data/dataset.js';
import { isStreamed, samplesOf } from '../data/forms.js';
import { checkScale } from '../data/pixel-scale.js';
import type { Fields, Samples } from '../data/samples.js';
import { areNumbers } from '../data/target-names.js';
import { LanewiseError } from '../base/errors.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import { lossTerms, targetsOf, type LossSetting, type LossTerm } from '../losses/terms.js';
import { suggest } from '../base/suggest.js';
import { describeSamples, namesKnown, type DataDescription } from '../trained/data-description.js';
import { samplesField, type NestedNumbers } from '../trained/samples-given.js';

/** Numbers of samples, one sample after another: an array, or lists nested to any depth, one list a sample. */
export type SampleValues = Field['values'] | Uint8ClampedArray | NestedNumbers;

/** A value, or values by name where the model has several inputs or the loss several targets. */
type Named<T> = T | Readonly<Record<string, T | Field>>;

/** Samples for one step, and what outputs are compared with: any number of samples, up to the setting `batch`. */
export interface Batch {
  /** Numbers in the shape of the model's input; a field, `{ shape, values }`, for smaller images. */
  readonly inputs: Named<SampleValues>;
  /** Class indices, one a sample, or as many as an output has places (tokens). */
  readonly labels?: Named<ArrayLike<number>>;
  /** Values to predict, equally many for each sample. */
  readonly targets?: Named<SampleValues>;
  /** How much each sample counts; default 1. */
  readonly weights?: ArrayLike<number> | Readonly<Record<string, Float32Array>>;
}

/** What one step takes: a batch, or a data set of no more samples than `batch`, such as `subset` gives. */
export type StepData = Batch | Dataset | TensorDataset | ArraysOptions;

/** Fields of a data set that a step does not need; they are checked all the same. */
const OF_DATA = ['name', 'classes', 'vocabulary', 'text', 'table', 'origin'];
const KNOWN = ['inputs', 'labels', 'targets', 'weights'];

const fault = (message: string, hint?: string): never => {
  throw new LanewiseError('data', message, hint);
};

/**
 * The batch as samples, with copies of all values, so that the arrays given may be used again at once.
 * @param settings the loss, which says how targets are named, and the largest number of samples
 * @param owner the call, for messages
 * @throws LanewiseError for anything else, naming it.
 */
export function minibatchData(
  model: Model,
  { loss, batch: most }: { readonly loss?: LossSetting; readonly batch: number },
  owner: string,
  batch: StepData,
): Samples {
  const samples = samplesOf(dataOf(model, loss, owner, batch));
  const { count, inputs, targets, weights } = samples;
  if (count > most)
    fault(
      `a batch of ${count} samples, expected at most ${most}`,
      `the setting batch says how many there can be: batch: ${count}`,
    );
  checkCounting(samples);
  return {
    ...samples,
    inputs: copiedFields(inputs),
    targets: copiedFields(targets),
    ...(weights ? { weights: weights.slice() } : {}),
  };
}

/** Checks that weights leave something to learn from: an update without gradients would still move the weights. */
function checkCounting({ targets, weights }: Samples): void {
  const areZero = (list: Float32Array | undefined) => list?.every((weight) => weight === 0);
  const fields = Object.values(targets);
  const isNothing =
    areZero(weights) || (fields.length > 0 && fields.every((field) => areZero(field.weights)));
  if (isNothing) fault('batch: the weights are all 0', 'one sample at least is to count');
}

/** Node's `Buffer` has a `slice` of its own, which does not copy. */
const copiedArray = <A extends Field['values']>(array: A): A =>
  Uint8Array.prototype.slice.call(array) as A;

const copiedFields = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, { values, weights, ...field }]) => [
      name,
      { ...field, values: copiedArray(values), ...(weights ? { weights: weights.slice() } : {}) },
    ]),
  );

/** What is known of the batches so far, and a batch that goes by it. */
export interface DescribedBatch {
  /** The batch, with labels that are indices into the classes known. */
  readonly data: Samples;
  readonly description: DataDescription;
}

/**
 * Matches a batch with what is known of those before it. Names of classes are the first ones that are more than numbers.
 * @throws LanewiseError kind 'data' for samples of unknown classes, and for floats of 0 to 255 after bytes.
 */
export function describedBatch(
  known: DataDescription,
  given: Samples,
  terms: readonly LossTerm[],
): DescribedBatch {
  const names = Object.entries(namesKnown(known, terms)).filter(([, list]) => !areNumbers(list));
  const data = matchClasses(given, Object.fromEntries(names), 'the stepper');
  const [input] = Object.values(data.inputs);
  checkScale(known.samples?.type, input?.values, 'batch: inputs', 'those before were');
  const found = describeSamples(data, terms);
  const classes = namesOfBoth(known.classes, found.classes);
  const targets = Object.keys({ ...known.targetClasses, ...found.targetClasses });
  const lists = targets.map((target) => {
    const [then, now] = [known.targetClasses?.[target], found.targetClasses?.[target]];
    return [target, namesOfBoth(then, now)!] as const;
  });
  const areNew = found.samples?.type === 'uint8' && known.samples?.type !== 'uint8';
  const samples = areNew ? found.samples : (known.samples ?? found.samples);
  const isSame =
    classes === known.classes &&
    samples === known.samples &&
    lists.every(([target, list]) => list === known.targetClasses?.[target]);
  if (isSame) return { data, description: known };
  const description = {
    ...(classes ? { classes } : {}),
    ...(targets.length > 0 ? { targetClasses: Object.fromEntries(lists) } : {}),
    ...(samples ? { samples } : {}),
  };
  return { data, description };
}

/** Names take the place of numbers, and more numbers that of fewer. */
function namesOfBoth(
  known: readonly string[] | undefined,
  found: readonly string[] | undefined,
): readonly string[] | undefined {
  if (!known || !found) return known ?? found;
  if (!areNumbers(known)) return known;
  return !areNumbers(found) || found.length > known.length ? found : known;
}

/** A copy of a value that a call is given, since it may begin only when others have ended. */
export function copied<T>(value: T, depth = 8): T {
  if (depth === 0 || typeof value !== 'object' || value === null) return value;
  const each = (one: unknown) => copied(one, depth - 1);
  if (ArrayBuffer.isView(value))
    return (value instanceof DataView
      ? value
      : copiedArray(value as unknown as Uint8Array)) as unknown as T;
  if (Array.isArray(value)) return value.map(each) as T;
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, each(one)])) as T;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, each(one)])) as T;
}

function dataOf(
  model: Model,
  loss: LossSetting | undefined,
  owner: string,
  batch: StepData,
): AnyDataset {
  if (!isObject(batch))
    refuse(owner, 'batch', batch, 'an object with inputs and labels or targets');
  if (isStreamed(batch as Dataset))
    fault(
      'a streamed batch, expected samples in memory',
      'loadIntoMemory reads a streamed data set, subset takes samples of it',
    );
  if ('samples' in batch)
    return 'name' in batch && 'classes' in batch && 'shape' in batch
      ? (batch as Dataset)
      : withWeights(batch as ArraysOptions);
  checkKeys('batch', batch, [...KNOWN, ...OF_DATA]);
  const { inputs, labels, targets, weights } = batch as Batch;
  const fields = inputFields(model, inputs);
  const count = countOf(fields);
  const named = (values: unknown, plain: string) => byTarget(model, loss, values, plain);
  const classes = mapFields(named(labels, 'labels'), (values, name) =>
    labelsField(model, name, values, count),
  );
  const values = mapFields(named(targets, 'targets'), (list, name) =>
    valuesField(model, name, list, count),
  );
  const twice = Object.keys(classes).find((name) => Object.hasOwn(values, name));
  if (twice !== undefined)
    fault(`batch: labels and targets are both given for '${twice}', expected one of them`);
  const ofData = Object.entries(batch).filter(([name]) => OF_DATA.includes(name));
  return {
    name: 'batch',
    ...Object.fromEntries(ofData),
    inputs: fields,
    targets: { ...classes, ...values },
    ...(weights === undefined ? {} : { weights: weightsOf(weights) }),
  };
}

/** Number of samples in the first input. */
function countOf(inputs: Fields): number {
  const [first] = Object.values(inputs);
  return first ? Math.floor(first.values.length / sizeOf(first.shape)) : 0;
}

/** A data set of what `arrays` takes, and weights, which `arrays` does not know. */
function withWeights(given: ArraysOptions & { readonly weights?: unknown }): AnyDataset {
  const { weights, ...options } = given;
  const data = arrays({ name: 'batch', ...options });
  return weights === undefined ? data : ({ ...data, weights: weightsOf(weights) } as Dataset);
}

const weightsOf = (weights: unknown): Float32Array | Readonly<Record<string, Float32Array>> =>
  isList(weights)
    ? Float32Array.from(weights as ArrayLike<number>)
    : (weights as Readonly<Record<string, Float32Array>>);

const isField = (value: unknown): value is Field =>
  typeof value === 'object' && value !== null && 'values' in value && 'shape' in value;

function inputFields({ architecture }: Model, given: unknown): Readonly<Record<string, Field>> {
  const known = Object.keys(architecture.inputs);
  const isOne = isList(given) || (isField(given) && !known.includes('values'));
  if (isOne && known.length > 1)
    fault(
      `batch: inputs are one array, the model has ${known.join(', ')}`,
      `inputs: { ${known.map((name) => `${name}: …`).join(', ')} }`,
    );
  if (!isOne && (typeof given !== 'object' || given === null))
    fault(
      `batch: inputs are ${quote(given)}, expected an array, or one for each input by its name`,
    );
  const named = isOne ? { [known[0]!]: given } : (given as Readonly<Record<string, unknown>>);
  const unknown = Object.keys(named).find((name) => !known.includes(name));
  if (unknown !== undefined)
    fault(
      `batch: the model has no input ${quote(unknown)}, expected ${known.join(', ')}`,
      suggest(unknown, known),
    );
  return mapFields(named, (values, name) => {
    const settings = architecture.inputs[name]!;
    const size = sizeOf(settings.shape);
    if (ArrayBuffer.isView(values) && (values as Uint8Array).length % size !== 0)
      fault(
        `batch: input '${name}' has ${(values as Uint8Array).length} values, expected whole samples of ${showShape(settings.shape)}`,
        'a field, { shape, values }, has samples of another shape',
      );
    return samplesField(values, settings);
  });
}

/** Fields as they are, other values as fields. */
function mapFields(
  named: Readonly<Record<string, unknown>>,
  fieldOf: (values: unknown, name: string) => Field,
): Record<string, Field> {
  const fields = Object.entries(named).map(([name, given]): [string, Field] => {
    if (isField(given)) return [name, given];
    if (isList(given)) return [name, fieldOf(given, name)];
    return fault(`batch: '${name}' is ${quote(given)}, expected an array or a field`);
  });
  return Object.fromEntries(fields);
}

/** Values by the names of their targets; unnamed ones are the only target's. */
function byTarget(
  model: Model,
  loss: LossSetting | undefined,
  given: unknown,
  plain: string,
): Readonly<Record<string, unknown>> {
  if (given === undefined) return {};
  if (!isList(given) && !isField(given)) {
    if (typeof given === 'object' && given !== null) return given as Record<string, unknown>;
    return fault(`batch: ${plain} are ${quote(given)}, expected an array, or some by their names`);
  }
  // A function of targets gets labels as a data set of images has them.
  if (typeof loss === 'function') return { [plain]: given };
  const terms = lossTerms(loss ?? 'crossEntropy', [...model.outputs.keys()]);
  const names = [...new Set(terms.flatMap(targetsOf))];
  if (names.length === 1) return { [names[0]!]: given };
  return fault(
    `batch: ${plain} are one array, the loss has targets ${names.join(', ')}`,
    `${plain}: { ${names.map((name) => `${name}: …`).join(', ')} }`,
  );
}

function labelsField(model: Model, name: string, given: unknown, count: number): Field {
  const flat = flatOf(given);
  const wrong = flat.findIndex((value) => !Number.isInteger(value));
  if (wrong >= 0)
    fault(
      `batch: label ${quote(flat[wrong])} at ${wrong}, expected class indices, whole numbers`,
      'numbers to predict are targets',
    );
  // Negative ones may be ignored by the loss.
  const large = flat.findIndex((value) => (value | 0) !== value);
  if (large >= 0)
    fault(
      `batch: label ${quote(flat[large])} at ${large}, expected class indices below ${2 ** 31}`,
    );
  const isTyped = given instanceof Uint8Array || given instanceof Int32Array;
  const values = isTyped ? given : Int32Array.from(flat as number[]);
  const each = perSample('labels', values.length, count);
  const output = model.outputs.get(name);
  const places = [output?.slice(0, -1), output?.slice(1), output];
  const shape = each === 1 ? [] : (places.find((one) => one && sizeOf(one) === each) ?? [each]);
  return { shape, values };
}

function valuesField(model: Model, name: string, given: unknown, count: number): Field {
  const values = given instanceof Float32Array ? given : Float32Array.from(flatOf(given));
  const each = perSample('targets', values.length, count);
  const output = model.outputs.get(name);
  const shape: Shape = output && sizeOf(output) === each ? output : each === 1 ? [] : [each];
  return { shape, values };
}

/** The numbers in nested lists, one after another. */
function flatOf(given: unknown): number[] {
  const flat = Array.from(given as ArrayLike<unknown>).flat(Infinity) as unknown[];
  const wrong = flat.findIndex((value) => typeof value !== 'number');
  if (wrong >= 0) fault(`batch: ${quote(flat[wrong])} at ${wrong}, expected numbers`);
  return flat as number[];
}

/** Values per sample, a whole number. */
function perSample(what: string, length: number, count: number): number {
  if (length > 0 && length % count === 0) return length / count;
  return fault(`batch: ${length} ${what} for ${count} samples, expected as many for each`);
}
