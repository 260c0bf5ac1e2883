/**
 * Counts of a target: weights of its samples or values, and labels that a loss ignores. A target's loss is the mean
 * weighted by them, over a minibatch in training (as in PyTorch, whose reduction divides by the sum of the weights),
 * over the whole data set in evaluation. A column holds the weights; a leaf of one number beside it holds the
 * minibatch's number of answers over the sum of their weights, so that equal weights change nothing.
 */
import type { Field } from '../data/dataset.js';
import { hasClasses } from '../data/target-names.js';
import { sizeOf } from '../graph/tensor.js';
import { targetOf, type LossTerm } from '../losses/terms.js';
import { normOf } from './norms.js';
import { plainColumn, type Column, type LeafName, type LeafSpec } from './column.js';

const COUNTS = 'counts ';

/** The leaf of a term's weights: one per sample, or one per answer. */
export const countsLeaf = (term: LossTerm, of: 'samples' | 'answers'): LeafName =>
  `${COUNTS}${of} ${term.loss.ignoreIndex ?? ''} ${targetOf(term)}`;

/** The leaf of the factor that a sum of `counts` is multiplied by. */
export const normLeaf = (counts: LeafName): LeafName => `norm ${counts}`;

export const isCounts = ({ leaves }: Pick<LeafSpec, 'leaves'>): boolean =>
  leaves[0]!.startsWith(COUNTS);

/** Whether two such leaves hold weights of the same target, of its samples or its answers. */
export const areOfOne = (a: LeafName, b: LeafName): boolean =>
  a.replace('samples', 'answers') === b.replace('samples', 'answers');

/** How much each sample or each value of a target counts for a term; undefined if all count the same. */
export function countsOf(field: Field, { loss }: LossTerm): Float32Array | undefined {
  const { values, weights, shape } = field;
  const { ignoreIndex } = loss;
  if (ignoreIndex === undefined || !hasClasses(field) || !values.includes(ignoreIndex))
    return weights;
  const size = sizeOf(shape);
  const weightOf = !weights
    ? () => 1
    : weights.length === values.length
      ? (i: number) => weights[i]!
      : (i: number) => weights[Math.floor(i / size)]!;
  return Float32Array.from(values, (label, i) => (label === ignoreIndex ? 0 : weightOf(i)));
}

/** Whether value `i` of a field counts. */
export function countsAt({ values }: Field, counts: Float32Array | undefined, i: number): boolean {
  if (!counts) return true;
  return counts[Math.floor((i * counts.length) / values.length)]! > 0;
}

/** The values with 0 where nothing counts, so that ignored values are valid numbers and classes. */
export function readable(field: Field, counts: Float32Array | undefined): Field['values'] {
  const { values } = field;
  if (!counts?.includes(0)) return values;
  const read = values.slice();
  for (let i = 0; i < read.length; i++) if (!countsAt(field, counts, i)) read[i] = 0;
  return read;
}

/** The column of a term's counts. */
export function countsColumn(term: LossTerm, counts: Float32Array, field: Field): Column {
  const size = sizeOf(field.shape);
  const isEach = size > 1 && counts.length === field.values.length;
  const leaf = countsLeaf(term, isEach ? 'answers' : 'samples');
  return plainColumn([leaf], counts, 'f32', isEach ? [size] : []);
}

/** How much each of `count` samples counts for a term; undefined if all count fully. */
export function answersOf(
  term: LossTerm | undefined,
  columns: readonly Column[],
  count: number,
): Float32Array | undefined {
  const names = term && [countsLeaf(term, 'samples'), countsLeaf(term, 'answers')];
  const column = columns.find(({ leaves }) => names?.includes(leaves[0]!));
  if (!column) return undefined;
  const values = column.values as Float32Array;
  const size = values.length / count;
  const sums = new Float32Array(count);
  values.forEach((weight, i) => (sums[Math.floor(i / size)]! += weight / size));
  return sums;
}

/** The leaves that a graph needs besides the columns'. */
export const normLeaves = (columns: readonly LeafSpec[]): LeafSpec[] =>
  columns
    .filter(isCounts)
    .map(({ leaves }) => ({ leaves: [normLeaf(leaves[0]!)], dtype: 'f32', shape: [] }));

/** The norm of a whole data set. */
export const wholeNorm = ({ values }: Column): number =>
  normOf(
    values.length,
    (values as Float32Array).reduce((total, weight) => total + weight, 0),
  );
