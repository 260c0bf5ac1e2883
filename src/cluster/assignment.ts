/**
 * Who computes which shards: consecutive ones, as many as a machine's measured speed allows. Nothing of the result depends on
 * it.
 */
import type { ShardRange } from '../step/jobs.js';

/** A machine and its speed, in samples (or any other work) a millisecond. */
export interface Hand {
  readonly machine: string;
  readonly speed: number;
}

/** Shards by machine; a machine that has none is not in it. */
export type Ranges = ReadonlyMap<string, ShardRange>;

/**
 * Cuts shards [first, end) for machines so that the last of them is done as early as possible. The first machine has the first
 * shards; behind it those with more shards come first, which then are fewer nodes of the tree.
 */
export function assignShards([first, end]: ShardRange, hands: readonly Hand[]): Ranges {
  const all = end - first;
  const speeds = usable(hands);
  const total = speeds.reduce((sum, speed) => sum + speed, 0);
  // No machine gets fewer in the best cut; what is left goes to whoever would be done first with one more.
  const counts = speeds.map((speed) => Math.floor((all * speed) / total));
  for (let left = all - counts.reduce((sum, count) => sum + count, 0); left > 0; left--) {
    let best = 0;
    const endOf = (i: number) => (counts[i]! + 1) / speeds[i]!;
    for (let i = 1; i < hands.length; i++) if (endOf(i) < endOf(best)) best = i;
    counts[best]!++;
  }
  const order = hands.map((_, i) => i).slice(1);
  order.sort((a, b) => counts[b]! - counts[a]!);
  const ranges = new Map<string, ShardRange>();
  let at = first;
  for (const i of [0, ...order]) {
    if (counts[i] === 0) continue;
    ranges.set(hands[i]!.machine, [at, at + counts[i]!]);
    at += counts[i]!;
  }
  return ranges;
}

/** Speeds within a million of each other, so that sums of them are exact enough to divide shards by. */
function usable(hands: readonly Hand[]): number[] {
  const fastest = Math.max(...hands.map(({ speed }) => speed));
  return hands.map(({ speed }) => Math.max(speed, fastest / 1e6));
}

/** Weight of a new measurement in a machine's speed. */
const NEWEST = 0.3;

/** A machine's speed after another measurement: an average over about the last ten. */
export const smoothed = (speed: number | undefined, measured: number): number =>
  speed === undefined ? measured : speed + NEWEST * (measured - speed);
