/**
 * Successive halving (Jamieson & Talwalkar 2016): all settings train for a few epochs, the best of them go on for some times
 * as many, and so forth until the last ones have trained whole.
 */
import { LanewiseError } from '../../base/errors.js';

/** The setting `halving` of a sweep. */
export interface Halving {
  /** Of how many settings one goes on, and how many times as many epochs it then has; default 3. */
  readonly factor?: number;
}

/** The number of rounds that `count` settings of so many epochs each can have: as the fewest of them allow. */
export function roundsOf(
  owner: string,
  count: number,
  epochs: readonly number[],
  { factor = 3 }: Halving,
): number {
  const least = Math.min(...epochs);
  let rounds = 1;
  for (let size = factor; size <= count && size <= least; size *= factor) rounds++;
  if (rounds > 1) return rounds;
  throw new LanewiseError(
    'argument',
    `${owner}: halving of ${count} settings of ${least} ${least === 1 ? 'epoch' : 'epochs'} by a factor of ${factor} drops none, expected at least ${factor} settings and ${factor} epochs`,
    'try more settings, train longer, or leave halving out',
  );
}

/** The epochs that a setting of `epochs` has had at the end of a round, counted from 0. */
export function epochsIn(round: number, rounds: number, epochs: number, factor: number): number {
  let share = epochs;
  for (let i = round; i < rounds - 1; i++) share /= factor;
  return Math.max(1, Math.round(share));
}

/** How many of `count` settings go on after a round. */
export const promoted = (count: number, factor: number): number =>
  Math.max(1, Math.floor(count / factor));
