/**
 * A checkpoint: a model file with what training needs to go on besides: the optimizer's arrays, the average, the
 * best weights so far, the place in the run, and what the run was made of. It is sealed (sealed-file.ts).
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
  /** The optimizer's arrays and the average, by the names of parallel/state.ts. */
  readonly arrays: Weights;
  readonly state: RunState;
  readonly stepsPerEpoch: number;
  readonly description: RunDescription;
  /** Sums that the run's log goes on with, if there is one. */
  readonly log?: Readonly<Record<string, number>>;
}

/** When checkpoints are taken, and where they go. */
export interface CheckpointSettings {
  /** Exactly after every so many steps. */
  readonly everySteps?: number;
  /** After the first steps that end so long after the last; default 5. */
  readonly everyMinutes?: number;
  /** At the end of each epoch; default true. */
  readonly everyEpoch?: boolean;
  /** Keeps one, and resolves to the name of what it is in; training goes on when it is kept. */
  save(checkpoint: Omit<Checkpoint, 'description' | 'log'>): Promise<string>;
}

/** The bytes of a checkpoint file, in pieces: of its arrays there is no second copy. */
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
 * The checkpoint in a file's bytes, of which its arrays are views; `name` is for messages.
 * @throws LanewiseError kind 'file' if it is no checkpoint, was changed or cut short, or describes what cannot be.
 */
export async function decodeCheckpoint(bytes: Uint8Array, name: string): Promise<Checkpoint> {
  const file = decodeSafetensors(bytes, name, { views: true });
  const { metadata, tensors } = file;
  const fault = (why: string, cause?: unknown) =>
    new LanewiseError('file', `'${name}' ${why}`, undefined, { cause });
  if (metadata['checkpoint'] === undefined || metadata['run'] === undefined)
    throw fault('is no checkpoint: its metadata has no checkpoint and run');
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

/** The best weights are the model's, or there are none. */
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
