/** Models with weights from elsewhere than a training run here: changed by hand, averaged, or imported. */
import { checkOptions, listOf, refuse, text } from '../base/check.js';
import type { Numerics } from '../engine/features.js';
import { pickNumerics } from '../engine/numerics.js';
import type { Model } from '../layers/index.js';
import { lossTerms, type LossSetting } from '../losses/terms.js';
import type { Weights } from '../crew/session.js';
import { checkComplete, checkModel, checkWeights, numericsName } from './check-weights.js';
import { createTrainedModel, type TrainedModel } from './trained-model.js';

/** What a trained model needs to know besides its weights. */
export interface WithWeightsOptions {
  /** The loss it is scored by, which says what its scores mean; default `crossEntropy`. */
  readonly loss?: LossSetting;
  /** Default as in training. */
  readonly numerics?: Numerics;
  /** Names of the classes, in the order of the scores. */
  readonly classes?: readonly string[];
}

/**
 * The model with these weights, which are kept, not copied, so that it can predict, be evaluated and be saved.
 * @throws LanewiseError kind 'argument' unless the weights are exactly the model's, by name and size.
 */
export function withWeights(
  model: Model,
  weights: Weights,
  options: WithWeightsOptions = {},
): TrainedModel {
  const {
    loss = 'crossEntropy',
    numerics = pickNumerics(),
    classes,
  } = checkOptions('withWeights', options, {
    loss: true,
    numerics: numericsName,
    classes: listOf(text),
  });
  checkModel(model);
  checkWeights(model, weights);
  checkComplete(model, weights);
  const terms = lossTerms(loss, [...model.outputs.keys()]);
  const [scores] = model.outputs.values();
  const most = Math.max(2, scores?.length === 1 ? scores[0]! : Infinity);
  if (classes && classes.length > most)
    refuse('withWeights', 'classes', classes, `at most ${most} names, one for each score`);
  // The weights' hash is taken in the model's order.
  const ordered = new Map(model.parameters.map(({ name }) => [name, weights.get(name)!]));
  return createTrainedModel(model, terms, numerics, ordered, classes ? { classes } : {});
}
