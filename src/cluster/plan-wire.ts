/**
 * A plan on its way to another machine: JSON, from which schedules are left out, because they follow from the numbers of
 * shards and workers. What arrives comes from a stranger. All of its numbers are checked before memory is taken: places
 * lie in the memory, regions do not overlap, and kernels are those of this version, each of whose buffers lies in its
 * segment. What else a kernel may do wrong is confined by its memory, which holds nothing but the run.
 */
import { parseJson, readAs } from '../base/check-json.js';
import type { LeafName } from '../feed/column.js';
import type { PlacedColumn } from '../feed/dataset-plan.js';
import type { RunPlan } from '../step/run-plan.js';
import { cutShards, scheduleStep } from '../step/shards.js';
import {
  checkCounts,
  checkDataset,
  checkIo,
  checkPrograms,
  checkRegions,
  checkTransforms,
  mostSamples,
  refuse,
  sharesOf,
} from './plan-checks.js';
import { PLAN_FIELDS, spell } from './plan-fields.js';

/** Bounds of what a plan may ask for. */
export interface PlanLimits {
  /** Bytes of memory. */
  readonly maxMemory: number;
  /** The number of threads that will compute it; undefined for any. */
  readonly workers?: number;
}

/** Bytes of the largest plan that is read. */
export const MOST_PLAN_BYTES = 2 ** 26;

type StepPrograms = RunPlan['steps'][string]['programs'];

/** A plan as JSON has it. */
interface WirePlan extends Omit<RunPlan, 'steps' | 'io'> {
  readonly io: Omit<RunPlan['io'], 'leaves'> & {
    readonly leaves: readonly { readonly leaf: LeafName; readonly at: number }[];
  };
  /** Programs by the size of the minibatch, then of the shard. */
  readonly steps: Readonly<Record<string, StepPrograms>>;
}

/** The plan as bytes; its steps are of whole minibatches. */
export function encodePlan(plan: RunPlan): Uint8Array<ArrayBuffer> {
  const wire: WirePlan = {
    ...plan,
    io: { ...plan.io, leaves: Array.from(plan.io.leaves, ([leaf, at]) => ({ leaf, at })) },
    steps: Object.fromEntries(
      Object.values(plan.steps).map(({ batch, programs }) => [batch, programs]),
    ),
  };
  const text = JSON.stringify(wire, (_, value: unknown) => {
    if (typeof value === 'number') return spell(value);
    return value instanceof Float32Array ? Array.from(value) : value;
  });
  return new TextEncoder().encode(text);
}

/**
 * The plan in bytes from another machine.
 * @throws LanewiseError kind 'data' naming the field and what was expected; kind 'memory' for a plan that needs more than
 * the limit.
 */
export function decodePlan(bytes: Uint8Array, limits: PlanLimits): RunPlan {
  if (bytes.length > MOST_PLAN_BYTES)
    refuse('its length', bytes.length, `at most ${MOST_PLAN_BYTES} bytes`);
  const json = parseJson('data', OWNER, new TextDecoder().decode(bytes));
  const { io, steps, datasets, ...rest } = readAs<WirePlan>('data', OWNER, '', json, PLAN_FIELDS);
  checkRegions(rest.memory, limits.maxMemory);
  const planned = {
    ...rest,
    io: { ...io, leaves: new Map(io.leaves.map(({ leaf, at }) => [leaf, at])) },
    datasets: datasets.map((data) => ({ ...data, columns: data.columns.map(placed) })),
    steps: {},
  };
  checkCounts(planned, limits.workers);
  planned.datasets.forEach(({ columns }, i) =>
    columns.forEach((column, c) => checkTransforms(column, `datasets[${i}].columns[${c}]`)),
  );
  const plan: RunPlan = {
    ...planned,
    steps: Object.fromEntries(
      Object.entries(steps).map(([size, programs]) => [
        size,
        stepOf(planned, Number(size), programs),
      ]),
    ),
  };
  const shares = sharesOf(plan);
  const most = mostSamples(plan);
  checkIo(plan, most);
  plan.datasets.forEach((data, i) =>
    checkDataset(plan, data, most, shares.batch, `datasets[${i}]`),
  );
  checkPrograms(plan, shares);
  return plan;
}

const OWNER = 'the plan';

/** A column whose lists of floats are no longer JSON's. */
const placed = ({ scales, ...column }: PlacedColumn): PlacedColumn =>
  scales ? { ...column, scales: { ...scales, pairs: Float32Array.from(scales.pairs) } } : column;

/** The step of a minibatch, whose schedule follows from its size. */
function stepOf(plan: RunPlan, size: number, programs: StepPrograms): RunPlan['steps'][string] {
  const { batch, shards, workers, hands, gradientSlots, gradientHands } = plan;
  if (size > batch) refuse('steps', size, `minibatches of at most ${batch}`);
  const parts = size === batch ? shards : Math.ceil((size * shards) / batch);
  const schedule = scheduleStep(cutShards(size, parts), workers);
  const busy = Math.min(workers, schedule.shards.length);
  if (schedule.slots > gradientSlots)
    refuse('gradientSlots', gradientSlots, `at least ${schedule.slots}`);
  if (busy > gradientHands) refuse('gradientHands', gradientHands, `at least ${busy}`);
  if (busy > hands) refuse('hands', hands, `at least ${busy}`);
  for (const { count } of schedule.shards)
    if (!programs[count]) refuse(`steps.${size}.${count}`, undefined, 'a program');
  return { batch: size, schedule, programs };
}
