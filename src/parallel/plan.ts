/**
 * The plan of a run: everything that workers need to know, as plain data that is posted to them once.
 * It follows from the model, the data's shapes and the settings; nothing in it depends on time.
 */
import type { Dataset } from '../data/dataset.js';
import type { Numerics } from '../engine/features.js';
import { sizeOf } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import { lossFor, type LossName } from '../losses/loss.js';
import { align, type Program } from '../program/program.js';
import { baseOf, layoutMemory, type MemoryMap } from './layout.js';
import { layoutParameters, type ParameterLayout } from './parameters.js';
import { evaluationProgram, gradientProgram, layoutIo, type IoLayout } from './programs.js';
import { cutShards, scheduleStep, type StepSchedule } from './shards.js';
import { planUpdate, rolesOf, type UpdatePlan, type UpdateRequest } from './update.js';

/** Samples scored between two looks of the main thread. */
export const EVALUATION_CHUNK = 4096;
/** Samples scored at once by a worker. */
const EVALUATION_BLOCK = 64;
/** Steps between two looks of the main thread, at most. */
export const CHUNK_STEPS = 1024;

/** How samples of a data set become inputs; see assembly/gather.ts. */
export interface Gathering {
  readonly samples: number;
  readonly labels: number;
  readonly count: number;
  readonly isBytes: boolean;
  /** Channels, height and width of a sample and of the model's input. */
  readonly extents: readonly [C: number, h: number, w: number, H: number, W: number];
  readonly scale: number;
  readonly shift: number;
  readonly border: number;
}

/** One kind of minibatch: the full one, or the smaller last one. */
export interface StepPlan {
  readonly batch: number;
  readonly schedule: StepSchedule;
  /** Gradient program by shard size. */
  readonly programs: Readonly<Record<number, Program>>;
}

export interface RunPlan {
  readonly workers: number;
  readonly numerics: Numerics;
  readonly batch: number;
  readonly shards: number;
  readonly memory: MemoryMap;
  readonly parameters: ParameterLayout;
  readonly io: IoLayout;
  readonly gradientSlots: number;
  readonly datasets: readonly Gathering[];
  /** By minibatch size; empty for evaluation only. */
  readonly steps: Readonly<Record<number, StepPlan>>;
  /** Absent for evaluation only. */
  readonly update?: UpdatePlan;
  /** Evaluation program by block size. */
  readonly evaluations: Readonly<Record<number, Program>>;
  readonly evaluationBlock: number;
  readonly outputs: number;
}

/** What a plan needs to know of a data set. */
export interface DatasetExtents {
  readonly count: number;
  readonly shape: Dataset['shape'];
  /** Samples are bytes, else float32. */
  readonly isBytes: boolean;
}

export const extentsOf = ({ labels, shape, samples }: Dataset): DatasetExtents => ({
  count: labels.length,
  shape,
  isBytes: samples instanceof Uint8Array,
});

export interface PlanRequest {
  readonly model: Model;
  readonly loss: LossName;
  readonly numerics: Numerics;
  readonly workers: number;
  /** The data sets at hand; training uses the first. */
  readonly datasets: readonly DatasetExtents[];
  readonly training?: UpdateRequest & {
    readonly batch: number;
    readonly shards: number;
  };
}

/** Compiles all programs and lays out memory. @throws LanewiseError kind 'memory' beyond 4 GiB. */
export function planRun({
  model,
  loss,
  numerics,
  workers,
  datasets,
  training,
}: PlanRequest): RunPlan {
  const lossGraph = lossFor(loss);
  const parameters = layoutParameters(model, training && rolesOf(model, training));
  const update = training && planUpdate(training, parameters, workers);
  const counts = datasets.map(({ count }) => count);
  const batch = training?.batch ?? 0;
  const shards = Math.min(training?.shards ?? 0, batch);

  const blocks = unique(
    counts.flatMap((count) => [Math.min(EVALUATION_BLOCK, count), count % EVALUATION_BLOCK]),
  );
  const schedules = training
    ? unique([Math.min(batch, counts[0]!), counts[0]! % batch]).map((size) => ({
        size,
        schedule: scheduleStep(cutShards(size, shardsOf(size, batch, shards)), workers),
      }))
    : [];
  const shardSizes = unique(
    schedules.flatMap(({ schedule }) => schedule.shards.map(({ count }) => count)),
  );
  const io = layoutIo(model, [...blocks, ...shardSizes]);

  const steps: Record<number, StepPlan> = {};
  for (const { size, schedule } of schedules) {
    const sizes = unique(schedule.shards.map(({ count }) => count));
    const program = (count: number) =>
      gradientProgram(model, lossGraph, count, size, io, parameters);
    steps[size] = { batch: size, schedule, programs: bySize(sizes, program) };
  }
  const evaluations = bySize(blocks, (count) =>
    evaluationProgram(model, lossGraph, count, io, parameters),
  );
  const programs = [
    ...Object.values(steps).flatMap((s) => Object.values(s.programs)),
    ...Object.values(evaluations),
  ];
  const gradientSlots = Math.max(0, ...schedules.map(({ schedule }) => schedule.slots));

  const memory = layoutMemory({
    control: 64,
    order: Math.max(training ? counts[0]! : 0, EVALUATION_CHUNK) * 4,
    rates: CHUNK_STEPS * (update?.rateSlots ?? 0) * 4,
    metrics: CHUNK_STEPS * shards * 8,
    scores: EVALUATION_CHUNK * model.outputs * 4,
    losses: EVALUATION_CHUNK * 4,
    parameters: parameters.bytes,
    state: update?.stateBytes ?? 0,
    ...Object.fromEntries(
      datasets.flatMap((data, i) => [
        [`samples ${i}`, data.count * sizeOf(data.shape) * (data.isBytes ? 1 : 4)],
        [`labels ${i}`, data.count],
      ]),
    ),
    gradients: parameters.gradientBytes * gradientSlots * workers,
    rate: rateBytes(update) * workers,
    batch: align(io.batchBytes) * workers,
    results: align(io.resultBytes) * workers,
    activations: mostBytes(programs, 'activationBytes') * workers,
    workspace: mostBytes(programs, 'workspaceBytes') * workers,
  });

  return {
    workers,
    numerics,
    batch,
    shards,
    memory,
    parameters,
    io,
    gradientSlots,
    datasets: datasets.map((data, i) => gathering(model, data, memory, i)),
    steps,
    ...(update ? { update } : {}),
    evaluations,
    evaluationBlock: EVALUATION_BLOCK,
    outputs: model.outputs,
  };
}

/** A worker's rates of a step, and a cache line for what clips its gradients. */
const rateBytes = (update: UpdatePlan | undefined): number =>
  align((update?.rateSlots ?? 0) * 4) + align(4);

/** Distinct positive numbers. */
const unique = (sizes: readonly number[]): number[] =>
  [...new Set(sizes)].filter((size) => size > 0);

const bySize = (
  sizes: readonly number[],
  program: (size: number) => Program,
): Record<number, Program> => Object.fromEntries(sizes.map((size) => [size, program(size)]));

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

/** x = (v/255 − mean)/deviation for bytes, (v − mean)/deviation for floats; the border is v = 0. */
function gathering(
  model: Model,
  data: DatasetExtents,
  memory: MemoryMap,
  index: number,
): Gathering {
  const { shape, mean, deviation } = model.architecture.input;
  const { isBytes } = data;
  return {
    samples: baseOf(memory, `samples ${index}`),
    labels: baseOf(memory, `labels ${index}`),
    count: data.count,
    isBytes,
    extents: [data.shape[0], data.shape[1], data.shape[2], shape[1], shape[2]],
    scale: 1 / ((isBytes ? 255 : 1) * deviation),
    shift: -mean / deviation,
    border: -mean / deviation,
  };
}
