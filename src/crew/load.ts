/** The loading of a streamed data set into memory, reading it once. */
import { checkOptions, callable } from '../base/check.js';
import { inMemory } from '../data/chosen.js';
import type { Dataset, SampleStream, StreamedDataset } from '../data/dataset.js';
import { datasetOf, samplesOf } from '../data/forms.js';
import { UNNAMED, type Samples } from '../data/samples.js';
import { LanewiseError } from '../base/errors.js';
import { sizeOf } from '../graph/tensor.js';
import { bytesOfSample, viewOf } from '../feed/decoder.js';
import { decoderCount, defaultDecoders } from './streams.js';
import { createRings } from '../feed/ring.js';

/** Settings of `loadIntoMemory`. */
export interface LoadOptions {
  /** Number of threads that read samples; default the machine's parallelism, at most 8. 0 is this thread. */
  readonly decoders?: number;
  /** Called as samples are read. */
  onProgress?(progress: LoadProgress): void;
}

/** The number of samples read so far. */
export interface LoadProgress {
  /** The data set's name. */
  readonly name: string;
  /** Samples read. */
  readonly done: number;
  readonly total: number;
}

/** Bound on bytes: more is a mistake, and more than arrays can hold. */
const MOST_BYTES = 2 ** 32;

/**
 * Reads all samples of an image folder or stream, once. Training on the result gives the same bits as on `data`.
 * @throws LanewiseError as reading does; kind 'memory' if they need more than 4 GiB or the machine's memory.
 */
export async function loadIntoMemory(
  data: StreamedDataset | SampleStream,
  options: LoadOptions = {},
): Promise<Dataset> {
  const { decoders = defaultDecoders(), onProgress } = checkOptions('loadIntoMemory', options, {
    decoders: decoderCount,
    onProgress: callable,
  });
  const samples = samplesOf(data);
  return datasetOf(await readAll(samples, decoders, onProgress)) as Dataset;
}

/** The same samples with their values in memory. @throws LanewiseError as reading does. */
export async function readAll(
  samples: Samples,
  decoders = defaultDecoders(),
  onProgress?: (progress: LoadProgress) => void,
): Promise<Samples> {
  const { name, count, source, inputs } = samples;
  if (!source) return samples;
  const { shape, values } = inputs[UNNAMED]!;
  const place = {
    type: values instanceof Uint8Array ? 'uint8' : 'float32',
    size: sizeOf(shape),
  } as const;
  const buffer = allocate(name, count, count * bytesOfSample(place));
  // A stream's labels arrive with its samples.
  const labels = source.open ? new Int32Array(count) : undefined;
  const room = {
    slots: count,
    count,
    samples: { buffer, base: 0, ...place },
    rows: labels ? [{ slots: labels, values: labels }] : [],
  };
  const { rings, close } = await createRings([samples], [room], decoders);
  try {
    const ring = rings[0]!;
    ring.start(
      Uint32Array.from({ length: count }, (_, i) => i),
      0,
      1,
    );
    for (let done = 0; done < count;) {
      done = await ring.wait(done + 1);
      onProgress?.({ name, done, total: count });
    }
  } finally {
    await close();
  }
  return inMemory(samples, viewOf({ buffer, type: place.type }, 0, count * place.size), labels);
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
