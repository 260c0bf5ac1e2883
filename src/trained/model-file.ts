/**
 * A trained model as one safetensors file. It holds weights under their layers' names in PyTorch's layouts, and
 * metadata from which the model is rebuilt.
 */
import { isObject } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Numerics } from '../engine/features.js';
import { encodeSafetensors, type StoredTensor } from '../formats/safetensors.js';
import { readTensors, writeTensors, type TensorFile } from '../formats/tensor-file.js';
import { rebuild, type Architecture, type Model } from '../layers/index.js';
import type { Weights } from '../crew/session.js';
import { describeTerms, readTerms, type LossTerm } from '../losses/terms.js';
import { describedAsText, type DataDescription } from './data-description.js';
import { readDescription } from './read-description.js';
import { createTrainedModel, type TrainedModel } from './trained-model.js';
import { matchTensors } from './weights-file.js';
import { checkTrained } from './check-weights.js';

/** Version of the metadata below. */
const VERSION = '2';

/** Prefix of a checkpoint's tensors that are not weights; no layer's name contains a slash. */
export const ARRAYS = 'state/';
export const BEST = 'best/';

/** The parts of a model that its file describes. */
type Described = Pick<TrainedModel, 'model' | 'weights' | 'terms' | 'numerics'> & DataDescription;

/** The bytes of a model file, by the one format that needs no name: pages that write models load no other, and no reader. */
export const encodeModel = (trained: TrainedModel): Uint8Array => {
  checkTrained('encodeModel', trained);
  return encodeSafetensors(modelTensors(trained), modelMetadata(trained));
};

/** The bytes of a model file with this name. */
export const modelBytes = (trained: TrainedModel, path: string): Uint8Array =>
  writeTensors(path, modelTensors(trained), modelMetadata(trained));

/** The weights in the model's order, as a file holds them. */
export const modelTensors = ({
  model,
  weights,
}: Pick<Described, 'model' | 'weights'>): Map<string, StoredTensor> =>
  new Map(model.parameters.map(({ name, shape }) => [name, { shape, data: weights.get(name)! }]));

export const modelMetadata = ({
  model,
  terms,
  numerics,
  ...description
}: Omit<Described, 'weights'>): Readonly<Record<string, string>> => ({
  // Other readers of the format look for this: the tensors are laid out as PyTorch's.
  format: 'pt',
  lanewise: VERSION,
  architecture: JSON.stringify(model.architecture),
  loss: JSON.stringify(describeTerms(terms)),
  numerics,
  ...describedAsText(description),
});

/**
 * Reads the model in a file's bytes; `name` is for messages. In a checkpoint it is the model being trained.
 * @throws LanewiseError kind 'file' if it is not a safetensors file, was not written by Lanewise, describes
 * an impossible model, or holds other tensors than its architecture needs.
 */
export function decodeModel(bytes: Uint8Array, name: string): TrainedModel {
  const file = readTensors(bytes, name);
  const described = readModelMetadata(file.metadata, name);
  const { model, terms, numerics, ...description } = described;
  const weights = readWeights(model, file, name);
  return createTrainedModel(model, terms, numerics, weights, description);
}

/** The model's weights in a file, such as a checkpoint. @throws LanewiseError kind 'file' as `decodeModel`. */
export function readWeights(model: Model, file: TensorFile, name: string): Weights {
  const own = new Set(model.parameters.map((parameter) => parameter.name));
  const isMore = (key: string) =>
    ('checkpoint' in file.metadata || 'stepper' in file.metadata) &&
    !own.has(key) &&
    (key.startsWith(ARRAYS) || key.startsWith(BEST));
  const tensors = new Map([...file.tensors].filter(([key]) => !isMore(key)));
  return matchTensors(model, { ...file, tensors }, name, 'its architecture');
}

/** @throws LanewiseError kind 'file' as `decodeModel`. */
export function readModelMetadata(
  metadata: Readonly<Record<string, string>>,
  name: string,
): Omit<Described, 'weights'> {
  if (metadata['lanewise'] !== VERSION) {
    throw new LanewiseError(
      'file',
      `'${name}' holds no Lanewise model: its metadata has lanewise '${metadata['lanewise'] ?? 'missing'}', expected '${VERSION}'`,
      metadata['lanewise'] === undefined
        ? 'loadWeights reads weights alone into a model that is built here'
        : metadata['lanewise'] === 'int8'
          ? 'decodeQuantized of lanewise/quantize, or loadQuantized of lanewise/inference, reads it'
          : undefined,
    );
  }
  const model = readArchitecture(metadata['architecture'], name);
  const terms = readLoss(metadata['loss'], model, name);
  const numerics = metadata['numerics'];
  if (numerics !== 'fused' && numerics !== 'strict') {
    throw new LanewiseError(
      'file',
      `'${name}': numerics is '${numerics ?? 'missing'}', expected 'fused' or 'strict'`,
    );
  }
  return { model, terms, numerics: numerics as Numerics, ...readDescription(metadata, name) };
}

/** The loss of a model file. @throws LanewiseError kind 'file' if it cannot be read. */
export function readLoss(
  json: string | undefined,
  model: Pick<Model, 'outputs'>,
  name: string,
): readonly LossTerm[] {
  try {
    return readTerms(JSON.parse(json ?? 'null'), [...model.outputs.keys()]);
  } catch (error) {
    const why = error instanceof LanewiseError ? error.message : 'it is not JSON';
    throw new LanewiseError('file', `'${name}': its loss cannot be read: ${why}`, undefined, {
      cause: error,
    });
  }
}

/** Largest architecture, in characters: that of ResNet-152 has 65,000, and building takes time and memory for each layer. */
const MOST_ARCHITECTURE = 2 ** 21;

/** Architectures come from outside: everything that `rebuild` relies on is checked here. */
function readArchitecture(json: string | undefined, name: string): Model {
  const refuse = (why: string, cause?: unknown) =>
    new LanewiseError(
      'file',
      `'${name}': its architecture ${why}`,
      cause instanceof LanewiseError ? cause.hint : undefined,
      { cause },
    );
  if (json !== undefined && json.length > MOST_ARCHITECTURE)
    throw refuse(`has ${json.length} characters, expected at most ${MOST_ARCHITECTURE}`);
  let architecture: Partial<Architecture> | null;
  try {
    architecture = JSON.parse(json ?? '') as Partial<Architecture> | null;
  } catch (error) {
    throw refuse(json === undefined ? 'is missing' : 'is not JSON', error);
  }
  if (
    !isObject(architecture) ||
    !isObject(architecture.inputs) ||
    !isObject(architecture.outputs) ||
    !Array.isArray(architecture.layers)
  ) {
    throw refuse('has no inputs, list of layers and outputs');
  }
  try {
    return rebuild(architecture as Architecture);
  } catch (error) {
    if (error instanceof LanewiseError) throw refuse(`cannot be built: ${error.message}`, error);
    // Endlessly nested layers exhaust the stack.
    if (error instanceof RangeError) throw refuse('nests its layers too deeply', error);
    throw error;
  }
}
