/** The plan of scoring: how many samples are scored at a time, and the programs of such blocks. */
import type { Model } from '../layers/index.js';
import type { Program } from '../program/program.js';
import { blockGraph, type BlockGraph, type Task } from './graphs.js';
import type { ParameterLayout } from './parameters.js';
import { distinct } from './plan-steps.js';
import type { IoLayout } from '../feed/layout.js';
import { evaluationProgram } from './programs.js';

/** Bounds on a scoring job: samples between two checks of the main thread, and bytes of scores. */
const EVALUATION_CHUNK = 4096;
const SCORE_BYTES = 2 ** 26;
/** Bounds on a worker's block: samples, and bytes of their activations. */
const EVALUATION_BLOCK = 64;
const ACTIVATION_BYTES = 2 ** 28;

/** The sizes of the pieces in which samples are scored. */
export interface ScoringSizes {
  /** Samples that a worker scores at a time. */
  readonly block: number;
  /** Samples per job. */
  readonly chunk: number;
  /** All block sizes that the data sets need. */
  readonly blocks: readonly number[];
}

/** @param counts sample counts of the data sets that are scored @param outputs values in one sample's scores */
export function scoringSizes(
  model: Model,
  counts: readonly number[],
  outputs: number,
): ScoringSizes {
  const block = blockFor(model);
  const chunk = Math.min(
    Math.max(0, ...counts),
    Math.max(block, Math.min(EVALUATION_CHUNK, Math.floor(SCORE_BYTES / (outputs * 4)))),
  );
  const blocks = distinct(counts.flatMap((count) => blocksFor({ block, chunk }, count)));
  return { block, chunk, blocks };
}

/** The sizes of the blocks in which jobs of at most a chunk score `count` samples. */
export function blocksFor({ block, chunk }: Omit<ScoringSizes, 'blocks'>, count: number): number[] {
  const jobs = count > chunk ? [chunk, count % chunk] : [count];
  return distinct(jobs.flatMap((size) => [Math.min(block, size), size % block]));
}

export const blockGraphs = (task: Task, blocks: readonly number[]): BlockGraph[] =>
  blocks.map((count) => blockGraph(task, count));

/** Evaluation programs by block size. */
export const compileBlocks = (
  graphs: readonly BlockGraph[],
  io: IoLayout,
  parameters: ParameterLayout,
): Readonly<Record<number, Program>> =>
  Object.fromEntries(
    graphs.map((block) => [block.count, evaluationProgram(block, io, parameters)]),
  );

/** Samples to score at a time: fewer where their activations are large. Scores do not depend on it. */
function blockFor(model: Model): number {
  const { activationBytes } = model;
  return Math.max(1, Math.min(EVALUATION_BLOCK, Math.floor(ACTIVATION_BYTES / activationBytes)));
}
