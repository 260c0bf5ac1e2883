/** The public functions for looking into models, in any runtime. Each loads what it needs when it is called. */
import { listOf, refuse, type Check } from '../base/check.js';
import type { AnyDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { checkComplete, checkModel } from '../trained/check-weights.js';
import type { Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import { lossTerms, type LossTerm } from '../losses/terms.js';
import type { LossName } from '../losses/loss-kinds.js';
import type { Weights } from '../crew/session.js';
import type { Divergence } from './divergence.js';
import type { Probe } from './probe.js';

const termOf: Check = (owner, name, value) => {
  if (typeof (value as LossTerm | null)?.loss?.perSample !== 'function')
    refuse(owner, name, value, 'a term of a loss: those of a trained model are its terms');
};

/** See look/probe.ts. `loss` is a name, such as `crossEntropy`, or the terms of a trained model. */
export async function createProbe(
  model: Model,
  loss: LossName | readonly LossTerm[],
  data: AnyDataset,
  numerics?: Numerics,
): Promise<Probe> {
  checkModel(model);
  const terms = typeof loss === 'string' ? lossTerms(loss, [...model.outputs.keys()]) : loss;
  listOf(termOf)('createProbe', 'terms', terms);
  const samples = samplesOf(data);
  return (await import('./probe.js')).createProbe(model, terms, samples, numerics);
}

/** See look/divergence.ts. */
export async function explainDivergence(
  model: Model,
  terms: readonly LossTerm[],
  weights: Weights,
  data: AnyDataset,
  numerics?: Numerics,
): Promise<Divergence> {
  checkModel(model);
  listOf(termOf)('explainDivergence', 'terms', terms);
  const samples = samplesOf(data);
  checkComplete(model, weights);
  const { explainDivergence } = await import('./divergence.js');
  return explainDivergence(model, terms, weights, samples, numerics);
}
