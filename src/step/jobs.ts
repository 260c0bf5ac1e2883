/**
 * What workers are asked to do: named jobs, plain data in. What they find stands in the run's memory (layout.ts), whose
 * regions say which of it a worker with a memory of its own must be sent, and what it sends back (own-pool.ts). All workers
 * of a pool get the same job, each does its share, and the job is over when all have done theirs.
 */
import type { RunPlan } from './run-plan.js';

/** A run's key: what random layers and transforms draw by, beside the step's number. */
export type RunKey = readonly [number, number];

/** Shards [first, end) of a minibatch. */
export type ShardRange = readonly [first: number, end: number];

/** What the plan of a minibatch of so many samples, or of some of its shards, is found by. */
export type StepKey = number | string;

/** The key of a minibatch of `size`, or of some of its shards. */
export const stepKey = (size: number, range?: ShardRange): StepKey =>
  range ? `${size}: ${range.join('–')}` : size;

/**
 * Whole steps in one post: of each, what the jobs `gradients`, `reduce` and `update` do, and between them the workers
 * meet. Minibatches [first, first + steps) of the order, those of the first data set.
 */
export interface TrainJob {
  readonly kind: 'train';
  readonly first: number;
  readonly steps: number;
  /** Number of the first of these steps in the whole run. */
  readonly step: number;
  readonly key: RunKey;
  /** The first step's row in the rates and metrics; default 0. */
  readonly row?: number;
  /** Of a step that is driven from outside: whose samples, and how many; default the plan's batch of the first data set. */
  readonly minibatch?: Minibatch;
}

/** Samples that the order begins with. */
export interface Minibatch {
  readonly dataset: number;
  readonly size: number;
}

/**
 * Gradients of a minibatch, each worker's part of the tree added up in its slots. Losses and hits go to row 0 of the
 * metrics; a loss that is not finite is said in `control`.
 */
export interface GradientsJob {
  readonly kind: 'gradients';
  readonly minibatch: Minibatch;
  /** The shards to compute, a node of the tree; default all. */
  readonly shards?: ShardRange;
  readonly step: number;
  readonly key: RunKey;
}

/** Adds up over the tree what the workers have of a minibatch's gradients: the sum stands at the root. */
export interface ReduceJob {
  readonly kind: 'reduce';
  /** Samples of the minibatch, and which of its shards. */
  readonly size: number;
  readonly shards?: ShardRange;
}

/** Applies the gradients at the root, with the first row of rates. */
export interface UpdateJob {
  readonly kind: 'update';
}

/** Samples [0, count) of the order, scored from a data set. */
export interface ScoreJob {
  readonly kind: 'score';
  readonly dataset: number;
  /** Number of the first of them in the data set. */
  readonly first: number;
  readonly count: number;
  /** Of them the samples from here on, which begin a block; default all. */
  readonly from?: number;
  /** What counts is measured over so many samples of the order; default over the data set, when the run was planned. */
  readonly measured?: number;
}

/** Programs that the plan did not have when the workers began: they go into their plans, where a job looks for them. */
export interface PrepareJob extends Pick<RunPlan, 'steps' | 'evaluations'> {
  readonly kind: 'prepare';
}

export type Job = TrainJob | GradientsJob | ReduceJob | UpdateJob | ScoreJob | PrepareJob;
