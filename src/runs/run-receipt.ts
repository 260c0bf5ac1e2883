/** The receipt in a run's folder, while the run is at work. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import { sha256 } from '../base/sha256.js';
import type { RunDescription } from '../train/describe-run.js';
import type { ReceiptKeeper } from '../train/receipt.js';
import type { Resumed } from '../train/resume.js';
import type { ResolvedSettings } from '../train/settings.js';
import { RECEIPT } from './folder.js';
import { EVERY } from './receipt-format.js';
import { openReceipt, openWriter, type ReceiptWriter } from './receipt-file.js';
import { checkRecorded, createKeeper } from './receipt-keeper.js';

export interface RunReceipt extends Pick<ReceiptWriter, 'sync' | 'hashAt' | 'close'> {
  readonly keeper: ReceiptKeeper;
}

/** What a receipt says of a run: the SHA-256 of its description. */
export const runHash = (description: RunDescription): Promise<string> =>
  sha256(new TextEncoder().encode(JSON.stringify(description)));

/**
 * Begins the receipt in a folder, or goes on with it: it is cut back to the checkpoint's step.
 * @throws LanewiseError kind 'file' if the run to resume has none, or another run's; kind 'argument' if it goes on with
 * other settings.
 */
export async function openRunReceipt(
  folder: string,
  description: RunDescription,
  settings: ResolvedSettings,
  resumed: Resumed | undefined,
): Promise<RunReceipt> {
  const path = join(folder, RECEIPT);
  const run = await runHash(description);
  if (resumed) checkOwn(path, run, resumed);
  const writer = openWriter(path, { run, every: EVERY });
  if (resumed) writer.cutAfter(resumed.checkpoint.state.step);
  const { sync, hashAt, close } = writer;
  const keeper = createKeeper(writer, settings, checkRecorded(path, writer));
  return {
    keeper,
    sync() {
      keeper.flush();
      sync();
    },
    hashAt(step) {
      keeper.flush();
      return hashAt(step);
    },
    close,
  };
}

/** A warning of a receipt that a resumed run does not go on with. */
export function unkeptReceipt(folder: string): string | undefined {
  const path = join(folder, RECEIPT);
  if (!existsSync(path)) return undefined;
  return `'${path}' is not gone on with, as receipt is not given: steps from here on are not in it`;
}

/** @throws LanewiseError unless the file is the receipt of the run to resume, up to the checkpoint at least. */
function checkOwn(path: string, run: string, { checkpoint, changed }: Resumed): void {
  const { step } = checkpoint.state;
  const way = 'resume without receipt, or start over (fresh: true)';
  if (changed.length > 0)
    throw new LanewiseError(
      'argument',
      `train: receipt is given, and the run goes on with another ${changed.join(', ')} than its receipt began with: it would stand for no run that somebody else can take`,
      way,
    );
  const refuse = (why: string) => new LanewiseError('file', `receipt '${path}' ${why}`, way);
  if (!existsSync(path))
    throw refuse(`is not there, and the run to resume has taken ${step} steps`);
  const found = openReceipt(path);
  if (found.run !== run)
    throw refuse(`is another run's: of ${found.run.slice(0, 16)}…, expected ${run.slice(0, 16)}…`);
  if (found.steps < step)
    throw refuse(`ends with step ${found.steps}, and the run to resume has taken ${step} steps`);
}
