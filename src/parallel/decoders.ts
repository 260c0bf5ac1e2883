/**
 * Threads that read and decode samples, apart from those that train: a reader that ends its
 * thread costs a task, not the run.
 */
import { pause } from '#platform/system';
import { createThreads } from '#platform/threads';
import type { SampleReader } from '../data/dataset.js';
import { isShared } from '../engine/memory.js';
import { LanewiseError } from '../errors.js';
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

/** A data set's reader and where its samples go. */
export interface DecoderTarget {
  readonly name: string;
  readonly reader: SampleReader;
  readonly slots: SampleSlots;
}

export interface Decoders {
  /** Tasks of a source that are worth having under way at once. */
  tasksOf(source: number): number;
  /** Reads a task's samples to their slots. @throws LanewiseError naming the sample that cannot be read. */
  run(task: DecodeTask): Promise<void>;
  /** Milliseconds in which threads were at work, of all of them together. */
  busyMs(): number;
  /** How many there are. */
  readonly threads: number;
  close(): Promise<void>;
}

/** Tasks for each thread: one that it works on, one that waits for it. */
const TASKS_PER_THREAD = 2;

/** Of a decoder's JavaScript objects: samples and codecs' memory are none. */
const HEAP_MEGABYTES = 512;

/**
 * Decoders of all `targets`: `threads` threads for readers that have a module, the calling thread for others, and
 * for all with 0 threads.
 */
export async function createDecoders(
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
 * In this thread, the samples of a task side by side: a reader may wait for something. What comes after the end is
 * dropped, as the memory may be another run's by then.
 */
async function runHere(
  targets: readonly DecoderTarget[],
  { source, samples, slots: places }: DecodeTask,
  isClosed: () => boolean,
): Promise<void> {
  const { name, reader, slots } = targets[source]!;
  // Let timers and signals through between tasks.
  await pause();
  const settled = await Promise.allSettled(
    samples.map(async (index, i) => {
      const values = await readSample(reader, name, index, slots);
      if (!isClosed()) slotOf(slots, places[i]!).set(values);
    }),
  );
  // The first sample's that failed, not the first failure's.
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

  /** A task of one sample, once more if its thread dies. */
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
        // Its thread has died. Once more, one by one, to know which sample it is if one dies again.
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
    // Those without a module are not read by threads.
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
