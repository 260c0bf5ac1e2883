/**
 * A checkpoint: a model file with what training needs to go on besides: the optimizer's arrays, the average, the
 * best weights so far, the place in the run, and what the run was made of. A SHA-256 over the whole file, its own
 * place read as zeros, is checked before anything in it is used.
 */
import { checkFinite } from '../check-values.js';
import { LanewiseError } from '../errors.js';
import { sha256 } from '../sha256.js';
import type { Numerics } from '../engine/features.js';
import { decodeSafetensors, safetensorsPieces, type StoredTensor } from '../formats/safetensors.js';
import type { Model } from '../layers/index.js';
import type { LossTerm } from '../losses/terms.js';
import type { Weights } from '../parallel/session.js';
import {
  ARRAYS,
  BEST,
  modelMetadata,
  modelTensors,
  readModelMetadata,
  readWeights,
} from './model-file.js';
import type { RunDescription } from './describe-run.js';
import { CHECKPOINT_VERSION, readPlace } from './read-state.js';
import type { RunState } from './run-state.js';
import type { DataDescription } from './data-description.js';

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

const NO_HASH = '0'.repeat(64);
const marker = (hash: string): Uint8Array => new TextEncoder().encode(`"sha256":"${hash}"`);

/** The bytes of a checkpoint file, in pieces: of its arrays there is no second copy. */
export async function encodeCheckpoint(checkpoint: Checkpoint): Promise<readonly Uint8Array[]> {
  const { arrays, state, stepsPerEpoch, description, log } = checkpoint;
  const { best } = state;
  const flat = (prefix: string, values: Weights) =>
    [...values].map(([name, data]) => [prefix + name, { shape: [data.length], data }] as const);
  const tensors = new Map<string, StoredTensor>([
    ...modelTensors(checkpoint),
    ...flat(ARRAYS, arrays),
    ...flat(BEST, best?.weights ?? new Map()),
  ]);
  const stored = { ...state, ...(best ? { best: { ...best, weights: undefined } } : {}) };
  const pieces = safetensorsPieces(tensors, {
    ...modelMetadata(checkpoint),
    checkpoint: JSON.stringify({ version: CHECKPOINT_VERSION, state: stored, stepsPerEpoch, log }),
    run: JSON.stringify(description),
    sha256: NO_HASH,
  });
  const [header] = pieces as [Uint8Array];
  header.set(marker(await sha256(...pieces)), findMarker(header)!);
  return pieces;
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
  await checkHash(bytes, metadata['sha256'], name);
  const described = readModelMetadata(metadata, name);
  const { model } = described;
  const own = new Set(model.parameters.map((parameter) => parameter.name));
  const weights = readWeights(model, file, name);
  const below = (prefix: string) =>
    new Map(
      [...tensors]
        .filter(([key]) => !own.has(key) && key.startsWith(prefix))
        .map(([key, { data }]) => [key.slice(prefix.length), data]),
    );
  const description = parse(metadata['run'], 'run', name);
  const place = readPlace(parse(metadata['checkpoint'], 'checkpoint', name), description, name);
  const best = below(BEST);
  if (best.size > 0) checkBest(place.state, weights, best, name);
  for (const [key, values] of [...weights, ...best])
    checkFinite('file', `'${name}', weights of '${key}'`, values);
  const state =
    best.size > 0 ? { ...place.state, best: { ...place.state.best!, weights: best } } : place.state;
  return {
    ...described,
    weights,
    arrays: below(ARRAYS),
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

function parse(json: string, key: string, name: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // As below.
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new LanewiseError('file', `'${name}': its metadata ${key} is no JSON object`);
}

async function checkHash(
  bytes: Uint8Array,
  expected: string | undefined,
  name: string,
): Promise<void> {
  const place = expected?.length === NO_HASH.length ? findMarker(bytes, expected) : undefined;
  let found: string | undefined;
  if (place !== undefined) {
    // In place and back: the file may be large.
    bytes.set(marker(NO_HASH), place);
    found = await sha256(bytes);
    bytes.set(marker(expected!), place);
  }
  if (found === expected && found !== undefined) return;
  throw new LanewiseError(
    'file',
    `'${name}' was changed or cut short: its SHA-256 is ${found ?? 'missing'}, expected ${expected ?? 'one in its metadata'}`,
  );
}

/** Where the hash stands, in the header that the file begins with. */
function findMarker(bytes: Uint8Array, hash = NO_HASH): number | undefined {
  const wanted = marker(hash);
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const end = Math.min(bytes.length, 8 + headerBytes) - wanted.length;
  // The last metadata: behind the architecture, which may be long.
  for (let at = 8; at <= end; at++) {
    let i = 0;
    while (i < wanted.length && bytes[at + i] === wanted[i]) i++;
    if (i === wanted.length) return at;
  }
  return undefined;
}
