/**
 * Minibatches that users build, as data sets. They are samples and what these are compared with, in the forms that
 * `arrays` and `predict` take, or some samples of a data set.
 */
import { checkKeys, isList, isObject, quote, refuse } from '../base/check.js';
import { arrays, type ArraysOptions } from '../data/arrays.js';
import type { AnyDataset, Dataset, Field, TensorDataset } from '../data/dataset.js';
import { isStreamed, samplesOf } from '../data/forms.js';
import type { Fields, Samples } from '../data/samples.js';
import { LanewiseError } from '../base/errors.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import { lossTerms, targetsOf, type LossSetting } from '../losses/terms.js';
import { suggest } from '../base/suggest.js';
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
const OF_DATA = ['name', 'classes', 'vocabulary', 'table', 'origin'];
const KNOWN = ['inputs', 'labels', 'targets', 'weights'];

const fault = (message: string, hint?: string): never => {
  throw new LanewiseError('data', message, hint);
};

/**
 * The batch as samples, which share the typed arrays given.
 * @param loss of the model; it says how targets are named
 * @throws LanewiseError for anything else, naming it.
 */
export function minibatchData(
  model: Model,
  loss: LossSetting | undefined,
  most: number,
  batch: StepData,
): Samples {
  const samples = samplesOf(dataOf(model, loss, batch));
  const { count } = samples;
  if (count <= most) return samples;
  return fault(
    `a batch of ${count} samples, expected at most ${most}`,
    `the setting batch says how many there can be: batch: ${count}`,
  );
}

function dataOf(model: Model, loss: LossSetting | undefined, batch: StepData): AnyDataset {
  if (!isObject(batch))
    refuse('step', 'batch', batch, 'an object with inputs and labels or targets');
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
  const found = {
    ...mapFields(named(labels, 'labels'), (values, name) =>
      labelsField(model, name, values, count),
    ),
    ...mapFields(named(targets, 'targets'), (values, name) =>
      valuesField(model, name, values, count),
    ),
  };
  const ofData = Object.entries(batch).filter(([name]) => OF_DATA.includes(name));
  return {
    name: 'batch',
    ...Object.fromEntries(ofData),
    inputs: fields,
    targets: found,
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
