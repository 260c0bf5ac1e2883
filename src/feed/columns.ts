/**
 * A data set as a run holds it: one column for each array that samples are gathered from, with what turns
 * its values into a leaf's. Everything that data and model must agree on is checked here.
 */
import type { Field } from '../data/dataset.js';
import { inputOf, UNNAMED, type Samples } from '../data/samples.js';
import { shapeAfter } from '../data/transforms/chain.js';
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
  /** What brings the samples that are not in `columns`: the first column's values are then empty. */
  readonly source?: Samples;
}

/**
 * The columns that `model` with the losses of `terms` reads from a data set.
 * @throws LanewiseError kind 'data' naming the array, what was found and what the model takes.
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
    ...(source ? { source: data } : {}),
  };
}

/**
 * The columns of a further data set of the same run, which the same programs read: weights are not among
 * them if the first has none.
 * @throws LanewiseError kind 'data' if a target has another type or shape than in the first.
 */
export function matchColumns(first: Columns, other: Columns): Columns {
  const describe = ({ dtype, shape }: Column) => `${dtype} ${showShape(shape)}`;
  // What counts of this data set's targets does so whether or not there are such weights in the first.
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

/** `one` is the value that counts as 1. x = (v/255 − mean)/deviation for bytes, (v − mean)/deviation for floats; the border is v = 0. */
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
  const shape = augmentation ? shapeAfter(augmentation.transforms, field.shape) : field.shape;
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
  // Transforms see v/255 already.
  const isCounted = values instanceof Uint8Array && !augmentation;
  const scale = scaleOf(settings, isCounted ? 255 : 1);
  const channels = scale.scales ? shape[0]! : 1;
  const area = sizeOf(shape) / channels;
  return {
    leaves: [inputLeaf(name)],
    values,
    ...(augmentation ? { augmentation } : {}),
    dtype: 'f32',
    shape: settings.shape,
    extents: framed
      ? [shape[0]!, shape[1]!, shape[2]!, settings.shape[1]!, settings.shape[2]!]
      : [channels, 1, area, 1, area],
    ...scale,
  };
}

/** Images may be smaller than the model's; everything else has its shape. */
function checkInputShape(what: string, found: Shape, expected: Shape): void {
  const image = found.length === 3 && expected.length === 3;
  const fits = image
    ? found[0] === expected[0] && found[1]! <= expected[1]! && found[2]! <= expected[2]!
    : showShape(found) === showShape(expected);
  if (fits) return;
  throw new LanewiseError(
    'data',
    `${what} has samples of ${showShape(found)}, the model takes ${showShape(expected)}${expected.length === 3 ? ' or smaller images of as many channels' : ''}`,
  );
}
