/** The loss of a whole model: one term an output, blended with weights. */
import { LanewiseError, nearest, show } from '../errors.js';
import { createLoss, lossFor, type Loss, type LossDescription, type LossName } from './loss.js';

/** A share of the total loss: `weight` times the loss of one output. */
export interface LossTerm {
  readonly output: string;
  readonly loss: Loss;
  readonly weight: number;
}

/** A loss of one output, with its weight if it is not 1. */
type Weighted = LossName | Loss | { readonly loss: LossName | Loss; readonly weight?: number };

/** One loss for every output, or for some outputs their own: `{ main: 'crossEntropy', aux: { loss, weight: 0.3 } }`. */
export type LossSetting = LossName | Loss | Readonly<Record<string, Weighted>>;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isLoss = (value: unknown): value is Loss => isObject(value) && 'perSample' in value;

/**
 * The terms of `setting` for a model's outputs, in the outputs' order.
 * @throws LanewiseError kind 'argument' for unknown losses and outputs, and weights that are no numbers.
 */
export function lossTerms(setting: LossSetting, outputs: readonly string[]): LossTerm[] {
  if (typeof setting === 'string' || isLoss(setting)) {
    const loss = lossFor(setting as LossName | Loss);
    return outputs.map((output) => ({ output, loss, weight: 1 }));
  }
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
  const named = setting as Readonly<Record<string, Weighted>>;
  return outputs.flatMap((output) => {
    const given = named[output];
    if (given === undefined) return [];
    const { loss, weight = 1 }: Exclude<Weighted, LossName | Loss> =
      isObject(given) && !isLoss(given) ? given : { loss: given };
    if (typeof weight !== 'number' || !Number.isFinite(weight)) {
      throw new LanewiseError(
        'argument',
        `the loss of output '${output}' has weight ${String(weight)}, expected a finite number`,
      );
    }
    return [{ output, loss: lossFor(loss), weight }];
  });
}

/** A term as a model file keeps it. */
export interface TermDescription extends LossDescription {
  readonly output: string;
  readonly weight: number;
}

export const describeTerms = (terms: readonly LossTerm[]): TermDescription[] =>
  terms.map(({ output, weight, loss: { kind, settings } }) => ({ output, weight, kind, settings }));

/** The terms that a file describes. @throws LanewiseError kind 'argument' for what cannot be. */
export function readTerms(list: unknown, outputs: readonly string[]): LossTerm[] {
  if (!Array.isArray(list)) throw new LanewiseError('argument', 'there is no list of losses');
  const entries = (list as Partial<TermDescription>[]).map((term) => {
    if (typeof term !== 'object' || term === null || typeof term.settings !== 'object')
      throw new LanewiseError('argument', 'there is a loss without kind and settings');
    const loss = createLoss(term as TermDescription);
    return [String(term.output), { loss, weight: term.weight as number }] as const;
  });
  return lossTerms(Object.fromEntries(entries), outputs);
}
