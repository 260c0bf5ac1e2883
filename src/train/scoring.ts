/** Scoring between a run's steps: validations, epochs, and the figure that is watched. */
import type { MachineFigures } from '../crew/machines.js';
import { validationDiverged } from './diverged.js';
import { summarize } from '../metrics/summary.js';
import { LanewiseError } from '../base/errors.js';
import { WorkerFailure } from '../crew/worker-pool.js';
import { computeMetrics } from '../metrics/compute.js';
import { watch } from './monitor.js';
import type { RunEvent } from './events.js';
import type { EpochRecord, Validation } from './history.js';
import {
  averagedWeights,
  isProven,
  isSnapshotDue,
  rollBack,
  takeSnapshot,
  type Run,
} from './live-run.js';
import { accuracyOf, closeEpoch, meanLossOf, placeAt } from './run-state.js';

/**
 * Scores, records and judges what is due after the steps so far, and returns the events. If that fails, the run returns
 * to where its state was complete: between steps, with nothing left due.
 */
export async function settle(run: Run): Promise<readonly RunEvent[]> {
  try {
    return await score(run);
  } catch (error) {
    const { step } = run.state;
    rollBack(run);
    // Without a snapshot the state is between two that are complete.
    run.isSpoiled ||= !run.saved;
    if (!(error instanceof WorkerFailure)) throw error;
    throw new LanewiseError(
      'engine',
      `validation after step ${step} failed twice: ${error.message}`,
      undefined,
      { cause: error },
    );
  }
}

/** Figures of the machines that shared the epoch which ends. */
function sharedEpoch(run: Run): MachineFigures | undefined {
  if (!run.shared) return undefined;
  const { figures, wireMs, ms } = run.shared;
  run.shared = { figures, wireMs: 0, ms: 0 };
  return { ...figures, wire: ms > 0 ? wireMs / ms : figures.wire };
}

async function score(run: Run): Promise<readonly RunEvent[]> {
  const { settings, size } = run;
  const { step } = run.state;
  const { epoch, done } = placeAt(run.state, size, step - 1);
  const isEpochEnd = done + 1 === size.stepsPerEpoch;
  const isValidated = isValidationDue(settings, step, isEpochEnd ? epoch : undefined);
  const events: RunEvent[] = [];
  const validation = isValidated ? await validate(run) : undefined;
  if (validation && !isEpochEnd) {
    lookAt(run, validation, epoch);
    events.push({ event: 'validation', epoch, step, ...validation });
  }
  if (isEpochEnd) {
    const record = epochRecord(run, validation, epoch);
    if (validation || !settings.validation) lookAt(run, record, epoch);
    const seconds = run.state.totals.ms / 1000;
    run.state = closeEpoch(run.state, record);
    const cluster = sharedEpoch(run);
    events.push({
      event: 'epoch',
      step,
      seconds,
      ...record,
      ...(cluster ? { cluster } : {}),
      weights: () => averagedWeights(run),
    });
  }
  if (isProven(run) && (events.length > 0 || isSnapshotDue(run))) takeSnapshot(run);
  return events;
}

/** Whether validation is due after a step, which may be the last of an epoch. */
function isValidationDue(
  { validateEvery }: Run['settings'],
  step: number,
  ended: number | undefined,
): boolean {
  if (!validateEvery) return false;
  const { steps, epochs } = validateEvery;
  if (steps !== undefined) return step % steps === 0;
  return ended !== undefined && ended % (epochs ?? 1) === 0;
}

/** Scores the validation data with the averaged weights, if there are any. */
async function validate(run: Run): Promise<Validation> {
  const { session, settings, state } = run;
  run.orderOf = undefined;
  if (state.isAveraging) session.swapAverage();
  try {
    const evaluation = await session.evaluate(1, settings.metrics !== undefined);
    const { loss, accuracy } = summarize(evaluation, settings.validation!);
    if (!Number.isFinite(loss)) throw await validationDiverged(run, loss);
    return {
      valLoss: loss,
      ...(accuracy === undefined ? {} : { valAccuracy: accuracy }),
      ...(settings.metrics ? { metrics: computeMetrics(settings.metrics, evaluation) } : {}),
    };
  } finally {
    if (state.isAveraging) session.swapAverage();
  }
}

function epochRecord(
  { state, size }: Run,
  validation: Validation | undefined,
  epoch: number,
): EpochRecord {
  return {
    epoch,
    loss: meanLossOf(state.totals),
    ...accuracyOf(state.totals),
    ...validation,
    imagesPerSecond: (size.samples / state.totals.ms) * 1000,
  };
}

/** Watches the monitored figure: it may be a new best, or the reason to stop. */
function lookAt(run: Run, figures: Validation | EpochRecord, epoch: number): void {
  const { settings, state } = run;
  if (!settings.monitor) return;
  const { metrics = {}, ...others } = figures;
  const known = { ...metrics, ...others } as Readonly<Record<string, number>>;
  const place = { step: state.step, epoch };
  run.state = watch(state, settings.monitor, known, place, () => averagedWeights(run));
}
