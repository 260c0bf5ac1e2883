/** Figures of the steps that machines share. */
import type { MachineFigures } from '../crew/machines.js';

export interface Tally {
  sent: number;
  received: number;
  redone: number;
  /** Milliseconds of steps in which this machine computed or updated; and of the steps, in total. */
  busyMs: number;
  /**
   * Takes a step: how long it took, and would have taken this machine alone, in milliseconds; who computed how many shards. `guessed`
   * is its number of samples, if what it would have taken alone is a guess.
   */
  took(ms: number, aloneMs: number, shards: ReadonlyMap<string, number>, guessed?: number): void;
  /**
   * The figures so far; `wire` is that of the steps since the last call. `alone` is the milliseconds of a sample on this machine alone,
   * once known, and takes the place of guesses.
   */
  figures(
    present: Pick<MachineFigures, 'machines' | 'threads' | 'share'>,
    nameOf: (machine: string) => string,
    alone?: number,
  ): MachineFigures;
}

export function createTally(): Tally {
  const shards = new Map<string, number>();
  let [all, total, alone, since, busyThen] = [0, 0, 0, 0, 0];
  const guesses = { ms: 0, samples: 0 };
  return {
    sent: 0,
    received: 0,
    redone: 0,
    busyMs: 0,
    took(ms, aloneMs, computed, guessed = 0) {
      total += ms;
      since += ms;
      if (guessed === 0) alone += aloneMs;
      else guesses.ms += aloneMs;
      guesses.samples += guessed;
      for (const [machine, count] of computed) {
        shards.set(machine, (shards.get(machine) ?? 0) + count);
        all += count;
      }
    },
    figures(present, nameOf, known) {
      // A machine may have any word as its name, such as one that all objects have.
      const shares = new Map<string, number>();
      for (const [machine, count] of shards) {
        const name = nameOf(machine);
        shares.set(name, (shares.get(name) ?? 0) + count / all);
      }
      const busy = this.busyMs - busyThen;
      const wire = since > 0 ? Math.min(1, Math.max(0, 1 - busy / since)) : 0;
      busyThen = this.busyMs;
      since = 0;
      const guess = known === undefined ? guesses.ms : guesses.samples * known;
      const gain = total > 0 ? (alone + guess) / total : 1;
      const { sent, received, redone } = this;
      return { ...present, wire, sent, received, gain, redone, shares: Object.fromEntries(shares) };
    },
  };
}
