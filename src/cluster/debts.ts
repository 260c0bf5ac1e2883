/** Which shards of a step the machines owe, since when, and who computes them instead of one that is late or gone. */
import type { ShardRange } from '../step/jobs.js';
import { assignShards, type Hand } from './assignment.js';

/** Shards that a machine was asked for. */
export interface Debt {
  readonly machine: string;
  readonly range: ShardRange;
  /** When it was asked, by the coordinator's clock, in milliseconds. */
  since: number;
  /** Others were asked as well: what it sends is taken if it comes first. */
  isPassedOn: boolean;
}

/** Debts of a step. */
export type Debts = Debt[];

/** Whether the machine was asked for all shards of a node. */
export const owes = (debts: Debts, machine: string, [first, end]: ShardRange): boolean =>
  debts.some((debt) => debt.machine === machine && debt.range[0] <= first && end <= debt.range[1]);

/** What is missing of debts, in order: the gaps of a range are those of `missing`. */
export const openDebts = (
  debts: Debts,
  missing: (range: ShardRange) => readonly ShardRange[],
): readonly { readonly debt: Debt; readonly gaps: readonly ShardRange[] }[] =>
  debts
    .filter(({ isPassedOn }) => !isPassedOn)
    .map((debt) => ({ debt, gaps: missing(debt.range) }))
    .filter(({ gaps }) => gaps.length > 0);

/** Shards that are to be computed by somebody else. */
export interface Transfer {
  readonly machine: string;
  readonly range: ShardRange;
}

/** Deals gaps out to hands, each of which computes them with what it has; the first hand is this machine. */
export const dealOut = (gaps: readonly ShardRange[], hands: readonly Hand[]): readonly Transfer[] =>
  gaps.flatMap((gap) =>
    [...assignShards(gap, hands)].map(([machine, range]) => ({ machine, range })),
  );

/** Least deadline, in milliseconds, and its multiple of the steps' usual time. */
const LEAST = 1000;
const MULTIPLE = 3;

/** Steps whose times count for the deadline. */
const RECENT = 31;

/** The deadline of parts, which follows the times of steps unless it is given, in milliseconds. */
export interface Deadline {
  /** Milliseconds after the request; Infinity as long as nothing is known. `own` is the time that our own part took, if it is done. */
  after(own: number | undefined): number;
  /** A step took so long, and nobody was late. */
  took(ms: number): void;
}

export function createDeadline(given: number | undefined): Deadline {
  const recent: number[] = [];
  let median: number | undefined;
  return {
    after(own) {
      if (given !== undefined) return given;
      const usual = median ?? own;
      return usual === undefined ? Infinity : Math.max(LEAST, MULTIPLE * usual);
    },
    took(ms) {
      recent.push(ms);
      if (recent.length > RECENT) recent.shift();
      median = recent.toSorted((a, b) => a - b)[recent.length >> 1];
    },
  };
}
