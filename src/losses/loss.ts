/** Every loss by its kind: for settings that name one, and for model files. */
import { suggest } from '../check.js';
import { LanewiseError, lookUp, show } from '../errors.js';
import { crossEntropy, hinge, klDivergence, mapCriterion } from './classes.js';
import type { Loss } from './define.js';
import * as values from './values.js';

export type { Loss };
export { crossEntropy, hinge, klDivergence, mapCriterion } from './classes.js';
export * from './values.js';

const constructors = {
  crossEntropy,
  squaredError: values.squaredError,
  meanSquaredError: values.meanSquaredError,
  l1: values.l1,
  huber: values.huber,
  smoothL1: values.smoothL1,
  binaryCrossEntropy: values.binaryCrossEntropy,
  binaryCrossEntropyWithLogits: values.binaryCrossEntropyWithLogits,
  klDivergence,
  hinge,
  binaryHinge: values.binaryHinge,
  mapCriterion,
  cosine: values.cosine,
} as const;

/** A kind of loss; as a setting it stands for that loss with its defaults. */
export type LossName = keyof typeof constructors;

export const lossNames = Object.keys(constructors) as LossName[];

/** A loss as a model file keeps it. */
export type LossDescription = Pick<Loss, 'kind' | 'settings'>;

export const describeLoss = ({ kind, settings }: Loss): LossDescription => ({ kind, settings });

/** @throws LanewiseError kind 'argument' for an unknown kind or settings out of range. */
export function createLoss({ kind, settings }: LossDescription): Loss {
  // Settings come from outside: each constructor checks what it is given.
  // oxlint-disable-next-line typescript/no-explicit-any
  const create: (settings: any) => Loss = lookUp('loss', constructors, kind, suggest);
  if (typeof settings !== 'object' || settings === null) {
    throw new LanewiseError(
      'argument',
      `${kind}: settings are ${String(settings)}, expected an object`,
    );
  }
  return create(settings);
}

/**
 * The loss that a setting means.
 * @throws LanewiseError kind 'argument' for an unknown name, or what is no loss.
 */
export function lossFor(loss: LossName | Loss): Loss {
  if (typeof loss === 'string') return createLoss({ kind: loss, settings: {} });
  if (typeof loss?.perSample === 'function' && typeof loss.scores === 'function') return loss;
  throw new LanewiseError(
    'argument',
    `loss is ${show(loss)}, expected a loss or one of ${lossNames.join(', ')}`,
  );
}
