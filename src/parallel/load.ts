/** A streamed data set read once, to lie in memory from then on. */
import { checkOptions, callable } from '../check.js';
import {
  checkDataset,
  countOf,
  isSampleStream,
  type Dataset,
  type SampleStream,
  type StreamedDataset,
} from '../data/dataset.js';
import { LanewiseError } from '../errors.js';
import { sizeOf } from '../graph/tensor.js';
import { bytesOfSample, viewOf } from './decoder.js';
import { decoderCount, defaultDecoders } from './streams.js';
import { createFeeds } from './supplies.js';

/** Settings of `loadIntoMemory`. */
export interface LoadOptions {
  /** Threads that read samples; default the machine's parallelism, at most 8. 0: this thread. */
  readonly decoders?: number;
  /** Samples as they are read. */
  onProgress?(progress: LoadProgress): void;
}

/** How many samples have been read. */
export interface LoadProgress {
  /** Of the data set. */
  readonly name: string;
  /** Samples. */
  readonly done: number;
  readonly total: number;
}

/** More is a mistake, and more than arrays can be. */
const MOST_BYTES = 2 ** 32;

/**
 * Reads all samples of an image folder or stream, once. Training on the result gives the same bits as on `data`.
 * @throws LanewiseError as reading them does; kind 'memory' if they need more than 4 GiB or the machine's memory.
 */
export async function loadIntoMemory(
  data: StreamedDataset | SampleStream,
  options: LoadOptions = {},
): Promise<Dataset> {
  const { decoders = defaultDecoders(), onProgress } = checkOptions('loadIntoMemory', options, {
    decoders: decoderCount,
    onProgress: callable,
  });
  checkDataset(data);
  const count = countOf(data);
  const { type } = isSampleStream(data) ? data : data.reader;
  const place = { type, size: sizeOf(data.shape) };
  const buffer = allocate(data.name, count, count * bytesOfSample(place));
  const labels = isSampleStream(data) ? new Int32Array(count) : data.labels;
  const ring = {
    slots: count,
    count,
    samples: { buffer, base: 0, ...place },
    rows: isSampleStream(data) ? [{ slots: labels, values: labels }] : [],
  };
  const { feeds, close } = await createFeeds([data], [ring], decoders);
  try {
    const feed = feeds[0]!;
    feed.start(
      Uint32Array.from({ length: count }, (_, i) => i),
      0,
      1,
    );
    for (let done = 0; done < count;) {
      done = await feed.wait(done + 1);
      onProgress?.({ name: data.name, done, total: count });
    }
  } finally {
    await close();
  }
  const samples = viewOf({ buffer, type }, 0, count * place.size);
  if (isSampleStream(data)) {
    const { name, shape, classes, transforms } = data;
    return { name, shape, classes, samples, labels, ...(transforms ? { transforms } : {}) };
  }
  const { reader: _reader, fingerprint: _fingerprint, ...rest } = data;
  return { ...rest, samples };
}

function allocate(name: string, count: number, bytes: number): ArrayBuffer {
  const refuse = (cause?: unknown) =>
    new LanewiseError(
      'memory',
      `the ${count} samples of '${name}' need ${bytes} bytes in memory`,
      'train on the data set itself, which reads samples when they are wanted',
      { cause },
    );
  if (bytes > MOST_BYTES) throw refuse();
  try {
    return new ArrayBuffer(bytes);
  } catch (error) {
    throw refuse(error);
  }
}
