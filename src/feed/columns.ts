/**
 * The columns of a run's data set: one per array that samples are gathered from, with the conversion to a leaf's
 * values. All agreements between data and model are checked here.
 */
import type { Field } from '../data/dataset.js';
import { inputOf, UNNAMED, type Samples } from '../data/samples.js';
import { planTransforms } from '../data/transforms/kinds.js';
import { LanewiseError } from '../base/errors.js';
import { channelScales } from '../graph/input-scale.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import type { InputSettings } from '../layers/wire.js';
import type { LossTerm } from '../losses/terms.js';
import {
  augmentationOf,
  inputLeaf,
  plainColumn,
  refuseMissing,
  WEIGHTS,
  type Column,
} from './column.js';
import { isCounts } from './counts.js';
import { targetColumns } from './target-columns.js';

export interface Columns {
  readonly count: number;
  readonly columns: readonly Column[];
  /** The source of the samples that are not in `columns`: the first column's values are then empty. */
  readonly source?: Samples;
}

/**
 * The columns that `model` with the losses of `terms` reads from a data set.
 * @throws LanewiseError kind 'data' naming the array, its contents and what the model takes.
 */
export function columnsOf(model: Model, terms: readonly LossTerm[], data: Samples): Columns {
  const inputs = inputFields(model, data).map(([name, field, settings]) =>
    inputColumn(`data set '${data.name}'`, name, field, settings),
  );
  const targets = targetColumns(model, terms, data);
  const { count, weights, source } = data;
  const weighting = weights ? [plainColumn([WEIGHTS], weights, 'f32', [])] : [];
  return {
    count,
    columns: [...inputs, ...targets, ...weighting],
    source: source && data,
  };
}

/**
 * The columns of another data set of the same run, read by the same programs; weights are left out if the first data
 * set has none.
 */
export function matchColumns(first: Columns, other: Columns): Columns {
  const describe = ({ dtype, shape }: Column) => `${dtype} ${showShape(shape)}`;
  // Counts of this data set's targets apply whether or not the first data set has such weights.
  const columns = other.columns.filter((column) => {
    const [leaf] = column.leaves;
    const known = first.columns.find(({ leaves }) => leaves[0] === leaf);
    if (known && describe(known) !== describe(column)) {
      throw new LanewiseError(
        'data',
        `${leaf} is ${describe(known)} in the first data set and ${describe(column)} in the second, expected the same`,
      );
    }
    return known !== undefined || isCounts(column);
  });
  return { ...other, columns };
}

function inputFields(model: Model, data: Samples): [string, Field, InputSettings][] {
  const inputs = Object.entries(model.architecture.inputs);
  if (inputs.length > 1 && data.inputs[UNNAMED]) {
    throw new LanewiseError(
      'data',
      `data set '${data.name}' has samples and labels, the model has inputs ${inputs.map(([name]) => name).join(', ')}: expected a field for each`,
    );
  }
  return inputs.map(([name, settings]) => [
    name,
    inputOf(data, name) ?? refuseMissing(data.name, 'input', data.inputs, name),
    settings,
  ]);
}

/**
 * The scaling of an input, where `one` is the value that counts as 1. x = (v/255 − mean)/deviation for bytes, (v −
 * mean)/deviation for floats; the border is v = 0.
 */
function scaleOf(
  settings: InputSettings,
  one: number,
): Pick<Column, 'scale' | 'shift' | 'border' | 'scales'> {
  const { mean, deviation } = settings;
  const pairs = channelScales(settings);
  if (pairs) return { scale: 1, shift: 0, border: 0, scales: { unit: 1 / one, pairs } };
  const shift = -(mean as number) / (deviation as number);
  return { scale: 1 / (one * (deviation as number)), shift, border: shift };
}

/** @throws LanewiseError kind 'data' for samples that the input does not take. */
function inputColumn(what: string, name: string, field: Field, settings: InputSettings): Column {
  const { values } = field;
  const { vocabulary, lengths } = settings;
  const augmentation = augmentationOf(what, name, field, vocabulary !== undefined);
  const shape = augmentation
    ? planTransforms(augmentation.transforms, field.shape).shape
    : field.shape;
  checkInputShape(what, shape, settings.shape);
  if (vocabulary !== undefined) {
    const least = lengths === undefined ? 0 : 1;
    const wrong = values.findIndex((v) => v < least || v >= vocabulary || !Number.isInteger(v));
    if (wrong >= 0 || values instanceof Float32Array) {
      const found = wrong >= 0 ? `${values[wrong]} at ${wrong}` : 'Float32Array';
      const expected =
        lengths === undefined
          ? `whole numbers below ${vocabulary}`
          : `lengths from 1 to ${lengths}`;
      throw new LanewiseError(
        'data',
        `${what}: input '${name}' has ${found}, expected ${expected} in a Uint8Array or Int32Array`,
      );
    }
    return plainColumn([inputLeaf(name)], values, 'i32', shape);
  }
  if (values instanceof Int32Array) {
    throw new LanewiseError(
      'data',
      `${what}: input '${name}' has Int32Array values, expected Uint8Array or Float32Array`,
    );
  }
  const framed = shape.length === 3;
  // Transforms receive v/255.
  const isCounted = values instanceof Uint8Array && !augmentation;
  const scale = scaleOf(settings, isCounted ? 255 : 1);
  const channels = scale.scales ? shape[0]! : 1;
  const area = sizeOf(shape) / channels;
  return {
    leaves: [inputLeaf(name)],
    values,
    augmentation,
    dtype: 'f32',
    shape: settings.shape,
    extents: framed
      ? [shape[0]!, shape[1]!, shape[2]!, settings.shape[1]!, settings.shape[2]!]
      : [channels, 1, area, 1, area],
    ...scale,
  };
}

/**
 * Checks the shape of samples: images may be smaller than the model's, rows of a table may be those of features×1×1, and all
 * others have its shape.
 */
function checkInputShape(what: string, found: Shape, expected: Shape): void {
  const image = found.length === 3 && expected.length === 3;
  const isRow = found.length === 1 && showShape([...found, 1, 1]) === showShape(expected);
  const fits = image
    ? found[0] === expected[0] && found[1]! <= expected[1]! && found[2]! <= expected[2]!
    : isRow || showShape(found) === showShape(expected);
  if (fits) return;
  throw new LanewiseError(
    'data',
    `${what} has samples of ${showShape(found)}, the model takes ${showShape(expected)}${expected.length === 3 ? ' or smaller images of as many channels' : ''}`,
  );
}
