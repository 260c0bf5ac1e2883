/**
 * A stepper's state as the bytes of a file. It is a sealed model file that also holds the optimizer's arrays, the
 * average and the number of steps. A stepper with the same settings goes on from it to the same bits.
 */
import { checkFinite } from '../base/check-values.js';
import { isObject } from '../base/check.js';
import { LanewiseError, show } from '../base/errors.js';
import { sha256 } from '../base/sha256.js';
import { decodeSafetensors, joinPieces } from '../formats/safetensors.js';
import { sizeOf } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import { describeTerms, type LossTerm } from '../losses/terms.js';
import type { Weights } from '../crew/session.js';
import type { Values } from '../crew/stepping.js';
import type { DataDescription } from '../trained/data-description.js';
import {
  ARRAYS,
  modelMetadata,
  modelTensors,
  readLoss,
  readWeights,
} from '../trained/model-file.js';
import { readDescription } from '../trained/read-description.js';
import {
  checkSeal,
  flatTensors,
  parseObject,
  sealedPieces,
  tensorsBelow,
} from '../trained/sealed-file.js';
import type { ResolvedStepperSettings } from './stepper-settings.js';

/** Version of the metadata `stepper`. */
const VERSION = 1;

/** A stepper's values, the number of its steps, and how many of those are in the average. */
export interface StepperState extends Values {
  readonly steps: number;
  readonly averaged: number;
  /** The class names and the form of samples of the batches so far. */
  readonly description: DataDescription;
}

/** A state read from a file, with the losses that it was taken with; undefined if they are functions. */
interface ReadState extends StepperState {
  readonly terms: readonly LossTerm[] | undefined;
}

/** The bytes of a state file; no other thread may write to the weights and arrays. */
export async function encodeStepper(
  model: Model,
  terms: readonly LossTerm[],
  settings: ResolvedStepperSettings,
  { weights, arrays, steps, averaged, description }: StepperState,
): Promise<Uint8Array> {
  const tensors = new Map([...modelTensors({ model, weights }), ...flatTensors(ARRAYS, arrays)]);
  const stepper = {
    version: VERSION,
    steps,
    averaged,
    settings: describe(settings),
    texts: await textsOf(settings),
  };
  const pieces = await sealedPieces(tensors, {
    ...modelMetadata({ model, terms, numerics: settings.numerics, ...description }),
    stepper: JSON.stringify(stepper),
  });
  return joinPieces(pieces);
}

/**
 * The state in a file's bytes, for a stepper of this model with these settings.
 * @param decided the stepper's losses; undefined if its first batch is to decide them, or has yet to show their targets
 * @throws LanewiseError kind 'file' if there is none, or it belongs to another model or other settings.
 */
export async function decodeStepper(
  bytes: Uint8Array,
  name: string,
  model: Model,
  settings: ResolvedStepperSettings,
  decided: readonly LossTerm[] | undefined,
): Promise<ReadState> {
  const file = decodeSafetensors(bytes, name);
  const { metadata, tensors } = file;
  const fault = (why: string, hint?: string): never => {
    throw new LanewiseError('file', `'${name}' ${why}`, hint);
  };
  if (metadata['stepper'] === undefined)
    return fault(
      'holds no state of a stepper',
      'loadModel reads model files and checkpoints; setWeights takes the weights alone',
    );
  await checkSeal(bytes, metadata['sha256'], name);
  const {
    version,
    steps,
    averaged,
    settings: given,
    texts,
  } = parseObject(metadata['stepper'], 'stepper', name);
  if (version !== VERSION) fault(`has a state of version ${show(version)}, expected ${VERSION}`);
  for (const count of [steps, averaged])
    if (!Number.isSafeInteger(count) || (count as number) < 0)
      fault(`counts ${show(count)} steps, expected a whole number`);
  checkSettings(given, settings, fault);
  await checkTexts(texts, settings, fault);
  const terms = termsIn(readLoss(metadata['loss'], model, name), settings, decided, fault);
  const weights = readWeights(model, file, name);
  const arrays = tensorsBelow(ARRAYS, model, tensors);
  checkArrays(model, settings, arrays, fault);
  for (const [key, values] of [...weights, ...arrays])
    checkFinite('file', `'${name}', '${key}'`, values);
  const description = readDescription(metadata, name);
  const counts = { steps: steps as number, averaged: averaged as number };
  return { weights, arrays, ...counts, description, terms };
}

/** Settings that affect the bits of the next steps, except losses, which `termsIn` compares, and functions. */
function describe(settings: ResolvedStepperSettings): Readonly<Record<string, unknown>> {
  const { optimizer, average, batch, shards, seed, numerics, ...others } = settings;
  const { clipNorm, clipValue, freeze } = others;
  const made = ({ kind, settings: own }: { readonly kind: string; readonly settings: object }) => ({
    kind,
    ...own,
  });
  return {
    optimizer: made(optimizer),
    average: average && made(average),
    batch,
    shards,
    seed,
    numerics,
    clipNorm,
    clipValue,
    freeze,
  };
}

/** The settings that are functions, by the SHA-256 of their texts; the values that they capture cannot be known. */
async function textsOf({ loss, schedule }: ResolvedStepperSettings) {
  const hashOf = (value: unknown) =>
    typeof value === 'function' ? sha256(new TextEncoder().encode(String(value))) : undefined;
  return { loss: await hashOf(loss), schedule: await hashOf(schedule) };
}

type Fault = (why: string, hint: string) => never;

const SAME = 'give it the same settings; setWeights takes the weights alone';

/** @param given the texts of the state; undefined in states of versions that did not record them */
async function checkTexts(
  given: unknown,
  settings: ResolvedStepperSettings,
  fault: Fault,
): Promise<void> {
  if (!isObject(given)) return;
  const told = (hash: unknown) =>
    hash === undefined ? 'no function' : `a function whose text has SHA-256 ${show(hash)}`;
  for (const [key, now] of Object.entries(await textsOf(settings))) {
    const then = (given as Record<string, unknown>)[key];
    if (then !== now)
      fault(`was taken with ${key} ${told(then)}, this stepper has ${told(now)}`, SAME);
  }
}

/**
 * The losses that a state was taken with.
 * @throws LanewiseError kind 'file' if the stepper has others.
 */
function termsIn(
  then: readonly LossTerm[],
  { loss }: ResolvedStepperSettings,
  decided: readonly LossTerm[] | undefined,
  fault: Fault,
): readonly LossTerm[] | undefined {
  const isFunction = typeof loss === 'function';
  const wasFunction = then.some((term) => term.loss.whole);
  // Their texts are compared; the targets that they read are known from the first batch on.
  if (isFunction && wasFunction) return decided;
  if (!isFunction && !wasFunction && !decided) return then;
  const told = (terms: readonly LossTerm[]) => JSON.stringify(describeTerms(terms));
  const now = decided ? told(decided) : isFunction ? 'a function' : 'none';
  if (told(then) !== now) fault(`was taken with loss ${told(then)}, this stepper has ${now}`, SAME);
  return decided;
}

function checkSettings(given: unknown, settings: ResolvedStepperSettings, fault: Fault): void {
  const found = (typeof given === 'object' ? given : undefined) as Record<string, unknown> | null;
  for (const [key, value] of Object.entries(describe(settings))) {
    const [then, now] = [found?.[key], value].map((one) => JSON.stringify(one) ?? 'none');
    if (then === now) continue;
    fault(`was taken with ${key} ${then}, this stepper has ${now}`, SAME);
  }
}

/** Checks that each array belongs to a parameter and has its size. */
function checkArrays(
  { parameters }: Model,
  { optimizer }: ResolvedStepperSettings,
  arrays: Weights,
  fault: (why: string) => never,
): void {
  const sizes = new Map(parameters.map(({ name, shape }) => [name, sizeOf(shape)]));
  for (const [key, { length }] of arrays) {
    const [, kind, number, parameter] = /^(optimizer|average)(?:\.(\d+))?\.(.*)$/s.exec(key) ?? [];
    const isKnown = kind === 'average' || Number(number) < optimizer.stateArrays;
    const size = isKnown ? sizes.get(parameter!) : undefined;
    if (size !== length)
      fault(`has ${length} values of '${key}', expected ${size ?? 'no such array'}`);
  }
}
