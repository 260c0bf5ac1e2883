/**
 * The training loop, as a sequence of events. Epochs of minibatches go to the workers in chunks of steps that take a
 * fraction of a second, so that progress can be shown and the run can be stopped. The length of a chunk affects no
 * result.
 */
import type { Model } from '../layers/index.js';
import type { CheckpointSettings } from './checkpoint.js';
import { ensureFinite } from './diverged.js';
import type { RunEvent } from './events.js';
import type { LoopResult } from './result.js';
import type { Resumed } from './resume.js';
import { placeAt } from './run-state.js';
import {
  averagedWeights,
  capture,
  finalWeights,
  isProven,
  openRun,
  takeSnapshot,
  type Run,
  type RunOptions,
} from './live-run.js';
import { settle } from './scoring.js';
import type { ResolvedSettings } from './settings.js';
import { startRecord, type About } from './start-and-done.js';
import { machineEvents, trainChunk } from './chunks.js';

export interface LoopOptions extends RunOptions {
  /** Further fields of the first event. */
  readonly about?: About;
}

/**
 * Trains step by step and yields what happened; events that belong together are yielded together. A reader who leaves
 * the loop (`break`) stops the run as the signal does.
 * @throws LanewiseError kind 'engine' if a step fails twice or diverges, and the errors of a checkpoint's store.
 */
export async function* trainingLoop(
  model: Model,
  settings: ResolvedSettings,
  options: LoopOptions,
  resumed?: Resumed,
): AsyncGenerator<readonly RunEvent[], LoopResult, void> {
  const run = await openRun(model, settings, options, resumed);
  const { checkpoints, signal } = options;
  const saver = createSaver(run);
  let hasFailed = false;
  try {
    const resumedAt = resumed ? { resumedAt: run.state.step } : {};
    const record = await startRecord(model, settings, options.about ?? {});
    yield [{ ...record, ...resumedAt, weights: () => averagedWeights(run) }];
    for (const message of run.warnings) yield [{ event: 'warning', step: run.state.step, message }];
    // Who may not take part is told while the run waits for others.
    while (!isAborted(signal) && !((await run.session.shared?.gather?.()) ?? true))
      yield machineEvents(run);
    while (!isOver(run) && !isAborted(signal)) {
      const stepped = await trainChunk(run);
      if (stepped.some(({ event }) => event === 'recovery')) {
        yield stepped;
        if (checkpoints && run.savesAnew) yield [await saver.save(Math.max(0, run.state.step - 1))];
        continue;
      }
      // All that is due is done before events are yielded: wherever the reader leaves, the state is complete and reported.
      const due = await settle(run);
      yield [...stepped, ...due];
      const isEpochEnd = due.some(({ event }) => event === 'epoch');
      if (checkpoints && (isOver(run) || saver.isDue(checkpoints, isEpochEnd)))
        yield [await saver.save(run.state.step - 1)];
    }
    if (!saver.isSaved()) yield [await saver.save(run.state.step)];
    ensureFinite(run);
    return { weights: finalWeights(run), state: run.state, interrupted: !isOver(run) };
  } catch (error) {
    hasFailed = true;
    throw error;
  } finally {
    // The reader left the loop, or a worker failed twice: the last good state is kept.
    const saving = saver.isSaved() || run.isSpoiled ? undefined : saver.save(run.state.step);
    // The first of two errors says more.
    await Promise.resolve(hasFailed ? saving?.catch(() => {}) : saving).finally(() =>
      run.session.close(),
    );
  }
}

const isOver = ({ state, size }: Run): boolean =>
  state.history.length >= size.epochs || state.stopped !== undefined;

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted ?? false;

/** Takes the checkpoints of a run, if it has any. */
function createSaver(run: Run) {
  const { checkpoints } = run.options;
  // A failure may go back past the last checkpoint, which is then the better state.
  let savedStep = run.state.step;
  let lastSave = performance.now();
  return {
    isSaved: () => !checkpoints || run.state.step <= savedStep,
    /** The event of a checkpoint, once it is kept; its epoch is that of the step after `steps`. */
    async save(steps: number): Promise<RunEvent> {
      ensureFinite(run);
      const file = await checkpoints!.save(capture(run));
      const { step } = run.state;
      savedStep = step;
      run.savesAnew = false;
      // The state to return to is not before the checkpoint, if that is proven.
      if (run.session.shared && isProven(run)) takeSnapshot(run);
      lastSave = performance.now();
      return { event: 'checkpoint', step, epoch: placeAt(run.state, run.size, steps).epoch, file };
    },
    isDue(
      { everySteps, everyMinutes = 5, everyEpoch = true }: CheckpointSettings,
      isEpochEnd: boolean,
    ): boolean {
      if (everySteps !== undefined && run.state.step % everySteps === 0) return true;
      if (everyEpoch && isEpochEnd) return true;
      const isLong = performance.now() - lastSave >= everyMinutes * 60_000;
      return isLong && isProven(run);
    },
  };
}
