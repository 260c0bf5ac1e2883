/** Takes steps of a run again, for a dispute about them: from a checkpoint, or from the run's beginning. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOptions, extent, text, type Checks } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Model } from '../layers/index.js';
import { ensureReplaceable, writeFileAtomic } from '../node/atomic.js';
import { readNamedFile } from '../node/files.js';
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from '../train/checkpoint.js';
import { describeRun, type RunDescription } from '../train/describe-run.js';
import { trainingLoop, type LoopOptions } from '../train/loop.js';
import { resolveSettings } from '../train/resolve-settings.js';
import { checkResume, takeUp, type Resumed } from '../train/resume.js';
import type { ResolvedSettings, TrainSettings } from '../train/settings.js';
import { CHECKPOINT, PREVIOUS } from './checkpoint-files.js';

/** A run's settings, checked, and what they describe. */
export interface Described {
  readonly model: Model;
  readonly settings: ResolvedSettings;
  readonly description: RunDescription;
}

export async function describe(model: Model, given: TrainSettings): Promise<Described> {
  const settings = resolveSettings(model, given);
  return { model, settings, description: await describeRun(model, settings) };
}

const stepOf = ({ checkpoint }: Resumed): number => checkpoint.state.step;

/**
 * The newest checkpoint of at most `most` steps in a run's folder, or that in a file; none for a folder without one.
 * @throws LanewiseError kind 'file' for a file that is none, or is of more steps; kind 'argument' if it is of another run.
 */
export async function checkpointBefore(
  { description }: Described,
  from: string,
  most: number,
): Promise<Resumed | undefined> {
  const read = async (path: string): Promise<Resumed> => {
    const checkpoint = await decodeCheckpoint(await readNamedFile('checkpoint', path), path);
    checkResume(checkpoint.description, description, [], checkpoint.stepsPerEpoch);
    return { checkpoint, changed: [], takeUp };
  };
  const isFolder = await stat(from).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    const found = await read(from);
    if (stepOf(found) <= most) return found;
    throw new LanewiseError(
      'file',
      `checkpoint '${from}' is of step ${stepOf(found)}, expected at most ${most}`,
      `give one of step ${most}, which stateAfter makes, or none`,
    );
  }
  for (const name of [CHECKPOINT, PREVIOUS]) {
    const path = join(from, name);
    if (!(await stat(path).catch(() => undefined))) continue;
    const found = await read(path);
    if (stepOf(found) <= most) return found;
  }
  return undefined;
}

/** Takes steps until `isOver`, asked after each chunk; a chunk ends after step `until`. */
export async function replay(
  { model, settings }: Described,
  resumed: Resumed | undefined,
  until: number,
  options: LoopOptions,
  isOver: () => boolean,
): Promise<void> {
  const stepsPerEvent = Math.max(1, until);
  for await (const _ of trainingLoop(model, settings, { ...options, stepsPerEvent }, resumed))
    if (isOver()) return;
}

/** What is kept, and what the run is taken up from. */
export interface StateAfterOptions {
  /** The step after which the state is kept, at least 1. */
  readonly step: number;
  /** The file that it is written to, a checkpoint. */
  readonly file: string;
  /** A run's folder or a checkpoint to go on from; default the run's beginning. */
  readonly from?: string;
}

const CHECKS: Checks<StateAfterOptions> = { step: extent, file: text, from: text };

/** The state that was kept. */
export interface KeptState {
  readonly step: number;
  readonly file: string;
  /** The step from which the run was taken up. */
  readonly from: number;
}

/**
 * Takes a run again up to a step and keeps its state, which is then what a dispute about the next step is settled on.
 * @throws LanewiseError as `train` does, and for a checkpoint that is not the run's, or of a later step.
 */
export async function stateAfter(
  model: Model,
  given: TrainSettings,
  options: StateAfterOptions,
): Promise<KeptState> {
  checkOptions('stateAfter', options, CHECKS);
  const { step, file, from } = options;
  const described = await describe(model, given);
  await ensureReplaceable(file);
  const resumed = from === undefined ? undefined : await checkpointBefore(described, from, step);
  const write = async (checkpoint: Omit<Checkpoint, 'description'>) => {
    const { description } = described;
    await writeFileAtomic(file, await encodeCheckpoint({ ...checkpoint, description }));
  };
  const begun = resumed ? stepOf(resumed) : 0;
  if (begun === step) {
    await write(resumed!.checkpoint);
    return { step, file, from: begun };
  }
  let isKept = false;
  const checkpoints = {
    everySteps: step,
    everyMinutes: Infinity,
    everyEpoch: false,
    async save(checkpoint: Omit<Checkpoint, 'description' | 'log'>) {
      if (checkpoint.state.step === step) {
        await write(checkpoint);
        isKept = true;
      }
      return file;
    },
  };
  await replay(described, resumed, step, { checkpoints }, () => isKept);
  if (isKept) return { step, file, from: begun };
  throw new LanewiseError('argument', `stateAfter: the run ends before step ${step}`);
}
