/** The graph of all samples of a data set as one minibatch, with the values of its leaves. */
import type { Columns } from '../feed/columns.js';
import { isCounts, normLeaf, wholeNorm } from '../feed/counts.js';
import { gatherAll } from '../feed/gather.js';
import type { Tensor } from '../graph/tensor.js';
import type { Mode, Model } from '../layers/index.js';
import { splitSeed } from '../random/philox.js';
import { fedGraph, type FedGraph } from '../step/graphs.js';

/** A graph and the values of all its leaves but the parameters. */
export interface FedSamples {
  readonly fed: FedGraph;
  readonly feeds: Map<Tensor, Float32Array | Int32Array>;
}

/** Gathers all samples at once; random layers draw by `seed`. */
export async function feedSamples(
  model: Model,
  { columns, count }: Pick<Columns, 'columns' | 'count'>,
  mode: Mode,
  seed: number,
): Promise<FedSamples> {
  const fed = fedGraph({ model, columns }, mode, count);
  const { graph, given } = fed;
  const feeds = new Map<Tensor, Float32Array | Int32Array>();
  for (const column of columns)
    feeds.set(given.get(column.leaves[0]!)!, await gatherAll(column, count));
  for (const column of columns.filter(isCounts)) {
    const norm = new Float32Array(count).fill(wholeNorm(column));
    feeds.set(given.get(normLeaf(column.leaves[0]!))!, norm);
  }
  if (graph.randomness) feeds.set(graph.randomness, Int32Array.of(...splitSeed(seed), 0, 0));
  return { fed, feeds };
}
