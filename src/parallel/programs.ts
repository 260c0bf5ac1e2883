/** The programs of a model: gradients of one shard, and scores of one block of samples. */
import { compile } from '../compiler/compile.js';
import { gradients } from '../compiler/differentiate.js';
import { input, sizeOf, type Tensor } from '../graph/tensor.js';
import type { Model, ModelGraph } from '../layers/index.js';
import type { Loss } from '../losses/loss.js';
import * as ops from '../ops/index.js';
import { address, align, type Address, type Program } from '../program/program.js';
import { movingEntries, trainedEntries, type ParameterLayout } from './parameters.js';

/** Offsets in the batch and results segments, shared by compiler and worker. */
export interface IoLayout {
  readonly labels: number;
  readonly batchBytes: number;
  /** Training results: the shard's share of the loss, and its number of hits. */
  readonly loss: number;
  readonly hits: number;
  /** Evaluation results: one loss and one row of scores a sample. */
  readonly losses: number;
  readonly scores: number;
  readonly resultBytes: number;
}

/** Room for the largest of `counts` samples; a handful of distinct ones. */
export function layoutIo(model: Model, counts: readonly number[]): IoLayout {
  const most = Math.max(...counts);
  const labels = align(most * sizeOf(model.architecture.input.shape) * 4);
  const scores = align(most * 4);
  return {
    labels,
    batchBytes: labels + align(most * 4),
    loss: 0,
    hits: 4,
    losses: 0,
    scores,
    resultBytes: scores + align(most * model.outputs * 4),
  };
}

function leavesOf(
  graph: ModelGraph,
  labels: Tensor,
  io: IoLayout,
  parameters: ParameterLayout,
): Map<Tensor, Address> {
  const leaves = new Map<Tensor, Address>([
    [graph.samples, address('batch', 0)],
    [labels, address('batch', io.labels)],
  ]);
  for (const { name, offset } of parameters.entries) {
    leaves.set(graph.parameters.get(name)!, address('parameters', offset));
  }
  return leaves;
}

/**
 * The gradients of a shard of `count` samples of a minibatch of `batch`: of the minibatch's mean loss,
 * so that the shards' sums need no further scaling. Statistics' places get the shard's share of their mean.
 */
export function gradientProgram(
  model: Model,
  loss: Loss,
  count: number,
  batch: number,
  io: IoLayout,
  parameters: ParameterLayout,
): Program {
  const graph = model.build(count, 'training');
  const labels = input('labels', [count], 'i32');
  const mean = ops.weightedSum(loss.perSample(graph.output, labels), 1 / batch);
  const hits = ops.weightedSum(ops.correct(graph.output, labels), 1);
  const trained = trainedEntries(parameters);
  const by = trained.map(({ name }) => graph.parameters.get(name)!);
  const found = gradients(mean, by);
  // Backward order: the last layer's gradients are wanted first, so its activations are free first.
  const gradientOutputs = trained
    .map(({ offset }, i) => ({ tensor: found[i]!, at: address('gradients', offset) }))
    .toReversed();
  // The shard's share of the minibatch's mean statistic.
  const observed = movingEntries(parameters).map(({ name, offset }) => ({
    tensor: ops.scale(graph.observations.get(name)!, count / batch),
    at: address('gradients', offset),
  }));
  return compile({
    name: `gradients of ${count} of ${batch}`,
    leaves: leavesOf(graph, labels, io, parameters),
    outputs: [
      { tensor: mean, at: address('results', io.loss) },
      { tensor: hits, at: address('results', io.hits) },
      ...observed,
      ...gradientOutputs,
    ],
  });
}

/** Losses and scores of `count` samples. */
export function evaluationProgram(
  model: Model,
  loss: Loss,
  count: number,
  io: IoLayout,
  parameters: ParameterLayout,
): Program {
  const graph = model.build(count, 'evaluation');
  const labels = input('labels', [count], 'i32');
  return compile({
    name: `evaluation of ${count}`,
    leaves: leavesOf(graph, labels, io, parameters),
    outputs: [
      { tensor: loss.perSample(graph.output, labels), at: address('results', io.losses) },
      { tensor: loss.scores(graph.output), at: address('results', io.scores) },
    ],
  });
}
