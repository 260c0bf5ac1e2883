/** The programs of a run: graphs compiled with places for their leaves and results. */
import { compile } from '../compiler/compile.js';
import { sizeOf, type Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import { address, align, type Address, type Program } from '../program/program.js';
import type { LeafName } from '../feed/column.js';
import type { IoLayout } from '../feed/layout.js';
import { normLeaves } from '../feed/counts.js';
import type { BlockGraph, FedGraph, ShardGraph, Task } from './graphs.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { trainedEntries, type ParameterLayout } from './parameters.js';
import { updatesAtOnce } from './updates-at-once.js';

/** The places of inputs and results, with room for the largest of `counts` samples, a handful of distinct numbers. */
export function layoutIo({ model, columns, scored }: Task, counts: readonly number[]): IoLayout {
  const most = Math.max(...counts);
  const leaves = new Map<LeafName, number>();
  let batchBytes = 0;
  for (const column of [...columns, ...normLeaves(columns)]) {
    for (const leaf of column.leaves) leaves.set(leaf, batchBytes);
    batchBytes += align(most * sizeOf(column.shape) * 4);
  }
  const [shares, scores] = [align(most * 4), 2 * align(most * 4)];
  return {
    leaves,
    randomness: batchBytes,
    batchBytes: batchBytes + align(16),
    loss: 0,
    hits: 4,
    answers: 8,
    counting: 12,
    losses: 0,
    shares,
    scores,
    resultBytes: scores + align(most * sizeOf(model.outputs.get(scored.output)!) * 4),
  };
}

/** The places where a graph's leaves are fed. */
function placesOf(
  { graph, given }: FedGraph,
  io: IoLayout,
  parameters: ParameterLayout,
): Map<Tensor, Address> {
  const leaves = new Map<Tensor, Address>();
  for (const [leaf, tensor] of given) leaves.set(tensor, address('batch', io.leaves.get(leaf)!));
  if (graph.randomness) leaves.set(graph.randomness, address('batch', io.randomness));
  for (const { name, offset } of parameters.entries)
    leaves.set(graph.parameters.get(name)!, address('parameters', offset));
  return leaves;
}

/**
 * The gradients of a shard, taken of its minibatch's mean loss, so that the shards' sums need no scaling. In the places
 * of statistics is the shard's share of their mean. With an optimizer for updates `atOnce`, the gradients have no places:
 * the program updates each parameter itself.
 */
export function gradientProgram(
  shard: ShardGraph,
  io: IoLayout,
  parameters: ParameterLayout,
  atOnce?: Optimizer,
): Program {
  const { graph, count, batch, mean, gradients } = shard;
  // Backward order: the last layer's gradients come first, so its activations are freed first.
  const gradientOutputs = atOnce
    ? []
    : trainedEntries(parameters)
        .map(({ name, offset }) => ({
          tensor: gradients.get(name)!,
          at: address('gradients', offset),
        }))
        .toReversed();
  // The shard's share of the minibatch's mean statistic.
  const observed = parameters.entries
    .filter(({ role }) => role === 'statistic')
    .map(({ name, offset }) => ({
      tensor: ops.scale(graph.observations.get(name)!, count / batch),
      at: address('gradients', offset),
    }));
  return compile({
    name: `gradients of ${count} of ${batch}`,
    leaves: placesOf(shard, io, parameters),
    outputs: [
      { tensor: mean, at: address('results', io.loss) },
      ...(['hits', 'answers', 'counting'] as const).flatMap((name) => {
        const each = shard[name];
        return each ? [{ tensor: ops.weightedSum(each, 1), at: address('results', io[name]) }] : [];
      }),
      ...observed,
      ...gradientOutputs,
    ],
    updates: atOnce && updatesAtOnce(shard, parameters, atOnce),
  });
}

/** The losses, shares of hits and scores of a block of samples. */
export function evaluationProgram(
  block: BlockGraph,
  io: IoLayout,
  parameters: ParameterLayout,
): Program {
  const { count, losses, hits, scores } = block;
  return compile({
    name: `evaluation of ${count}`,
    leaves: placesOf(block, io, parameters),
    outputs: [
      ...(losses ? [{ tensor: losses, at: address('results', io.losses) }] : []),
      ...(hits ? [{ tensor: hits, at: address('results', io.shares) }] : []),
      { tensor: scores, at: address('results', io.scores) },
    ],
  });
}
