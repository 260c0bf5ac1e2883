/** A single computation of a loss and its gradients, in this thread: a training step's graph without the training. */
import { gradients } from '../compiler/differentiate.js';
import type { Samples } from '../data/samples.js';
import type { Numerics } from '../engine/features.js';
import type { Tensor } from '../graph/tensor.js';
import type { Mode, Model } from '../layers/index.js';
import type { LossTerm } from '../losses/terms.js';
import { splitSeed } from '../random/philox.js';
import { checkFit } from '../feed/check-fit.js';
import { columnsOf } from '../feed/columns.js';
import { isCounts, normLeaf, wholeNorm } from '../feed/counts.js';
import { evaluate } from '../step/compute-tensors.js';
import { gatherAll } from '../feed/gather.js';
import { fedGraph, meanLoss } from '../step/graphs.js';
import type { Weights } from '../crew/session.js';

export interface GradientRequest {
  readonly by: readonly string[];
  readonly mode: Mode;
  readonly seed: number;
  readonly numerics: Numerics;
}

/** The mean loss of all samples of `data` and its gradients by parameters and inputs. */
export async function computeGradients(
  model: Model,
  weights: Weights,
  data: Samples,
  terms: readonly LossTerm[],
  { by, mode, seed, numerics }: GradientRequest,
): Promise<{ loss: number; gradients: Map<string, Float32Array> }> {
  const { count, columns } = columnsOf(model, terms, data);
  checkFit(model, terms, data, columns, false);
  const fed = fedGraph({ model, columns }, mode, count);
  const { graph, given } = fed;
  const feeds = new Map<Tensor, Float32Array | Int32Array>();
  for (const column of columns)
    feeds.set(given.get(column.leaves[0]!)!, await gatherAll(column, count));
  for (const column of columns.filter(isCounts)) {
    const norm = new Float32Array(count).fill(wholeNorm(column));
    feeds.set(given.get(normLeaf(column.leaves[0]!))!, norm);
  }
  for (const [name, tensor] of graph.parameters) feeds.set(tensor, weights.get(name)!);
  if (graph.randomness) feeds.set(graph.randomness, Int32Array.of(...splitSeed(seed), 0, 0));
  const mean = meanLoss(fed, terms, 1 / count);
  const wanted = by.map((name) => graph.parameters.get(name) ?? graph.inputs.get(name)!);
  const [loss, ...found] = await evaluate([mean, ...gradients(mean, wanted)], feeds, { numerics });
  return { loss: loss![0]!, gradients: new Map(by.map((name, i) => [name, found[i]!])) };
}
