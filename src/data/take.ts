/** A few samples of any data set, in memory: for looking at them, or at a net by them. */
import { sizeOf } from '../graph/tensor.js';
import {
  countOf,
  fieldAt,
  isSampleStream,
  isTensorDataset,
  weightsOf,
  type AnyDataset,
  type Field,
  type InMemoryDataset,
  type SampleStream,
} from './dataset.js';

type Values = Uint8Array | Int32Array | Float32Array;

/**
 * The samples at `positions`, in that order, with the data set's transforms.
 * @throws LanewiseError whatever its reader throws.
 */
export async function samplesAt(
  data: Exclude<AnyDataset, SampleStream>,
  positions: readonly number[],
): Promise<InMemoryDataset> {
  const own = weightsOf(data);
  const weights = own ? { weights: pick(own, 1, positions) } : {};
  if (isTensorDataset(data)) {
    const fields = (all: Readonly<Record<string, Field>>) =>
      Object.fromEntries(
        Object.entries(all).map(([name, field]) => [
          name,
          fieldAt(field, (values, size) => pick(values, size, positions)),
        ]),
      );
    return { ...data, inputs: fields(data.inputs), targets: fields(data.targets), ...weights };
  }
  const { name, shape, classes, transforms } = data;
  const size = sizeOf(shape);
  const of = { name, shape, classes, ...(transforms ? { transforms } : {}), ...weights };
  const labels = pick(data.labels, 1, positions);
  if (!('reader' in data)) return { ...of, labels, samples: pick(data.samples, size, positions) };
  const { reader } = data;
  const Type = reader.type === 'uint8' ? Uint8Array : Float32Array;
  const samples = new Type(positions.length * size);
  for (const [i, position] of positions.entries())
    await reader.read(position, samples.subarray(i * size, (i + 1) * size));
  return { ...of, labels, samples };
}

/** The first `count` samples of any data set, or all of them. @throws LanewiseError as `samplesAt`. */
export async function takeFirst(data: AnyDataset, count: number): Promise<InMemoryDataset> {
  const few = Math.min(count, countOf(data));
  if (!isSampleStream(data))
    return samplesAt(
      data,
      Array.from({ length: few }, (_, i) => i),
    );
  const { name, shape, classes, type } = data;
  const size = sizeOf(shape);
  const samples = new (type === 'uint8' ? Uint8Array : Float32Array)(few * size);
  const labels = new Int32Array(few);
  let i = 0;
  for await (const { values, label } of data.open(0)) {
    samples.set(values.subarray(0, size), i * size);
    labels[i] = label;
    if (++i >= few) break;
  }
  return {
    name,
    shape,
    classes,
    samples: samples.subarray(0, i * size),
    labels: labels.subarray(0, i),
  };
}

/** The values of the samples at `positions`, `size` values each. */
function pick<V extends Values>(values: V, size: number, positions: readonly number[]): V {
  const picked = new (values.constructor as new (length: number) => V)(positions.length * size);
  positions.forEach((position, i) =>
    picked.set(values.subarray(position * size, (position + 1) * size), i * size),
  );
  return picked;
}
