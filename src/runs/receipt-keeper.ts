/** Keeps the receipt of a run while it trains. */
import { createHash } from 'node:crypto';
import { LanewiseError } from '../base/errors.js';
import type { Session } from '../crew/session.js';
import * as digests from '../step/digests.js';
import type { ReceiptKeeper } from '../train/receipt.js';
import type { ResolvedSettings } from '../train/settings.js';
import { encodeEntry, samplesHash, type StepRecord } from './receipt-format.js';
import type { ReceiptWriter } from './receipt-file.js';
import { digest as sha256 } from '../node/digest.js';

/** What a keeper writes to. */
export type ReceiptSink = Pick<ReceiptWriter, 'every' | 'step' | 'chain' | 'append' | 'cutAfter'>;

/** Bytes of a state whose hash gives timers and signals a turn. */
const LARGE_BYTES = 2 ** 22;

/** SHA-256 of the whole state: weights and statistics in the model's order, then the optimizer's arrays, then the average. */
export async function hashState({ viewWeights, viewState }: Session): Promise<Uint8Array> {
  const arrays = [...viewWeights().values(), ...viewState().values()];
  if (arrays.reduce((sum, { byteLength }) => sum + byteLength, 0) > LARGE_BYTES)
    return sha256(
      arrays.map(
        ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
      ),
    );
  const hash = createHash('sha256');
  for (const values of arrays) hash.update(values);
  return hash.digest();
}

const sumOf = (a: digests.Digest, b: digests.Digest): digests.Digest => [
  BigInt.asUintN(64, a[0] + b[0]),
  BigInt.asUintN(64, a[1] + b[1]),
];

/**
 * A keeper that appends to `sink`, many steps at once: code that has not run for a while is slow.
 * @param check called before the first step if the sink has entries already: whether the state is the one recorded
 */
export function createKeeper(
  sink: ReceiptSink,
  { batch, epochSamples, data }: Pick<ResolvedSettings, 'batch' | 'epochSamples' | 'data'>,
  check: (session: Session, step: number) => Promise<void>,
): ReceiptKeeper {
  const { every } = sink;
  const isStream = data.source?.open !== undefined;
  let order: Uint32Array | undefined;
  let fixed: digests.Digest = [0n, 0n];
  /** Steps that are not in the sink yet, and their samples' numbers. */
  let pending: Omit<StepRecord, 'samples'>[] = [];
  let numbers: (Uint32Array | undefined)[] = [];
  function flush(state?: Uint8Array): void {
    const entries: Uint8Array[] = [];
    pending.forEach((record, i) => {
      const chain = entries.at(-1)?.subarray(-32) ?? sink.chain;
      const samples = numbers[i] && samplesHash(numbers[i]);
      const isLast = i === pending.length - 1;
      const hashes = { ...(samples ? { samples } : {}), ...(state && isLast ? { state } : {}) };
      entries.push(encodeEntry(chain, sink.step + i + 1, { ...record, ...hashes }));
    });
    [pending, numbers] = [[], []];
    sink.append(entries);
  }
  return {
    digests,
    every,
    async begin(session, step) {
      fixed = session.digestNow('fixed');
      if (sink.step >= 0) return check(session, step);
      const digest = session.digestNow('all');
      const state = await hashState(session);
      sink.append([encodeEntry(sink.chain, 0, { digest, loss: 0, epoch: 0, place: 0, state })]);
    },
    writeOrder(given) {
      order = isStream ? undefined : given;
    },
    async add(session, { before, epoch, first, metrics }) {
      const kept = Math.max(0, before - sink.step);
      [pending, numbers] = [pending.slice(0, kept), numbers.slice(0, kept)];
      sink.cutAfter(before);
      metrics.forEach(({ loss, digest }, i) => {
        const start = (first + i) * batch;
        numbers.push(order?.subarray(start, Math.min(start + batch, epochSamples)));
        pending.push({ digest: sumOf(digest!, fixed), loss, epoch, place: first + i });
      });
      if ((before + metrics.length) % every === 0) flush(await hashState(session));
    },
    flush: () => flush(),
  };
}

/** Checks that the session's state is the one that the receipt at `path` has for it. */
export const checkRecorded =
  (path: string, writer: ReceiptWriter) =>
  async (session: Session, step: number): Promise<void> => {
    const { digest, state } = writer.entry(step);
    const found = hexOf(session.digestNow('all'));
    const hash = state && Buffer.from(await hashState(session)).toString('hex');
    if (found === digest && hash === state) return;
    throw new LanewiseError(
      'file',
      `receipt '${path}' has another state after step ${step} than the checkpoint: digest ${digest}, found ${found}`,
      'it belongs to another run: put the run’s own receipt there, or resume without one',
    );
  };

/** A digest as entries have it. */
export const hexOf = (digest: digests.Digest): string => {
  const bytes = Buffer.alloc(16);
  digest.forEach((word, i) => bytes.writeBigUInt64LE(word, 8 * i));
  return bytes.toString('hex');
};
