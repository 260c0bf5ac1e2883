/** A single computation of a loss and its gradients, in this thread: a training step's graph without the training. */
import { gradients } from '../compiler/differentiate.js';
import type { Samples } from '../data/samples.js';
import type { Numerics } from '../engine/features.js';
import type { Mode, Model } from '../layers/index.js';
import type { LossTerm } from '../losses/terms.js';
import { checkFit } from '../feed/check-fit.js';
import { columnsOf } from '../feed/columns.js';
import { feedSamples } from './feed-samples.js';
import { evaluate } from '../step/compute-tensors.js';
import { meanLoss } from '../step/graphs.js';
import type { Weights } from '../crew/session.js';

export interface GradientRequest {
  readonly by: readonly string[];
  readonly mode: Mode;
  readonly seed: number;
  readonly numerics: Numerics;
}

/** The mean loss of all samples of `data` as a graph, what it is differentiated by, and the values of all leaves. */
export async function lossGraph(
  model: Model,
  weights: Weights,
  data: Samples,
  terms: readonly LossTerm[],
  { by, mode, seed }: Omit<GradientRequest, 'numerics'>,
) {
  const columns = columnsOf(model, terms, data);
  checkFit(model, terms, data, columns.columns, false);
  const { fed, feeds } = await feedSamples(model, columns, mode, seed);
  const { graph } = fed;
  for (const [name, tensor] of graph.parameters) feeds.set(tensor, weights.get(name)!);
  const mean = meanLoss(fed, terms, 1 / columns.count);
  const wanted = by.map((name) => graph.parameters.get(name) ?? graph.inputs.get(name)!);
  return { mean, wanted, feeds };
}

/** The mean loss of all samples of `data` and its gradients by parameters and inputs. */
export async function computeGradients(
  model: Model,
  weights: Weights,
  data: Samples,
  terms: readonly LossTerm[],
  { numerics, ...request }: GradientRequest,
): Promise<{ loss: number; gradients: Map<string, Float32Array> }> {
  const { mean, wanted, feeds } = await lossGraph(model, weights, data, terms, request);
  const [loss, ...found] = await evaluate([mean, ...gradients(mean, wanted)], feeds, { numerics });
  const named = request.by.map((name, i) => [name, found[i]!] as const);
  return { loss: loss![0]!, gradients: new Map(named) };
}
