/**
 * The streamed data sets of a session: their rings in the run's memory, and which steps have their samples. Workers
 * gather by the `order` region as ever; it names slots here, not samples.
 */
import { wholeFrom, type Check } from '../check.js';
import { machineParallelism } from '#platform/threads';
import { isShared } from '../engine/memory.js';
import { baseOf } from './layout.js';
import { storedSize, type Column } from './column.js';
import type { Columns } from './columns.js';
import type { Feed } from './feed.js';
import type { RunPlan } from './plan.js';
import { createFeeds, type Ring } from './supplies.js';

/** What a session asks of a streamed data set. */
export interface Stream {
  /** The order of an epoch that is to be trained on, and of the one after it. */
  writeOrder(order: Uint32Array, epoch: number, next?: () => Uint32Array): void;
  /** Resolves when step `first` has its samples: to how many steps have, of `most`. */
  steps(first: number, most: number): Promise<number>;
  /** The steps before `next` are done. */
  trained(next: number): void;
  /** Milliseconds that `steps` has taken, in all. */
  waitingMs(): number;
  /** Resolves when samples from `from` on can be scored: to how many. */
  block(from: number): Promise<number>;
}

export interface Streams {
  /** By data set; undefined for one in memory. */
  readonly streams: readonly (Stream | undefined)[];
  /** Milliseconds in which decoder threads were at work, of all of them together. */
  decoderMs(): number;
  /** Threads that read samples. */
  readonly threads: number;
  close(): Promise<void>;
}

/** Threads beyond this wait for the disk. */
const MOST_DECODERS = 8;

/** Threads that read and decode; more are a mistake, not a machine. */
export const decoderCount: Check = /* @__PURE__ */ wholeFrom(0, 64);

export const defaultDecoders = (): number => Math.min(MOST_DECODERS, machineParallelism());

/** The streams of the data sets that have a source, with `decoders` threads for all of them. */
export async function createStreams(
  plan: RunPlan,
  datasets: readonly Columns[],
  memory: WebAssembly.Memory,
  decoders: number,
): Promise<Streams> {
  const sources = datasets.map(({ source }) => source);
  const rings = datasets.map((columns, i) =>
    columns.source ? ringOf(plan, columns, i, memory) : undefined,
  );
  const { feeds, busyMs, threads, close } = await createFeeds(sources, rings, decoders);
  const streams = feeds.map((feed, i) => {
    const source = sources[i];
    return source && createStream(plan, i, feed!, memory, source.source?.reader !== undefined);
  });
  return { streams, decoderMs: busyMs, threads, close };
}

/** Where the plan has put the columns of data set `index`: the first holds its samples. */
function ringOf(
  plan: RunPlan,
  { columns }: Columns,
  index: number,
  { buffer }: WebAssembly.Memory,
): Ring {
  const { slots, columns: placed } = plan.datasets[index]!;
  const [first, ...others] = columns as [Column, ...Column[]];
  const type = first.values instanceof Uint8Array ? 'uint8' : 'float32';
  return {
    slots,
    count: samplesOf(plan, index),
    samples: { buffer, base: placed[0]!.values, type, size: storedSize(first) },
    rows: others.map(({ values }, i) => {
      const Values = values.constructor as Uint8ArrayConstructor;
      return { slots: new Values(buffer as ArrayBuffer, placed[i + 1]!.values, slots), values };
    }),
  };
}

/** Samples that are read of a data set: of the one that is trained on, those of an epoch. */
const samplesOf = (plan: RunPlan, index: number): number =>
  index === 0 && plan.update ? plan.epochSamples : plan.datasets[index]!.count;

function createStream(
  plan: RunPlan,
  index: number,
  feed: Feed,
  { buffer }: WebAssembly.Memory,
  isOrdered: boolean,
): Stream {
  const { batch, evaluationBlock, evaluationChunk } = plan;
  const count = samplesOf(plan, index);
  const orderAt = baseOf(plan.memory, 'order');
  // In the calling thread nothing comes in while it computes.
  const isRunning = isShared(buffer);
  let order: Uint32Array = new Uint32Array();
  let epoch = 0;
  /** The order of the epoch after, if it is known. */
  let following: Uint32Array | undefined;
  /** Of the order, which the feed goes on from; undefined if it has not begun. */
  let position: number | undefined;
  let waitingMs = 0;

  /** `size` positions from `from` on, as the slots of their samples, to place `to` of the order region. */
  function writeSlots(from: number, size: number, to: number): void {
    const slots = new Uint32Array(buffer, orderAt + to * 4, size);
    for (let i = 0; i < size; i++) slots[i] = feed.slotOf(from + i);
  }

  const isSame = (one: Uint32Array, other: Uint32Array | undefined): boolean =>
    one.length === other?.length && one.every((sample, i) => sample === other[i]);

  return {
    writeOrder(whole, newEpoch, next) {
      const newOrder = whole.subarray(0, count);
      // Written again after an evaluation, it goes on.
      if (newEpoch === epoch && isSame(newOrder, order)) return;
      if (position === count && newEpoch === epoch + 1 && isSame(newOrder, following)) {
        // Its first samples are there already.
        feed.advance();
        position = 0;
      } else {
        position = undefined;
      }
      order = newOrder.slice();
      epoch = newEpoch;
      // Who makes a stream's next epoch may do so only when this one is over.
      following = isOrdered ? next?.().slice(0, count) : undefined;
      if (position === 0 && following) feed.follow(following);
    },
    async steps(first, most) {
      const from = first * batch;
      if (position !== from) {
        feed.start(order, from, epoch);
        if (following) feed.follow(following);
      }
      position = from;
      const started = performance.now();
      const ready = await feed.wait(Math.min(from + batch, count));
      waitingMs += performance.now() - started;
      const whole =
        ready === count ? Math.ceil((count - from) / batch) : Math.floor((ready - from) / batch);
      const steps = Math.min(whole, most, isRunning ? most : 1);
      writeSlots(from, Math.min(steps * batch, count - from), from);
      return steps;
    },
    trained(next) {
      position = Math.min(next * batch, count);
      feed.free(position);
    },
    waitingMs: () => waitingMs,
    async block(from) {
      if (from === 0)
        feed.start(
          Uint32Array.from({ length: count }, (_, i) => i),
          0,
          0,
        );
      else feed.free(from);
      // As many as there are, but a block for each worker, and at most half a ring, so that the other half is filled meanwhile.
      const most = Math.min(evaluationChunk, Math.max(evaluationBlock, feed.slots >> 1));
      const ready = await feed.wait(
        Math.min(count, from + Math.min(most, plan.hands * evaluationBlock)),
      );
      const some = Math.min(most, ready - from);
      // Blocks are whole but for the last.
      const size = from + some === count ? some : some - (some % evaluationBlock);
      writeSlots(from, size, 0);
      return size;
    },
  };
}
