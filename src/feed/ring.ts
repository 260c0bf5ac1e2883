/**
 * The ring of slots in which samples that do not lie in memory come to training. It is filled ahead as far as it has room:
 * that is the prefetch, and its end is the back-pressure. Samples stand in it in the order in which they are wanted, whoever
 * reads them and when; behind an epoch's last one stands the first of the next, if it is known by then.
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
  /** Begins an epoch at a position of its order, whatever went on before. */
  start(order: Uint32Array, position: number, epoch: number): void;
  /** The epoch after this one, which is read as soon as there is room. For supplies that need not begin anew for it. */
  follow(order: Uint32Array): void;
  /** That epoch is at hand now: positions are its own. All of the one before is freed. */
  advance(): void;
  /** Where the sample at a position of the epoch at hand stands. */
  slotOf(position: number): number;
  /**
   * Resolves when the samples of all positions before `until` are in the ring, to the first position whose sample is not;
   * from the position freed last on, `until` is at most the ring away. @throws what the supply throws.
   */
  wait(until: number): Promise<number>;
  /** The samples before `position` are not needed any more. */
  free(position: number): void;
  close(): Promise<void>;
}

/** Samples of a task, at most: some milliseconds of decoding. */
const TASK_SAMPLES = 16;

interface State {
  readonly supply: Supply;
  /** Samples of an epoch. */
  readonly count: number;
  readonly slots: number;
  readonly taskSamples: number;
  /** What is under way; none of it rejects. */
  readonly underWay: Set<Promise<void>>;
  /** How often it has been started: tasks of another start count for nothing. */
  starts: number;
  isOpen: boolean;
  order: Uint32Array;
  /** Of the epoch after. */
  following: Uint32Array | undefined;
  // Positions are counted on from one epoch to the next: `base` is where the one at hand begins.
  base: number;
  freed: number;
  next: number;
  ready: number;
  /** Tasks that are done before those in front of them: first position → behind the last. */
  readonly done: Map<number, number>;
  /** First position of a task that failed → why. Nothing begins after one, and who waits learns of the first. */
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
  // What is still under way writes to slots that are given anew.
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

/** Begins tasks while there is room for what they bring. */
function pump(state: State): void {
  if (!state.isOpen || state.failures.size > 0) return;
  while (state.underWay.size < state.supply.tasks) {
    const part = nextPart(state);
    if (!part || state.next + part.count - state.freed > state.slots) return;
    launch(state, part);
  }
}

/** What is to be read next: the rest of this epoch, then the one after. */
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

/** A task has brought positions [from, end). */
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
  /** By data set; undefined for one in memory. */
  readonly rings: readonly (Ring | undefined)[];
}

/** Rings for the data sets that have a source, in their rooms, with `threads` decoder threads for all of them. */
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
