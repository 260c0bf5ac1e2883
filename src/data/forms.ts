/**
 * The external forms of data sets: the fields and checks of each, and its conversion to and from `Samples`. All other
 * work on data is done on `Samples`.
 */
import { checkObject, isObject } from '../base/check.js';
import { LanewiseError, nearest } from '../base/errors.js';
import { sizeOf } from '../graph/tensor.js';
import {
  checkClassesAndShape,
  checkDescription,
  checkFields,
  checkForm,
  checkImages,
  checkKnown,
  checkObject as checkIsObject,
  checkRead,
  checkStream,
  checkWeights,
} from './check-samples.js';
import type {
  AnyDataset,
  Dataset,
  SampleStream,
  StreamedDataset,
  TensorDataset,
} from './dataset.js';
import { UNNAMED, type Fields, type Samples } from './samples.js';
import { checkNames, namesByTarget } from './target-names.js';
import type { ImageShape } from './transforms/transform.js';

/** One form of data sets. */
interface Form<Data> {
  /** The field that distinguishes it from the forms after it. */
  readonly by: string;
  /** All of its fields; undefined if others are allowed. */
  readonly known?: Readonly<Record<string, true>>;
  /** The samples inside. @throws LanewiseError kind 'data' for fields that do not agree. */
  enter(data: Data): Samples;
  leave(samples: Samples): Data;
}

const IMAGES: Readonly<Record<keyof Dataset | keyof StreamedDataset | 'files', true>> = {
  name: true,
  classes: true,
  transforms: true,
  shape: true,
  samples: true,
  labels: true,
  weights: true,
  fit: true,
  table: true,
  vocabulary: true,
  text: true,
  origin: true,
  reader: true,
  fingerprint: true,
  files: true,
};

const TENSORS: Readonly<Record<keyof TensorDataset | 'features' | 'series' | 'windows', true>> = {
  name: true,
  inputs: true,
  targets: true,
  weights: true,
  classes: true,
  vocabulary: true,
  text: true,
  table: true,
  origin: true,
  features: true,
  series: true,
  windows: true,
};

/** Samples of a stream; its opener may keep further fields in it. */
const stream: Form<SampleStream> = {
  by: 'open',
  enter(data) {
    checkStream(data);
    checkClassesAndShape(data);
    const { name, classes, length } = data;
    return {
      name,
      count: length,
      ...imageFields(data, valuesOf(data.type), new Int32Array()),
      classes,
      source: { open: (epoch) => data.open(epoch) },
    };
  },
  leave(samples) {
    const { name, count, classes, source } = samples;
    const { values, ...image } = imageOf(samples);
    return {
      name,
      ...image,
      classes: classes as readonly string[],
      length: count,
      type: values instanceof Uint8Array ? 'uint8' : 'float32',
      open: source!.open!,
    };
  },
};

const tensors: Form<TensorDataset> = {
  by: 'inputs',
  known: TENSORS,
  enter(given) {
    const data = placeWeights(given);
    checkFields(data);
    namesByTarget(data);
    const { name, vocabulary } = data;
    if (vocabulary !== undefined) checkNames(`data set '${name}': vocabulary`, vocabulary);
    const [first] = Object.values(data.inputs);
    const count = first ? Math.floor(first.values.length / sizeOf(first.shape)) : 0;
    return { ...(data as Omit<Samples, 'count'>), count };
  },
  leave(samples) {
    const { count: _, ...others } = samples;
    return others as TensorDataset;
  },
};

/** Images that are read on demand. */
const read: Form<StreamedDataset> = {
  by: 'reader',
  known: IMAGES,
  enter(data) {
    checkRead(data);
    const { shape: _s, labels, transforms: _t, reader, fingerprint, ...others } = data;
    return {
      ...others,
      count: labels.length,
      ...imageFields(data, valuesOf(reader.type), labels),
      source: { reader, ...(fingerprint === undefined ? {} : { fingerprint }) },
    };
  },
  leave(samples) {
    const { values: _, ...image } = imageOf(samples);
    return {
      ...saidOf(samples),
      ...image,
      ...labelsOf(samples),
      ...samples.source,
    } as StreamedDataset;
  },
};

const images: Form<Dataset> = {
  by: 'samples',
  known: IMAGES,
  enter(data) {
    checkImages(data);
    const { shape: _s, samples, labels, transforms: _t, ...others } = data;
    return { ...others, count: labels.length, ...imageFields(data, samples, labels) };
  },
  leave(samples) {
    const { values, ...image } = imageOf(samples);
    return { ...saidOf(samples), ...image, samples: values, ...labelsOf(samples) } as Dataset;
  },
};

/** The input and the target of images with labels. */
const imageFields = (
  { shape, transforms }: Pick<Dataset, 'shape' | 'transforms'>,
  values: Dataset['samples'],
  labels: Dataset['labels'],
): Pick<Samples, 'inputs' | 'targets'> => ({
  inputs: { [UNNAMED]: { shape, values, ...(transforms ? { transforms } : {}) } },
  targets: { [UNNAMED]: { shape: [], values: labels } },
});

/** An empty array of the type. */
const valuesOf = (type: 'uint8' | 'float32'): Dataset['samples'] =>
  type === 'uint8' ? new Uint8Array() : new Float32Array();

function imageOf({ inputs }: Samples) {
  const { shape, values, transforms } = inputs[UNNAMED]!;
  return {
    shape: shape as ImageShape,
    values: values as Dataset['samples'],
    ...(transforms ? { transforms } : {}),
  };
}

const labelsOf = ({ targets }: Samples) => ({
  labels: targets[UNNAMED]!.values as Dataset['labels'],
});

/** The descriptive fields of samples, without their arrays. */
function saidOf({ count: _c, inputs: _i, targets: _t, source: _s, ...others }: Samples) {
  return others;
}

/** A data set has the first form whose field it has, or the last. */
const FORMS = [stream, tensors, read, images] as readonly Form<AnyDataset>[];

const formOf = (data: AnyDataset): Form<AnyDataset> =>
  FORMS.find(({ by }) => by in data) ?? FORMS.at(-1)!;

/** @throws LanewiseError kind 'data' for a field that nothing reads, in a value of a data set's form. */
export function checkNamesOf(
  data: object & { readonly name?: string },
  form = FORMS.find(({ by }) => by in data),
): void {
  if (form?.known) checkKnown(`data set '${data.name}'`, data, form.known);
}

/**
 * A data set as samples, checked.
 * @throws LanewiseError kind 'data' if lengths disagree, it is empty, or a label is not a class.
 */
export function samplesOf(data: AnyDataset): Samples {
  checkForm(data);
  const form = formOf(data);
  checkNamesOf(data, form);
  checkDescription(data);
  const samples = form.enter(data);
  const { name, count, weights } = samples;
  if (count === 0) throw new LanewiseError('data', `data set '${name}' has no samples`);
  checkWeights(`data set '${name}'`, weights, [count]);
  entered.set(samples, data);
  return samples;
}

/** The data sets that samples were given as. */
const entered = new WeakMap<Samples, AnyDataset>();

/**
 * The data set that the samples were given as. Derived samples take its form, or that of images in memory if they have
 * been read since.
 */
export function datasetOf(samples: Samples): AnyDataset {
  const given = entered.get(samples);
  if (given) return given;
  const { source, inputs } = samples;
  const form = source?.open ? stream : source ? read : UNNAMED in inputs ? images : tensors;
  return form.leave(samples);
}

/** A data set of the same form with other samples; the same data set if they are the same. */
export function changed<Data extends AnyDataset>(
  data: Data,
  change: (samples: Samples) => Samples,
): Data {
  return datasetOf(change(samplesOf(data))) as Data;
}

/**
 * Checks that the arrays of a data set agree with each other and returns it.
 * @throws LanewiseError kind 'data' if lengths disagree, it is empty, or a label is not a class.
 */
export function checkDataset<Data extends AnyDataset>(data: Data): Data {
  samplesOf(data);
  return data;
}

/** Whether samples are read on demand. */
export function isStreamed(data: AnyDataset): data is StreamedDataset | SampleStream {
  checkIsObject('the data set', data);
  return [read, stream].includes(formOf(data) as never);
}

/**
 * A data set of samples that arrive in an order of their own, such as a generator's or a server's: training takes them
 * in that order, in the main thread, and shuffles nothing.
 * @throws LanewiseError kind 'data' for an invalid length or type; in training, if an epoch has more or fewer samples
 * than `length`, or a sample does not have its shape or one of its classes.
 */
export function streamOf(given: SampleStream): SampleStream {
  checkObject('streamOf', given, ['name', 'shape', 'classes']);
  checkStream(given);
  return given;
}

/**
 * The data set with weights given by target name moved beside the targets' values.
 * @throws LanewiseError kind 'data' for a name that is not a target's, or a target that already has weights.
 */
function placeWeights(data: TensorDataset): TensorDataset {
  const { weights, ...others } = data;
  if (!isObject(weights)) return data;
  const targets: Record<string, Fields[string]> = { ...data.targets };
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
  return { ...others, targets };
}
