/**
 * Weights of a safetensors file that another program wrote, such as a state dictionary of PyTorch, in a model
 * built here. Tensors are matched by name, and each must have its parameter's shape.
 */
import { nearest, LanewiseError } from '../errors.js';
import { decodeSafetensors, type Safetensors } from '../formats/safetensors.js';
import { showShape } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import type { Weights } from '../parallel/session.js';
import type { Pretrained } from './fine-tuning.js';
import { renamed, type NameMap } from './name-map.js';
import { checkModel } from './checks.js';
import type { TrainedModel } from './trained-model.js';
import { withWeights, type WithWeightsOptions } from './with-weights.js';

/** Which names the file has, and what the model will be used for. */
export interface LoadWeightsOptions extends WithWeightsOptions {
  /** From the file's names to the model's; default none. */
  readonly names?: NameMap;
}

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
  { names, ...options }: LoadWeightsOptions = {},
): TrainedModel {
  checkModel(model);
  const file = withNames(decodeSafetensors(bytes, name), names);
  return withWeights(model, matchTensors(model, file, name, 'the model'), options);
}

/** Weights of some of a model's parameters: `train(model, { weights })` draws the others. */
export interface PartialWeights extends Pretrained {
  /** Parameters that the file lacks, as PyTorch's `missing_keys`. */
  readonly missing: readonly string[];
  /** Tensors that are no parameters of the model, as `unexpected_keys`: by their names after `names`. */
  readonly unexpected: readonly string[];
}

/**
 * As `decodeWeights`, but the file may lack parameters and hold other tensors: PyTorch's
 * `load_state_dict(strict=False)`. As there, a tensor of a parameter's name and another shape is refused; `names`
 * can leave it out.
 * @throws LanewiseError kind 'file' if it is no safetensors file, or if a tensor does not fit its parameter.
 */
export function decodePartialWeights(
  model: Model,
  bytes: Uint8Array,
  name: string,
  { names }: Pick<LoadWeightsOptions, 'names'> = {},
): PartialWeights {
  checkModel(model);
  const file = withNames(decodeSafetensors(bytes, name), names);
  const parameters = model.parameters.filter(
    (parameter) => file.tensors.has(parameter.name) || file.others.has(parameter.name),
  );
  const weights = weightsFrom(parameters, file, name, 'the model');
  return {
    model,
    weights,
    missing: model.parameters.map((one) => one.name).filter((one) => !weights.has(one)),
    unexpected: unexpectedIn(model, file),
  };
}

/** The file with its tensors under other names, in its own order. */
function withNames(file: Safetensors, names: NameMap | undefined): Safetensors {
  if (names === undefined) return file;
  const all = renamed(
    new Map<string, string>(
      [...file.tensors.keys(), ...file.others.keys()].map((key) => [key, key]),
    ),
    names,
  );
  const pick = <T>(from: ReadonlyMap<string, T>): Map<string, T> =>
    new Map(
      [...all].flatMap(([to, key]) => (from.has(key) ? [[to, from.get(key)!] as const] : [])),
    );
  return { ...file, tensors: pick(file.tensors), others: pick(file.others) };
}

const isCounter = (tensor: string): boolean => /(^|\.)num_batches_tracked$/.test(tensor);

/** Tensors that are no parameters of the model. */
function unexpectedIn(model: Model, { tensors, others }: Safetensors): string[] {
  const needed = new Set(model.parameters.map((parameter) => parameter.name));
  return [...tensors.keys(), ...others.keys()].filter((key) => !needed.has(key) && !isCounter(key));
}

/**
 * The model's parameters among a file's tensors, in the model's order; `owner` is what needs them.
 * @throws LanewiseError kind 'file' for tensors that are missing, do not fit, or are too many.
 */
export function matchTensors(
  model: Model,
  file: Safetensors,
  name: string,
  owner: string,
): Weights {
  const weights = weightsFrom(model.parameters, file, name, owner);
  const [extra] = unexpectedIn(model, file);
  if (extra === undefined) return weights;
  throw new LanewiseError('file', `'${name}': tensor '${extra}' belongs to no layer of ${owner}`);
}

/** @throws LanewiseError kind 'file' for tensors that are missing or do not fit. */
function weightsFrom(
  parameters: Model['parameters'],
  { tensors, others }: Safetensors,
  name: string,
  owner: string,
): Map<string, Float32Array> {
  const known = [...tensors.keys()];
  const weights = parameters.map(({ name: parameter, shape }) => {
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
  return new Map(weights);
}
