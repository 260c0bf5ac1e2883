/**
 * Settles which of two receipts is right about the first step that they differ in: a referee takes the state that both
 * agree on, checks it, and takes the step itself (Canetti, Riva & Rothblum 2011).
 */
import { checkKeys, isObject, refuse, text } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Session } from '../crew/session.js';
import type { Model } from '../layers/index.js';
import type { TrainSettings } from '../train/settings.js';
import { checkParty, entryOf, firstDifference, type Difference } from './first-difference.js';
import type { ReceiptParty } from './receipt-file.js';
import { decodeEntry, firstChain, type ReceiptEntry } from './receipt-format.js';
import { createKeeper, hashState, hexOf, type ReceiptSink } from './receipt-keeper.js';
import { checkpointBefore, describe, replay } from './replay.js';
import { runHash } from './run-receipt.js';

/** Who disagrees, and about what state the referee has. */
export interface Dispute {
  readonly a: ReceiptParty;
  readonly b: ReceiptParty;
  /**
   * A checkpoint, or the folder of a run, from before the step in dispute. It is checked against what both agreed on: by its
   * SHA-256 if its step is a multiple of `every`, which nobody can forge, else by its digest, which shows mistakes. Default
   * the run's beginning.
   */
  readonly from?: string;
}

/** What the referee found. */
export interface Verdict {
  /** Absent if the two agree: then there is nothing to settle. */
  readonly difference?: Difference;
  /** Exchanges with the parties. */
  readonly exchanges: number;
  /** Whose entry the referee gets, too; `neither` if it gets another; absent without a difference. */
  readonly right?: 'a' | 'b' | 'neither';
  /** The referee's own entry of the step. */
  readonly found?: ReceiptEntry;
  /** The step of the state from which it began, whether that was checked by a SHA-256, and the steps that it took. */
  readonly from?: number;
  readonly isProven?: boolean;
  readonly stepsTaken?: number;
}

/**
 * Finds the first step in which two receipts differ, and takes it again.
 * @param settings those of the run; `workers` and `numerics`' engine are the referee's own
 * @throws LanewiseError kind 'argument' for settings that are not those of both receipts, and for a state that is not the one
 * that both agree on; as `firstDifference` and `train`.
 */
export async function settleDifference(
  model: Model,
  settings: TrainSettings,
  dispute: Dispute,
): Promise<Verdict> {
  const { a, b, from } = checkDispute(dispute);
  const described = await describe(model, settings);
  const run = await runHash(described.description);
  for (const [name, party] of [
    ['a', a],
    ['b', b],
  ] as const) {
    if (party.run === run) continue;
    throw new LanewiseError(
      'argument',
      `settleDifference: the receipt of ${name} is of another run than model and settings describe: ${party.run.slice(0, 16)}…, expected ${run.slice(0, 16)}…`,
      'give the settings that both trained with; parties of two runs have nothing to settle',
    );
  }
  const { difference, exchanges: asked } = await firstDifference(a, b);
  if (!difference) return { exchanges: asked };
  const { step } = difference;
  const resumed =
    from === undefined || step === 0
      ? undefined
      : await checkpointBefore(described, from, step - 1);
  const begun = resumed ? resumed.checkpoint.state.step : 0;
  const agreed = step === 0 ? undefined : await agreedAt(dispute, difference, begun);
  const exchanges = asked + (agreed && begun !== step - 1 ? 1 : 0);
  const sink = createMemorySink(a.every, agreed);
  const keeper = createKeeper(sink, described.settings, (session, at) =>
    checkAgreed(session, at, agreed!),
  );
  await replay(described, resumed, step, { receipt: keeper }, () => {
    keeper.flush();
    return sink.step >= step;
  });
  const found = decodeEntry(sink.last!, step, a.every);
  const isRight = (entry: ReceiptEntry) => entry.chain === found.chain;
  return {
    difference,
    exchanges,
    right: isRight(difference.a) ? 'a' : isRight(difference.b) ? 'b' : 'neither',
    found,
    from: begun,
    isProven: agreed?.state !== undefined || step === 0,
    stepsTaken: step - begun,
  };
}

function checkDispute(given: unknown): Dispute {
  const owner = 'settleDifference';
  if (!isObject(given)) refuse(owner, 'dispute', given, '{ a, b, from }');
  checkKeys(owner, given as object, ['a', 'b', 'from']);
  const dispute = given as unknown as Dispute;
  checkParty(owner, 'a', dispute.a);
  checkParty(owner, 'b', dispute.b);
  if (dispute.from !== undefined) text(owner, 'from', dispute.from);
  return dispute;
}

/** The entry of a step before the one in dispute, which both have the same. */
async function agreedAt(
  { a, b }: Dispute,
  { agreed }: Difference,
  step: number,
): Promise<ReceiptEntry> {
  if (agreed!.step === step) return agreed!;
  const [one, other] = await Promise.all([entryOf(a, 'a', step), entryOf(b, 'b', step)]);
  if (one.chain === other.chain) return one;
  throw new LanewiseError(
    'data',
    `the parties differ at step ${step}, and agreed on step ${agreed!.step} after it: one answers differently each time`,
  );
}

/** @throws LanewiseError kind 'argument' for a state that is not the one agreed on. */
async function checkAgreed(session: Session, step: number, agreed: ReceiptEntry): Promise<void> {
  const { digest, state } = agreed;
  const found = hexOf(session.digestNow('all'));
  const hash = state && Buffer.from(await hashState(session)).toString('hex');
  if (found === digest && hash === state) return;
  const [what, is, was] =
    state === undefined ? ['digest', found, digest] : ['SHA-256', hash!, state];
  throw new LanewiseError(
    'argument',
    `the state given is not the one that both agreed on after step ${step}: ${what} ${is}, expected ${was}`,
    'ask for another, or leave out from: the run is then taken from its beginning',
  );
}

/** Keeps the last entry, after that of a state that is agreed on, or from the run's beginning. */
function createMemorySink(
  every: number,
  agreed: ReceiptEntry | undefined,
): ReceiptSink & { readonly last: Uint8Array | undefined } {
  let step = agreed?.step ?? -1;
  let chain: Uint8Array = agreed ? Buffer.from(agreed.chain, 'hex') : firstChain(every);
  let last: Uint8Array | undefined;
  return {
    every,
    get step() {
      return step;
    },
    get chain() {
      return chain;
    },
    get last() {
      return last;
    },
    append(entries) {
      if (entries.length === 0) return;
      step += entries.length;
      last = entries.at(-1)!;
      chain = last.subarray(-32);
    },
    cutAfter() {},
  };
}
