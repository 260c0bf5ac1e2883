/**
 * A checkpoint: a model file that also holds what training needs to go on. That is the optimizer's arrays, the average,
 * the best weights so far, the place in the run and the run's description. The file is sealed (sealed-file.ts).
 */
import { checkFinite } from '../base/check-values.js';
import { LanewiseError } from '../base/errors.js';
import type { Numerics } from '../engine/features.js';
import { decodeSafetensors, type StoredTensor } from '../formats/safetensors.js';
import type { Model } from '../layers/index.js';
import type { LossTerm } from '../losses/terms.js';
import type { Weights } from '../crew/session.js';
import {
  ARRAYS,
  BEST,
  modelMetadata,
  modelTensors,
  readModelMetadata,
  readWeights,
} from '../trained/model-file.js';
import type { RunDescription } from './describe-run.js';
import { CHECKPOINT_VERSION, readPlace } from './read-state.js';
import type { RunState } from './run-state.js';
import {
  checkSeal,
  flatTensors,
  parseObject,
  sealedPieces,
  tensorsBelow,
} from '../trained/sealed-file.js';
import type { DataDescription } from '../trained/data-description.js';

export interface Checkpoint extends DataDescription {
  readonly model: Model;
  readonly terms: readonly LossTerm[];
  readonly numerics: Numerics;
  readonly weights: Weights;
  /** The optimizer's arrays and the average, by the names of step/state-arrays.ts. */
  readonly arrays: Weights;
  readonly state: RunState;
  readonly stepsPerEpoch: number;
  readonly description: RunDescription;
  /** Sums that the run's log goes on with, if it has a log. */
  readonly log?: Readonly<Record<string, number>>;
}

/** When checkpoints are taken, and where they are kept. */
export interface CheckpointSettings {
  /** A checkpoint after exactly every so many steps. */
  readonly everySteps?: number;
  /** A checkpoint after the first step that ends this long after the last one; default 5. */
  readonly everyMinutes?: number;
  /** A checkpoint at the end of each epoch; default true. */
  readonly everyEpoch?: boolean;
  /** Keeps a checkpoint and resolves to the name that it is kept under; training waits for it. */
  save(checkpoint: Omit<Checkpoint, 'description' | 'log'>): Promise<string>;
}

/** The bytes of a checkpoint file, in pieces: its arrays are not copied. */
export async function encodeCheckpoint(checkpoint: Checkpoint): Promise<readonly Uint8Array[]> {
  const { arrays, state, stepsPerEpoch, description, log } = checkpoint;
  const { best } = state;
  const tensors = new Map<string, StoredTensor>([
    ...modelTensors(checkpoint),
    ...flatTensors(ARRAYS, arrays),
    ...flatTensors(BEST, best?.weights ?? new Map()),
  ]);
  const stored = { ...state, ...(best ? { best: { ...best, weights: undefined } } : {}) };
  return sealedPieces(tensors, {
    ...modelMetadata(checkpoint),
    checkpoint: JSON.stringify({ version: CHECKPOINT_VERSION, state: stored, stepsPerEpoch, log }),
    run: JSON.stringify(description),
  });
}

/**
 * Reads the checkpoint in a file's bytes; its arrays are views of them. `name` is for messages.
 * @throws LanewiseError kind 'file' if it is not a checkpoint, was changed or cut short, or describes an impossible run.
 */
export async function decodeCheckpoint(bytes: Uint8Array, name: string): Promise<Checkpoint> {
  const file = decodeSafetensors(bytes, name, { views: true });
  const { metadata, tensors } = file;
  const fault = (why: string, cause?: unknown) =>
    new LanewiseError('file', `'${name}' ${why}`, undefined, { cause });
  if (metadata['checkpoint'] === undefined || metadata['run'] === undefined)
    throw fault('is not a checkpoint: its metadata has no checkpoint and run');
  await checkSeal(bytes, metadata['sha256'], name);
  const described = readModelMetadata(metadata, name);
  const { model } = described;
  const weights = readWeights(model, file, name);
  const description = parseObject(metadata['run'], 'run', name);
  const place = readPlace(
    parseObject(metadata['checkpoint'], 'checkpoint', name),
    description,
    name,
  );
  const best = tensorsBelow(BEST, model, tensors);
  if (best.size > 0) checkBest(place.state, weights, best, name);
  for (const [key, values] of [...weights, ...best])
    checkFinite('file', `'${name}', weights of '${key}'`, values);
  const state =
    best.size > 0 ? { ...place.state, best: { ...place.state.best!, weights: best } } : place.state;
  return {
    ...described,
    weights,
    arrays: tensorsBelow(ARRAYS, model, tensors),
    state,
    stepsPerEpoch: place.stepsPerEpoch,
    description,
    ...(place.log ? { log: place.log } : {}),
  };
}

/** The best weights, if any, must be the model's. */
function checkBest(state: RunState, weights: Weights, best: Weights, name: string): void {
  const isWhole =
    best.size === weights.size &&
    [...weights].every(([key, { length }]) => best.get(key)?.length === length);
  if (state.best && isWhole) return;
  throw new LanewiseError(
    'file',
    `'${name}': its best weights are not those of its architecture, or of no step`,
  );
}
