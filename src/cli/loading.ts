/** The loading of streamed data sets that are small enough: they are read once, before training, and stay in memory. */
import type { IndexedDataset } from '../data/dataset.js';
import { datasetOf, samplesOf } from '../data/forms.js';
import { keepNames } from '../data/sample-names.js';
import { UNNAMED } from '../data/samples.js';
import { sizeOf } from '../graph/tensor.js';
import { readAll } from '../crew/load.js';
import { decoderCount } from '../crew/streams.js';
import type { PartsOf } from './data-sources.js';
import { loadingBar } from './progress.js';

export interface LoadingOptions {
  /** The bytes that all samples together may take. */
  readonly maxMemory?: number;
  readonly decoders?: number;
}

export const DEFAULT_MAX_MEMORY = 2 ** 30;

/** Samples are in memory twice: as they were read, and where the workers gather them. */
const COPIES = 2;

/** The data sets with their samples in memory if all of them fit into `maxMemory`; otherwise unchanged. */
export async function loadedIfSmall<D extends IndexedDataset>(
  data: PartsOf<D>,
  { maxMemory = DEFAULT_MAX_MEMORY, ...reading }: LoadingOptions,
): Promise<PartsOf<D>> {
  // Before so many threads are started.
  if (reading.decoders !== undefined) decoderCount('train', 'decoders', reading.decoders);
  const { train, test, validation, task } = data;
  const isApart = validation !== undefined && validation !== test;
  const all = isApart ? [train, test, validation] : [train, test];
  const bytes = all.reduce((sum, part) => sum + bytesOf(part), 0);
  if (bytes * COPIES > maxMemory) return data;
  const [inMemory, tested] = [await loaded(train, reading), await loaded(test, reading)];
  const parts = { train: inMemory, test: tested, ...(task ? { task } : {}) };
  if (!validation) return parts;
  const validated = isApart ? await loaded(validation, reading) : tested;
  return { ...parts, validation: validated };
}

/** The bytes of a data set's samples if they are streamed, else 0. */
function bytesOf(data: IndexedDataset): number {
  const samples = samplesOf(data);
  if (!samples.source) return 0;
  const { shape, values } = samples.inputs[UNNAMED]!;
  return samples.count * sizeOf(shape) * values.BYTES_PER_ELEMENT;
}

async function loaded<D extends IndexedDataset>(
  data: D,
  { decoders }: Pick<LoadingOptions, 'decoders'>,
): Promise<D> {
  const bar = loadingBar(process.stderr);
  try {
    const samples = samplesOf(data);
    const read = await readAll(samples, decoders, (state) => bar.update(state));
    keepNames(samples, read);
    return datasetOf(read) as D;
  } finally {
    bar.stop();
  }
}

/** Bytes of samples to read ahead for each of the two data sets, within the limit for all; undefined for the default. */
export const prefetchWithin = (maxMemory = DEFAULT_MAX_MEMORY): number | undefined =>
  maxMemory >= 2 ** 26 ? undefined : Math.max(1, Math.floor(maxMemory / 2));
