/**
 * The choice of some of the samples, which is all that taking data apart does. Everything that samples have one by one
 * is chosen with them, what holds for all of them stays, and the caller records where they were taken from.
 */
import { readerModule } from '#platform/threads';
import { LanewiseError } from '../base/errors.js';
import { crc32 } from '../formats/crc32.js';
import { sizeOf } from '../graph/tensor.js';
import type { Field } from './dataset.js';
import { UNNAMED, type Fields, type Samples } from './samples.js';
import { createReader, type SubsetSettings } from './subset-reader.js';

type Values = Field['values'];

/** Takes some of the samples' values, `size` values per sample. */
type Take = <V extends Values>(values: V, size: number) => V;

/** The samples at `indices`, in this order, possibly repeated. Values in memory are copied; samples that are read stay with their reader. */
export const choose = (samples: Samples, indices: Uint32Array): Samples =>
  withSource(picked(samples, indices), samples, indices);

/** The first `count` samples, or all if there are fewer, sharing memory. */
export function firstOf(samples: Samples, count: number): Samples {
  if (count >= samples.count) return samples;
  const begin = (values: Values, size: number) => values.subarray(0, count * size);
  const first = taken(samples, count, begin as Take, (files) => files.slice(0, count));
  return withSource(
    first,
    samples,
    Uint32Array.from({ length: count }, (_, i) => i),
  );
}

/** The samples at `indices` without their source. */
const picked = (samples: Samples, indices: Uint32Array): Samples =>
  taken(
    samples,
    indices.length,
    (values, size) => pick(values, size, indices),
    (files) => Array.from(indices, (index) => files[index]),
  );

function taken(
  samples: Samples,
  count: number,
  take: Take,
  ofList: (list: readonly unknown[]) => readonly unknown[],
): Samples {
  const { inputs, targets, weights, files, windows, source, origin: _, ...others } = samples;
  const fields = (all: Fields): Fields =>
    Object.fromEntries(Object.entries(all).map(([name, field]) => [name, fieldAt(field, take)]));
  return {
    ...others,
    count,
    inputs: source ? inputs : fields(inputs),
    targets: fields(targets),
    ...(weights ? { weights: take(weights, 1) } : {}),
    ...(files ? { files: ofList(files) } : {}),
    ...(windows ? { windows: { ...windows, starts: take(windows.starts, 1) } } : {}),
  };
}

function fieldAt(field: Field, take: Take): Field {
  const { shape, values, weights } = field;
  const size = sizeOf(shape);
  const perSample = weights?.length === values.length ? size : 1;
  return {
    ...field,
    values: take(values, size),
    ...(weights ? { weights: take(weights, perSample) } : {}),
  };
}

/** @throws LanewiseError kind 'argument' for a stream. */
export function checkIndexed({ name, source }: Samples): void {
  if (!source?.open) return;
  throw new LanewiseError(
    'argument',
    `data set '${name}' is a stream, whose samples cannot be chosen`,
  );
}

/** The part of `samples` at `indices`, with the source that reads it. */
function withSource(part: Samples, samples: Samples, indices: Uint32Array): Samples {
  const { source } = samples;
  if (!source) return part;
  checkIndexed(samples);
  const { fingerprint = '' } = source;
  const reader = source.reader!;
  const settings: SubsetSettings = {
    indices,
    ...(reader.module ? { module: reader.module } : {}),
  };
  const module = reader.module && readerModule('subset-reader', settings);
  const chosen = crc32(new Uint8Array(indices.buffer)).toString(16);
  return {
    ...part,
    source: {
      fingerprint: `${fingerprint} at ${indices.length} indices ${chosen}`,
      reader: { ...createReader(settings, reader), ...(module ? { module } : {}) },
    },
  };
}

/** The values of the samples at `indices`, `size` values each. */
function pick<V extends Values>(values: V, size: number, indices: Uint32Array): V {
  const type = [Uint8Array, Int32Array, Float32Array].find((one) => values instanceof one)!;
  const picked = new type(indices.length * size) as V;
  for (let i = 0; i < indices.length; i++) {
    const at = indices[i]! * size;
    if (size === 1) picked[i] = values[at]!;
    else picked.set(values.subarray(at, at + size), i * size);
  }
  return picked;
}

/** A few samples in memory, at `positions`, for looking at them or at a net's response. */
export async function samplesAt(samples: Samples, positions: ArrayLike<number>): Promise<Samples> {
  checkIndexed(samples);
  const indices = Uint32Array.from(positions);
  const chosen = picked(samples, indices);
  const reader = samples.source?.reader;
  if (!reader) return chosen;
  const [values, size] = roomFor(chosen);
  for (const [i, index] of indices.entries())
    await reader.read(index, values.subarray(i * size, (i + 1) * size));
  return inMemory(chosen, values);
}

/** The first `count` samples, also of a stream, or all of them. @throws LanewiseError as `samplesAt`. */
export async function takeFirst(samples: Samples, count: number): Promise<Samples> {
  const few = Math.min(count, samples.count);
  const open = samples.source?.open;
  if (!open)
    return samplesAt(
      samples,
      Array.from({ length: few }, (_, i) => i),
    );
  const [values, size] = roomFor({ ...samples, count: few });
  const labels = new Int32Array(few);
  let i = 0;
  for await (const sample of open(0)) {
    values.set(sample.values.subarray(0, size), i * size);
    labels[i] = sample.label;
    if (++i >= few) break;
  }
  return inMemory({ ...samples, count: i }, values.subarray(0, i * size), labels.subarray(0, i));
}

/** Room for the values of samples that are not in memory, and the number of values per sample. */
function roomFor({ inputs, count }: Samples): [values: Uint8Array | Float32Array, size: number] {
  const { shape, values } = inputs[UNNAMED]!;
  const size = sizeOf(shape);
  return [
    values instanceof Uint8Array ? new Uint8Array(count * size) : new Float32Array(count * size),
    size,
  ];
}

/** The samples with the values that their source has delivered. */
export function inMemory(
  samples: Samples,
  values: Uint8Array | Float32Array,
  labels?: Int32Array,
): Samples {
  const { source: _, inputs, targets, ...others } = samples;
  return {
    ...others,
    inputs: { [UNNAMED]: { ...inputs[UNNAMED]!, values } },
    targets: labels ? { [UNNAMED]: { shape: [], values: labels } } : targets,
  };
}
