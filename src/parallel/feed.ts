/**
 * Brings a streamed data set's samples into a ring of slots, ahead of training as far as the ring has room: that
 * is the prefetch, and its end is the back-pressure. Samples stand in the ring in the order in which they are wanted,
 * whoever reads them and when; behind an epoch's last one stands the first of the next, if it is known by then.
 */

/** Positions [from, from + count) of an epoch's order, and the slot of the first; the others follow, around the ring. */
export interface Part {
  readonly order: Uint32Array;
  readonly from: number;
  readonly count: number;
  readonly slot: number;
}

/** Fills slots, a task at a time. */
export interface Supply {
  /** Tasks under way at once, at most. */
  readonly tasks: number;
  /** Begins an epoch at a position of its order; nothing is under way. */
  begin(position: number, epoch: number): Promise<void>;
  /** Brings samples into their slots. Tasks begin in the order of positions. */
  fill(part: Part): Promise<void>;
  close(): Promise<void>;
}

export interface Feed {
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

/** A feed of epochs of `count` samples through a ring of `slots`. */
export function createFeed(supply: Supply, count: number, slots: number): Feed {
  const taskSamples = Math.max(1, Math.min(TASK_SAMPLES, Math.floor(slots / 4)));
  /** What is under way; none of it rejects. */
  const underWay = new Set<Promise<void>>();
  /** Changes with every start: tasks of another one count for nothing. */
  let epochAtHand = 0;
  let isOpen = false;
  let order: Uint32Array = new Uint32Array();
  /** Of the epoch after. */
  let following: Uint32Array | undefined;
  // Positions are counted on from one epoch to the next: `base` is where the one at hand begins.
  let base = 0;
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
    while (underWay.size < supply.tasks) {
      const part = nextPart();
      if (!part || next + part.count - freed > slots) return;
      launch(part);
    }
  }

  /** What is to be read next: the rest of this epoch, then the one after. */
  function nextPart(): Part | undefined {
    const at = next - base;
    const [source, from] = at < count ? [order, at] : [following, at - count];
    if (!source || from >= count) return undefined;
    return {
      order: source,
      from,
      count: Math.min(taskSamples, count - from),
      slot: next % slots,
    };
  }

  function launch(part: Part): void {
    const epoch = epochAtHand;
    const from = next;
    const size = part.count;
    next += size;
    const task: Promise<void> = supply
      .fill(part)
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

  async function begin(position: number, epoch: number): Promise<void> {
    const own = epochAtHand;
    // What is still under way writes to slots that are given anew.
    await Promise.all(underWay);
    if (own !== epochAtHand) return;
    try {
      await supply.begin(position, epoch);
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
    start(newOrder, position, epoch) {
      epochAtHand++;
      order = newOrder;
      following = undefined;
      base = 0;
      isOpen = false;
      failures.clear();
      done.clear();
      freed = next = ready = position;
      void begin(position, epoch);
    },
    follow(newOrder) {
      following = newOrder;
      pump();
    },
    advance() {
      order = following!;
      following = undefined;
      base += count;
      freed = Math.max(freed, base);
      pump();
    },
    slotOf: (position) => (base + position) % slots,
    async wait(until) {
      for (;;) {
        if (ready >= base + until) return Math.min(ready - base, count);
        if (failures.has(ready)) throw failures.get(ready);
        await new Promise<void>((resolve) => wake.push(resolve));
      }
    },
    free(position) {
      freed = Math.max(freed, base + position);
      pump();
    },
    async close() {
      epochAtHand++;
      isOpen = false;
      await supply.close();
    },
  };
}
