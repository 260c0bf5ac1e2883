/** Opens a run's folder: locks it, and reads what the run goes on from or clears what an earlier run left. */
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import {
  ensureReplaceable,
  ensureWritableFolder,
  fileError,
  isTemporaryOf,
} from '../node/atomic.js';
import type { RunDescription } from '../train/describe-run.js';
import { checkResume, takeUp, type Resumed } from '../train/resume.js';
import type { TrainOptions } from '../train/train.js';
import {
  CHECKPOINT,
  giveName,
  hasCheckpoint,
  PREVIOUS,
  readCheckpoint,
} from './checkpoint-files.js';
import { lockFolder, type FolderLock, type LockOptions } from './lock.js';
import { truncateAfter } from './metrics-log.js';
import { cutPartsLog } from './parts-log.js';

/** Names in a run's folder. */
export const MODEL = 'model.safetensors';
/** The judgement of a run's model: its figure with an interval, and those of baselines. */
export const JUDGEMENT = 'judgement.json';
export const METRICS = 'metrics.jsonl';
/** Which machine computed what; only of a run shared with others. */
export const PARTS = 'parts.jsonl';
/** A hash of each step; only if asked for. */
export const RECEIPT = 'receipt';
export const EVALUATION = 'evaluation.json';
export const REPORT = 'report.html';

export interface OpenedFolder {
  readonly lock: FolderLock;
  /** What the run goes on from; absent for a new run. */
  readonly resumed?: Resumed;
  /** Whether the last checkpoint may become the previous one; otherwise it is replaced. */
  readonly isLastWhole: boolean;
  readonly warnings: readonly string[];
}

/**
 * Locks the folder, which is made if need be, and reads or removes what an earlier run left there.
 * @throws LanewiseError kind 'file' if it cannot be written, is in use, or has no whole checkpoint; kind 'argument' if it
 * holds another or an unfinished run. `waiting.onWait` is called for a lock whose process may be gone.
 */
export async function openFolder(
  folder: string,
  description: RunDescription,
  { resume = false, fresh = false }: Pick<TrainOptions, 'resume' | 'fresh'>,
  waiting: Pick<LockOptions, 'onWait' | 'signal'> = {},
): Promise<OpenedFolder> {
  await ensureWritableFolder(folder);
  for (const name of [MODEL, CHECKPOINT, PREVIOUS, METRICS, PARTS, RECEIPT, EVALUATION, REPORT])
    await ensureReplaceable(join(folder, name));
  // A refused run leaves no empty folder.
  const refuse = async (error: unknown): Promise<never> => {
    await rmdir(folder).catch(() => {});
    throw error;
  };
  const lock = await lockFolder(folder, waiting).catch(refuse);
  const taken = lock.warning === undefined ? [] : [lock.warning];
  try {
    const isThere = await hasCheckpoint(folder);
    if (resume && isThere) {
      const found = await readCheckpoint(folder);
      const { checkpoint, warning } = found;
      const override = resume === true ? [] : resume.override;
      const changed = checkResume(
        checkpoint.description,
        description,
        override,
        checkpoint.stepsPerEpoch,
      );
      const { path, isLastWhole } = await giveName(folder, found);
      await removeLeftovers(folder);
      const from = path === found.path ? `'${path}'` : `the one that was about to replace it`;
      const warnings = [
        ...taken,
        ...(warning === undefined ? [] : [`${warning}: going on from ${from}`]),
      ];
      const { step } = checkpoint.state;
      const log = join(folder, METRICS);
      const events = await truncateAfter(log, step, (message) => warnings.push(message));
      cutPartsLog(join(folder, PARTS), step);
      const logged = new Set(events.map((event) => event.event === 'epoch' && event.epoch));
      const lost = checkpoint.state.history.filter(({ epoch }) => !logged.has(epoch));
      if (lost.length > 0)
        warnings.push(
          `'${log}' has lost lines: of the finished epochs it lacks ${lost.map(({ epoch }) => epoch).join(', ')}`,
        );
      return { lock, resumed: { checkpoint, changed, takeUp }, isLastWhole, warnings };
    }
    if (isThere && !fresh) {
      await refuseUnfinished(folder);
      taken.push(`the finished run that was in '${folder}' is replaced`);
    }
    await removeLeftovers(folder);
    await clear(folder);
    const begins = resume ? [`there is no checkpoint in '${folder}' yet: the run begins`] : [];
    return { lock, isLastWhole: true, warnings: [...taken, ...begins] };
  } catch (error) {
    await lock.release();
    return refuse(error);
  }
}

/** @throws LanewiseError kind 'argument' if the folder's run has steps to go. */
async function refuseUnfinished(folder: string): Promise<void> {
  const { checkpoint } = await readCheckpoint(folder);
  const { state, stepsPerEpoch, description } = checkpoint;
  const epochs = Number(description['epochs']);
  const place = state.step - state.shift;
  if (state.stopped !== undefined || place >= epochs * stepsPerEpoch) return;
  throw new LanewiseError(
    'argument',
    `'${folder}' holds an unfinished run: ${place} of ${epochs * stepsPerEpoch} steps`,
    'go on with it (resume: true), start over and lose it (fresh: true), or take another folder',
  );
}

/** Removes temporary files of a run that was killed while it wrote them. */
async function removeLeftovers(folder: string): Promise<void> {
  const names = [CHECKPOINT, MODEL, METRICS, EVALUATION, REPORT, ''];
  await removeFiles(folder, (file) => names.some((name) => isTemporaryOf(name, file)));
}

/** Removes the files that runs write, as a report must not mix two runs. The last model stays until there is a new one. */
async function clear(folder: string): Promise<void> {
  const ours = [CHECKPOINT, PREVIOUS, METRICS, PARTS, RECEIPT, EVALUATION, REPORT];
  const isOurs = (name: string) => ours.includes(name) || name.startsWith('events.out.tfevents.');
  await removeFiles(folder, isOurs);
}

async function removeFiles(folder: string, isMeant: (name: string) => boolean): Promise<void> {
  for (const name of (await readdir(folder)).filter(isMeant)) {
    await rm(join(folder, name), { force: true }).catch((error: unknown) => {
      throw fileError(`cannot remove '${join(folder, name)}'`, error);
    });
  }
}
