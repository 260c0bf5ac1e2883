/**
 * Where two receipts part. As an entry's chain stands for everything up to it, receipts that agree on the chain at a step
 * agree on all steps before, and the first that differs is found by bisection, whatever the channel between the two.
 */
import { callable, extent, natural, refuse, type Check } from '../base/check.js';
import { double, fields, readAs } from '../base/check-json.js';
import { LanewiseError } from '../base/errors.js';
import type { ReceiptParty } from './receipt-file.js';
import { isLinked, type ReceiptEntry } from './receipt-format.js';

/** What two entries of a step can differ in. */
export type DifferingPart = 'samples' | 'loss' | 'state';

/** The first step that differs. */
export interface Difference {
  /** 0 is the state before the first step. */
  readonly step: number;
  readonly a: ReceiptEntry;
  readonly b: ReceiptEntry;
  /** The entry of the step before, the same of both; absent before step 0. */
  readonly agreed?: ReceiptEntry;
  /**
   * `samples`: they took other samples, or others of an epoch; `loss`: the same state and samples gave other losses; `state`:
   * the state after it differs. All that differ.
   */
  readonly differs: readonly DifferingPart[];
  /** Parties whose entry does not follow from the one before: their receipt was altered. */
  readonly altered: readonly ('a' | 'b')[];
}

/** What a comparison found. */
export interface Comparison {
  /** Steps that both have. */
  readonly steps: number;
  /** How often both were asked for an entry. */
  readonly exchanges: number;
  /** Absent if they agree on all steps that both have. */
  readonly difference?: Difference;
}

const HEX = /^[0-9a-f]*$/;

/** So many bytes in hexadecimal. */
const hexOf =
  (bytes: number): Check =>
  (owner, name, value) => {
    if (typeof value !== 'string' || value.length !== 2 * bytes || !HEX.test(value))
      refuse(owner, name, value, `${bytes} bytes in hexadecimal`);
  };

const ENTRY = fields({
  step: natural,
  digest: hexOf(16),
  loss: double,
  epoch: natural,
  place: natural,
  samples: hexOf(8),
  'state?': hexOf(32),
  chain: hexOf(32),
});

/** Checks what says that it is a party. @throws LanewiseError kind 'argument'. */
export function checkParty(owner: string, name: string, party: unknown): void {
  const { every } = readAs<ReceiptParty>(
    'argument',
    owner,
    name,
    party,
    fields({ run: hexOf(32), every: extent, steps: natural, entry: callable }),
  );
  if (every > 2 ** 20) refuse(owner, `${name}.every`, every, `a whole number up to ${2 ** 20}`);
}

/** A party's entry of a step. @throws LanewiseError kind 'data' for what is none. */
export async function entryOf(
  party: ReceiptParty,
  name: string,
  step: number,
): Promise<ReceiptEntry> {
  const owner = `party ${name}`;
  const what = `the entry of step ${step}`;
  const entry = readAs<ReceiptEntry>('data', owner, what, await party.entry(step), ENTRY);
  if (entry.step === step) return entry;
  throw new LanewiseError('data', `${owner}: ${what} is of step ${entry.step}`);
}

/**
 * Finds the first step that differs between two receipts, by bisection: at most ⌈log₂(steps + 2)⌉ exchanges.
 * @throws LanewiseError kind 'argument' for what is no party, and for receipts with other distances between hashes of the
 * state; kind 'data' for answers that are no entries.
 */
export async function firstDifference(a: ReceiptParty, b: ReceiptParty): Promise<Comparison> {
  checkParty('firstDifference', 'a', a);
  checkParty('firstDifference', 'b', b);
  if (a.every !== b.every)
    throw new LanewiseError(
      'argument',
      `firstDifference: a hashes the state every ${a.every} steps and b every ${b.every}, expected the same`,
      'keep both receipts with the same version',
    );
  const steps = Math.min(a.steps, b.steps);
  let exchanges = 0;
  // Those at `same` agree, those at `other` do not; the ends beyond both have not been asked for.
  let [same, other] = [-1, steps + 1];
  let agreed: ReceiptEntry | undefined;
  let found: readonly [ReceiptEntry, ReceiptEntry] | undefined;
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    const pair = await Promise.all([entryOf(a, 'a', middle), entryOf(b, 'b', middle)]);
    exchanges++;
    if (pair[0].chain === pair[1].chain) {
      same = middle;
      [agreed] = pair;
    } else {
      other = middle;
      found = pair;
    }
  }
  if (!found) return { steps, exchanges };
  const difference = differenceOf(found, agreed, a.every);
  return { steps, exchanges, difference };
}

function differenceOf(
  [a, b]: readonly [ReceiptEntry, ReceiptEntry],
  agreed: ReceiptEntry | undefined,
  every: number,
): Difference {
  const isOther = (...names: readonly (keyof ReceiptEntry)[]) =>
    names.some((name) => a[name] !== b[name]);
  const parts: Readonly<Record<DifferingPart, boolean>> = {
    samples: isOther('samples', 'epoch', 'place'),
    loss: isOther('loss'),
    state: isOther('digest', 'state'),
  };
  const isBroken = (entry: ReceiptEntry) => !isLinked(entry, agreed?.chain, every);
  return {
    step: a.step,
    a,
    b,
    ...(agreed ? { agreed } : {}),
    differs: (Object.keys(parts) as DifferingPart[]).filter((name) => parts[name]),
    altered: [...(isBroken(a) ? (['a'] as const) : []), ...(isBroken(b) ? (['b'] as const) : [])],
  };
}
