/** Scores as answers: a row's predictions in the names and units of the targets. */
import { LanewiseError } from '../base/errors.js';
import { intervalReader, widthOfSpread, type Spread } from '../base/spread.js';
import type { TableFormat, TargetFormat } from './table-format.js';
import type { Described } from './table-tools.js';

/**
 * The predictions of a row by the names of their targets: a class's name, a number, or a list of labels. One target has
 * more fields beside its own, such as `scores` by class; several have an answer each.
 */
export type Answer = Readonly<Record<string, unknown>>;

/** Scores of all rows by one output. */
export interface Output {
  readonly name: string;
  readonly scores: Float32Array;
  /** What scores say of the distribution of values, if they do. */
  readonly spread?: Spread | undefined;
}

/** The fields of an answer for one target, from a row of scores. */
type Read = (target: TargetFormat, scores: Float32Array, spread: Spread | undefined) => Answer;

const named = ({ classes }: TargetFormat, scores: Float32Array): Record<string, number> =>
  Object.fromEntries(Array.from(scores, (score, c) => [classes?.[c] ?? String(c), score]));

const KINDS: Readonly<Record<TargetFormat['type'], Read>> = {
  class(target, row) {
    // One score of two classes is that of the second.
    const scores = row.length === 1 ? Float32Array.of(1 - row[0]!, row[0]!) : row;
    let best = 0;
    for (let c = 1; c < scores.length; c++) if (scores[c]! > scores[best]!) best = c;
    return { [target.name]: target.classes?.[best] ?? String(best), scores: named(target, scores) };
  },
  labels(target, scores) {
    const all = named(target, scores);
    return { [target.name]: Object.keys(all).filter((label) => all[label]! >= 0.5), scores: all };
  },
  number({ name }, scores, spread) {
    if (spread) {
      const { value, low, high } = intervalReader(spread)(scores, 0);
      return { [name]: value, low, high };
    }
    return { [name]: scores.length === 1 ? scores[0]! : Array.from(scores) };
  },
};

/**
 * An answer for each of `count` rows. One target is that of the first output; each of several that of the output of its
 * name, or one of as many numbers.
 * @throws LanewiseError kind 'data' for targets that no output predicts.
 */
export function answersOf(
  { targets = [] }: TableFormat,
  outputs: readonly Output[],
  count: number,
): readonly Answer[] {
  const [first] = outputs;
  const width = first!.scores.length / count;
  const rowOf = ({ scores }: Output, row: number): Float32Array => {
    const size = scores.length / count;
    return scores.subarray(row * size, (row + 1) * size);
  };
  if (targets.length <= 1) {
    const [target = { name: first!.name, type: 'number' } as const] = targets;
    return Array.from({ length: count }, (_, row) =>
      KINDS[target.type](target, rowOf(first!, row), first!.spread),
    );
  }
  const own = targets.map(({ name }) => outputs.find((output) => output.name === name));
  const each = first!.spread ? widthOfSpread(first!.spread) : 1;
  const areColumns =
    own.includes(undefined) && outputs.length === 1 && width === targets.length * each;
  const lacking = targets.find((_, i) => !own[i]);
  if (lacking && !areColumns)
    throw new LanewiseError(
      'data',
      `the model has no output '${lacking.name}' for the target of that name, it has ${outputs.map(({ name }) => name).join(', ')}`,
    );
  return Array.from({ length: count }, (_, row) => {
    const answers = targets.map((target, i): readonly [string, unknown] => {
      const output = areColumns ? first! : own[i]!;
      const all = rowOf(output, row);
      const scores = areColumns ? all.subarray(i * each, (i + 1) * each) : all;
      const answer = KINDS[target.type](target, scores, output.spread);
      return [target.name, Object.keys(answer).length === 1 ? answer[target.name] : answer];
    });
    return Object.fromEntries(answers);
  });
}

/** The table with its target, which files of older models do not name: that of an output, of classes if they have names. */
export function withTargets({ table, classes }: Described, output: string): TableFormat {
  const { targets = [{ name: output, type: classes ? 'class' : 'number' }] } = table!;
  const [only, ...others] = targets;
  // The model knows its classes, even where the table was read as numbers.
  if (!only || others.length > 0 || only.classes || !classes || only.type === 'number')
    return { ...table!, targets };
  return { ...table!, targets: [{ ...only, classes }] };
}

/** The outputs beside the scored one that predict targets. */
export const furtherOutputs = (
  { targets = [] }: TableFormat,
  outputs: readonly string[],
  scored: string,
): readonly string[] =>
  targets.length > 1
    ? outputs.filter((name) => name !== scored && targets.some((target) => target.name === name))
    : [];
