/** What is public of looking into models, in any runtime. Each loads what it needs when it is called. */
import type { AnyDataset } from '../data/dataset.js';
import type { Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import type { LossTerm } from '../losses/terms.js';
import type { Weights } from '../parallel/session.js';
import type { Divergence } from './divergence.js';
import type { Probe } from './probe.js';

/** See training/probe.ts. */
export async function createProbe(
  model: Model,
  terms: readonly LossTerm[],
  data: AnyDataset,
  numerics?: Numerics,
): Promise<Probe> {
  return (await import('./probe.js')).createProbe(model, terms, data, numerics);
}

/** See training/divergence.ts. */
export async function explainDivergence(
  model: Model,
  terms: readonly LossTerm[],
  weights: Weights,
  samples: AnyDataset,
  numerics?: Numerics,
): Promise<Divergence> {
  const { explainDivergence } = await import('./divergence.js');
  return explainDivergence(model, terms, weights, samples, numerics);
}
