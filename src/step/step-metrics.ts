/** The metrics of a step, read from where its workers left them. */
import { STEP_FIGURES } from '../feed/layout.js';
import type { Digest } from './digests.js';
import type { RunPlan } from './run-plan.js';

/** A minibatch's mean loss and its number of right answers, where that is defined. */
export interface StepMetrics {
  readonly loss: number;
  readonly hits?: number;
  /** The number of answers; absent if it is the number of samples. */
  readonly answers?: number;
  readonly samples: number;
  /** Whether nothing in the minibatch counts: its loss is 0 and has no mean. */
  readonly isVoid?: boolean;
  /** Of what the step could change, after it, if the run has digests. */
  readonly digest?: Digest;
}

/** The figures of a minibatch of `samples` at row `index`, added in shard order. */
export function readMetrics(
  plan: RunPlan,
  samples: number,
  index: number,
  viewOf: (region: string, offset: number, count: number) => Float32Array,
): StepMetrics {
  const shards = plan.steps[samples]!.schedule.shards.length;
  const row = viewOf('metrics', index * plan.shards * STEP_FIGURES * 4, shards * STEP_FIGURES);
  const sums = [0, 0, 0, 0];
  row.forEach((value, i) => (sums[i % STEP_FIGURES]! += value));
  const [loss, hits, answers, counting] = sums as [number, number, number, number];
  return {
    loss,
    samples,
    ...(plan.hasHits ? { hits } : {}),
    ...(plan.hasHits && plan.hasAnswers ? { answers } : {}),
    ...(plan.hasCounting && counting === 0 ? { isVoid: true } : {}),
  };
}
