/** The columns of targets: class indices, or values. */
import {
  isSampleStream,
  isTensorDataset,
  type AnyDataset,
  type Field,
  type TensorDataset,
} from '../data/dataset.js';
import { shapeAfter } from '../data/transforms/chain.js';
import { LanewiseError } from '../errors.js';
import { showShape, type Shape } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import { targetOf, type LossTerm } from '../losses/terms.js';
import { augmentationOf, fieldOf, plainColumn, targetLeaf, type Column } from './column.js';

/** Class indices; those of a stream come with its samples. */
const labelsOf = (data: Exclude<AnyDataset, TensorDataset>): Uint8Array | Int32Array =>
  isSampleStream(data) ? new Int32Array() : data.labels;

/** One column for each array that terms compare outputs with. @throws LanewiseError kind 'data' for targets that do not fit. */
export function targetColumns(
  model: Model,
  terms: readonly LossTerm[],
  data: AnyDataset,
): Column[] {
  const labels = isTensorDataset(data) ? undefined : { shape: [], values: labelsOf(data) };
  const byField = new Map<Field, Set<string>>();
  for (const term of terms) {
    const { output } = term;
    const fields = isTensorDataset(data) ? data.targets : { [output]: labels! };
    const field = fieldOf(data.name, 'target', fields, targetOf(term));
    const classes = isTensorDataset(data) ? undefined : data.classes.length;
    checkClasses(data.name, output, model.outputs.get(output)!, field, classes);
    byField.set(field, (byField.get(field) ?? new Set()).add(targetOf(term)));
  }
  return [...byField].map(([field, names]) => {
    const { shape, values } = field;
    const scale = values instanceof Uint8Array ? 1 / 255 : 1;
    const integers = hasClasses(field);
    const what = `data set '${data.name}'`;
    const augmentation = augmentationOf(what, [...names][0]!, field, integers);
    if (!integers && values instanceof Int32Array) {
      throw new LanewiseError(
        'data',
        `data set '${data.name}': target '${[...names][0]}' has Int32Array values, expected Float32Array or Uint8Array`,
      );
    }
    const leaves = [...names].map(targetLeaf);
    if (!augmentation) return plainColumn(leaves, values, integers ? 'i32' : 'f32', shape, scale);
    const after = shapeAfter(augmentation.transforms, shape);
    return { ...plainColumn(leaves, values, 'f32', after), augmentation };
  });
}

/** Whether a target holds class indices. */
const hasClasses = ({ values, as = 'classes' }: Field): boolean =>
  !(values instanceof Float32Array) && as === 'classes';

/** Class indices are below the output's classes: its axis 0 for images, else its last; two for a single value. */
function checkClasses(
  data: string,
  output: string,
  shape: Shape,
  field: Field,
  classes: number | undefined,
): void {
  if (!hasClasses(field)) return;
  const values = shape.length === 3 ? shape[0]! : (shape.at(-1) ?? 1);
  // A single value says yes or no.
  const count = values === 1 ? 2 : values;
  if (classes !== undefined && classes > count) {
    throw new LanewiseError(
      'data',
      `data set '${data}' has ${classes} classes, output '${output}' of shape ${showShape(shape)} has room for ${count}`,
    );
  }
  if (classes !== undefined) return;
  const wrong = field.values.findIndex((label) => label < 0 || label >= count);
  if (wrong < 0) return;
  throw new LanewiseError(
    'data',
    `data set '${data}': target '${output}' has ${field.values[wrong]} at ${wrong}, the model has ${count} classes`,
  );
}
