/**
 * Brings a streamed data set's samples into a ring of slots, ahead of training as far as the ring has room: that
 * is the prefetch, and its end is the back-pressure. The sample at position p of an epoch's order stands in slot
 * p mod slots, whoever reads it and when.
 */

/** Fills slots, a task at a time. */
export interface Supply {
  /** Tasks under way at once, at most. */
  readonly tasks: number;
  /** Begins an epoch at a position of its order; nothing is under way. */
  begin(order: Uint32Array, position: number, epoch: number): Promise<void>;
  /** Brings the samples of positions [from, from + count) into their slots. Tasks begin in the order of positions. */
  fill(from: number, count: number): Promise<void>;
  close(): Promise<void>;
}

export interface Feed {
  readonly slots: number;
  /** Begins an epoch at a position of its order, whatever went on before. */
  start(order: Uint32Array, position: number, epoch: number): void;
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

/** A feed of epochs of `count` samples through a ring of `slots`. */
export function createFeed(supply: Supply, count: number, slots: number): Feed {
  const taskSamples = Math.max(1, Math.min(TASK_SAMPLES, Math.floor(slots / 4)));
  /** What is under way; none of it rejects. */
  const underWay = new Set<Promise<void>>();
  /** Changes with every start: tasks of another one count for nothing. */
  let epochAtHand = 0;
  let isOpen = false;
  let freed = 0;
  let next = 0;
  let ready = 0;
  /** Tasks that are done before those in front of them: first position → behind the last. */
  const done = new Map<number, number>();
  /** First position of a task that failed → why. Nothing begins after one, and who waits learns of the first. */
  const failures = new Map<number, unknown>();
  let wake: (() => void)[] = [];

  function wakeAll(): void {
    const waiting = wake;
    wake = [];
    waiting.forEach((resolve) => resolve());
  }

  function pump(): void {
    if (!isOpen || failures.size > 0) return;
    while (next < count && underWay.size < supply.tasks) {
      const size = Math.min(taskSamples, count - next);
      if (next + size - freed > slots) return;
      launch(next, size);
      next += size;
    }
  }

  function launch(from: number, size: number): void {
    const epoch = epochAtHand;
    const task: Promise<void> = supply
      .fill(from, size)
      .then(
        () => {
          if (epoch === epochAtHand) arrive(from, from + size);
        },
        (error: unknown) => {
          if (epoch === epochAtHand) failures.set(from, error);
        },
      )
      .then(() => {
        underWay.delete(task);
        if (epoch !== epochAtHand) return;
        pump();
        wakeAll();
      });
    underWay.add(task);
  }

  function arrive(from: number, end: number): void {
    done.set(from, end);
    for (let behind = done.get(ready); behind !== undefined; behind = done.get(ready)) {
      done.delete(ready);
      ready = behind;
    }
  }

  async function begin(order: Uint32Array, position: number, epoch: number): Promise<void> {
    const own = epochAtHand;
    // What is still under way writes to slots that are given anew.
    await Promise.all(underWay);
    if (own !== epochAtHand) return;
    try {
      await supply.begin(order, position, epoch);
    } catch (error) {
      if (own === epochAtHand) failures.set(position, error);
    }
    if (own !== epochAtHand) return;
    isOpen = true;
    pump();
    wakeAll();
  }

  return {
    slots,
    start(order, position, epoch) {
      epochAtHand++;
      isOpen = false;
      failures.clear();
      done.clear();
      freed = next = ready = position;
      void begin(order, position, epoch);
    },
    async wait(until) {
      for (;;) {
        if (ready >= until) return ready;
        if (failures.has(ready)) throw failures.get(ready);
        await new Promise<void>((resolve) => wake.push(resolve));
      }
    },
    free(position) {
      freed = Math.max(freed, position);
      pump();
    },
    async close() {
      epochAtHand++;
      isOpen = false;
      await supply.close();
    },
  };
}
