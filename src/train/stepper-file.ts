/**
 * A stepper's state as the bytes of a file. It is a sealed model file that also holds the optimizer's arrays, the
 * average and the number of steps. A stepper with the same settings goes on from it to the same bits.
 */
import { checkFinite } from '../base/check-values.js';
import { LanewiseError, show } from '../base/errors.js';
import { decodeSafetensors, joinPieces } from '../formats/safetensors.js';
import { sizeOf } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import type { LossTerm } from '../losses/terms.js';
import type { Weights } from '../crew/session.js';
import type { Values } from '../crew/stepping.js';
import { ARRAYS, modelMetadata, modelTensors, readWeights } from '../trained/model-file.js';
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
}

/** The bytes of a state file; no other thread may write to the weights and arrays. */
export async function encodeStepper(
  model: Model,
  terms: readonly LossTerm[],
  settings: ResolvedStepperSettings,
  { weights, arrays, steps, averaged }: StepperState,
): Promise<Uint8Array> {
  const tensors = new Map([...modelTensors({ model, weights }), ...flatTensors(ARRAYS, arrays)]);
  const stepper = { version: VERSION, steps, averaged, settings: describe(settings) };
  const pieces = await sealedPieces(tensors, {
    ...modelMetadata({ model, terms, numerics: settings.numerics }),
    stepper: JSON.stringify(stepper),
  });
  return joinPieces(pieces);
}

/**
 * The state in a file's bytes, for a stepper of this model with these settings.
 * @throws LanewiseError kind 'file' if there is none, or it belongs to another model or other settings.
 */
export async function decodeStepper(
  bytes: Uint8Array,
  name: string,
  model: Model,
  settings: ResolvedStepperSettings,
): Promise<StepperState> {
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
  } = parseObject(metadata['stepper'], 'stepper', name);
  if (version !== VERSION) fault(`has a state of version ${show(version)}, expected ${VERSION}`);
  for (const count of [steps, averaged])
    if (!Number.isSafeInteger(count) || (count as number) < 0)
      fault(`counts ${show(count)} steps, expected a whole number`);
  checkSettings(given, settings, fault);
  const weights = readWeights(model, file, name);
  const arrays = tensorsBelow(ARRAYS, model, tensors);
  checkArrays(model, settings, arrays, fault);
  for (const [key, values] of [...weights, ...arrays])
    checkFinite('file', `'${name}', '${key}'`, values);
  return { weights, arrays, steps: steps as number, averaged: averaged as number };
}

/** Settings that affect the bits of the next steps; a loss may be a function, a schedule always is. */
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

function checkSettings(
  given: unknown,
  settings: ResolvedStepperSettings,
  fault: (why: string, hint: string) => never,
): void {
  const found = (typeof given === 'object' ? given : undefined) as Record<string, unknown> | null;
  for (const [key, value] of Object.entries(describe(settings))) {
    const [then, now] = [found?.[key], value].map((one) => JSON.stringify(one) ?? 'none');
    if (then === now) continue;
    fault(
      `was taken with ${key} ${then}, this stepper has ${now}`,
      'give it the same settings; setWeights takes the weights alone',
    );
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
