/** The plan of training steps: the cutting of minibatches, and the gradient programs of their shards. */
import { LanewiseError } from '../base/errors.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { Program } from '../program/program.js';
import { shardGraph, type ShardGraph, type Task } from './graphs.js';
import { stepKey, type ShardRange } from './jobs.js';
import type { ParameterLayout } from './parameters.js';
import type { IoLayout } from '../feed/layout.js';
import { gradientProgram } from './programs.js';
import { cutShards, scheduleStep, type StepSchedule } from './shards.js';

/** The plan for one kind of minibatch, such as the full one, an epoch's smaller last one, or a part of one. */
export interface StepPlan {
  /** Samples of the minibatch. */
  readonly batch: number;
  /** The computed shards, if not all. The schedule counts its shards from the first of them. */
  readonly range?: ShardRange;
  readonly schedule: StepSchedule;
  /** Gradient program by shard size; those of a range are the whole minibatch's. */
  readonly programs: Readonly<Record<number, Program>>;
}

/** The common properties of a run's minibatches. */
export interface Minibatches {
  /** Samples in a full minibatch, its shards, and samples per epoch. */
  readonly batch: number;
  readonly shards: number;
  readonly epochSamples: number;
  readonly workers: number;
}

/** The computation of a minibatch of `size`, or a part of it, before programs are compiled. */
export interface StepGraphs extends Pick<StepPlan, 'batch' | 'schedule'> {
  /** One graph for each size of shard. */
  readonly graphs: readonly ShardGraph[];
}

/**
 * Cuts a minibatch of `size`. A minibatch smaller than the full one is cut into as many shards as keep their usual
 * size.
 * @throws LanewiseError for a model that cannot train on such small shards.
 */
export function stepGraphs(task: Task, minibatches: Minibatches, size: number): StepGraphs {
  const { batch, workers } = minibatches;
  const parts =
    size === batch ? minibatches.shards : Math.ceil((size * minibatches.shards) / batch);
  const schedule = scheduleStep(cutShards(size, parts), workers);
  const graphs = distinct(schedule.shards.map(({ count }) => count)).map((count) => {
    try {
      return shardGraph(task, count, size);
    } catch (error) {
      if (count > 1) throw error;
      throw ofOneSample(error, size, schedule.shards.length, minibatches);
    }
  });
  return { batch: size, schedule, graphs };
}

/** The step with its programs, which update parameters at once if there is an optimizer for it. */
export function compileStep(
  { batch, schedule, graphs }: StepGraphs,
  io: IoLayout,
  parameters: ParameterLayout,
  atOnce?: Optimizer,
): StepPlan {
  const programs = graphs.map(
    (shard) => [shard.count, gradientProgram(shard, io, parameters, atOnce)] as const,
  );
  return { batch, schedule, programs: Object.fromEntries(programs) };
}

/** Shards [first, end) of a minibatch of `size`, for a plan that has the whole one. */
export function rangeStep(
  {
    steps,
    workers,
  }: { readonly steps: Readonly<Record<string, StepPlan>>; readonly workers: number },
  size: number,
  range: ShardRange,
): StepPlan {
  const { shards } = steps[stepKey(size)]!.schedule;
  return { batch: size, range, schedule: scheduleStep(shards, workers, range), programs: {} };
}

/** Distinct positive numbers, in the order of first occurrence. */
export const distinct = (sizes: readonly number[]): number[] =>
  [...new Set(sizes)].filter((size) => size > 0);

/**
 * The error of a shard with one sample, such as batch normalisation's, extended by the reason for such a shard and a
 * remedy.
 */
function ofOneSample(
  error: unknown,
  size: number,
  shards: number,
  { batch, epochSamples: samples }: Minibatches,
): unknown {
  if (!(error instanceof LanewiseError) || !/more than one value a channel/.test(error.message))
    return error;
  const refusal = (what: string, way: string) =>
    new LanewiseError(error.kind, `${error.message}: ${what}`, way, { cause: error });
  if (size > 1) {
    const parts = Math.floor(size / 2);
    return refusal(
      `a minibatch of ${size} samples is cut into ${shards} shards, some of 1`,
      `take shards ${parts}${parts > 1 ? ' or fewer' : ''}`,
    );
  }
  // It is not the last minibatch of an epoch, so the caller gave it in this size.
  if (samples % batch !== 1 && batch > 1)
    return refusal('the minibatch has 1 sample', 'give it 2 samples or more');
  if (batch === 1 || samples === 1)
    return refusal(
      samples === 1 ? 'the data set has 1 sample' : 'minibatches have 1 sample',
      samples === 1 ? 'train on more samples' : 'take batch 2 or more',
    );
  const before = samples - 1 === batch ? `${batch}` : `${(samples - 1) / batch}·${batch}`;
  return refusal(
    `the last minibatch of each epoch has 1 sample (${samples} = ${before} + 1)`,
    `take batch ${batchesNear(batch, samples).join(' or ')}, or dropLast: true`,
  );
}

/** Sizes above and below `batch` whose last minibatch is full, or at least has more than one sample. */
function batchesNear(batch: number, samples: number): number[] {
  const sizes = Array.from({ length: Math.min(2 * batch, samples) }, (_, i) => i + 1).slice(1);
  const fits = (list: number[]) =>
    list.find((size) => samples % size === 0 && size * 8 >= batch) ??
    list.find((size) => samples % size !== 1);
  const above = fits(sizes.filter((size) => size > batch));
  const below = fits(sizes.filter((size) => size < batch).toReversed());
  return [above, below].filter((size) => size !== undefined);
}
