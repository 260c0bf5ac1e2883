/**
 * The loop of a run, as a sequence of events: epochs of minibatches, handed to the workers in chunks of steps
 * that take a fraction of a second, so that progress can be shown and a wish to stop be heard. How long a chunk is
 * has no influence on any number.
 */
import type { Model } from '../layers/index.js';
import type { Weights } from '../parallel/session.js';
import type { CheckpointSettings } from './checkpoint.js';
import { ensureFinite } from './diverged.js';
import type { TrainEvent } from './records.js';
import type { Resumed } from './resume.js';
import { placeAt, type RunState } from './run-state.js';
import { averagedWeights, capture, finalWeights, openRun, type RunOptions } from './run.js';
import { settle } from './scoring.js';
import type { ResolvedSettings } from './settings.js';
import { trainChunk } from './steps.js';

export interface RunResult {
  /** The run's last weights, their average, or its best. */
  readonly weights: Weights;
  readonly state: RunState;
  readonly interrupted: boolean;
}

/**
 * Trains step by step; tells what happened, several events at once if they belong together. What the generator
 * returns are the run's last weights, or its best.
 * A reader who leaves the loop (`break`) ends the run as the signal does.
 * @throws LanewiseError kind 'engine' if a step fails twice or diverges, and whatever a checkpoint's store throws.
 */
export async function* trainEvents(
  model: Model,
  settings: ResolvedSettings,
  options: RunOptions,
  resumed?: Resumed,
): AsyncGenerator<readonly TrainEvent[], RunResult, void> {
  const run = await openRun(model, settings, options, resumed);
  const { checkpoints, signal } = options;
  const { size } = run;
  // A failure may go back to before the last checkpoint, which is then the better one.
  let savedStep = run.state.step;
  let lastSave = performance.now();
  const isSaved = () => !checkpoints || run.state.step <= savedStep;
  const save = async () => {
    ensureFinite(run);
    await checkpoints?.save(capture(run));
    savedStep = run.state.step;
    lastSave = performance.now();
  };
  let hasFailed = false;
  try {
    const weights = () => averagedWeights(run);
    const from = resumed ? { resumedAt: run.state.step } : {};
    yield [{ kind: 'start', settings, weights, ...from }];
    for (const message of run.warnings) yield [{ kind: 'warning', message }];
    const isOver = () => run.state.history.length >= size.epochs || run.state.stopped !== undefined;
    while (!isOver() && !isAborted(signal)) {
      const chunk = await trainChunk(run);
      if (chunk.kind === 'recovery') {
        yield [chunk];
        continue;
      }
      const { step } = run.state;
      const { epoch } = placeAt(run.state, size, step - 1);
      // What falls due is done before anything is told: whenever the reader leaves, the state is whole, and no less told.
      const due = await settle(run);
      yield [...(chunk.records.length > 0 ? [chunk] : []), ...due];
      const isEpochEnd = due.some(({ kind }) => kind === 'epoch');
      if (checkpoints && (isOver() || isDue(checkpoints, step, isEpochEnd, lastSave))) {
        await save();
        yield [{ kind: 'checkpoint', step, epoch }];
      }
    }
    if (!isSaved()) {
      await save();
      const { step } = run.state;
      yield [{ kind: 'checkpoint', step, epoch: placeAt(run.state, size, step).epoch }];
    }
    ensureFinite(run);
    return { weights: finalWeights(run), state: run.state, interrupted: !isOver() };
  } catch (error) {
    hasFailed = true;
    throw error;
  } finally {
    // The reader left the loop, or a worker failed twice: what is known to be good is kept.
    const saving = isSaved() || run.isDiverged ? Promise.resolve() : save();
    // Of two errors the first tells more.
    await (hasFailed ? saving.catch(() => {}) : saving).finally(() => run.session.close());
  }
}

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted ?? false;

function isDue(
  { everySteps, everyMinutes = 5, everyEpoch = true }: CheckpointSettings,
  step: number,
  isEpochEnd: boolean,
  lastSave: number,
): boolean {
  if (everySteps !== undefined && step % everySteps === 0) return true;
  if (everyEpoch && isEpochEnd) return true;
  return performance.now() - lastSave >= everyMinutes * 60_000;
}
