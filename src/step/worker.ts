/**
 * One worker: its share of every job, on the run's memory. The same code runs in worker threads and, where there are
 * none, in the calling thread. Each phase of a step is a function here: a job runs one of them, or, for whole steps,
 * all of them in turn.
 */
import { run } from '../engine/link.js';
import { UNSEEDED } from '../feed/augment.js';
import {
  stepKey,
  type GradientsJob,
  type Job,
  type RunKey,
  type ScoreJob,
  type TrainJob,
} from './jobs.js';
import { TOUCHED } from './slots.js';
import { STEP_FIGURES } from '../feed/layout.js';
import {
  linkWorker,
  type LinkedStep,
  type LinkedUpdate,
  type LinkedWorker,
} from './linked-plan.js';
import { CONTROL } from './meeting.js';

/** Returns false if the run was aborted by another worker's failure, or stopped at a loss that is not finite. */
export type RunJob = (job: Job) => boolean;

/** Links the plan for one worker; see `linkWorker`. */
export function createWorker(...plan: Parameters<typeof linkWorker>): RunJob {
  const worker = linkWorker(...plan);
  return (job) => {
    switch (job.kind) {
      case 'train':
        return trainSteps(worker, job);
      case 'gradients':
        return gradientsOf(worker, job);
      case 'reduce':
        run(worker.stepOf(stepKey(job.size, job.shards)).merges);
        return true;
      case 'update':
        return applyUpdate(worker, worker.update!, job.row ?? 0);
      case 'score':
        return scoreBlocks(worker, job);
      case 'touch':
        touchMemory(worker);
        return true;
      case 'prepare':
        Object.assign(worker.plan.steps, job.steps);
        Object.assign(worker.plan.evaluations, job.evaluations);
        // Each thread must get this job exactly once.
        return worker.meet();
    }
  };
}

/** Pages are of 4 KB or more, 1024 floats. */
const PAGE_FLOATS = 1024;

/** Writes a word of each page of this worker's part of the regions, as it is. */
function touchMemory({ plan, rank, floats }: LinkedWorker): void {
  for (const { name, base, bytes } of plan.memory.regions) {
    if (!TOUCHED.includes(name)) continue;
    const [from, end] = [rank, rank + 1].map((r) =>
      Math.floor((base + (bytes / plan.workers) * r) / 4),
    );
    for (let at = from!; at < end!; at += PAGE_FLOATS) {
      const word = floats[at]!;
      floats[at] = word;
    }
  }
}

/** A step's samples and random numbers. */
interface StepAt {
  readonly dataset: number;
  /** Places of its samples in the order: [start, start + size). */
  readonly start: number;
  readonly size: number;
  /** Its row in rates and metrics. */
  readonly row: number;
  /** Its number within the run. */
  readonly number: number;
  readonly key: RunKey;
}

function trainSteps(worker: LinkedWorker, job: TrainJob): boolean {
  const { batch, epochSamples } = worker.plan;
  const { first, row = 0, key, minibatch } = job;
  for (let i = 0; i < job.steps; i++) {
    const start = (first + i) * batch;
    const { size, dataset } = minibatch ?? {
      size: Math.min(batch, epochSamples - start),
      dataset: 0,
    };
    const at = { dataset, start, size, row: row + i, number: job.step + i, key };
    if (!trainStep(worker, at)) return false;
  }
  return true;
}

function trainStep(worker: LinkedWorker, at: StepAt): boolean {
  const { meet, control } = worker;
  const step = worker.stepOf(at.size);
  computeGradients(worker, step, at);
  if (!meet()) return false;
  // All workers see the same value, as none returns here before all have met again. The weights stay unchanged.
  if (control[CONTROL.diverged] !== 0) return false;
  run(step.merges);
  return applyUpdate(worker, worker.update!, at.row) && meet();
}

function gradientsOf(worker: LinkedWorker, job: GradientsJob): boolean {
  const { dataset, size } = job.minibatch;
  const { shards, start = 0, row = 0, step: number, key } = job;
  const step = worker.stepOf(stepKey(size, shards));
  const at = { dataset, start, size, row, number, key };
  computeGradients(worker, step, at);
  return true;
}

/** The gradients of this worker's shards, each with the sums that can be taken after it. */
function computeGradients(worker: LinkedWorker, step: LinkedStep, at: StepAt): void {
  const { plan, order, floats, control, randomness, place, mix } = worker;
  const { start, size, number, key } = at;
  const { gather, stepNorms } = worker.datasets[at.dataset]!;
  if (worker.rank === 0) control[CONTROL.step] = number;
  for (const norms of stepNorms) norms.measure(order + start * 4, size);
  for (const { program, updating, shard, from, count, folds } of step.shards) {
    place.key0 = key[0];
    place.key1 = key[1];
    place.step = number;
    place.place = from;
    gather(order + (start + from) * 4, count, place);
    for (const norms of stepNorms) norms.fill(count);
    mix?.(order + start * 4, size, from, count, place);
    randomness[0] = key[0];
    randomness[1] = key[1];
    randomness[2] = number;
    randomness[3] = from;
    // The loss and the figures beside it; those that it lacks are 0, whatever was there before.
    const found = worker.at.results + plan.io.loss / 4;
    floats.fill(0, found, found + STEP_FIGURES);
    run(program);
    if (!Number.isFinite(floats[found]!)) control[CONTROL.diverged] = 1;
    const metrics = worker.at.metrics + (at.row * plan.shards + shard) * STEP_FIGURES;
    floats.copyWithin(metrics, found, found + STEP_FIGURES);
    run(folds);
    if (!updating || control[CONTROL.diverged] !== 0) continue;
    takeRates(worker, at.row);
    control[CONTROL.updating] = 1;
    run(updating);
  }
}

/** Puts a row of rates where this worker's updates read it. */
function takeRates({ plan, floats, at }: LinkedWorker, row: number): void {
  const { rateSlots } = plan.update!;
  const rates = at.rates + row * rateSlots;
  floats.copyWithin(at.ownRates, rates, rates + rateSlots);
}

/** Updates this worker's slice of the parameters, by the gradients at the root and a row of rates. */
function applyUpdate(worker: LinkedWorker, linked: LinkedUpdate, row: number): boolean {
  const { meet, control } = worker;
  const { sums, update, digest } = linked;
  takeRates(worker, row);
  if (sums) {
    run(sums);
    if (!meet()) return false;
  }
  control[CONTROL.updating] = 1;
  run(update);
  digest?.(row);
  return true;
}

/** Scores blocks of samples, which the workers take in turn. */
function scoreBlocks(worker: LinkedWorker, job: ScoreJob): boolean {
  const { plan, rank, order, floats, place, at } = worker;
  const { evaluationBlock, evaluationChunk, outputs, io } = plan;
  const { dataset, first, count, from: start = 0, resultsFrom = 0, measured } = job;
  const { gather, stepNorms, wholeNorms } = worker.datasets[dataset]!;
  if (count - resultsFrom > evaluationChunk)
    throw new Error(`a job scores at most ${evaluationChunk} samples, not ${count - resultsFrom}`);
  const counting = measured === undefined ? wholeNorms : stepNorms;
  if (measured !== undefined) for (const norms of counting) norms.measure(order, measured);
  Object.assign(place, UNSEEDED);
  const stride = plan.workers * evaluationBlock;
  for (let from = start + rank * evaluationBlock; from < count; from += stride) {
    const size = Math.min(evaluationBlock, count - from);
    // Samples keep their order, so that transforms do not depend on blocks.
    place.place = first + from;
    gather(order + from * 4, size, place);
    for (const norms of counting) norms.fill(size);
    run(worker.evaluationOf(size));
    const losses = at.results + io.losses / 4;
    const shares = at.results + io.shares / 4;
    const scores = at.results + io.scores / 4;
    const to = from - resultsFrom;
    floats.copyWithin(at.losses + to, losses, losses + size);
    floats.copyWithin(at.shares + to, shares, shares + size);
    floats.copyWithin(at.scores + to * outputs, scores, scores + size * outputs);
  }
  return true;
}
