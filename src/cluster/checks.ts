/**
 * Spot checks: which parts of other machines are also computed here and compared, and which machines have nothing in the
 * weights that was not. A share of all parts is drawn at random, of a machine's first steps one each, and from time to time a
 * step is checked whole: only behind such a proof is a state worth keeping to return to. Nothing of the result depends on what
 * is drawn.
 */
import { LanewiseError } from '../base/errors.js';
import type { PartRecord } from '../crew/machines.js';
import type { ShardRange } from '../step/jobs.js';

/** Steps with a part of a machine's during which one of its parts is checked each time. */
const PROBATION_STEPS = 50;

export interface CheckSettings {
  /** Share of parts that are checked, 0 to 1; 0 checks none. */
  readonly share: number;
  /** Numbers in [0, 1) that no machine can foresee; default those of `crypto`. */
  readonly random?: () => number;
}

/** A machine whose part was wrong. */
export interface Found {
  readonly machine: string;
  readonly node: ShardRange;
  /** The first step of which a part of its is in the weights and may be wrong as well: from here on they are doubtful. */
  readonly since: number;
}

export interface Checks {
  /**
   * Checks parts of a step, with a hash each, before their sum is applied. `compute` gives the hash of a node that is computed here.
   * Resolves to the first that is wrong, if any: two of our own computations agree on something else.
   * @throws LanewiseError kind 'engine' if our own computations of a part all differ: this machine's memory is faulty.
   */
  check(
    step: number,
    parts: readonly PartRecord[],
    compute: (node: ShardRange) => Promise<string>,
  ): Promise<Found | undefined>;
  /** All parts of the next step that is checked are: its state is to be kept. */
  proveNext(): void;
  /** Machines that need a part of the next step, as it is to prove what they left in the weights; none if it proves nothing. */
  owed(): readonly string[];
  /** Whether a proof is due, as many steps have been taken since the last one. */
  isDue(step: number): boolean;
  /** Whether the last parts of all machines that take part have been checked whole. */
  isProven(): boolean;
  /** The first step from which on parts of a machine's are in the weights and were not checked; undefined if there is none. */
  since(machine: string): number | undefined;
  /** A machine is gone: what it left in the weights cannot be checked any more until it is back. */
  left(machine: string): void;
  /** Parts that were checked so far, and those that were not. */
  counts(): { readonly checked: number; readonly unchecked: number };
}

interface Standing {
  /** Steps with a part of its. */
  steps: number;
  /** The first step since its last proof with a part of its that was not checked; undefined if there is none. */
  since: number | undefined;
  isHere: boolean;
}

const drawn = (): number => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;

/** The checks of a run. */
export function createChecks({ share, random = drawn }: CheckSettings): Checks {
  const standings = new Map<string, Standing>();
  const counts = { checked: 0, unchecked: 0 };
  let isProof = false;
  let provenAt = 0;

  function standingOf(machine: string): Standing {
    const found = standings.get(machine) ?? { steps: 0, since: undefined, isHere: true };
    standings.set(machine, found);
    return found;
  }

  /** The parts of one machine that are checked in a step. */
  function choose(parts: readonly PartRecord[], { steps }: Standing): readonly PartRecord[] {
    if (share === 0) return [];
    if (isProof) return parts;
    const chosen = parts.filter(() => random() < share);
    if (chosen.length > 0 || steps > PROBATION_STEPS) return chosen;
    return [parts[Math.floor(random() * parts.length)]!];
  }

  return {
    async check(step, parts, compute) {
      for (const machine of new Set(parts.map(([, , name]) => name))) {
        const own = parts.filter(([, , name]) => name === machine);
        const standing = standingOf(machine);
        standing.isHere = true;
        standing.steps++;
        const chosen = choose(own, standing);
        for (const [first, end, , sent] of chosen) {
          const node = [first, end] as const;
          if (await isRight(step, node, sent, compute)) continue;
          return { machine, node, since: standing.since ?? step };
        }
        counts.checked += chosen.length;
        counts.unchecked += own.length - chosen.length;
        if (chosen.length === own.length) standing.since = undefined;
        else standing.since ??= step;
      }
      if (isProof) provenAt = step;
      isProof = false;
      return undefined;
    },
    proveNext: () => void (isProof = share > 0),
    owed: () =>
      isProof
        ? [...standings].flatMap(([machine, { since, isHere }]) =>
            since !== undefined && isHere ? [machine] : [],
          )
        : [],
    // The run may have gone back to a step before.
    isDue: (step) => share > 0 && (step < provenAt || step - provenAt >= 1 / share),
    isProven: () =>
      share === 0 ||
      [...standings.values()].every(({ since, isHere }) => since === undefined || !isHere),
    since: (machine) => standings.get(machine)?.since,
    left(machine) {
      const found = standings.get(machine);
      if (found) found.isHere = false;
    },
    counts: () => ({ ...counts }),
  };
}

/**
 * Whether the hash of a part that a machine sent is that of what this one computes, which says so only if it computes it twice.
 * @throws LanewiseError kind 'engine' if its own two differ.
 */
export async function isRight(
  step: number,
  node: ShardRange,
  sent: string,
  compute: (node: ShardRange) => Promise<string>,
): Promise<boolean> {
  const first = await compute(node);
  if (first === sent) return true;
  const second = await compute(node);
  if (second === sent) return true;
  if (second === first) return false;
  throw new LanewiseError(
    'engine',
    `step ${step}: this machine has computed shards ${node.join('–')} twice, and the bits differ`,
    'its memory or processor is faulty: go on with the run on another machine',
  );
}
