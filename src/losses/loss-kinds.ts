/** All losses by their kind, for settings that name one and for model files. */
import { LanewiseError, lookUp, show } from '../base/errors.js';
import { suggest } from '../base/suggest.js';
import { crossEntropy, hinge, klDivergence, mapCriterion } from './classes.js';
import type { Loss } from './define.js';
import { gaussian, quantile } from './distributions.js';
import { isFunctionKind, readFunctionLoss } from './function.js';
import * as values from './values.js';

export type { Loss };
export { crossEntropy, hinge, klDivergence, mapCriterion } from './classes.js';
export { gaussian, quantile } from './distributions.js';
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
  quantile,
  gaussian,
} as const;

/** A kind of loss; as a setting it stands for the loss with its defaults. */
export type LossName = keyof typeof constructors;

export const lossNames = Object.keys(constructors) as LossName[];

/** A loss as a model file describes it. */
export type LossDescription = Pick<Loss, 'kind' | 'settings'>;

export const describeLoss = ({ kind, settings }: Loss): LossDescription => ({ kind, settings });

/** @throws LanewiseError kind 'argument' for an unknown kind or settings out of range. */
export function createLoss({ kind, settings }: LossDescription): Loss {
  if (isFunctionKind(kind)) return readFunctionLoss(settings);
  // Settings come from outside: each constructor checks its own.
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
 * The loss that a setting refers to.
 * @throws LanewiseError kind 'argument' for an unknown name, or anything that is not a loss.
 */
export function lossFor(loss: LossName | Loss): Loss {
  if (typeof loss === 'string') return createLoss({ kind: loss, settings: {} });
  if (typeof loss?.perSample === 'function' && typeof loss.scores === 'function') return loss;
  if (typeof loss === 'function') throw refuseFunction(loss);
  throw new LanewiseError(
    'argument',
    `loss is ${show(loss)}, expected a loss or one of ${lossNames.join(', ')}`,
  );
}

/** The error for a function given as a loss: a constructor that was not called, or a function loss where there is no data. */
export function refuseFunction(given: unknown): LanewiseError {
  const name = constructorName(given);
  return name
    ? new LanewiseError(
        'argument',
        `loss is the function ${name}, expected a loss`,
        `call it: ${name}()`,
      )
    : new LanewiseError(
        'argument',
        'loss is a function, expected a loss or its name',
        'a function of outputs and targets is the whole setting loss of train, gradientsOf and createStepper',
      );
}

/** The name of the loss that this function makes, if it is a constructor. */
export const constructorName = (given: unknown): string | undefined =>
  Object.entries(constructors).find(([, create]) => create === given)?.[0];
