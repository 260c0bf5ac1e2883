/**
 * The supplies that fill a ring's slots from readers or streams. Readers take samples in an epoch's order, in decoder
 * threads apart from those that train (a reader that ends its thread costs a task, not the run); streams have their own
 * order.
 */
import { pause } from '#platform/system';
import { createThreads } from '#platform/threads';
import { checkFinite } from '../base/check-values.js';
import type { SampleReader, StreamSample } from '../data/dataset.js';
import { UNNAMED, type Samples } from '../data/samples.js';
import { isShared } from '../engine/memory.js';
import { LanewiseError, show } from '../base/errors.js';
import { showShape, sizeOf } from '../graph/tensor.js';
import {
  bytesOfSample,
  nameOf,
  readSample,
  slotOf,
  viewOf,
  type DecodeResult,
  type DecoderSetup,
  type DecodeTask,
  type SampleSlots,
} from './decoder.js';

/** Positions [from, from + count) of an epoch's order, and the slot of the first; the others follow around the ring. */
export interface Part {
  readonly order: Uint32Array;
  readonly from: number;
  readonly count: number;
  readonly slot: number;
}

/** Fills slots, a task at a time. */
export interface Supply {
  /** Largest number of simultaneous tasks. */
  readonly tasks: number;
  /** Begins an epoch at a position of its order; no task may be pending. */
  begin(position: number, epoch: number): Promise<void>;
  /** Reads samples into their slots. Tasks begin in the order of positions. */
  fill(part: Part): Promise<void>;
  close(): Promise<void>;
}

/** The slots of a streamed data set in memory. */
export interface RingRoom {
  readonly slots: number;
  readonly count: number;
  readonly samples: SampleSlots;
  /** Columns of one value per sample, such as labels: the slots, and all samples' values. */
  readonly rows: readonly Row[];
}

export interface Row {
  readonly slots: Uint8Array | Int32Array | Float32Array;
  readonly values: ArrayLike<number>;
}

/** The supplies of all data sets. */
export interface Supplies {
  /** Supplies by data set; undefined for one in memory. */
  readonly supplies: readonly (Supply | undefined)[];
  /** Milliseconds in which decoder threads were busy, summed over all of them. */
  busyMs(): number;
  readonly threads: number;
  /** Ends the threads, once every supply is closed. */
  close(): Promise<void>;
}

/** Supplies for the data sets that have a source, with `threads` decoder threads shared by all. */
export async function createSupplies(
  sources: readonly (Samples | undefined)[],
  rooms: readonly (RingRoom | undefined)[],
  threads: number,
): Promise<Supplies> {
  const targets: DecoderTarget[] = [];
  const places = sources.map((samples, i) => {
    const reader = samples?.source?.reader;
    return reader
      ? targets.push({ name: samples!.name, reader, slots: rooms[i]!.samples }) - 1
      : -1;
  });
  const decoders = await createDecoders(targets, threads);
  const supplies = sources.map((samples, i) => {
    if (!samples) return undefined;
    const place = places[i]!;
    return place < 0 ? streamSupply(samples, rooms[i]!) : readerSupply(decoders, place, rooms[i]!);
  });
  return {
    supplies,
    busyMs: () => decoders.busyMs(),
    threads: decoders.threads,
    close: () => decoders.close(),
  };
}

function readerSupply(decoders: Decoders, source: number, { slots, rows }: RingRoom): Supply {
  return {
    tasks: decoders.tasksOf(source),
    async begin() {},
    async fill({ order, from, count, slot }) {
      const samples = [...order.subarray(from, from + count)];
      const places = samples.map((_, i) => (slot + i) % slots);
      for (const row of rows)
        samples.forEach((sample, i) => (row.slots[places[i]!] = row.values[sample]!));
      await decoders.run({ source, samples, slots: places });
    },
    async close() {},
  };
}

function streamSupply(stream: Samples, { slots, samples, rows }: RingRoom): Supply {
  const { name, count: length } = stream;
  let iterator: AsyncIterator<StreamSample> | undefined;
  let closed = false;
  const refuse = (what: string, cause?: unknown) =>
    new LanewiseError('data', `data set '${name}': ${what}`, undefined, { cause });

  /** The next sample; undefined after the last. */
  async function take(position: number): Promise<StreamSample | undefined> {
    try {
      const { done, value } = await iterator!.next();
      return done ? undefined : value;
    } catch (error) {
      if (error instanceof LanewiseError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw refuse(`its stream failed at sample ${position}: ${reason}`, error);
    }
  }

  async function takeSome(position: number): Promise<StreamSample> {
    const sample = await take(position);
    if (sample) return sample;
    throw refuse(`its stream ended after ${position} samples, expected ${length}`);
  }

  async function stop(): Promise<void> {
    const old = iterator;
    iterator = undefined;
    await old?.return?.();
  }

  return {
    tasks: 1,
    async begin(position, epoch) {
      await stop();
      iterator = stream.source!.open!(epoch)[Symbol.asyncIterator]();
      for (let i = 0; i < position; i++) await takeSome(i);
    },
    async fill({ from, count, slot: first }) {
      for (let i = 0; i < count; i++) {
        const position = from + i;
        const sample = await takeSome(position);
        checkSample(stream, sample, position);
        // The memory may belong to another run by now.
        if (closed) return;
        const slot = (first + i) % slots;
        slotOf(samples, slot).set(sample.values);
        for (const row of rows) row.slots[slot] = sample.label;
      }
      if (from + count < length || (await take(length)) === undefined) return;
      await stop();
      throw refuse(`its stream has more than the ${length} samples of its length`);
    },
    async close() {
      closed = true;
      // Not awaited: a stream that waits for its next sample would end only then.
      void stop().catch(() => {});
    },
  };
}

function checkSample(
  { name, inputs, classes }: Samples,
  { values, label }: StreamSample,
  position: number,
): void {
  const { shape, values: none } = inputs[UNNAMED]!;
  const Type = none instanceof Uint8Array ? Uint8Array : Float32Array;
  const count = (classes as readonly string[]).length;
  const refuse = (what: string) => {
    throw new LanewiseError('data', `data set '${name}', sample ${position}: ${what}`);
  };
  if (!(values instanceof Type)) refuse(`values are ${show(values)}, expected ${Type.name}`);
  if (values.length !== sizeOf(shape)) {
    refuse(`${values.length} values, expected ${sizeOf(shape)} (${showShape(shape)})`);
  }
  checkFinite('data', `data set '${name}', sample ${position}`, values);
  if (!Number.isInteger(label) || label < 0 || label >= count) {
    refuse(`label ${show(label)}, expected a whole number from 0 to ${count - 1}`);
  }
}

/** A data set's reader and the destination of its samples. */
interface DecoderTarget {
  readonly name: string;
  readonly reader: SampleReader;
  readonly slots: SampleSlots;
}

interface Decoders {
  /** Useful number of simultaneous tasks of a source. */
  tasksOf(source: number): number;
  /** Reads a task's samples to their slots. @throws LanewiseError naming the sample that cannot be read. */
  run(task: DecodeTask): Promise<void>;
  /** Milliseconds in which threads were busy, summed over all of them. */
  busyMs(): number;
  /** Number of threads. */
  readonly threads: number;
  close(): Promise<void>;
}

/** Tasks per thread: one in progress, one waiting. */
const TASKS_PER_THREAD = 2;

/** Bound on a decoder's JavaScript objects, which does not include samples and codecs' memory. */
const HEAP_MEGABYTES = 512;

/**
 * Decoders of all `targets`: `threads` threads for readers that have a module, the calling thread for all other
 * readers, and for all readers with 0 threads.
 */
async function createDecoders(
  targets: readonly DecoderTarget[],
  threads: number,
): Promise<Decoders> {
  const isThreaded = (source: number) =>
    threads > 0 && targets[source]!.reader.module !== undefined;
  const pool = targets.some((_, source) => isThreaded(source))
    ? await createThreadDecoders(targets, threads)
    : undefined;
  let closed = false;
  return {
    tasksOf: (source) => (isThreaded(source) ? threads * TASKS_PER_THREAD : 1),
    run: (task) =>
      isThreaded(task.source) ? pool!.run(task) : runHere(targets, task, () => closed),
    busyMs: () => pool?.busyMs() ?? 0,
    threads: pool ? threads : 0,
    async close() {
      closed = true;
      await pool?.close();
    },
  };
}

/**
 * Reads a task's samples concurrently in this thread: a reader may wait for something. Samples that arrive after the
 * end are dropped, as the memory may belong to another run by then.
 */
async function runHere(
  targets: readonly DecoderTarget[],
  { source, samples, slots: places }: DecodeTask,
  isClosed: () => boolean,
): Promise<void> {
  const { name, reader, slots } = targets[source]!;
  // Timers and signals get a turn between tasks.
  await pause();
  const settled = await Promise.allSettled(
    samples.map(async (index, i) => {
      const values = await readSample(reader, name, index, slots);
      if (!isClosed()) slotOf(slots, places[i]!).set(values);
    }),
  );
  // The error of the first failed sample, not the earliest failure.
  const failed = settled.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

async function createThreadDecoders(
  targets: readonly DecoderTarget[],
  threads: number,
): Promise<Omit<Decoders, 'tasksOf' | 'threads'>> {
  const pool = await createThreads({
    entry: 'decoder',
    count: threads,
    heapMegabytes: HEAP_MEGABYTES,
    setup: { sources: targets.map(sourceOf) } satisfies DecoderSetup,
  });
  let closed = false;
  let busyMs = 0;

  async function runOnce(task: DecodeTask): Promise<void> {
    const { failure, values, ms = 0 } = (await pool.run(task)) as DecodeResult;
    busyMs += ms;
    if (failure) throw new LanewiseError(failure.kind, failure.message, failure.hint);
    if (!values) return;
    const { slots } = targets[task.source]!;
    task.slots.forEach((slot, i) =>
      slotOf(slots, slot).set(
        viewOf({ buffer: values, type: slots.type }, i * bytesOfSample(slots), slots.size),
      ),
    );
  }

  /** Runs a task of one sample, again if its thread dies. */
  async function runAlone(task: DecodeTask): Promise<void> {
    const isDeath = (error: unknown) => !(error instanceof LanewiseError || closed);
    try {
      await runOnce(task);
    } catch (error) {
      if (!isDeath(error)) throw error;
      await runOnce(task).catch((again: unknown) => {
        throw isDeath(again) ? died(targets[task.source]!, task.samples[0]!, again) : again;
      });
    }
  }

  return {
    async run(task) {
      try {
        await runOnce(task);
      } catch (error) {
        if (error instanceof LanewiseError || closed) throw error;
        // The thread has died. The samples are retried one by one, to find the one that ends its thread if it happens
        // again.
        for (const [i, sample] of task.samples.entries())
          await runAlone({ ...task, samples: [sample], slots: [task.slots[i]!] });
      }
    },
    busyMs: () => busyMs,
    close() {
      closed = true;
      return pool.close();
    },
  };
}

function sourceOf({ name, reader, slots }: DecoderTarget): DecoderSetup['sources'][number] {
  const { buffer, ...place } = slots;
  return {
    name,
    // Readers without a module are not read by threads.
    module: reader.module ?? { url: '', settings: undefined },
    slots: isShared(buffer) ? { ...place, buffer } : place,
  };
}

function died({ name, reader }: DecoderTarget, sample: number, cause: unknown): LanewiseError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LanewiseError(
    'engine',
    `data set '${name}': reading ${nameOf(reader, sample)} ended its decoder thread twice: ${reason}`,
    undefined,
    { cause },
  );
}
