/** What a run is made of, as JSON: two runs with equal descriptions take the same steps. */
import { sha256 } from '../sha256.js';
import {
  countOf,
  isSampleStream,
  isStreamed,
  isTensorDataset,
  weightsOf,
  type AnyDataset,
} from '../data/dataset.js';
import { describeTerms } from '../losses/terms.js';
import type { Model } from '../layers/index.js';
import type { ResolvedSettings } from './settings.js';

/** By names that can be overridden when a run is resumed: of settings, `model`, `data` and `validation`. */
export type RunDescription = Readonly<Record<string, unknown>>;

/** Describes a run; arrays go in by their SHA-256. */
export async function describeRun(
  model: Model,
  settings: ResolvedSettings,
): Promise<RunDescription> {
  const { data, validation, terms, optimizer, schedule, average, weights, monitor } = settings;
  const {
    validationSteps,
    sampler,
    epochs,
    batch,
    shards,
    seed,
    numerics,
    clipNorm,
    clipValue,
    freeze,
    mixup,
  } = settings;
  const description = {
    model: model.architecture,
    data: await describeData(data),
    validation: validation && (await describeData(validation)),
    loss: describeTerms(terms),
    optimizer: described(optimizer),
    schedule: typeof schedule === 'string' ? schedule : described(schedule),
    average: average && described(average),
    sampler: described(sampler),
    weights: weights && (await hashOf([...weights].flatMap(([name, values]) => [name, values]))),
    epochs,
    batch,
    shards,
    seed,
    numerics,
    clipNorm,
    clipValue,
    freeze,
    mixup,
    validationSteps,
    monitor,
  };
  // As it comes back from a file: without what is undefined, and with arrays for what is iterable.
  return JSON.parse(JSON.stringify(description)) as RunDescription;
}

const described = ({
  kind,
  settings,
}: {
  readonly kind: string;
  readonly settings: Readonly<Record<string, unknown>>;
}) => ({ kind, ...settings });

async function describeData(data: AnyDataset) {
  const weights = weightsOf(data);
  const common = {
    name: data.name,
    samples: countOf(data),
    weights: weights && (await hashOf([weights])),
  };
  if (isSampleStream(data)) {
    const { shape, classes, transforms } = data;
    return { ...common, shape, classes, transforms };
  }
  if (isTensorDataset(data)) {
    const fields: Record<string, unknown> = {};
    for (const role of ['inputs', 'targets'] as const) {
      for (const [key, { shape, values, as, transforms, weights }] of Object.entries(data[role])) {
        const sha256 = await hashOf([values]);
        const weighted = weights && (await hashOf([weights]));
        fields[`${role}.${key}`] = { shape, as, transforms, sha256, weights: weighted };
      }
    }
    return { ...common, ...fields };
  }
  const { shape, classes, labels, transforms } = data;
  const described = { ...common, shape, classes, transforms };
  if (!isStreamed(data)) return { ...described, sha256: await hashOf([data.samples, labels]) };
  return { ...described, sha256: await hashOf([data.fingerprint ?? '', labels]) };
}

/** SHA-256 of the SHA-256 of texts and arrays. */
async function hashOf(
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

/** `epochs: 8 in the checkpoint, 12 now`, for each value that differs, by the description's name it stands under. */
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
