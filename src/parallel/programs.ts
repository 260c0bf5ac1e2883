/** The programs of a model: gradients of one shard, and losses and scores of one block of samples. */
import { compile } from '../compiler/compile.js';
import { gradients, partials } from '../compiler/differentiate.js';
import { nameRefusals } from '../graph/op.js';
import { input, sizeOf, type Tensor } from '../graph/tensor.js';
import type { Mode, Model, ModelGraph } from '../layers/index.js';
import type { Loss } from '../losses/loss.js';
import type { LossTerm } from '../losses/terms.js';
import * as ops from '../ops/index.js';
import { address, align, type Address, type Program } from '../program/program.js';
import { inputLeaf, targetLeaf, WEIGHTS, type Column, type LeafName } from './columns.js';
import type { ParameterLayout } from './parameters.js';

/** What programs read and answer with, shared by compiler and worker: offsets in batch and results segments. */
export interface IoLayout {
  /** Of each leaf that is gathered. */
  readonly leaves: ReadonlyMap<LeafName, number>;
  /** Of the four words that random layers draw by. */
  readonly randomness: number;
  readonly batchBytes: number;
  /** Training results: the shard's share of the loss, and its number of hits. */
  readonly loss: number;
  readonly hits: number;
  /** Evaluation results: a loss and a share of hits for each sample, and its scores. */
  readonly losses: number;
  readonly shares: number;
  readonly scores: number;
  readonly resultBytes: number;
}

/** The output whose scores are wanted, and the loss that says what scores are. */
export interface Scored {
  readonly output: string;
  readonly loss?: Loss | undefined;
}

/** What the programs of a run have in common. */
export interface Task {
  readonly model: Model;
  /** Empty: scores alone are wanted, and nothing is compared. */
  readonly terms: readonly LossTerm[];
  readonly scored: Scored;
  readonly columns: readonly Column[];
}

/** Room for the largest of `counts` samples; a handful of distinct ones. */
export function layoutIo({ model, columns, scored }: Task, counts: readonly number[]): IoLayout {
  const most = Math.max(...counts);
  const leaves = new Map<LeafName, number>();
  let batchBytes = 0;
  for (const column of columns) {
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
    losses: 0,
    shares,
    scores,
    resultBytes: scores + align(most * sizeOf(model.outputs.get(scored.output)!) * 4),
  };
}

/** The model's graph, and the leaves that the columns feed. */
function build({ model, columns }: Task, mode: Mode, count: number) {
  const graph = model.graph(count, mode);
  const given = new Map<LeafName, Tensor>(
    [...graph.inputs].map(([name, tensor]) => [inputLeaf(name), tensor]),
  );
  for (const { leaves, shape, dtype } of columns) {
    const tensor = given.get(leaves[0]!) ?? input(leaves[0]!, [count, ...shape], dtype);
    for (const leaf of leaves) given.set(leaf, tensor);
  }
  return { graph, given };
}

/** The same with the leaves in their places. */
function place(task: Task, mode: Mode, count: number, io: IoLayout, parameters: ParameterLayout) {
  const { graph, given } = build(task, mode, count);
  const leaves = new Map<Tensor, Address>();
  for (const [leaf, tensor] of given) leaves.set(tensor, address('batch', io.leaves.get(leaf)!));
  if (graph.randomness) leaves.set(graph.randomness, address('batch', io.randomness));
  for (const { name, offset } of parameters.entries)
    leaves.set(graph.parameters.get(name)!, address('parameters', offset));
  return { graph, leaves, given };
}

/** Each sample's loss: the terms' blend. */
function lossOf(
  graph: ModelGraph,
  terms: readonly LossTerm[],
  given: ReadonlyMap<LeafName, Tensor>,
): Tensor {
  const parts = terms.map(({ output, loss, weight }) => {
    const value = nameRefusals(output, () =>
      loss.perSample(graph.outputs.get(output)!, given.get(targetLeaf(output))!),
    );
    return weight === 1 ? value : ops.scale(value, weight);
  });
  return parts.reduce((a, b) => ops.add(a, b));
}

/** The samples' losses, each times its weight if there are weights, summed and times `factor`. */
export function meanLoss(
  graph: ModelGraph,
  terms: readonly LossTerm[],
  given: ReadonlyMap<LeafName, Tensor>,
  factor: number,
): Tensor {
  const losses = lossOf(graph, terms, given);
  const weights = given.get(WEIGHTS);
  return ops.weightedSum(weights ? ops.multiply(losses, weights) : losses, factor);
}

/** The first term's share of right answers, where that is something. */
function hitsOf(
  graph: ModelGraph,
  [first]: readonly LossTerm[],
  given: ReadonlyMap<LeafName, Tensor>,
): Tensor | undefined {
  if (!first) return undefined;
  const { output, loss } = first;
  return loss.hits?.(graph.outputs.get(output)!, given.get(targetLeaf(output))!);
}

/** Whether the task has an accuracy: its first loss knows right answers from wrong ones. */
export function countsHits(task: Task): boolean {
  const { graph, given } = build(task, 'evaluation', 1);
  return hitsOf(graph, task.terms, given) !== undefined;
}

const trainedNames = ({ parameters }: Model): string[] =>
  parameters.filter(({ role }) => role === 'trained').map(({ name }) => name);

/**
 * Parameters that the loss of a shard of `count` does not depend on, such as those of an output without a loss.
 */
export function untouched(task: Task, count: number): ReadonlySet<string> {
  const { graph, given } = build(task, 'training', count);
  const names = trainedNames(task.model);
  const by = names.map((name) => graph.parameters.get(name)!);
  const found = partials(meanLoss(graph, task.terms, given, 1), by);
  return new Set(names.filter((_, i) => !found[i]));
}

/**
 * The gradients of a shard of `count` samples of a minibatch of `batch`: of the minibatch's mean loss,
 * so that the shards' sums need no further scaling. Statistics' places get the shard's share of their mean.
 */
export function gradientProgram(
  task: Task,
  count: number,
  batch: number,
  io: IoLayout,
  parameters: ParameterLayout,
): Program {
  const { graph, leaves, given } = place(task, 'training', count, io, parameters);
  const mean = meanLoss(graph, task.terms, given, 1 / batch);
  const hits = hitsOf(graph, task.terms, given);
  const trained = parameters.entries.filter(({ role }) => role === 'trained');
  const by = trained.map(({ name }) => graph.parameters.get(name)!);
  const found = gradients(mean, by);
  // Backward order: the last layer's gradients are wanted first, so its activations are free first.
  const gradientOutputs = trained
    .map(({ offset }, i) => ({ tensor: found[i]!, at: address('gradients', offset) }))
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
    leaves,
    outputs: [
      { tensor: mean, at: address('results', io.loss) },
      ...(hits ? [{ tensor: ops.weightedSum(hits, 1), at: address('results', io.hits) }] : []),
      ...observed,
      ...gradientOutputs,
    ],
  });
}

/** Losses, shares of hits and scores of `count` samples. */
export function evaluationProgram(
  task: Task,
  count: number,
  io: IoLayout,
  parameters: ParameterLayout,
): Program {
  const { graph, leaves, given } = place(task, 'evaluation', count, io, parameters);
  const { terms, scored } = task;
  const output = graph.outputs.get(scored.output)!;
  const hits = hitsOf(graph, terms, given);
  return compile({
    name: `evaluation of ${count}`,
    leaves,
    outputs: [
      ...(terms.length > 0
        ? [{ tensor: lossOf(graph, terms, given), at: address('results', io.losses) }]
        : []),
      ...(hits ? [{ tensor: hits, at: address('results', io.shares) }] : []),
      { tensor: scored.loss?.scores(output) ?? output, at: address('results', io.scores) },
    ],
  });
}
