/**
 * Layer-sequential unit-variance initial weights (Mishkin & Matas 2016, "All you need is a good init", algorithm 1).
 * Orthonormal weights are scaled layer by layer, from the first to the last, until the layer's output has variance 1
 * over a minibatch of the data.
 */
import { pickNumerics } from '../engine/numerics.js';
import { checkOptions, extent, natural, numberAbove } from '../base/check.js';
import { samplesAt } from '../data/chosen.js';
import type { AnyDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { shuffledOrder } from '../data/shuffle.js';
import { LanewiseError } from '../base/errors.js';
import type { Numerics } from '../engine/features.js';
import type { Tensor } from '../graph/tensor.js';
import { initializers, type Model, type ModelGraph } from '../layers/index.js';
import { inputLeaf } from '../feed/column.js';
import { columnsOf } from '../feed/columns.js';
import { evaluate } from '../step/compute-tensors.js';
import { gatherAll } from '../feed/gather.js';
import { drawWeights } from '../step/initialize.js';
import type { Weights } from '../crew/session.js';
import { checkModel, numericsName } from '../trained/check-weights.js';

/** Settings of `lsuv`. */
export interface LsuvOptions {
  /** Samples of the minibatch; default 64, or all if there are fewer. */
  readonly batch?: number;
  /** The seed of the weights and of the choice of samples; default 1. */
  readonly seed?: number;
  /** The largest deviation of a variance from 1; default 0.01 (0.1 in the paper). */
  readonly tolerance?: number;
  /** Scalings of a layer, at most; default 10, as in the paper. */
  readonly iterations?: number;
  readonly numerics?: Numerics;
}

/**
 * Initial weights for the setting `weights` of `train`: a function of model, data and options. It scales each `weight` with
 * at least two extents, as dense and convolutional layers have; everything else is drawn as always.
 * @throws LanewiseError kind 'argument' for options out of range; kind 'data' if data and model do not fit, or if a layer
 * gives all samples the same output.
 */
export async function lsuv(
  model: Model,
  data: AnyDataset,
  options: LsuvOptions = {},
): Promise<Map<string, Float32Array>> {
  checkModel(model);
  const {
    batch = 64,
    seed = 1,
    tolerance = 0.01,
    iterations = 10,
    numerics = pickNumerics(),
  } = checkOptions('lsuv', options, {
    batch: extent,
    seed: natural,
    tolerance: numberAbove(0),
    iterations: extent,
    numerics: numericsName,
  });
  const samples = samplesOf(data);
  const order = shuffledOrder(samples.count, seed, 0).subarray(0, batch);
  const few = await samplesAt(samples, order);
  const { count, columns } = columnsOf(model, [], few);
  const weights = await orthonormalWeights(model, seed, numerics);
  const graph = model.graph(count, 'evaluation');
  const inputs = new Map<Tensor, Float32Array | Int32Array>();
  for (const [name, leaf] of graph.inputs) {
    const column = columns.find(({ leaves }) => leaves.includes(inputLeaf(name)))!;
    inputs.set(leaf, await gatherAll(column, count));
  }

  for (const { layer, weight, output } of weightedLayers(model, graph)) {
    const values = weights.get(weight)!;
    for (let i = 0; i < iterations; i++) {
      const feeds = new Map([...inputs, ...parametersOf(graph, weights)]);
      const [found] = await evaluate([output], feeds, { numerics: numerics });
      const variance = varianceOf(found!);
      if (!(variance > 0) || variance === Infinity) {
        throw new LanewiseError(
          'data',
          `lsuv: the outputs of layer '${layer}' have variance ${variance}, expected samples that differ`,
        );
      }
      if (Math.abs(variance - 1) < tolerance) break;
      const factor = 1 / Math.sqrt(variance);
      values.forEach((value, e) => (values[e] = value * factor));
    }
  }
  return weights;
}

const isScaled = ({ name, shape, role }: Model['parameters'][number]): boolean =>
  role === 'trained' && shape.length >= 2 && /(^|\.)weight$/.test(name);

/** The model's initial weights, with orthonormal ones where they will be scaled. */
const orthonormalWeights = (
  { parameters }: Model,
  seed: number,
  numerics: Numerics,
): Promise<Map<string, Float32Array>> =>
  drawWeights(
    parameters.map((spec) =>
      isScaled(spec) ? { ...spec, initializer: initializers.orthogonal() } : spec,
    ),
    seed,
    numerics,
  );

/** Layers with a weight, in the order in which they run; one that runs several times counts once, where it first runs. */
function weightedLayers(
  { parameters }: Model,
  { activations }: ModelGraph,
): { layer: string; weight: string; output: Tensor }[] {
  const left = new Set(parameters.filter(isScaled).map(({ name }) => name));
  return activations.flatMap(({ layer, output }) => {
    const weight = `${layer}.weight`;
    return left.delete(weight) ? [{ layer, weight, output }] : [];
  });
}

const parametersOf = ({ parameters }: ModelGraph, weights: Weights): [Tensor, Float32Array][] =>
  [...parameters].map(([name, leaf]) => [leaf, weights.get(name)!]);

function varianceOf(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / values.length;
}
