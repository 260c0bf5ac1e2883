/**
 * One worker: its share of training steps and of evaluation, on the run's memory. The same code runs in
 * a worker thread and, where there are no threads, in the caller's.
 */
import { link, run, type Bases, type LinkedProgram } from '../engine/link.js';
import { instantiate, type Kernels } from '../engine/wasm.js';
import { UNSEEDED } from './augment.js';
import { createColumnGathers, createGather } from './gathers.js';
import { baseOf, STEP_FIGURES, type Region } from './layout.js';
import { CONTROL, createMeeting } from './meeting.js';
import { createMix } from './mixup.js';
import { createNorms } from './norms.js';
import type { RunPlan, StepPlan } from './plan.js';
import type { Slot } from './shards.js';

/** Steps of one epoch: positions [first, first + steps) in minibatches of the order. */
export interface TrainJob {
  readonly kind: 'train';
  readonly first: number;
  readonly steps: number;
  /** Number of the first of these steps in the whole run, and the run's key: what random layers draw by. */
  readonly step: number;
  readonly key: readonly [number, number];
  /** Of the first step in the rates and metrics; default 0. */
  readonly row?: number;
}

/** Samples [0, count) of the order, scored from a data set. */
export interface EvaluateJob {
  readonly kind: 'evaluate';
  readonly dataset: number;
  /** Number of the first of them in the data set. */
  readonly first: number;
  readonly count: number;
  /** Of them the samples from here on, which begin a block; default all. */
  readonly from?: number;
}

export type Job = TrainJob | EvaluateJob;

/** False if the run was given up by another worker's failure, or at a loss that is no number. */
export type RunJob = (job: Job) => boolean;

/** A minibatch size, linked: what this worker does in each phase of a step. */
interface LinkedStep {
  readonly gradientPhase: readonly LinkedShard[];
  /** Sums that all must have taken before the update; absent if it needs none. */
  readonly sumPhase?: LinkedProgram;
  readonly updatePhase: LinkedProgram;
}

/** The gradients of samples [from, from + count), and the sums that can be taken after them. */
interface LinkedShard {
  readonly program: LinkedProgram;
  readonly shard: number;
  readonly from: number;
  readonly count: number;
  readonly folds: LinkedProgram;
}

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
  // A step makes no closure, view or look-up by name: all of that is done here, once.
  const at = (name: string) => baseOf(plan.memory, name);
  const floats = new Float32Array(memory.buffer);
  const order = at('order');
  const [allRates, allMetrics, allLosses, allShares, allScores] = [
    'rates',
    'metrics',
    'losses',
    'shares',
    'scores',
  ].map((name) => at(name) / 4) as [number, number, number, number, number];
  const randomness = new Uint32Array(memory.buffer, bases.batch + plan.io.randomness, 4);
  const ownRates = bases.rates / 4;
  const results = bases.results / 4;
  const rateSlots = plan.update?.rateSlots ?? 0;
  const steps = new Map(
    Object.values(plan.steps).map((step) => [step.batch, linkStep(plan, step, kernels, rank)]),
  );
  const evaluations = new Map(
    Object.entries(plan.evaluations).map(([size, { calls }]) => [
      Number(size),
      link(calls, kernels, bases),
    ]),
  );
  const meet = createMeeting(plan, memory, spins);
  const control = new Int32Array(memory.buffer, at('control'), CONTROL.diverged + 1);
  const room = shareOf(plan, 'augment', rank);
  const columnGathers = createColumnGathers(plan.datasets, kernels, memory, room);
  const gathers = plan.datasets.map((data, i) =>
    createGather(data, columnGathers[i]!, bases.batch),
  );
  const mix =
    plan.mixup &&
    createMix(
      plan.mixup,
      kernels,
      plan.datasets[0]!.columns,
      columnGathers[0]!,
      plan.io,
      bases.batch,
      shareOf(plan, 'mixup', rank),
    );
  const place = { ...UNSEEDED };
  const wholeNorms = plan.datasets.map(({ columns }) =>
    createNorms(columns, kernels, memory, bases.batch),
  );
  const stepNorms = createNorms(plan.datasets[0]!.columns, kernels, memory, bases.batch);

  function trainStep(position: number, index: number, number: number, key: TrainJob['key']) {
    const start = position * plan.batch;
    const size = Math.min(plan.batch, plan.epochSamples - start);
    const step = steps.get(size)!;
    if (rank === 0) control[CONTROL.step] = number;
    for (const norms of stepNorms) norms.measure(order + start * 4, size);
    const rates = allRates + index * rateSlots;
    floats.copyWithin(ownRates, rates, rates + rateSlots);
    for (const { program, shard, from, count, folds } of step.gradientPhase) {
      place.key0 = key[0];
      place.key1 = key[1];
      place.step = number;
      place.place = from;
      gathers[0]!(order + (start + from) * 4, count, place);
      for (const norms of stepNorms) norms.fill(count);
      mix?.(order + start * 4, size, from, count, place);
      randomness[0] = key[0];
      randomness[1] = key[1];
      randomness[2] = number;
      randomness[3] = from;
      run(program);
      // The loss, and the figures beside it.
      const found = results + plan.io.loss / 4;
      if (!Number.isFinite(floats[found]!)) control[CONTROL.diverged] = 1;
      const metrics = allMetrics + (index * plan.shards + shard) * STEP_FIGURES;
      floats.copyWithin(metrics, found, found + STEP_FIGURES);
      run(folds);
    }
    if (!meet()) return false;
    // All see the same: nobody comes here again before all have met once more. The weights stay as they are.
    if (control[CONTROL.diverged] !== 0) return false;
    if (step.sumPhase) {
      run(step.sumPhase);
      if (!meet()) return false;
    }
    run(step.updatePhase);
    return meet();
  }

  function evaluateBlocks({ dataset, first, count, from: start = 0 }: EvaluateJob): boolean {
    const gather = gathers[dataset]!;
    const { evaluationBlock, outputs, io } = plan;
    Object.assign(place, UNSEEDED);
    const stride = plan.workers * evaluationBlock;
    for (let from = start + rank * evaluationBlock; from < count; from += stride) {
      const size = Math.min(evaluationBlock, count - from);
      // Samples in their order, so that transforms do not depend on blocks.
      place.place = first + from;
      gather(order + from * 4, size, place);
      for (const norms of wholeNorms[dataset]!) norms.fill(size);
      run(evaluations.get(size)!);
      const losses = results + io.losses / 4;
      const scores = results + io.scores / 4;
      const shares = results + io.shares / 4;
      floats.copyWithin(allLosses + from, losses, losses + size);
      floats.copyWithin(allShares + from, shares, shares + size);
      floats.copyWithin(allScores + from * outputs, scores, scores + size * outputs);
    }
    return true;
  }

  return (job) => {
    if (job.kind === 'evaluate') return evaluateBlocks(job);
    const { first, row = 0, step, key } = job;
    for (let i = 0; i < job.steps; i++)
      if (!trainStep(first + i, row + i, step + i, key)) return false;
    return true;
  };
}

/** Segment bases of worker `rank`; gradients at its slot 0. One that is no hand has the last hand's, unused. */
function basesOf(plan: RunPlan, rank: number): Bases {
  const share = (name: string) => shareOf(plan, name, rank);
  const { base, bytes } = regionOf(plan, 'rate');
  return {
    parameters: regionOf(plan, 'parameters').base,
    state: regionOf(plan, 'state').base,
    gradients: gradientBase(plan, { rank: handOf(plan, rank), slot: 0 }),
    rates: base + (bytes / plan.workers) * rank,
    batch: share('batch'),
    results: share('results'),
    activations: share('activations'),
    workspace: share('workspace'),
  };
}

const regionOf = ({ memory }: RunPlan, name: string): Region =>
  memory.regions.find((region) => region.name === name)!;

const handOf = ({ hands }: RunPlan, rank: number): number => Math.min(rank, hands - 1);

/** Where the part of a region begins that is the worker's own. */
function shareOf(plan: RunPlan, name: string, rank: number): number {
  const { base, bytes } = regionOf(plan, name);
  return base + (bytes / plan.hands) * handOf(plan, rank);
}

const gradientBase = (plan: RunPlan, { rank, slot }: Slot): number =>
  baseOf(plan.memory, 'gradients') +
  (rank * plan.gradientSlots + slot) * plan.parameters.gradientBytes;

function linkStep(plan: RunPlan, step: StepPlan, kernels: Kernels, rank: number): LinkedStep {
  const bases = basesOf(plan, rank);
  const { schedule } = step;
  const slotAt = (slot: number) => gradientBase(plan, { rank, slot });
  const gradientPhase: LinkedShard[] = [];
  let folds: (() => void)[] = [];
  for (const action of schedule.actions[rank]!) {
    if (action.kind === 'fold') {
      folds.push(
        linkSum(kernels, slotAt(action.to), slotAt(action.from), plan.parameters.gradientBytes),
      );
      continue;
    }
    const { from, count } = schedule.shards[action.shard]!;
    const slotBases = { ...bases, gradients: slotAt(action.slot) };
    const program = link(step.programs[count]!.calls, kernels, slotBases);
    folds = [];
    gradientPhase.push({ program, shard: action.shard, from, count, folds });
  }
  const { slices, sums, updates } = plan.update!;
  const slice = slices[rank]!;
  const merges = schedule.merges.map(({ to, from }) => {
    const [target, source] = [to, from].map((slot) => gradientBase(plan, slot) + slice.from);
    return linkSum(kernels, target!, source!, slice.bytes);
  });
  const rootBases = { ...bases, gradients: gradientBase(plan, schedule.root) };
  const update = link(updates[rank]!, kernels, rootBases);
  if (sums.length === 0) return { gradientPhase, updatePhase: [...merges, ...update] };
  const sumPhase = [...merges, ...link(sums[rank]!, kernels, rootBases)];
  return { gradientPhase, sumPhase, updatePhase: update };
}

/** `to` += `from`, `bytes` of floats. */
const linkSum = (kernels: Kernels, to: number, from: number, bytes: number): (() => void) =>
  kernels.add.bind(null, to, from, to, bytes / 4);
