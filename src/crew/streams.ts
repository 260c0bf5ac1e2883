/**
 * The streamed data sets of a session: their rings in the run's memory, and the steps whose samples are ready. Workers
 * gather by the `order` region as always; it names slots here, not samples.
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

/** A session's view of a streamed data set. */
export interface Stream {
  /** Sets the order of an epoch to be trained on, and of the one after it. */
  writeOrder(order: Uint32Array, epoch: number, next?: () => Uint32Array): void;
  /** Resolves when step `first` has its samples, to the number of steps, at most `most`, that have theirs. */
  steps(first: number, most: number): Promise<number>;
  /** Frees the samples of the steps before `next`. */
  trained(next: number): void;
  /** Total milliseconds spent in `steps`. */
  waitingMs(): number;
  /** Resolves when samples from `from` on can be scored, to their number. */
  block(from: number): Promise<number>;
}

export interface Streams {
  /** Streams by data set; undefined for one in memory. */
  readonly streams: readonly (Stream | undefined)[];
  /** Milliseconds in which decoder threads were busy, summed over all of them. */
  decoderMs(): number;
  /** Number of threads that read samples. */
  readonly threads: number;
  close(): Promise<void>;
}

/** Largest default number of decoder threads: more would wait for the disk. */
const MOST_DECODERS = 8;

/** Bound on threads that read and decode; more are a mistake, not a machine. */
export const decoderCount: Check = /* @__PURE__ */ wholeFrom(0, 64);

export const defaultDecoders = (): number => Math.min(MOST_DECODERS, machineParallelism());

/** The streams of the data sets that have a source, with `decoders` threads shared by all. */
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

/** The place of data set `index`'s columns in the plan's memory: the first column holds its samples. */
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

/** Number of samples read from a data set: for the one that is trained on, those of an epoch. */
const samplesOf = (plan: RunPlan, index: number): number =>
  index === 0 && plan.update ? plan.epochSamples : plan.datasets[index]!.count;

/** The state of a stream. */
interface State {
  readonly plan: RunPlan;
  readonly ring: Ring;
  readonly buffer: WebAssembly.Memory['buffer'];
  /** Samples per epoch. */
  readonly count: number;
  /** Whether the order of an epoch is the caller's choice. */
  readonly isOrdered: boolean;
  order: Uint32Array;
  epoch: number;
  /** The order of the next epoch, if it is known. */
  following: Uint32Array | undefined;
  /** The position in the order at which the ring continues; undefined if it has not begun. */
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
  // Written again after an evaluation, the same order continues.
  if (epoch === state.epoch && isSame(order, state.order)) return;
  const isNext =
    state.position === count && epoch === state.epoch + 1 && isSame(order, state.following);
  // Its first samples are there already.
  if (isNext) ring.advance();
  state.position = isNext ? 0 : undefined;
  state.order = order.slice();
  state.epoch = epoch;
  // The maker of a stream's next epoch may start it only when this one is over.
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
  // In the calling thread nothing arrives during computation.
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
  // As many as are ready, but a block for each worker, and at most half a ring, so that the other half fills meanwhile.
  const most = Math.min(evaluationChunk, Math.max(evaluationBlock, ring.slots >> 1));
  const ready = await ring.wait(
    Math.min(count, from + Math.min(most, plan.hands * evaluationBlock)),
  );
  const some = Math.min(most, ready - from);
  // All blocks but the last are full.
  const size = from + some === count ? some : some - (some % evaluationBlock);
  writeSlots(state, from, size, 0);
  return size;
}

/** Writes `size` positions from `from` on, as the slots of their samples, to place `to` of the order region. */
function writeSlots({ plan, ring, buffer }: State, from: number, size: number, to: number): void {
  const slots = new Uint32Array(buffer, baseOf(plan.memory, 'order') + to * 4, size);
  for (let i = 0; i < size; i++) slots[i] = ring.slotOf(from + i);
}
