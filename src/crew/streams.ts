/**
 * The streamed data sets of a session: their rings in the run's memory, and which steps have their samples. Workers
 * gather by the `order` region as ever; it names slots here, not samples.
 */
import { wholeFrom, type Check } from '../base/check.js';
import type { Samples } from '../data/samples.js';
import { machineParallelism } from '#platform/threads';
import { isShared } from '../engine/memory.js';
import { baseOf } from '../feed/layout.js';
import { storedSize, type Column } from '../feed/column.js';
import type { Columns } from '../feed/columns.js';
import type { RunPlan } from '../step/run-plan.js';
import { createRings, type Ring } from '../feed/ring.js';
import type { RingRoom } from '../feed/supplies.js';

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
  const rooms = datasets.map((columns, i) =>
    columns.source ? roomOf(plan, columns, i, memory) : undefined,
  );
  const { rings, busyMs, threads, close } = await createRings(sources, rooms, decoders);
  const streams = rings.map((ring, i) => ring && createStream(plan, i, ring, memory, sources[i]!));
  return { streams, decoderMs: busyMs, threads, close };
}

/** Where the plan has put the columns of data set `index`: the first holds its samples. */
function roomOf(
  plan: RunPlan,
  { columns }: Columns,
  index: number,
  { buffer }: WebAssembly.Memory,
): RingRoom {
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

/** A stream at work. */
interface State {
  readonly plan: RunPlan;
  readonly ring: Ring;
  readonly buffer: WebAssembly.Memory['buffer'];
  /** Samples of an epoch. */
  readonly count: number;
  /** Whether the order of an epoch is anybody's to say. */
  readonly isOrdered: boolean;
  order: Uint32Array;
  epoch: number;
  /** The order of the epoch after, if it is known. */
  following: Uint32Array | undefined;
  /** Of the order, which the ring goes on from; undefined if it has not begun. */
  position: number | undefined;
  waitingMs: number;
}

function createStream(
  plan: RunPlan,
  index: number,
  ring: Ring,
  { buffer }: WebAssembly.Memory,
  { source }: Samples,
): Stream {
  const state: State = {
    plan,
    ring,
    buffer,
    count: samplesOf(plan, index),
    isOrdered: source?.open === undefined,
    order: new Uint32Array(),
    epoch: 0,
    following: undefined,
    position: undefined,
    waitingMs: 0,
  };
  return {
    writeOrder: (order, epoch, next) => writeOrder(state, order, epoch, next),
    steps: (first, most) => waitForSteps(state, first, most),
    trained(next) {
      state.position = Math.min(next * plan.batch, state.count);
      ring.free(state.position);
    },
    waitingMs: () => state.waitingMs,
    block: (from) => waitForBlock(state, from),
  };
}

function writeOrder(
  state: State,
  whole: Uint32Array,
  epoch: number,
  next: (() => Uint32Array) | undefined,
): void {
  const { count, ring, isOrdered } = state;
  const order = whole.subarray(0, count);
  // Written again after an evaluation, it goes on.
  if (epoch === state.epoch && isSame(order, state.order)) return;
  const isNext =
    state.position === count && epoch === state.epoch + 1 && isSame(order, state.following);
  // Its first samples are there already.
  if (isNext) ring.advance();
  state.position = isNext ? 0 : undefined;
  state.order = order.slice();
  state.epoch = epoch;
  // Who makes a stream's next epoch may do so only when this one is over.
  state.following = isOrdered ? next?.().slice(0, count) : undefined;
  if (isNext && state.following) ring.follow(state.following);
}

const isSame = (one: Uint32Array, other: Uint32Array | undefined): boolean =>
  one.length === other?.length && one.every((sample, i) => sample === other[i]);

async function waitForSteps(state: State, first: number, most: number): Promise<number> {
  const { plan, ring, buffer, count, order, epoch, following } = state;
  const { batch } = plan;
  const from = first * batch;
  if (state.position !== from) {
    ring.start(order, from, epoch);
    if (following) ring.follow(following);
  }
  state.position = from;
  const started = performance.now();
  const ready = await ring.wait(Math.min(from + batch, count));
  state.waitingMs += performance.now() - started;
  const whole =
    ready === count ? Math.ceil((count - from) / batch) : Math.floor((ready - from) / batch);
  // In the calling thread nothing comes in while it computes.
  const steps = Math.min(whole, most, isShared(buffer) ? most : 1);
  writeSlots(state, from, Math.min(steps * batch, count - from), from);
  return steps;
}

async function waitForBlock(state: State, from: number): Promise<number> {
  const { plan, ring, count } = state;
  const { evaluationBlock, evaluationChunk } = plan;
  if (from > 0) ring.free(from);
  else
    ring.start(
      Uint32Array.from({ length: count }, (_, i) => i),
      0,
      0,
    );
  // As many as there are, but a block for each worker, and at most half a ring, so that the other half is filled meanwhile.
  const most = Math.min(evaluationChunk, Math.max(evaluationBlock, ring.slots >> 1));
  const ready = await ring.wait(
    Math.min(count, from + Math.min(most, plan.hands * evaluationBlock)),
  );
  const some = Math.min(most, ready - from);
  // Blocks are whole but for the last.
  const size = from + some === count ? some : some - (some % evaluationBlock);
  writeSlots(state, from, size, 0);
  return size;
}

/** `size` positions from `from` on, as the slots of their samples, to place `to` of the order region. */
function writeSlots({ plan, ring, buffer }: State, from: number, size: number, to: number): void {
  const slots = new Uint32Array(buffer, baseOf(plan.memory, 'order') + to * 4, size);
  for (let i = 0; i < size; i++) slots[i] = ring.slotOf(from + i);
}
