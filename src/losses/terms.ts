/** The loss of a whole model: weighted terms, each for one output. */
import { finite, isObject, text } from '../base/check.js';
import { LanewiseError, nearest, show } from '../base/errors.js';
import type { LossFunction } from './function.js';
import {
  createLoss,
  lossFor,
  refuseFunction,
  type Loss,
  type LossDescription,
  type LossName,
} from './loss-kinds.js';

/** A share of the total loss: `weight` times the loss of one output. */
export interface LossTerm {
  readonly output: string;
  readonly loss: Loss;
  readonly weight: number;
  /**
   * The target's name in a data set, if it differs from the output's. Data without it can be scored, by the other
   * terms, but not trained on.
   */
  readonly target?: string;
}

/** The target that the term's output is compared with. */
export const targetOf = ({ output, target = output }: LossTerm): string => target;

/** Names of all targets that the term reads. */
export const targetsOf = (term: LossTerm): readonly string[] =>
  term.loss.whole?.targets ?? [targetOf(term)];

/** A loss with its weight if that is not 1, and its target if its name is not the output's. */
export interface WeightedLoss {
  readonly loss: LossName | Loss;
  readonly weight?: number;
  readonly target?: string;
}

/** The loss of one output: a single loss, or the sum of several. */
type OutputLoss = LossName | Loss | WeightedLoss | readonly (LossName | Loss | WeightedLoss)[];

/**
 * One loss for every output, a list of losses to be summed, or separate losses for some outputs:
 * `{ main: 'crossEntropy', aux: { loss, weight: 0.3 } }`; or a function of all outputs and targets.
 */
export type LossSetting =
  | LossFunction
  | LossName
  | Loss
  | readonly (LossName | Loss | WeightedLoss)[]
  | Readonly<Record<string, OutputLoss>>;

const isLoss = (value: unknown): value is Loss => isObject(value) && 'perSample' in value;

/**
 * The terms of `setting` for a model's outputs, in the outputs' order.
 * @throws LanewiseError kind 'argument' for unknown losses and outputs, and weights that are not numbers.
 */
export function lossTerms(setting: LossSetting, outputs: readonly string[]): LossTerm[] {
  if (typeof setting === 'string' || isLoss(setting) || Array.isArray(setting))
    return outputs.flatMap((output) => termsOf(output, setting as OutputLoss));
  if (typeof setting === 'function') throw refuseFunction(setting);
  if (!isObject(setting))
    throw new LanewiseError('argument', `loss is ${show(setting)}, expected a name or a loss`);
  const unknown = Object.keys(setting).find((name) => !outputs.includes(name));
  if (unknown !== undefined) {
    throw new LanewiseError(
      'argument',
      `there is a loss for output '${unknown}', the model has ${outputs.join(', ')}`,
      nearest(unknown, outputs),
    );
  }
  if (Object.keys(setting).length === 0)
    throw new LanewiseError(
      'argument',
      'loss names no output, expected one of ' + outputs.join(', '),
    );
  const named = setting as Readonly<Record<string, OutputLoss>>;
  return outputs.flatMap((output) => {
    const given = named[output];
    return given === undefined ? [] : termsOf(output, given);
  });
}

/** @throws LanewiseError kind 'argument' for an empty list, or anything that is not a loss, weight or target. */
function termsOf(output: string, given: OutputLoss): LossTerm[] {
  const list = (Array.isArray(given) ? given : [given]) as readonly (
    LossName | Loss | WeightedLoss
  )[];
  if (list.length === 0)
    throw new LanewiseError('argument', `the list of losses of output '${output}' is empty`);
  return list.map((one) => {
    const isPlain = !isObject(one) || isLoss(one);
    const { loss, weight = 1, target } = (isPlain ? { loss: one } : one) as WeightedLoss;
    const owner = `the loss of output '${output}'`;
    finite(owner, 'weight', weight);
    if (target !== undefined) text(owner, 'target', target);
    return { output, loss: lossFor(loss), weight, ...(target === undefined ? {} : { target }) };
  });
}

/** A term as a model file describes it. */
export interface TermDescription extends LossDescription {
  readonly output: string;
  readonly weight: number;
  readonly target?: string;
}

export const describeTerms = (terms: readonly LossTerm[]): TermDescription[] =>
  terms.map(({ loss: { kind, settings }, ...term }) => ({ ...term, kind, settings }));

/** The terms that a file describes. @throws LanewiseError kind 'argument' for impossible ones. */
export function readTerms(list: unknown, outputs: readonly string[]): LossTerm[] {
  if (!Array.isArray(list)) throw new LanewiseError('argument', 'there is no list of losses');
  const byOutput = new Map<string, WeightedLoss[]>();
  for (const term of list as Partial<TermDescription>[]) {
    if (!isObject(term) || !isObject(term.settings))
      throw new LanewiseError('argument', 'there is a loss without kind and settings');
    const { weight, target } = term as TermDescription;
    const output = String(term.output);
    const loss = createLoss(term as TermDescription);
    const one = { loss, weight, ...(target === undefined ? {} : { target }) };
    byOutput.set(output, [...(byOutput.get(output) ?? []), one]);
  }
  return lossTerms(Object.fromEntries(byOutput), outputs);
}
