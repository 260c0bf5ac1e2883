/**
 * The Hessian of the mean loss times a vector (Pearlmutter 1994), by differentiating the product of gradient and vector:
 * it takes about two gradients' time and never forms the matrix.
 */
import { gradients } from '../compiler/differentiate.js';
import { changesOf } from '../compiler/second-gradients.js';
import { checkFinite } from '../base/check-values.js';
import { LanewiseError, show } from '../base/errors.js';
import { suggest } from '../base/suggest.js';
import type { AnyDataset } from '../data/dataset.js';
import { input, showShape, sizeOf, type Tensor } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import type { Weights } from '../crew/session.js';
import { createEvaluator } from '../step/compute-tensors.js';
import { gradientRequest, type GradientOptions, type Gradients } from './gradients-of.js';
import { lossGraph } from './step-gradients.js';

/** A loss, its gradients, and the change of the gradients along the vector. */
export interface HessianVectorProduct extends Gradients {
  /** The Hessian times the vector: one array for each of the vector's, of the same length. */
  readonly products: ReadonlyMap<string, Float32Array>;
}

/**
 * The Hessian H of the mean loss as a function of vectors, H·v: all samples of `data` are one shard in the calling thread, and
 * the products are exact up to rounding. Where the loss has a kink, as ReLU has, H is that of the smooth piece that the
 * weights are on. `vector` has an array for each name in `by`; default all trained parameters. It is compiled once, for the
 * weights and the data as they are now.
 * @throws LanewiseError kind 'argument' as `gradientsOf`, and for an op without gradients in a layer of one's own; kind
 * 'data' if data and model do not fit. The function throws kind 'argument' for a vector that does not fit.
 */
export const hessianOf = (
  model: Model,
  weights: Weights,
  data: AnyDataset,
  options: GradientOptions = {},
): Promise<(vector: Weights) => HessianVectorProduct> =>
  hessian('hessianOf', model, weights, data, options);

/**
 * A product of the Hessian of the mean loss with one vector: `hessianOf`, for a single use.
 * @throws LanewiseError as `hessianOf` and its function.
 */
export async function hessianVectorProduct(
  model: Model,
  weights: Weights,
  data: AnyDataset,
  vector: Weights,
  options: GradientOptions = {},
): Promise<HessianVectorProduct> {
  return (await hessian('hessianVectorProduct', model, weights, data, options))(vector);
}

async function hessian(
  owner: string,
  model: Model,
  weights: Weights,
  data: AnyDataset,
  options: GradientOptions,
): Promise<(vector: Weights) => HessianVectorProduct> {
  const { samples, terms, request } = await gradientRequest(owner, model, weights, data, options);
  const { by, numerics } = request;
  const { mean, wanted, feeds } = await lossGraph(model, weights, samples, terms, request);
  const slopes = gradients(mean, wanted);
  const along = wanted.map(({ shape }, i) => input(`vector '${by[i]}'`, shape));
  const outputs = [mean, ...slopes, ...changesOf(slopes, along, wanted)];
  const evaluator = await createEvaluator(outputs, [...feeds.keys(), ...along], { numerics });
  for (const [leaf, values] of feeds) evaluator.feed(leaf, values);
  return (vector) => {
    checkVector(owner, vector, by, wanted);
    along.forEach((leaf, i) => evaluator.feed(leaf, vector.get(by[i]!)!));
    const [loss, ...values] = evaluator.run();
    const named = (from: number) => new Map(by.map((name, i) => [name, values[from + i]!]));
    return { loss: loss![0]!, gradients: named(0), products: named(by.length) };
  };
}

function checkVector(
  owner: string,
  vector: Weights,
  by: readonly string[],
  wanted: readonly Tensor[],
): void {
  const refuse = (found: string, hint?: string): never => {
    throw new LanewiseError('argument', `${owner}: ${found}`, hint);
  };
  if (!(vector instanceof Map))
    refuse(
      `vector is ${show(vector)}, expected a Map of arrays by name`,
      'gradients are such Maps',
    );
  for (const name of vector.keys()) {
    if (!by.includes(name))
      refuse(
        `vector has '${name}', by which nothing is differentiated`,
        suggest(name, by) ?? 'name it in by, or leave it out',
      );
  }
  by.forEach((name, i) => {
    const { shape } = wanted[i]!;
    const values: unknown = vector.get(name);
    if (values instanceof Float32Array && values.length === sizeOf(shape))
      return checkFinite('argument', `vector '${name}'`, values);
    const found = values instanceof Float32Array ? `${values.length} values` : show(values);
    return refuse(
      `vector '${name}' is ${found}, expected a Float32Array of ${sizeOf(shape)} (${showShape(shape)})`,
      'zeros leave a part out',
    );
  });
}
