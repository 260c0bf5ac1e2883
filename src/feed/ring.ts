/**
 * The ring of slots through which samples that are not in memory reach training. It is filled ahead as far as it has
 * room: that is the prefetch, and its end is the back-pressure. Samples are in it in the order in which they are
 * needed, no matter which thread reads them and when; an epoch's last sample is followed by the first of the next, if
 * it is known by then.
 */
import type { Samples } from '../data/samples.js';
import {
  createSupplies,
  type Part,
  type RingRoom,
  type Supplies,
  type Supply,
} from './supplies.js';

export interface Ring {
  readonly slots: number;
  /** Begins an epoch at a position of its order, discarding earlier state. */
  start(order: Uint32Array, position: number, epoch: number): void;
  /**
   * Sets the order of the next epoch, which is read as soon as there is room. For supplies that need not restart for
   * it.
   */
  follow(order: Uint32Array): void;
  /** Makes the next epoch the current one: positions are its own, and the one before is freed. */
  advance(): void;
  /** The slot of the sample at a position of the current epoch. */
  slotOf(position: number): number;
  /**
   * Resolves when the samples of all positions before `until` are in the ring, to the first position whose sample is
   * not; `until` is at most the ring's size away from the last freed position.
   * @throws the supply's errors.
   */
  wait(until: number): Promise<number>;
  /** Frees the samples before `position`. */
  free(position: number): void;
  close(): Promise<void>;
}

/** Largest number of samples in a task: some milliseconds of decoding. */
const TASK_SAMPLES = 16;

interface State {
  readonly supply: Supply;
  /** Samples per epoch. */
  readonly count: number;
  readonly slots: number;
  readonly taskSamples: number;
  /** Pending tasks; none of them rejects. */
  readonly underWay: Set<Promise<void>>;
  /** Number of starts: tasks of an earlier start are ignored. */
  starts: number;
  isOpen: boolean;
  order: Uint32Array;
  /** Order of the next epoch. */
  following: Uint32Array | undefined;
  // Positions continue from one epoch to the next: `base` is where the current one begins.
  base: number;
  freed: number;
  next: number;
  ready: number;
  /** Tasks completed before earlier ones: first position → end. */
  readonly done: Map<number, number>;
  /** First position of a failed task → its error. No task begins after one, and waiters get the first error. */
  readonly failures: Map<number, unknown>;
  wake: (() => void)[];
}

/** A ring of `slots` for epochs of `count` samples. */
export function createRing(supply: Supply, count: number, slots: number): Ring {
  const state: State = {
    supply,
    count,
    slots,
    taskSamples: Math.max(1, Math.min(TASK_SAMPLES, Math.floor(slots / 4))),
    underWay: new Set(),
    starts: 0,
    isOpen: false,
    order: new Uint32Array(),
    following: undefined,
    base: 0,
    freed: 0,
    next: 0,
    ready: 0,
    done: new Map(),
    failures: new Map(),
    wake: [],
  };
  return {
    slots,
    start: (order, position, epoch) => start(state, order, position, epoch),
    follow(order) {
      state.following = order;
      pump(state);
    },
    advance() {
      state.order = state.following!;
      state.following = undefined;
      state.base += count;
      state.freed = Math.max(state.freed, state.base);
      pump(state);
    },
    slotOf: (position) => (state.base + position) % slots,
    wait: (until) => wait(state, until),
    free(position) {
      state.freed = Math.max(state.freed, state.base + position);
      pump(state);
    },
    async close() {
      state.starts++;
      state.isOpen = false;
      await supply.close();
    },
  };
}

function start(state: State, order: Uint32Array, position: number, epoch: number): void {
  state.starts++;
  state.order = order;
  state.following = undefined;
  state.base = 0;
  state.isOpen = false;
  state.failures.clear();
  state.done.clear();
  state.freed = state.next = state.ready = position;
  void begin(state, position, epoch);
}

async function begin(state: State, position: number, epoch: number): Promise<void> {
  const own = state.starts;
  // Pending tasks write to slots that are given away again.
  await Promise.all(state.underWay);
  if (own !== state.starts) return;
  try {
    await state.supply.begin(position, epoch);
  } catch (error) {
    if (own === state.starts) state.failures.set(position, error);
  }
  if (own !== state.starts) return;
  state.isOpen = true;
  pump(state);
  wakeAll(state);
}

/** Begins tasks while the ring has room. */
function pump(state: State): void {
  if (!state.isOpen || state.failures.size > 0) return;
  while (state.underWay.size < state.supply.tasks) {
    const part = nextPart(state);
    if (!part || state.next + part.count - state.freed > state.slots) return;
    launch(state, part);
  }
}

/** The next part to read: the rest of this epoch, then the next one. */
function nextPart(state: State): Part | undefined {
  const { next, base, count, order, following, taskSamples, slots } = state;
  const at = next - base;
  const [source, from] = at < count ? [order, at] : [following, at - count];
  if (!source || from >= count) return undefined;
  return { order: source, from, count: Math.min(taskSamples, count - from), slot: next % slots };
}

function launch(state: State, part: Part): void {
  const own = state.starts;
  const from = state.next;
  const end = from + part.count;
  state.next = end;
  const isCurrent = () => own === state.starts;
  const task: Promise<void> = state.supply
    .fill(part)
    .then(
      () => {
        if (isCurrent()) arrive(state, from, end);
      },
      (error: unknown) => {
        if (isCurrent()) state.failures.set(from, error);
      },
    )
    .then(() => {
      state.underWay.delete(task);
      if (!isCurrent()) return;
      pump(state);
      wakeAll(state);
    });
  state.underWay.add(task);
}

/** Records that a task has read positions [from, end). */
function arrive(state: State, from: number, end: number): void {
  const { done } = state;
  done.set(from, end);
  for (let behind = done.get(state.ready); behind !== undefined; behind = done.get(state.ready)) {
    done.delete(state.ready);
    state.ready = behind;
  }
}

async function wait(state: State, until: number): Promise<number> {
  for (;;) {
    const { ready, base, count, failures } = state;
    if (ready >= base + until) return Math.min(ready - base, count);
    if (failures.has(ready)) throw failures.get(ready);
    await new Promise<void>((resolve) => state.wake.push(resolve));
  }
}

function wakeAll(state: State): void {
  const waiting = state.wake;
  state.wake = [];
  waiting.forEach((resolve) => resolve());
}

/** The rings of several data sets, which share their threads. */
export interface Rings extends Omit<Supplies, 'supplies'> {
  /** Rings by data set; undefined for one in memory. */
  readonly rings: readonly (Ring | undefined)[];
}

/** Rings for the data sets that have a source, with `threads` decoder threads shared by all. */
export async function createRings(
  sources: readonly (Samples | undefined)[],
  rooms: readonly (RingRoom | undefined)[],
  threads: number,
): Promise<Rings> {
  const { supplies, ...shared } = await createSupplies(sources, rooms, threads);
  const rings = supplies.map(
    (supply, i) => supply && createRing(supply, rooms[i]!.count, rooms[i]!.slots),
  );
  return {
    ...shared,
    rings,
    async close() {
      await Promise.all(rings.map((ring) => ring?.close()));
      await shared.close();
    },
  };
}
