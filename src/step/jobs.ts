/**
 * The jobs of workers: named requests of plain data. Their results are in the run's memory (layout.ts), whose regions
 * determine what a worker with its own memory is sent and sends back (own-pool.ts). All workers of a pool get the same
 * job, each does its share, and the job is over when all are done.
 */
import type { RunPlan } from './run-plan.js';

/** A run's key, which seeds random layers and transforms together with the step's number. */
export type RunKey = readonly [number, number];

/** Shards [first, end) of a minibatch. */
export type ShardRange = readonly [first: number, end: number];

/** The key of the plan for a minibatch of some size, or for some of its shards. */
export type StepKey = number | string;

/** The key of a minibatch of `size`, or of some of its shards. */
export const stepKey = (size: number, range?: ShardRange): StepKey =>
  range ? `${size}: ${range.join('–')}` : size;

/**
 * Whole steps in one message: each does the jobs `gradients`, `reduce` and `update`, and the workers meet in between.
 * The minibatches are [first, first + steps) of the order, from the first data set.
 */
export interface TrainJob {
  readonly kind: 'train';
  readonly first: number;
  readonly steps: number;
  /** Number of the first of these steps within the run. */
  readonly step: number;
  readonly key: RunKey;
  /** The first step's row in the rates and metrics; default 0. */
  readonly row?: number;
  /** For a step driven from outside: its samples; default the plan's batch of the first data set. */
  readonly minibatch?: Minibatch;
}

/** The samples at the beginning of the order. */
export interface Minibatch {
  readonly dataset: number;
  readonly size: number;
}

/**
 * Gradients of a minibatch, with each worker's part of the tree added up in its slots. Losses and hits go to a row of
 * the metrics; a loss that is not finite sets `diverged` in `control`.
 */
export interface GradientsJob {
  readonly kind: 'gradients';
  readonly minibatch: Minibatch;
  /** The shards to compute; default all. */
  readonly shards?: ShardRange;
  /** Place of the first sample in the order, and row of the metrics; default 0. */
  readonly start?: number;
  readonly row?: number;
  readonly step: number;
  readonly key: RunKey;
}

/** Adds up the workers' partial gradients of a minibatch over the tree; the sum is at the root. */
export interface ReduceJob {
  readonly kind: 'reduce';
  /** Samples of the minibatch, and the shards that were computed. */
  readonly size: number;
  readonly shards?: ShardRange;
}

/** Applies the gradients at the root. */
export interface UpdateJob {
  readonly kind: 'update';
  /** Row of the rates; default 0. */
  readonly row?: number;
}

/** Samples [0, count) of the order, scored from a data set. */
export interface ScoreJob {
  readonly kind: 'score';
  readonly dataset: number;
  /** Number of the first sample in the data set. */
  readonly first: number;
  readonly count: number;
  /** The first sample to score, at the beginning of a block; default all. */
  readonly from?: number;
  /** The sample with which the results begin, which have room for a chunk; default the first of the order. */
  readonly resultsFrom?: number;
  /** Samples of the order over which counts are measured; default the whole data set, when the run was planned. */
  readonly measured?: number;
}

/**
 * Programs that the plan did not have when the workers started; they are added to the workers' plans, where jobs look
 * them up.
 */
export interface PrepareJob extends Pick<RunPlan, 'steps' | 'evaluations'> {
  readonly kind: 'prepare';
}

/** Writes a word of each page of memory that training will write, as it is. */
export interface TouchJob {
  readonly kind: 'touch';
}

export type Job =
  TrainJob | GradientsJob | ReduceJob | UpdateJob | ScoreJob | PrepareJob | TouchJob;
