/**
 * Weights of a safetensors file that another program wrote, such as a state dictionary of PyTorch, in a model
 * built here. Tensors are matched by name, and each must have its parameter's shape.
 */
import { nearest, LanewiseError } from '../errors.js';
import { decodeSafetensors, type Safetensors } from '../formats/safetensors.js';
import { showShape } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import type { Weights } from '../parallel/session.js';
import type { TrainedModel } from './trained-model.js';
import { withWeights, type WithWeightsOptions } from './with-weights.js';

/**
 * `model` with the weights in a file's bytes; `name` is for messages. The number of minibatches that PyTorch's
 * batch normalisation keeps count of (`num_batches_tracked`) is passed over: nothing here depends on it.
 * @throws LanewiseError kind 'file' if it is no safetensors file, or if a parameter is missing, has another shape
 * or another type than F32, F16, BF16 or F64, or if a tensor is no parameter of the model.
 */
export function decodeWeights(
  model: Model,
  bytes: Uint8Array,
  name: string,
  options: WithWeightsOptions = {},
): TrainedModel {
  const weights = matchTensors(model, decodeSafetensors(bytes, name), name, 'the model');
  return withWeights(model, weights, options);
}

const isCounter = (tensor: string): boolean => /(^|\.)num_batches_tracked$/.test(tensor);

/**
 * The model's parameters among a file's tensors, in the model's order; `owner` is what needs them.
 * @throws LanewiseError kind 'file' for tensors that are missing, do not fit, or are too many.
 */
export function matchTensors(
  model: Model,
  { tensors, others }: Safetensors,
  name: string,
  owner: string,
): Weights {
  const known = [...tensors.keys()];
  const weights = model.parameters.map(({ name: parameter, shape }) => {
    const tensor = tensors.get(parameter);
    if (tensor && showShape(tensor.shape) === showShape(shape))
      return [parameter, tensor.data] as const;
    const dtype = others.get(parameter);
    const otherwise = dtype ? `is of dtype ${dtype}` : 'is missing';
    const found = tensor ? `has shape ${showShape(tensor.shape)}` : otherwise;
    throw new LanewiseError(
      'file',
      `'${name}': tensor '${parameter}' ${found}, ${owner} needs ${showShape(shape)}${dtype ? ' of F32, F16, BF16 or F64' : ''}`,
      tensor || dtype ? undefined : nearest(parameter, known),
    );
  });
  const needed = new Set(model.parameters.map((parameter) => parameter.name));
  const extra = [...known, ...others.keys()].find((key) => !needed.has(key) && !isCounter(key));
  if (extra === undefined) return new Map(weights);
  throw new LanewiseError('file', `'${name}': tensor '${extra}' belongs to no layer of ${owner}`);
}
