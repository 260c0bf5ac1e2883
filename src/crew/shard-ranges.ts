/** Sums of gradients over ranges of a minibatch's shards, which other machines' sums complete. */
import { stepKey, type RunKey, type ShardRange } from '../step/jobs.js';
import { gradientOffset } from '../step/linked-plan.js';
import { rangeStep, type StepPlan } from '../step/plan-steps.js';
import type { RunMemory } from '../step/run-memory.js';
import type { Pool } from './worker-pool.js';

/** Some shards of a minibatch whose samples' places are in the order. */
export interface RangeRequest {
  /** Samples of the minibatch. */
  readonly size: number;
  readonly range: ShardRange;
  /** Place of the minibatch's first sample in the order; default 0. */
  readonly start?: number;
  /** The row of metrics that gets the shards' figures; default 0. */
  readonly row?: number;
  /** The step's number in the run. */
  readonly step: number;
  readonly key: RunKey;
}

/** The sum of the gradients of shards [first, end), which are a node of the tree. */
export interface NodeSum {
  readonly node: ShardRange;
  /** A view of the memory, overwritten by the next job: gradients and observations, `gradientBytes` of them. */
  readonly sum: Float32Array<ArrayBuffer>;
}

/**
 * Computes the gradients of a range of shards, added up to the largest nodes of the tree that make it up.
 * @throws WorkerFailure if a worker fails; it may be asked again.
 */
export async function computeRange(
  run: RunMemory,
  pool: Pool,
  { size, range, start, row, step, key }: RangeRequest,
): Promise<readonly NodeSum[]> {
  const { plan, viewOf } = run;
  const [first, end] = range;
  const isWhole = first === 0 && end === plan.steps[stepKey(size)]!.schedule.shards.length;
  const shards = isWhole ? undefined : range;
  const { merges, roots } = (await prepareRange(run, pool, size, range)).schedule;
  await pool.run({
    kind: 'gradients',
    minibatch: { dataset: 0, size },
    shards,
    start,
    row,
    step,
    key,
  });
  if (merges.length > 0) await pool.run({ kind: 'reduce', size, shards });
  const count = plan.parameters.gradientBytes / 4;
  return roots.map(({ node, slot }) => ({
    node,
    sum: viewOf('gradients', gradientOffset(plan, slot), count) as Float32Array<ArrayBuffer>,
  }));
}

/** The plan for some shards of a minibatch, which the pool is told of when they are first asked for. */
export async function prepareRange(
  { plan }: RunMemory,
  pool: Pool,
  size: number,
  range: ShardRange,
): Promise<StepPlan> {
  const whole = plan.steps[stepKey(size)]!;
  if (range[0] === 0 && range[1] === whole.schedule.shards.length) return whole;
  const key = stepKey(size, range);
  const known = plan.steps[key];
  if (known) return known;
  const step = rangeStep(plan, size, range);
  await pool.run({ kind: 'prepare', steps: { [key]: step }, evaluations: {} });
  return (plan.steps[key] = step);
}
