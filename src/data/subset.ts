/** Parts of data sets. */
import { readerModule } from '#platform/threads';
import { LanewiseError, show } from '../errors.js';
import { crc32 } from '../formats/crc32.js';
import { sizeOf } from '../graph/tensor.js';
import {
  checkDataset,
  countOf,
  fieldAt,
  isSampleStream,
  isStreamed,
  isTensorDataset,
  placeWeights,
  weightsOf,
  type AnyDataset,
  type Dataset,
  type Field,
  type SampleStream,
  type StreamedDataset,
  type TensorDataset,
} from './dataset.js';
import { originOfPart, type Selection } from './origin.js';
import { createReader, type SubsetSettings } from './subset-reader.js';

/** What can be taken apart: all but streams, whose samples come as they come. */
export type IndexedDataset = Exclude<AnyDataset, SampleStream>;

/** What a part of a data set is: a part of an image folder has no folder's files. */
export type PartOf<D> = D extends StreamedDataset ? StreamedDataset : D;

/**
 * The samples at `indices`, in this order; one may occur more than once. Arrays are copied; images that are read when
 * they are wanted stay where they are.
 * @throws LanewiseError kind 'argument' for an index that is no sample's, none at all, or a stream.
 */
export function subset<D extends IndexedDataset>(data: D, indices: ArrayLike<number>): PartOf<D> {
  checkIndexed(data);
  const count = countOf(data);
  if (!(indices?.length > 0)) {
    throw new LanewiseError(
      'argument',
      `subset of '${data.name}': indices are ${show(indices)}, expected a list of at least one`,
    );
  }
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (Number.isInteger(index) && index >= 0 && index < count) continue;
    throw new LanewiseError(
      'argument',
      `subset of '${data.name}': index ${show(index)} at ${i}, expected a whole number of 0–${count - 1}`,
    );
  }
  return partOf(data, Uint32Array.from(indices), { by: 'subset', count: indices.length });
}

/** The samples at `indices`, and that they were chosen by `selection`. */
export function partOf<D extends IndexedDataset>(
  data: D,
  indices: Uint32Array,
  selection: Selection,
): PartOf<D> {
  const origin = originOfPart(data, selection);
  return { ...take(placeWeights(data), indices), ...(origin ? { origin } : {}) } as PartOf<D>;
}

/** @throws LanewiseError kind 'argument' for a stream. */
export function checkIndexed(data: AnyDataset): asserts data is IndexedDataset {
  checkDataset(placeWeights(data));
  if (!isSampleStream(data)) return;
  throw new LanewiseError(
    'argument',
    `data set '${data.name}' is a stream, whose samples cannot be chosen`,
  );
}

function take(data: IndexedDataset, indices: Uint32Array): IndexedDataset {
  if (isTensorDataset(data)) return takeFields(data, indices);
  const labels = pick(data.labels, 1, indices);
  const weights = data.weights ? { weights: pick(data.weights, 1, indices) } : {};
  if (isStreamed(data)) return takeStreamed(data, indices, { labels, ...weights });
  const samples = pick((data as Dataset).samples, sizeOf(data.shape), indices);
  return { ...(data as Dataset), samples, labels, ...weights };
}

function takeFields(data: TensorDataset, indices: Uint32Array): TensorDataset {
  const weights = weightsOf(data);
  const fields = (all: TensorDataset['inputs']) =>
    Object.fromEntries(
      Object.entries(all).map(([name, field]): [string, Field] => [
        name,
        fieldAt(field, (values, size) => pick(values, size, indices)),
      ]),
    );
  return {
    ...data,
    inputs: fields(data.inputs),
    targets: fields(data.targets),
    ...(weights ? { weights: pick(weights, 1, indices) } : {}),
  };
}

function takeStreamed(
  { name, shape, classes, transforms, fit, table, fingerprint, reader }: StreamedDataset,
  indices: Uint32Array,
  own: Pick<StreamedDataset, 'labels' | 'weights'>,
): StreamedDataset {
  const settings: SubsetSettings = { indices, ...(reader.module ? { module: reader.module } : {}) };
  const module = reader.module && readerModule('subset-reader', settings);
  const chosen = crc32(new Uint8Array(indices.buffer)).toString(16);
  return {
    name,
    shape,
    classes,
    ...(transforms ? { transforms } : {}),
    ...(fit ? { fit } : {}),
    ...(table ? { table } : {}),
    ...own,
    fingerprint: `${fingerprint ?? ''} at ${indices.length} indices ${chosen}`,
    reader: { ...createReader(settings, reader), ...(module ? { module } : {}) },
  };
}

function pick<A extends Uint8Array | Int32Array | Float32Array>(
  values: A,
  size: number,
  indices: Uint32Array,
): A {
  const type = [Uint8Array, Int32Array, Float32Array].find((one) => values instanceof one)!;
  const picked = new type(indices.length * size) as A;
  for (let i = 0; i < indices.length; i++) {
    const at = indices[i]! * size;
    if (size === 1) picked[i] = values[at]!;
    else picked.set(values.subarray(at, at + size), i * size);
  }
  return picked;
}
