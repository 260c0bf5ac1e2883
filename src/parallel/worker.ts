/**
 * One worker: its share of training steps and of evaluation, on the run's memory. The same code runs in
 * a worker thread and, where there are no threads, in the caller's.
 */
import { link, run, type Bases, type LinkedProgram } from '../engine/link.js';
import { instantiate, type Kernels } from '../engine/wasm.js';
import { RATE_SLOTS } from '../optimizers/optimizer.js';
import { baseOf, type Region } from './layout.js';
import { createMeeting } from './meeting.js';
import { sliceOf } from './parameters.js';
import type { Gathering, RunPlan, StepPlan } from './plan.js';
import type { Slot } from './shards.js';

/** Steps of one epoch: positions [first, first + steps) in minibatches of the order. */
export interface TrainJob {
  readonly kind: 'train';
  readonly first: number;
  readonly steps: number;
}

/** Samples [0, count) of the order, scored from a data set. */
export interface EvaluateJob {
  readonly kind: 'evaluate';
  readonly dataset: number;
  readonly count: number;
}

export type Job = TrainJob | EvaluateJob;

/** False if the run was given up by another worker's failure. */
export type RunJob = (job: Job) => boolean;

/** A minibatch size, linked: what this worker does in each phase of a step. */
interface LinkedStep {
  readonly gradientPhase: readonly LinkedAction[];
  readonly updatePhase: LinkedProgram;
}

type LinkedAction =
  | {
      readonly program: LinkedProgram;
      readonly shard: number;
      readonly from: number;
      readonly count: number;
    }
  | (() => void);

/**
 * Links the plan for worker `rank`.
 * @param spins looks at the barrier before parking; 0 where workers outnumber cores.
 */
export function createWorker(
  plan: RunPlan,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  rank: number,
  spins: number,
): RunJob {
  const kernels = instantiate(module, memory);
  const bases = basesOf(plan, rank);
  const at = (name: string) => baseOf(plan.memory, name);
  const floats = new Float32Array(memory.buffer);
  const steps = new Map(
    Object.values(plan.steps).map((step) => [step.batch, linkStep(plan, step, kernels, rank)]),
  );
  const evaluations = new Map(
    Object.entries(plan.evaluations).map(([size, { calls }]) => [
      Number(size),
      link(calls, kernels, bases),
    ]),
  );
  const meet = createMeeting(plan, kernels, spins);
  const gather = (data: Gathering, order: number, count: number) => {
    const { samples, isBytes, extents, scale, shift, border } = data;
    kernels.gatherSamples(
      samples,
      Number(isBytes),
      order,
      count,
      ...extents,
      scale,
      shift,
      border,
      bases.batch,
    );
    kernels.gatherLabels(data.labels, order, count, bases.batch + plan.io.labels);
  };

  function trainStep(position: number, index: number): boolean {
    const data = plan.datasets[0]!;
    const start = position * plan.batch;
    const step = steps.get(Math.min(plan.batch, data.count - start))!;
    const metrics = at('metrics') / 4 + index * plan.shards * 2;
    const rates = at('rates') / 4 + index * RATE_SLOTS;
    floats.copyWithin(bases.rates / 4, rates, rates + RATE_SLOTS);
    for (const action of step.gradientPhase) {
      if (typeof action === 'function') {
        action();
        continue;
      }
      gather(data, at('order') + (start + action.from) * 4, action.count);
      run(action.program);
      floats[metrics + action.shard * 2] = floats[(bases.results + plan.io.loss) / 4]!;
      floats[metrics + action.shard * 2 + 1] = floats[(bases.results + plan.io.hits) / 4]!;
    }
    if (!meet()) return false;
    run(step.updatePhase);
    return meet();
  }

  function evaluateBlocks(data: Gathering, count: number): boolean {
    const { evaluationBlock, outputs, io } = plan;
    for (let from = rank * evaluationBlock; from < count; from += plan.workers * evaluationBlock) {
      const size = Math.min(evaluationBlock, count - from);
      gather(data, at('order') + from * 4, size);
      run(evaluations.get(size)!);
      const losses = (bases.results + io.losses) / 4;
      const scores = (bases.results + io.scores) / 4;
      floats.copyWithin(at('losses') / 4 + from, losses, losses + size);
      floats.copyWithin(at('scores') / 4 + from * outputs, scores, scores + size * outputs);
    }
    return true;
  }

  return (job) => {
    if (job.kind === 'evaluate') return evaluateBlocks(plan.datasets[job.dataset]!, job.count);
    for (let i = 0; i < job.steps; i++) if (!trainStep(job.first + i, i)) return false;
    return true;
  };
}

/** Segment bases of worker `rank`; gradients at its slot 0. */
function basesOf(plan: RunPlan, rank: number): Bases {
  const region = (name: string): Region => plan.memory.regions.find((r) => r.name === name)!;
  const share = (name: string) => region(name).base + (region(name).bytes / plan.workers) * rank;
  return {
    parameters: region('parameters').base,
    state: region('state').base,
    gradients: gradientBase(plan, { rank, slot: 0 }),
    rates: share('rate'),
    batch: share('batch'),
    results: share('results'),
    activations: share('activations'),
    workspace: share('workspace'),
  };
}

const gradientBase = (plan: RunPlan, { rank, slot }: Slot): number =>
  baseOf(plan.memory, 'gradients') + (rank * plan.gradientSlots + slot) * plan.parameters.bytes;

function linkStep(plan: RunPlan, step: StepPlan, kernels: Kernels, rank: number): LinkedStep {
  const bases = basesOf(plan, rank);
  const { schedule } = step;
  const slotAt = (slot: number) => gradientBase(plan, { rank, slot });
  const whole = plan.parameters.bytes / 4;
  const gradientPhase = schedule.actions[rank]!.map((action): LinkedAction => {
    if (action.kind === 'fold') {
      const to = slotAt(action.to);
      return () => kernels.add(to, slotAt(action.from), to, whole);
    }
    const { from, count } = schedule.shards[action.shard]!;
    const slotBases = { ...bases, gradients: slotAt(action.slot) };
    const program = link(step.programs[count]!.calls, kernels, slotBases);
    return { program, shard: action.shard, from, count };
  });
  const slice = sliceOf(plan.parameters.bytes, rank, plan.workers);
  const merges = schedule.merges.map(({ to, from }) => {
    const target = gradientBase(plan, to) + slice.from;
    const source = gradientBase(plan, from) + slice.from;
    return () => kernels.add(target, source, target, slice.bytes / 4);
  });
  const update = link(plan.updates[rank]!, kernels, {
    ...bases,
    gradients: gradientBase(plan, schedule.root),
  });
  return { gradientPhase, updatePhase: [...merges, ...update] };
}
