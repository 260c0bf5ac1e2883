/** What a run is made of, as JSON: two runs with equal descriptions take the same steps. */
import { sha256 } from '../base/sha256.js';
import { labelsIn, UNNAMED, type Samples } from '../data/samples.js';
import type { Model } from '../layers/index.js';
import type { Monitor } from './monitor.js';
import { SETTINGS, type AnySetting, type Digests, type ResolvedSettings } from './settings.js';

/** A value for each setting that can be overridden when a run is resumed, and for `model`. */
export type RunDescription = Readonly<Record<string, unknown>>;

/** Describes a run; arrays enter by their SHA-256. */
export const describeRun = (model: Model, settings: ResolvedSettings): Promise<RunDescription> =>
  describeSettings(settings, digests, { model: model.architecture });

/** The description that the settings' records give; `digests` describe data sets and arrays. */
export async function describeSettings(
  settings: ResolvedSettings,
  digests: Digests,
  given: RunDescription = {},
): Promise<RunDescription> {
  const description: Record<string, unknown> = { ...given };
  for (const [name, { described }] of Object.entries<AnySetting>(SETTINGS)) {
    if (described === 'as it is') description[name] = settings[name as keyof ResolvedSettings];
    else if (typeof described === 'function')
      description[name] = await described(settings, digests);
  }
  // As it is read back from a file: no undefined values, and arrays in place of iterables.
  return JSON.parse(JSON.stringify(description)) as RunDescription;
}

/**
 * The description in a checkpoint as this release would write it. Earlier releases named two settings differently and
 * left others out, which are taken to be as they are now.
 */
export function presentDescription(
  before: RunDescription,
  now: RunDescription,
  stepsPerEpoch: number,
): RunDescription {
  if (!('validationSteps' in before)) return before;
  const { validationSteps: steps, monitor, ...others } = before;
  const every = now['validateEvery'] as { steps?: number; epochs?: number } | undefined;
  const stepsNow = every ? (every.steps ?? every.epochs! * stepsPerEpoch) : 0;
  const { name, patience, minDelta, keepsBest } = (monitor ?? {}) as Partial<Monitor>;
  const described = {
    ...others,
    metrics: now['metrics'],
    validateEvery: steps === stepsNow ? every : steps === 0 ? undefined : { steps },
    earlyStopping: patience ? { monitor: name, patience, minDelta } : undefined,
    keepBest: keepsBest ? { monitor: name } : undefined,
  };
  return JSON.parse(JSON.stringify(described)) as RunDescription;
}

async function ofData(data: Samples) {
  const { name, count, weights, inputs, source } = data;
  const common = { name, samples: count, weights: weights && (await ofArrays([weights])) };
  const image = inputs[UNNAMED];
  if (!image) return { ...common, ...(await describeFields(data)) };
  const { shape, values, transforms } = image;
  const described = { ...common, shape, classes: data.classes, transforms };
  const labels = labelsIn(data);
  if (!labels) return described;
  const sha256 = await ofArrays([source ? (source.fingerprint ?? '') : values, labels]);
  return { ...described, sha256 };
}

async function describeFields(data: Samples) {
  const fields: Record<string, unknown> = {};
  for (const role of ['inputs', 'targets'] as const) {
    for (const [key, { shape, values, as, transforms, weights }] of Object.entries(data[role])) {
      const sha256 = await ofArrays([values]);
      const weighted = weights && (await ofArrays([weights]));
      fields[`${role}.${key}`] = { shape, as, transforms, sha256, weights: weighted };
    }
  }
  return fields;
}

/** The SHA-256 of the SHA-256s of texts and arrays. */
async function ofArrays(
  parts: readonly (string | Uint8Array | Int32Array | Float32Array)[],
): Promise<string> {
  const encode = (text: string) => new TextEncoder().encode(text);
  const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  let hashes = '';
  for (const part of parts)
    hashes += await sha256(typeof part === 'string' ? encode(part) : bytesOf(part));
  return sha256(encode(hashes));
}

const digests: Digests = { ofData, ofArrays };

/** `epochs: 8 in the checkpoint, 12 now` for each value that differs, by its name in the description. */
export function differences(
  before: RunDescription,
  now: RunDescription,
): { readonly name: string; readonly text: string }[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((name) =>
    compare(name, before[name], now[name]).map((text) => ({ name, text })),
  );
}

function compare(path: string, before: unknown, now: unknown): string[] {
  if (JSON.stringify(before) === JSON.stringify(now)) return [];
  if (isObject(before) && isObject(now)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
    return [...keys].flatMap((key) => compare(`${path}.${key}`, before[key], now[key]));
  }
  return [`${path}: ${brief(before)} in the checkpoint, ${brief(now)} now`];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function brief(value: unknown): string {
  if (value === undefined) return 'none';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
