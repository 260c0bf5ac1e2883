/** What a run scores between its steps: validations, epochs, and the figure it is watched by. */
import { summarize } from './evaluate.js';
import { watch } from './monitor.js';
import type { EpochRecord, Validation } from './records.js';
import { averagedWeights, diverged, type Run } from './run.js';
import { accuracyOf } from './run-state.js';

/** Scores the validation data, by the averaged weights if there are any. */
export async function validate(run: Run): Promise<Validation> {
  const { session, settings, state } = run;
  run.orderOf = undefined;
  if (state.isAveraging) session.swapAverage();
  const evaluation = await session.evaluate(1, false);
  if (state.isAveraging) session.swapAverage();
  const { loss, accuracy } = summarize(evaluation, settings.validation!);
  if (!Number.isFinite(loss))
    throw diverged(`the validation loss became ${loss} after step ${state.step}`);
  return { valLoss: loss, ...(accuracy === undefined ? {} : { valAccuracy: accuracy }) };
}

export function epochRecord(
  { state, size }: Run,
  validation: Validation | undefined,
  epoch: number,
): EpochRecord {
  return {
    epoch,
    loss: state.totals.loss / state.totals.samples,
    ...accuracyOf(state.totals),
    ...validation,
    imagesPerSecond: (size.samples / state.totals.ms) * 1000,
  };
}

/** The monitored figure may be a new best, or the reason to stop. */
export function lookAt(run: Run, figures: Validation | EpochRecord, epoch: number): void {
  const { settings, state } = run;
  if (!settings.monitor) return;
  const { metrics = {}, ...others } = figures;
  const known = { ...metrics, ...others } as Readonly<Record<string, number>>;
  const place = { step: state.step, epoch };
  run.state = watch(state, settings.monitor, known, place, () => averagedWeights(run));
}
