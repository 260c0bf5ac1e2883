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
import type { Monitor } from './monitor.js';
import type { ResolvedSettings, TrainSettings } from './settings.js';

/** By the names of the settings that can be overridden when a run is resumed, and `model`. */
export type RunDescription = Readonly<Record<string, unknown>>;

/** What a resume compares of a setting; null for one on which no weight depends, or whose part others describe. */
type Describe = ((settings: ResolvedSettings) => unknown) | null;

/** Every setting, by the type: a new one cannot be forgotten. In the order in which differences are told. */
export const DESCRIBED: Readonly<Record<keyof TrainSettings, Describe>> = {
  data: ({ data }) => describeData(data),
  validation: ({ validation }) => validation && describeData(validation),
  loss: ({ terms }) => describeTerms(terms),
  optimizer: ({ optimizer }) => described(optimizer),
  schedule: ({ schedule }) => (typeof schedule === 'string' ? schedule : described(schedule)),
  average: ({ average }) => average && described(average),
  sampler: ({ sampler }) => described(sampler),
  weights: ({ weights }) =>
    weights && hashOf([...weights].flatMap(([name, values]) => [name, values])),
  epochs: ({ epochs }) => epochs,
  batch: ({ batch }) => batch,
  dropLast: ({ dropLast, epochSamples }) => (dropLast ? { samples: epochSamples } : undefined),
  // `batch` and `shards` are of all minibatches of an update.
  accumulate: null,
  shards: ({ shards }) => shards,
  seed: ({ seed }) => seed,
  numerics: ({ numerics }) => numerics,
  clipNorm: ({ clipNorm }) => clipNorm,
  clipValue: ({ clipValue }) => clipValue,
  freeze: ({ freeze }) => freeze,
  mixup: ({ mixup }) => mixup,
  validateEvery: ({ validateEvery }) => validateEvery,
  metrics: ({ metrics }) => metrics?.metrics.map(({ name }) => name),
  earlyStopping: ({ monitor }) =>
    monitor && monitor.patience < Infinity
      ? { monitor: monitor.name, patience: monitor.patience, minDelta: monitor.minDelta }
      : undefined,
  keepBest: ({ monitor }) => (monitor?.keepsBest ? { monitor: monitor.name } : undefined),
  workers: null,
  decoders: null,
  prefetchBytes: null,
};

/** Describes a run; arrays go in by their SHA-256. */
export async function describeRun(
  model: Model,
  settings: ResolvedSettings,
): Promise<RunDescription> {
  const description: Record<string, unknown> = { model: model.architecture };
  for (const [name, describe] of Object.entries(DESCRIBED))
    if (describe) description[name] = await describe(settings);
  // As it comes back from a file: without what is undefined, and with arrays for what is iterable.
  return JSON.parse(JSON.stringify(description)) as RunDescription;
}

/**
 * The description in a checkpoint as this release would write it: earlier ones had two settings under other names, and
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
