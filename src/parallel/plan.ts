/**
 * The plan of a run: everything that workers need to know, as plain data that is posted to them once.
 * It follows from the model, the data's shapes and the settings; nothing in it depends on time.
 */
import type { Numerics } from '../engine/features.js';
import { LanewiseError } from '../errors.js';
import { sizeOf } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import type { LossTerm } from '../losses/terms.js';
import { align, type Program } from '../program/program.js';
import type { Columns } from './columns.js';
import { isCounts } from './counts.js';
import { bytesOf, datasetPlan, slotsOf, type DatasetPlan } from './dataset-plan.js';
import { gatherBytes } from './gather.js';
import { blockGraph, shardGraph, type Scored, type ShardGraph, type Task } from './graphs.js';
import { layoutMemory, STEP_FIGURES, type MemoryMap } from './layout.js';
import { mixedLeaves, mixupBytes, type Mixup } from './mixup.js';
import { layoutParameters, type ParameterLayout } from './parameters.js';
import { evaluationProgram, gradientProgram, layoutIo, type IoLayout } from './programs.js';
import { rolesOf } from './roles.js';
import { cutShards, scheduleStep, type StepSchedule } from './shards.js';
import { planUpdate, type UpdatePlan, type UpdateRequest } from './update.js';

/** Samples scored between two looks of the main thread, and bytes of scores, at most. */
const EVALUATION_CHUNK = 4096;
const SCORE_BYTES = 2 ** 26;
/** Samples scored at once by a worker, and bytes of their activations, at most. */
const EVALUATION_BLOCK = 64;
const ACTIVATION_BYTES = 2 ** 28;
/** Of a streamed data set's samples, unless the request says otherwise. */
const PREFETCH_BYTES = 2 ** 25;
/** Steps between two looks of the main thread, at most. */
export const CHUNK_STEPS = 1024;

/** One kind of minibatch: the full one, or the smaller last one. */
export interface StepPlan {
  readonly batch: number;
  readonly schedule: StepSchedule;
  /** Gradient program by shard size. */
  readonly programs: Readonly<Record<number, Program>>;
}

export interface RunPlan {
  readonly workers: number;
  /** Workers that compute samples and need room for it, the first ones; all of them update. */
  readonly hands: number;
  readonly numerics: Numerics;
  readonly batch: number;
  readonly shards: number;
  /** Samples of an epoch that is trained on. */
  readonly epochSamples: number;
  readonly memory: MemoryMap;
  readonly parameters: ParameterLayout;
  readonly io: IoLayout;
  readonly gradientSlots: number;
  readonly datasets: readonly DatasetPlan[];
  /** By minibatch size; empty for evaluation only. */
  readonly steps: Readonly<Record<number, StepPlan>>;
  /** Absent for evaluation only. */
  readonly update?: UpdatePlan;
  /** Absent where samples are trained on as they are. */
  readonly mixup?: Mixup;
  /** Evaluation program by block size. */
  readonly evaluations: Readonly<Record<number, Program>>;
  readonly evaluationBlock: number;
  readonly evaluationChunk: number;
  /** Values of one sample's scores. */
  readonly outputs: number;
  /** Whether samples have losses, and hits. */
  readonly hasLosses: boolean;
  readonly hasHits: boolean;
  /** Whether training samples do not count the same, for accuracy, and for all terms of the loss. */
  readonly hasAnswers: boolean;
  readonly hasCounting: boolean;
}

export interface PlanRequest {
  readonly model: Model;
  /** Empty if scores alone are wanted. */
  readonly terms: readonly LossTerm[];
  /** Default the first output, with its term's loss. */
  readonly scored?: Scored;
  readonly numerics: Numerics;
  readonly workers: number;
  /** The data sets at hand; training uses the first, the others are scored. */
  readonly datasets: readonly Columns[];
  /** Memory for the samples of each streamed data set, in bytes; default 32 MiB. It has at least 4 minibatches. */
  readonly prefetchBytes?: number;
  readonly training?: TrainingRequest;
}

/** What the settings of a run say of its steps: all of those, for settings that have been resolved. */
export interface TrainingRequest extends UpdateRequest {
  /** Samples of an update. */
  readonly batch: number;
  readonly shards: number;
  /** Samples of an epoch, the first of its order; default all. */
  readonly epochSamples?: number;
  readonly mixup?: Mixup;
}

/** Compiles all programs and lays out memory. @throws LanewiseError kind 'memory' beyond 4 GiB. */
export function planRun({
  model,
  terms,
  scored = firstScored(model, terms),
  numerics,
  workers,
  datasets,
  prefetchBytes = PREFETCH_BYTES,
  training,
}: PlanRequest): RunPlan {
  const mixup = training?.mixup;
  const { columns } = datasets[0]!;
  const leaves = mixup ? mixedLeaves(columns) : columns;
  const task: Task = { model, terms, scored, columns: leaves, freeze: training?.freeze ?? [] };
  const outputs = sizeOf(model.outputs.get(scored.output)!);
  const evaluationBlock = blockFor(model);
  const counts = datasets.map(({ count }) => count);
  // What is trained on is not scored.
  const scoredCounts = training ? counts.slice(1) : counts;
  const evaluationChunk = Math.min(
    Math.max(0, ...scoredCounts),
    Math.max(evaluationBlock, Math.min(EVALUATION_CHUNK, Math.floor(SCORE_BYTES / (outputs * 4)))),
  );
  const batch = training?.batch ?? 0;
  const shards = Math.min(training?.shards ?? 0, batch);
  const epochSamples = training?.epochSamples ?? counts[0]!;

  const blocks = unique(
    scoredCounts.flatMap((count) => [
      Math.min(evaluationBlock, count),
      ...[count, evaluationChunk].map((size) => size % evaluationBlock),
      (count % evaluationChunk) % evaluationBlock,
    ]),
  );
  const schedules = training
    ? unique([Math.min(batch, epochSamples), epochSamples % batch]).map((size) => ({
        size,
        schedule: scheduleStep(cutShards(size, shardsOf(size, batch, shards)), workers),
      }))
    : [];
  const shardGraphs = schedules.map(({ size, schedule }) =>
    unique(schedule.shards.map(({ count }) => count)).map((count) => {
      try {
        return shardGraph(task, count, size);
      } catch (error) {
        if (count > 1) throw error;
        throw ofOneSample(error, {
          size,
          batch,
          samples: epochSamples,
          shards: schedule.shards.length,
        });
      }
    }),
  );
  const scoredTask = { ...task, columns: datasets.at(-1)!.columns };
  const blockGraphs = blocks.map((count) => blockGraph(scoredTask, count));
  const largest = shardGraphs[0]?.[0];
  const roles = training && rolesOf(model, training, withoutGradient(largest!));
  const parameters = layoutParameters(model, roles);
  const update = training && planUpdate(training, parameters, workers);
  const further = datasets
    .slice(1)
    .flatMap((other) => other.columns.filter((column) => isCounts(column)))
    .filter(({ leaves: [leaf] }) => !leaves.some((known) => known.leaves[0] === leaf));
  const io = layoutIo({ ...task, columns: [...leaves, ...further] }, [
    ...blocks,
    ...shardGraphs.flat().map(({ count }) => count),
  ]);

  const steps = Object.fromEntries(
    schedules.map(({ size, schedule }, i) => {
      const compiled = shardGraphs[i]!.map(
        (shard) => [shard.count, gradientProgram(shard, io, parameters)] as const,
      );
      return [size, { batch: size, schedule, programs: Object.fromEntries(compiled) }];
    }),
  );
  const evaluations = Object.fromEntries(
    blockGraphs.map((block) => [block.count, evaluationProgram(block, io, parameters)]),
  );
  const programs = [
    ...Object.values(steps).flatMap((s) => Object.values(s.programs)),
    ...Object.values(evaluations),
  ];
  const gradientSlots = Math.max(0, ...schedules.map(({ schedule }) => schedule.slots));

  const busiest = Math.max(
    1,
    Math.ceil(evaluationChunk / evaluationBlock),
    ...schedules.map(({ schedule }) => schedule.shards.length),
  );
  const hands = Math.min(workers, busiest);

  const slots = datasets.map((columns) =>
    slotsOf(columns, Math.max(4 * batch, 2 * evaluationBlock), prefetchBytes),
  );
  const memory = layoutMemory({
    control: 64,
    order: Math.max(training ? counts[0]! : 0, evaluationChunk) * 4,
    rates: CHUNK_STEPS * (update?.rateSlots ?? 0) * 4,
    metrics: CHUNK_STEPS * shards * STEP_FIGURES * 4,
    scores: evaluationChunk * outputs * 4,
    losses: evaluationChunk * 4,
    shares: evaluationChunk * 4,
    parameters: parameters.bytes,
    state: update?.stateBytes ?? 0,
    ...Object.fromEntries(
      datasets.flatMap(({ columns }, i) =>
        columns.map((column) => [`${column.leaves[0]} ${i}`, slots[i]! * bytesOf(column)]),
      ),
    ),
    gradients: parameters.gradientBytes * gradientSlots * hands,
    rate: rateBytes(update) * workers,
    batch: align(io.batchBytes) * hands,
    results: align(io.resultBytes) * hands,
    activations: mostBytes(programs, 'activationBytes') * hands,
    workspace: mostBytes(programs, 'workspaceBytes') * hands,
    augment:
      datasets
        .flatMap(({ columns }) => columns)
        .reduce((bytes, column) => bytes + gatherBytes(column), 0) * hands,
    ...(mixup ? { mixup: mixupBytes(columns) * hands } : {}),
  });

  return {
    workers,
    hands,
    numerics,
    batch,
    shards,
    epochSamples,
    memory,
    parameters,
    io,
    gradientSlots,
    datasets: datasets.map((data, i) => datasetPlan(data, slots[i]!, memory, i, io)),
    steps,
    ...(update ? { update } : {}),
    ...(mixup ? { mixup } : {}),
    evaluations,
    evaluationBlock,
    evaluationChunk,
    outputs,
    hasLosses: terms.length > 0,
    hasHits: [...shardGraphs.flat(), ...blockGraphs].every(({ hits }) => hits !== undefined),
    hasAnswers: largest?.answers !== undefined,
    hasCounting: largest?.counting !== undefined,
  };
}

/**
 * An error that a shard of one sample has brought about, such as batch normalisation's, with where the shard comes from,
 * and what to take instead.
 */
function ofOneSample(
  error: unknown,
  {
    size,
    batch,
    samples,
    shards,
  }: Readonly<Record<'size' | 'batch' | 'samples' | 'shards', number>>,
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

/** Sizes above and below `batch` whose last minibatch is whole, or at least of more than one sample. */
function batchesNear(batch: number, samples: number): number[] {
  const sizes = Array.from({ length: Math.min(2 * batch, samples) }, (_, i) => i + 1).slice(1);
  const fits = (list: number[]) =>
    list.find((size) => samples % size === 0 && size * 8 >= batch) ??
    list.find((size) => samples % size !== 1);
  const above = fits(sizes.filter((size) => size > batch));
  const below = fits(sizes.filter((size) => size < batch).toReversed());
  return [above, below].filter((size) => size !== undefined);
}

/** A worker's rates of a step, and a cache line for what clips its gradients. */
const rateBytes = (update: UpdatePlan | undefined): number =>
  align((update?.rateSlots ?? 0) * 4) + align(4);

/** Distinct positive numbers. */
const unique = (sizes: readonly number[]): number[] =>
  [...new Set(sizes)].filter((size) => size > 0);

/** Parameters that the loss does not depend on: they keep their values. */
const withoutGradient = ({ gradients }: ShardGraph): ReadonlySet<string> =>
  new Set([...gradients].filter(([, gradient]) => !gradient).map(([name]) => name));

/** A smaller minibatch is cut into as many shards as keep a shard's usual size. */
const shardsOf = (size: number, batch: number, shards: number): number =>
  size === batch ? shards : Math.ceil((size * shards) / batch);

/** Bytes of scratch for the program that needs most: one worker's share of the region. */
function mostBytes(
  programs: readonly Program[],
  key: 'activationBytes' | 'workspaceBytes',
): number {
  return align(Math.max(64, ...programs.map((program) => program[key])));
}

function firstScored(model: Model, terms: readonly LossTerm[]): Scored {
  const output = [...model.outputs.keys()][0]!;
  return { output, loss: terms.find((term) => term.output === output)?.loss };
}

/** Samples to score at once: fewer where their activations are large. No sample's scores depend on it. */
function blockFor(model: Model): number {
  const { activationBytes } = model;
  return Math.max(1, Math.min(EVALUATION_BLOCK, Math.floor(ACTIVATION_BYTES / activationBytes)));
}
