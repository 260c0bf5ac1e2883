/** What a step has found, from where its workers left it. */
import { STEP_FIGURES } from '../feed/layout.js';
import type { RunPlan } from './run-plan.js';

/** A minibatch's mean loss and its number of right answers, where there is such a thing. */
export interface StepMetrics {
  readonly loss: number;
  readonly hits?: number;
  /** What the hits are of; absent: the samples. */
  readonly answers?: number;
  readonly samples: number;
  /** Nothing of the minibatch counts: of its loss, 0, there is no mean. */
  readonly isVoid?: boolean;
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
