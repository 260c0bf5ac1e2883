/**
 * Reads weights from a safetensors file of another program, such as a PyTorch state dictionary, into a model built here.
 * Tensors are matched by name, and each must have its parameter's shape. Wrappers' parts of names are removed where the
 * model has the rest, and tied tensors are found from the file's metadata; notes report both.
 */
import { checkKeys, checkOptions } from '../base/check.js';
import { nearest, LanewiseError } from '../base/errors.js';
import { readTensors, type TensorFile } from '../formats/tensor-file.js';
import { showShape } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import type { Weights } from '../crew/session.js';
import type { Pretrained } from './fine-tuning.js';
import { renamed, type NameMap } from './name-map.js';
import { checkModel } from './check-weights.js';
import type { TrainedModel } from './trained-model.js';
import { findPrefix } from './weight-prefixes.js';
import { withWeights, type WithWeightsOptions } from './with-weights.js';

/** Options of `decodeWeights`: the file's names, and what the model will be used for. */
export interface LoadWeightsOptions extends WithWeightsOptions {
  /** A map from the file's names to the model's; default none. */
  readonly names?: NameMap;
}

/** A model with weights from a file. */
export interface LoadedModel extends TrainedModel {
  /** How the file's tensors became the model's: prefixes removed, tied tensors followed, numbers converted. */
  readonly notes: readonly string[];
}

/**
 * `model` with the weights in a file's bytes; `name` is for messages. Integer tensors that are not parameters, such as the
 * count of minibatches that PyTorch's batch normalisation keeps (`num_batches_tracked`), are skipped.
 * @throws LanewiseError kind 'file' if it is not a safetensors file, if a parameter is missing, has another shape or
 * numbers that float32 cannot hold, or if a tensor is not a parameter of the model.
 */
export function decodeWeights(
  model: Model,
  bytes: Uint8Array,
  name: string,
  given: LoadWeightsOptions = {},
): LoadedModel {
  const known = ['names', 'loss', 'numerics', 'classes'];
  checkKeys('loadWeights', given, known, {
    strict: 'loadPartialWeights takes what fits, as strict=False',
    prefix:
      "names: { module: '' } takes a prefix off; those that wrappers write come off by themselves",
  });
  const { names, ...options } = given;
  checkModel(model);
  const { file, notes } = openFile(model, bytes, name, names);
  const weights = matchTensors(model, file, name, 'the model', notes);
  return Object.assign(withWeights(model, weights, options), { notes });
}

/** Weights of some of a model's parameters: `train(model, { weights })` draws the others. */
export interface PartialWeights extends Pretrained {
  /** Parameters that the file lacks, as PyTorch's `missing_keys`. */
  readonly missing: readonly string[];
  /** Tensors that are not parameters of the model, as `unexpected_keys`, under their names after `names`. */
  readonly unexpected: readonly string[];
  /** As in `LoadedModel`. */
  readonly notes: readonly string[];
}

/**
 * As `decodeWeights`, but the file may lack parameters and hold other tensors, as with PyTorch's
 * `load_state_dict(strict=False)`. As there, a tensor with a parameter's name and another shape is refused; `names` can
 * leave it out.
 * @throws LanewiseError kind 'file' if it is not a safetensors file, or if a tensor does not fit its parameter.
 */
export function decodePartialWeights(
  model: Model,
  bytes: Uint8Array,
  name: string,
  options: Pick<LoadWeightsOptions, 'names'> = {},
): PartialWeights {
  const { names } = checkOptions('loadPartialWeights', options, { names: true });
  checkModel(model);
  const { file, notes } = openFile(model, bytes, name, names);
  const parameters = model.parameters.filter(
    (parameter) => file.tensors.has(parameter.name) || file.others.has(parameter.name),
  );
  const weights = weightsFrom(parameters, file, name, 'the model', notes);
  return {
    model,
    weights,
    missing: model.parameters.map((one) => one.name).filter((one) => !weights.has(one)),
    unexpected: unexpectedIn(model, file),
    notes,
  };
}

/** The file's tensors under the names given by `names`, the file's list of tied tensors, and the model. */
function openFile(
  model: Model,
  bytes: Uint8Array,
  name: string,
  names: NameMap | undefined,
): { file: TensorFile; notes: string[] } {
  const notes: string[] = [];
  let file = readTensors(bytes, name);
  notes.push(...(file.notes ?? []));
  const tied = tiedNames(file);
  if (names !== undefined) file = withNames(file, names);
  const needed = new Set(model.parameters.map((parameter) => parameter.name));
  const given = [...file.tensors.keys(), ...file.others.keys()].filter(
    (key) => !file.integers.has(key),
  );
  const prefix = findPrefix(given, needed);
  if (prefix) {
    file = withNames(file, prefix.rename);
    notes.push(`'${name}': ${prefix.said}`);
  }
  for (const [alias, kept] of tied) {
    const [to, from] = prefix ? [prefix.rename(alias), prefix.rename(kept)] : [alias, kept];
    const tensor = file.tensors.get(from);
    if (!needed.has(to) || file.tensors.has(to) || !tensor) continue;
    file.tensors.set(to, tensor);
    notes.push(`'${name}': '${to}' is tied to '${from}', as the file's metadata says`);
  }
  return { file, notes };
}

/** Tensors left out of the file because they equal others, as safetensors' `save_model` notes them in its metadata. */
const tiedNames = ({ tensors, others, metadata }: TensorFile): [string, string][] =>
  Object.entries(metadata).filter(
    ([alias, kept]) => tensors.has(kept) && !tensors.has(alias) && !others.has(alias),
  );

/** The file with its tensors under other names, in its own order. */
function withNames(file: TensorFile, names: NameMap): TensorFile {
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
  return {
    ...file,
    tensors: pick(file.tensors),
    others: pick(file.others),
    integers: pick(file.integers),
  };
}

/** Tensors that are not parameters of the model. Integer tensors are counters and the like, which nothing here needs. */
function unexpectedIn(model: Model, { tensors, others, integers }: TensorFile): string[] {
  const needed = new Set(model.parameters.map((parameter) => parameter.name));
  return [...tensors.keys(), ...others.keys()].filter(
    (key) => !needed.has(key) && !integers.has(key),
  );
}

/**
 * The model's parameters among a file's tensors, in the model's order; `owner` is what needs them, for messages.
 * @throws LanewiseError kind 'file' for tensors that are missing, do not fit, or are unexpected.
 */
export function matchTensors(
  model: Model,
  file: TensorFile,
  name: string,
  owner: string,
  notes: string[] = [],
): Weights {
  const weights = weightsFrom(model.parameters, file, name, owner, notes);
  const [extra] = unexpectedIn(model, file);
  if (extra === undefined) return weights;
  throw new LanewiseError(
    'file',
    `'${name}': tensor '${extra}' belongs to no layer of ${owner}`,
    `names: { '${extra}': null } leaves it out; loadPartialWeights takes what fits`,
  );
}

/** @throws LanewiseError kind 'file' for tensors that are missing or do not fit. */
function weightsFrom(
  parameters: Model['parameters'],
  { tensors, others, integers }: TensorFile,
  name: string,
  owner: string,
  notes: string[],
): Map<string, Float32Array> {
  const known = [...tensors.keys()];
  const weights = parameters.map(({ name: parameter, shape }) => {
    const whole = integers.get(parameter);
    const tensor = tensors.get(parameter) ?? whole;
    const fits = tensor && showShape(tensor.shape) === showShape(shape);
    if (fits && 'data' in tensor) return [parameter, tensor.data] as const;
    const values = fits && whole?.read();
    if (values) {
      notes.push(`'${name}': tensor '${parameter}' holds whole numbers, ${whole!.dtype}`);
      return [parameter, values] as const;
    }
    const dtype = others.get(parameter);
    const otherwise = dtype ? `is of dtype ${dtype}` : 'is missing';
    const found = tensor && !fits ? `has shape ${showShape(tensor.shape)}` : otherwise;
    throw new LanewiseError(
      'file',
      `'${name}': tensor '${parameter}' ${found}, ${owner} needs ${showShape(shape)}${dtype && fits !== false ? ' of F32, F16, BF16 or F64, or whole numbers that float32 holds' : ''}`,
      tensor || dtype
        ? undefined
        : hintOf(
            parameter,
            known.filter((one) => parameters.every((other) => other.name !== one)),
          ),
    );
  });
  return new Map(weights);
}

/** A row of `names`, if the name follows a prefix that only some of the file's names have; else the nearest name. */
function hintOf(parameter: string, known: readonly string[]): string | undefined {
  const longer = known.find((one) => one.endsWith(`.${parameter}`));
  if (longer === undefined) {
    const near = nearest(parameter, known);
    return near ?? 'loadPartialWeights takes what a file has, and the rest is drawn';
  }
  return `the file has '${longer}': names: { '${longer.slice(0, -parameter.length - 1)}': '' } takes what stands before it off`;
}
