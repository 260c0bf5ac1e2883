/** The data set constructor for arrays in memory. */
import { checkFinite } from '../base/check-values.js';
import { checkOptions, extent, isList, listOf, text, type Checks } from '../base/check.js';
import { LanewiseError, show } from '../base/errors.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';
import type { Dataset, Field, TensorDataset } from './dataset.js';
import { checkDataset } from './forms.js';
import { areNumbers } from './target-names.js';

/** Numbers in sequence. */
export type Numbers = ArrayLike<number>;

/** Samples in memory, with their labels or targets and names. */
export interface ArraysOptions {
  /**
   * All samples in sequence, or a list with one array per sample. A Uint8Array stays bytes, which count 0–255;
   * everything else becomes float32.
   */
  readonly samples: Numbers | readonly Numbers[];
  /** The class of each sample, by index or by name. */
  readonly labels?: Numbers | readonly string[];
  /** Instead of labels: the numbers to predict, equally many for each sample, or a list with one array per sample. */
  readonly targets?: Numbers | readonly Numbers[];
  /** Shape of one sample; default as many values as it has. With three extents and labels the samples are images. */
  readonly shape?: Shape;
  /** Class names; default the names that occur, in order, or 0, 1, 2 …. */
  readonly classes?: readonly string[];
  /** The name in messages; default `arrays`. */
  readonly name?: string;
}

const ARRAYS: Checks<ArraysOptions> = {
  samples: true,
  labels: true,
  targets: true,
  shape: /* @__PURE__ */ listOf(extent),
  classes: /* @__PURE__ */ listOf(text),
  name: text,
};

/** Largest number of classes that numeric labels may imply. */
const MAX_CLASSES = 65_536;

/**
 * A `Dataset` of images if the shape has three extents and there are labels; else a `TensorDataset` with input `input`
 * and target `output`: class indices, or numbers of shape [numbers per sample].
 * @throws LanewiseError kind 'data' if lengths do not agree or values are not finite; kind 'argument' unless either
 * labels or targets are given.
 */
export function arrays(options: ArraysOptions): Dataset | TensorDataset {
  checkOptions('arrays', options, ARRAYS, {
    x: 'x are samples here',
    y: 'y are labels, or targets to predict',
  });
  const { samples, labels, targets, shape, classes, name = 'arrays' } = options;
  checkList(`samples of '${name}'`, samples);
  if ((labels === undefined) === (targets === undefined)) {
    throw new LanewiseError(
      'argument',
      `arrays: ${labels ? 'labels and targets are both' : 'neither labels nor targets are'} given, expected one of them`,
    );
  }
  if (labels) {
    checkList(`labels of '${name}'`, labels);
    const known = classLabels(name, labels, classes);
    const input = fieldOf(`samples of '${name}'`, samples, labels.length, shape);
    return labelled(name, input, known);
  }
  checkList(`targets of '${name}'`, targets);
  // A list of arrays says how many samples there are, else one number is the target of each.
  const counted = [samples, targets!].find(isNested);
  const count =
    counted?.length ??
    (shape ? Math.floor((samples as Numbers).length / sizeOf(shape)) : targets!.length);
  const input = fieldOf(`samples of '${name}'`, samples, count, shape);
  const output = fieldOf(`targets of '${name}'`, targets!, count, undefined);
  const values = { ...output, values: Float32Array.from(output.values) };
  return checkDataset({ name, inputs: { input }, targets: { output: values } });
}

/** Class indices and the class names. */
export interface Labels {
  readonly labels: Uint8Array | Int32Array;
  readonly classes: readonly string[];
}

/** Samples with one class each: images if they have three extents. */
export function labelled(
  name: string,
  input: Field,
  { labels, classes }: Labels,
): Dataset | TensorDataset {
  const { shape, values } = input;
  if (shape.length === 3 && !(values instanceof Int32Array)) {
    const [channels, height, width] = shape as [number, number, number];
    return checkDataset({
      name,
      shape: [channels, height, width],
      classes,
      samples: values,
      labels,
    });
  }
  const output: Field = { shape: [], values: labels };
  const named = areNumbers(classes) ? {} : { classes };
  return checkDataset({ name, inputs: { input }, targets: { output }, ...named });
}

/**
 * @throws LanewiseError kind 'data' for a label that is not a whole number of at least 0, or not one of the classes.
 */
export function classLabels(
  name: string,
  found: Numbers | readonly string[],
  given: readonly string[] | undefined,
): Labels {
  const isText = typeof found[0] === 'string';
  const classes =
    given ?? (isText ? [...new Set(found as readonly string[])].toSorted() : undefined);
  const places = new Map((classes ?? []).map((text, place) => [text, place]));
  const labels = new Int32Array(found.length);
  for (let i = 0; i < found.length; i++) {
    const label = found[i]!;
    const place = isText ? places.get(label as string) : (label as number);
    const limit = classes?.length ?? MAX_CLASSES;
    if (place === undefined || !Number.isInteger(place) || place < 0 || place >= limit) {
      throw new LanewiseError(
        'data',
        `'${name}': label ${show(label)} of sample ${i}, expected ${
          isText ? `one of ${classes!.join(', ')}` : `a whole number of 0–${limit - 1}`
        }`,
      );
    }
    labels[i] = place;
  }
  if (classes) return { labels, classes };
  const count = labels.reduce((most, label) => Math.max(most, label + 1), 0);
  return { labels, classes: Array.from({ length: count }, (_, i) => String(i)) };
}

const isNested = (values: Numbers | readonly Numbers[]): values is readonly Numbers[] =>
  typeof values[0] === 'object';

function checkList(what: string, value: unknown): void {
  if (isList(value)) return;
  throw new LanewiseError('data', `${what} are ${show(value)}, expected a list or a typed array`);
}

/** `count` samples as one array: bytes stay bytes, everything else becomes float32. */
function fieldOf(
  what: string,
  values: Numbers | readonly Numbers[],
  count: number,
  shape: Shape | undefined,
): Field {
  checkList(what, values);
  const flat = isNested(values) ? joined(what, values) : values;
  const found = isNested(values) ? values.length : shape ? flat.length / sizeOf(shape) : undefined;
  if (found !== undefined && found !== count)
    throw new LanewiseError('data', `${what}: ${found}, expected ${count}, one for each target`);
  const extents = shape ?? [flat.length / Math.max(count, 1)];
  if (
    flat.length !== count * sizeOf(extents) ||
    !extents.every((e) => Number.isInteger(e) && e > 0)
  ) {
    throw new LanewiseError(
      'data',
      `${what}: ${flat.length} values${shape ? ` of shape ${showShape(shape)}` : ''} are not ${count} samples`,
    );
  }
  if (flat instanceof Uint8Array) return { shape: extents, values: flat };
  const floats = flat instanceof Float32Array ? flat : Float32Array.from(flat);
  checkFinite('data', what, floats);
  return { shape: extents, values: floats };
}

function joined(what: string, rows: readonly Numbers[]): Uint8Array | Float32Array {
  const size = rows[0]!.length;
  const areBytes = rows.every((row) => row instanceof Uint8Array);
  const flat = areBytes ? new Uint8Array(rows.length * size) : new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    checkList(`${what}, ${i}`, row);
    if (row.length !== size) {
      throw new LanewiseError(
        'data',
        `${what}: sample ${i} has ${row.length} values, sample 0 has ${size}`,
      );
    }
    flat.set(row, i * size);
  });
  return flat;
}
