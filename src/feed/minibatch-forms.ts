/**
 * The forms of minibatches that are given one at a time: the contents of their arrays, and their conversion to leaves.
 * Programs read the same leaves for every form; without counts in a minibatch, everything counts once.
 */
import type { Transform } from '../data/transforms/transform.js';
import { sizeOf } from '../graph/tensor.js';
import { plainColumn, WEIGHTS, type Column } from './column.js';
import type { Columns } from './columns.js';
import { areOfOne, isCounts } from './counts.js';

export interface MinibatchForm {
  /** All but the values and the transforms, as text. */
  readonly text: string;
  /** The leaves and their contents as text, for which programs are compiled. */
  readonly leaves: string;
  readonly transforms: readonly Transform[];
  readonly columns: readonly Column[];
}

export function formOf(columns: readonly Column[]): MinibatchForm {
  const told = columns.map(({ values, augmentation, scales, ...column }) => [
    values.constructor.name,
    column,
    augmentation?.shape,
    scales && [scales.unit, ...scales.pairs],
  ]);
  const leaves = columns.map(({ leaves, dtype, shape }) => [leaves, dtype, shape]);
  return {
    text: JSON.stringify(told),
    leaves: JSON.stringify(leaves),
    transforms: columns.flatMap(({ augmentation }) => augmentation?.transforms ?? []),
    columns,
  };
}

/** Whether two forms are equal. Transforms must be the same objects, as some are functions of the user's. */
export const isSameForm = (a: MinibatchForm, b: MinibatchForm): boolean =>
  a.text === b.text &&
  a.transforms.length === b.transforms.length &&
  a.transforms.every((one, i) => one === b.transforms[i]);

/** The minibatch with the count columns of earlier ones, in their order, wherever it has none of its own. */
export function conformed(
  { count, columns }: Columns,
  known: MinibatchForm | undefined,
): readonly Column[] {
  if (!known) return columns;
  const found = new Map(columns.map((column) => [column.leaves[0]!, column]));
  const placed = known.columns.flatMap(({ leaves, shape }): readonly Column[] => {
    const [leaf] = leaves as [string];
    const own = found.get(leaf);
    found.delete(leaf);
    if (own) return [own];
    if (leaf !== WEIGHTS && !isCounts({ leaves })) return [];
    // Weights of samples instead of weights of answers, or vice versa.
    if ([...found.keys()].some((other) => isCounts({ leaves: [other] }) && areOfOne(other, leaf)))
      return [];
    const ones = new Float32Array(count * sizeOf(shape)).fill(1);
    return [plainColumn([leaf], ones, 'f32', shape)];
  });
  return [...placed, ...found.values()];
}
