/** What a step has found, from where its workers left it. */
import type { RunPlan } from './plan.js';

/** A minibatch's mean loss and its number of right answers, where there is such a thing. */
export interface StepMetrics {
  readonly loss: number;
  readonly hits?: number;
  readonly samples: number;
}

/** The shards' losses and hits, added in shard order. */
export function readMetrics(
  plan: RunPlan,
  position: number,
  index: number,
  viewOf: (name: string, offset: number, count: number) => Float32Array,
): StepMetrics {
  const samples = Math.min(plan.batch, plan.epochSamples - position * plan.batch);
  const shards = plan.steps[samples]!.schedule.shards.length;
  const row = viewOf('metrics', index * plan.shards * 8, shards * 2);
  let loss = 0;
  let hits = 0;
  for (let s = 0; s < shards; s++) {
    loss += row[s * 2]!;
    hits += row[s * 2 + 1]!;
  }
  return { loss, samples, ...(plan.hasHits ? { hits } : {}) };
}
