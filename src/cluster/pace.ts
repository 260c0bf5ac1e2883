/**
 * Whether sharing steps pays. A net whose step takes as long as its weights are under way is trained faster by one machine, so
 * both ways are tried and timed, and the faster one is taken: the other is tried again after twice as many steps each time, or
 * when machines came or left. Nothing of the result depends on it.
 */

/** How the steps of a run are taken: by this machine, or with others. */
export type Way = 'alone' | 'shared';

/** Steps before the other way is tried for the first time, and at most before it is tried again. */
export const FIRST_TRIAL = 24;
const LAST_TRIAL = 4096;

/** Steps of a trial; the first, in which threads and links wake up, does not count. */
export const TRIAL = 4;

/** The way is changed for a gain of this share of the time. */
const LEAST_GAIN = 0.05;

/** Steps whose times count. */
const RECENT = 9;

/**
 * A part of the time that this machine alone takes, below which sharing clearly pays. One that is only guessed is tried shortly all the
 * same: where others compute on the same cores, it says too much.
 */
const CLEARLY_LESS = 0.55;
export const SHORT_TRIAL = 2;

/** A change of the way. */
export interface Turn {
  readonly way: Way;
  /** Milliseconds of a sample either way. */
  readonly alone: number;
  readonly shared: number;
}

export interface Pace {
  /** So many others are ready: when their number has changed, sharing is tried first. */
  meet(others: number): void;
  /** The way of the next step. */
  way(): Way;
  /** Milliseconds of a sample that this machine alone took when it was last tried; undefined if it has not been. */
  alone(): number | undefined;
  /** Steps that are taken that way before it may change. */
  left(): number;
  /**
   * Steps were taken, at so many milliseconds a sample; `guess` is what this machine alone would take, if known. Tells if the other
   * way has turned out to be faster.
   */
  took(way: Way, steps: number, ms: number, guess?: number): Turn | undefined;
}

/** @param isFixed steps are always shared */
export function createPace(isFixed: boolean): Pace {
  const times: Record<Way, number[]> = { alone: [], shared: [] };
  let usual: Way = 'shared';
  let machines = 0;
  let wait = FIRST_TRIAL;
  /** Steps to the next trial; and steps of the one at hand. */
  let until = wait;
  let trial = 0;
  /** Steps at the beginning that say nothing. */
  let settling = 1;

  const other = (): Way => (usual === 'shared' ? 'alone' : 'shared');
  const median = (way: Way): number => {
    const sorted = times[way].toSorted((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? Infinity;
  };

  const alone = (): number | undefined => (times.alone.length > 0 ? median('alone') : undefined);

  function judge(): Turn | undefined {
    const tried = other();
    const [now, then] = [median(usual), median(tried)];
    const isFaster = then < now * (1 - LEAST_GAIN);
    wait = isFaster ? FIRST_TRIAL : Math.min(2 * wait, LAST_TRIAL);
    until = wait;
    settling = isFaster ? 0 : 1;
    if (!isFaster) return undefined;
    usual = tried;
    return { way: usual, alone: median('alone'), shared: median('shared') };
  }

  function beginTrial(guess: number | undefined): void {
    const isLess = (ms = 0): boolean => median('shared') < CLEARLY_LESS * ms;
    const isClear = usual === 'shared' && isLess(guess);
    if (isClear && isLess(alone())) {
      wait = Math.min(2 * wait, LAST_TRIAL);
      until = wait;
      return;
    }
    trial = isClear ? SHORT_TRIAL : TRIAL;
    settling = 1;
    times[other()] = [];
  }

  return {
    meet(others) {
      if (others === machines) return;
      machines = others;
      [usual, wait, until, trial, settling] = ['shared', FIRST_TRIAL, FIRST_TRIAL, 0, 1];
      times.shared = [];
    },
    way: () => (trial > 0 ? other() : usual),
    alone,
    left() {
      // A step that does not count is none of those that are timed together.
      if (settling > 0) return 1;
      return trial > 0 ? trial : until;
    },
    took(way, steps, ms, guess) {
      if (isFixed) return undefined;
      if (settling > 0) settling--;
      else {
        times[way].push(ms);
        if (times[way].length > RECENT) times[way].shift();
      }
      if (trial > 0) {
        // A step that had to be shared is none of a trial of taking them alone.
        if (way === usual) return undefined;
        trial = Math.max(0, trial - steps);
        return trial === 0 ? judge() : undefined;
      }
      until -= steps;
      if (until <= 0) beginTrial(guess);
      return undefined;
    },
  };
}
