/**
 * The plan of a machine that computes parts of another's minibatches: the same programs, cut and laid out for its own
 * threads. It has no update and no evaluation, and room for the places of one minibatch's samples.
 */
import type { Columns } from '../feed/columns.js';
import { datasetPlan } from '../feed/dataset-plan.js';
import { layoutMemory } from '../feed/layout.js';
import type { StepPlan } from './plan-steps.js';
import { regionSizes, type RunPlan } from './run-plan.js';
import { rangeSlots, scheduleStep } from './shards.js';

/**
 * The plan for parts of the minibatches of `plan`, on `workers` threads.
 * @param data the columns of the training data, all in memory
 * @throws LanewiseError kind 'memory' beyond 4 GiB.
 */
export function partPlan(plan: RunPlan, data: Columns, workers: number): RunPlan {
  const steps = Object.fromEntries(
    Object.entries(plan.steps)
      .filter(([, { range }]) => range === undefined)
      .map(([key, step]): [string, StepPlan] => [
        key,
        { ...step, schedule: scheduleStep(step.schedule.shards, workers) },
      ]),
  );
  const shards = Math.max(...Object.values(steps).map(({ schedule }) => schedule.shards.length));
  const part = {
    ...plan,
    workers,
    steps,
    hands: Math.min(workers, shards),
    gradientHands: Math.min(workers, shards),
    gradientSlots: rangeSlots(shards),
    update: undefined,
    digests: undefined,
    evaluations: {},
    evaluationBlock: plan.batch,
    evaluationChunk: plan.batch,
  };
  const memory = layoutMemory(regionSizes(part, [data], [data.count]));
  return { ...part, memory, datasets: [datasetPlan(data, data.count, memory, 0, plan.io)] };
}
