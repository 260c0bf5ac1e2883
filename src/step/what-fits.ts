/** What would fit where a run does not: planned with smaller numbers, before anything is allocated. */
import { LanewiseError } from '../base/errors.js';
import { planRun, type PlanRequest, type TrainingRequest } from './run-plan.js';

/** The refusal of a run that needs too much memory, with the largest batch that fits, and other ways if there are any. */
export function withWhatFits(request: PlanRequest, refusal: LanewiseError): LanewiseError {
  const { training, workers } = request;
  if (!training || request.sizes) return refusal;
  const { batch, shards } = training;
  const batchFits = largest(batch - 1, (size) =>
    fits(request, { batch: size, shards: Math.ceil((size * shards) / batch) }),
  );
  const workersFit = largest(workers - 1, (count) => fits({ ...request, workers: count }));
  const doubled = Array.from({ length: 16 }, (_, i) => shards * 2 ** (i + 1));
  const shardsFit = doubled.find((more) => more <= batch && fits(request, { shards: more }));
  if (!batchFits && !workersFit && !shardsFit) return refusal;
  const ways = [
    batchFits && `a smaller batch (${batchFits} fits)`,
    shardsFit && `more shards (${shardsFit} fit)`,
    workersFit && `fewer workers (${workersFit} ${workersFit === 1 ? 'fits' : 'fit'})`,
  ].filter((way) => typeof way === 'string');
  return new LanewiseError(refusal.kind, refusal.message, `use ${ways.join(', or ')}`, {
    cause: refusal,
  });
}

/** Whether the run fits with other numbers; samples of one that a layer refuses do not. */
function fits(request: PlanRequest, change: Partial<TrainingRequest> = {}): boolean {
  try {
    planRun({ ...request, training: { ...request.training!, ...change } });
    return true;
  } catch (error) {
    if (error instanceof LanewiseError) return false;
    throw error;
  }
}

/** The largest number up to `most` that fits, if those that fit come before those that do not; 0 if none does. */
function largest(most: number, isFitting: (count: number) => boolean): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (isFitting(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
