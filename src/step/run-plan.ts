/**
 * The plan of a run: everything that workers need to know, as plain data posted to them once. It follows from the
 * model, the data's shapes and the settings; nothing in it depends on time.
 */
import type { Numerics } from '../engine/features.js';
import { sizeOf } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import type { LossTerm } from '../losses/terms.js';
import { align, type Program } from '../program/program.js';
import type { Columns } from '../feed/columns.js';
import { isCounts } from '../feed/counts.js';
import { bytesOf, datasetPlan, slotsOf, type DatasetPlan } from '../feed/dataset-plan.js';
import { gatherBytes } from '../feed/gather.js';
import type * as Digests from './digests.js';
import type { FakeQuantization, Scored, ShardGraph, Task } from './graphs.js';
import { stepKey } from './jobs.js';
import { layoutMemory, STEP_FIGURES, type MemoryMap } from '../feed/layout.js';
import { mixedLeaves, mixupBytes, type Mixup } from '../feed/mixup.js';
import { layoutParameters, type ParameterLayout } from './parameters.js';
import { blockGraphs, blocksFor, compileBlocks, scoringSizes } from './plan-scoring.js';
import { compileStep, distinct, stepGraphs, type StepPlan } from './plan-steps.js';
import type { IoLayout } from '../feed/layout.js';
import { layoutIo } from './programs.js';
import { rolesOf } from './roles.js';
import { rangeSlots } from './shards.js';
import { slotBytes } from './slots.js';
import { isAlone, planUpdate, type UpdatePlan, type UpdateRequest } from './update.js';

/** Default bytes of a streamed data set's samples. */
const PREFETCH_BYTES = 2 ** 25;
/** Largest number of steps between two checks of the main thread. */
export const CHUNK_STEPS = 1024;

export interface RunPlan {
  readonly workers: number;
  /** Number of workers that compute samples and need memory for it, the first ones; all workers update. */
  readonly hands: number;
  readonly numerics: Numerics;
  readonly batch: number;
  readonly shards: number;
  /** Samples per training epoch. */
  readonly epochSamples: number;
  readonly memory: MemoryMap;
  readonly parameters: ParameterLayout;
  readonly io: IoLayout;
  readonly gradientSlots: number;
  /** Number of workers that have such slots, the first ones. */
  readonly gradientHands: number;
  readonly datasets: readonly DatasetPlan[];
  /**
   * Plans by `stepKey`: minibatches of all planned sizes, to which others may be added; empty if the run only
   * evaluates.
   */
  readonly steps: Record<string, StepPlan>;
  /** Absent if the run only evaluates. */
  readonly update?: UpdatePlan;
  /** Absent if steps leave no digests of the state. */
  readonly digests?: Digests.DigestPlan;
  /** Absent if samples are not mixed. */
  readonly mixup?: Mixup;
  /** Evaluation programs by block size; others may be added. */
  readonly evaluations: Record<number, Program>;
  readonly evaluationBlock: number;
  readonly evaluationChunk: number;
  /** Number of values in one sample's scores. */
  readonly outputs: number;
  /** Whether samples have losses, and hits. */
  readonly hasLosses: boolean;
  readonly hasHits: boolean;
  /** Whether training samples count differently, for accuracy, and for all terms of the loss. */
  readonly hasAnswers: boolean;
  readonly hasCounting: boolean;
}

export interface PlanRequest {
  readonly model: Model;
  /** Terms of the loss; empty if only scores are wanted. */
  readonly terms: readonly LossTerm[];
  /** Default the first output, with its term's loss. */
  readonly scored?: Scored;
  readonly numerics: Numerics;
  readonly workers: number;
  /** The data sets; training uses the first, the others are scored. */
  readonly datasets: readonly Columns[];
  /** Memory for the samples of each streamed data set, in bytes; default 32 MiB. It holds at least 4 minibatches. */
  readonly prefetchBytes?: number;
  readonly training?: TrainingRequest;
  /** Whether other machines share its steps: any range of a minibatch's shards may then be computed here. */
  readonly isShared?: boolean;
  /**
   * For steps driven from outside: sizes of minibatches beside the full one, and of scored ones. The data sets are
   * then forms of minibatches, each with room for a full one; all of them are trained on and scored.
   */
  readonly sizes?: { readonly steps: readonly number[]; readonly scored: readonly number[] };
}

/** The step settings of a run, after they have been resolved. */
export interface TrainingRequest extends UpdateRequest {
  /** Samples per update. */
  readonly batch: number;
  readonly shards: number;
  /** Samples per epoch, the first of its order; default all. */
  readonly epochSamples?: number;
  readonly mixup?: Mixup;
  /** The functions of digests.ts if each step is to leave a digest of the state: other runs do not load them. */
  readonly digests?: typeof Digests;
  readonly quantization?: FakeQuantization;
}

/** Compiles all programs and lays out memory. @throws LanewiseError kind 'memory' beyond 4 GiB. */
export function planRun(request: PlanRequest): RunPlan {
  const { model, terms, numerics, workers, datasets, training, sizes } = request;
  const task = taskOf(request);
  const outputs = sizeOf(model.outputs.get(task.scored.output)!);
  const scored = training && !sizes ? datasets.slice(1) : datasets;
  const scoring = scoringSizes(
    model,
    scored.map(({ count }) => count),
    outputs,
  );
  const minibatches = minibatchesOf(request);
  const graphs = sizesOf(request).map((size) => stepGraphs(task, minibatches, size));
  const shardGraphs = graphs.flatMap((step) => step.graphs);
  const blocks = blockGraphs(
    { ...task, columns: datasets.at(-1)!.columns },
    sizes ? distinct(sizes.scored.flatMap((count) => blocksFor(scoring, count))) : scoring.blocks,
  );
  const largest = graphs[0]?.graphs[0];
  const roles = training && rolesOf(model, training, withoutGradient(largest!));
  const parameters = layoutParameters(model, roles);
  const atOnce =
    training && !sizes && isAlone(training) && graphs.every(isWhole)
      ? training.optimizer
      : undefined;
  const update = training && planUpdate(training, parameters, workers, atOnce !== undefined);
  const io = layoutIo({ ...task, columns: [...task.columns, ...furtherCounts(request, task)] }, [
    ...scoring.blocks,
    ...shardGraphs.map(({ count }) => count),
  ]);
  const steps = graphs.map((step) => compileStep(step, io, parameters, atOnce));
  const slots = datasets.map((columns) =>
    slotsOf(
      columns,
      Math.max(4 * minibatches.batch, 2 * scoring.block),
      request.prefetchBytes ?? PREFETCH_BYTES,
    ),
  );
  const busiest = Math.max(
    1,
    Math.ceil(scoring.chunk / scoring.block),
    ...steps.map(({ schedule }) => schedule.shards.length),
  );
  const plan = {
    ...minibatches,
    hands: Math.min(workers, busiest),
    numerics,
    parameters,
    io,
    gradientSlots: Math.max(
      request.isShared ? rangeSlots(minibatches.shards) : 0,
      ...steps.map(({ schedule }) => schedule.slots),
    ),
    gradientHands: Math.min(
      workers,
      Math.max(1, ...steps.map(({ schedule }) => schedule.shards.length)),
    ),
    steps: Object.fromEntries(steps.map((step) => [stepKey(step.batch), step])),
    update,
    mixup: training?.mixup,
    evaluations: compileBlocks(blocks, io, parameters),
    evaluationBlock: scoring.block,
    evaluationChunk: scoring.chunk,
    outputs,
    hasLosses: terms.length > 0,
    hasHits: [...shardGraphs, ...blocks].every(({ hits }) => hits !== undefined),
    hasAnswers: largest?.answers !== undefined,
    hasCounting: largest?.counting !== undefined,
  };
  return placed(plan, datasets, slots, training?.digests);
}

/** The plan with its memory laid out. */
function placed(
  plan: Omit<RunPlan, 'memory' | 'datasets' | 'digests'>,
  datasets: readonly Columns[],
  slots: readonly number[],
  digests: typeof Digests | undefined,
): RunPlan {
  const memory = layoutMemory({
    ...regionSizes(plan, datasets, slots),
    digests: digests?.digestBytes(plan.workers, CHUNK_STEPS) ?? 0,
  });
  return {
    ...plan,
    memory,
    digests: digests?.planDigests({ ...plan, memory }),
    datasets: datasets.map((data, i) => datasetPlan(data, slots[i]!, memory, i, plan.io)),
  };
}

/** A minibatch of another size, for the run planned from the request. */
export const planStep = (request: PlanRequest, plan: RunPlan, size: number): StepPlan =>
  compileStep(stepGraphs(taskOf(request), plan, size), plan.io, plan.parameters);

/** Programs for blocks of other sizes. */
export const planBlocks = (
  request: PlanRequest,
  { io, parameters }: RunPlan,
  blocks: readonly number[],
): RunPlan['evaluations'] => compileBlocks(blockGraphs(taskOf(request), blocks), io, parameters);

/** Whether the run's memory has room for programs that it was not planned with. */
export function hasRoom(
  plan: RunPlan,
  steps: readonly StepPlan[],
  evaluations: RunPlan['evaluations'],
): boolean {
  const { regions } = plan.memory;
  const share = (name: string) => regions.find((one) => one.name === name)!.bytes / plan.hands;
  const programs = programsOf(steps, evaluations);
  return (
    mostBytes(programs, 'activationBytes') <= share('activations') &&
    mostBytes(programs, 'workspaceBytes') <= share('workspace') &&
    steps.every(
      ({ schedule: { slots, shards } }) =>
        slots <= plan.gradientSlots && Math.min(plan.workers, shards.length) <= plan.gradientHands,
    )
  );
}

function taskOf({ model, terms, scored, datasets, training }: PlanRequest): Task {
  const { columns } = datasets[0]!;
  return {
    model,
    terms,
    scored: scored ?? firstScored(model, terms),
    columns: training?.mixup ? mixedLeaves(columns) : columns,
    freeze: training?.freeze ?? [],
    quantization: training?.quantization,
  };
}

function minibatchesOf({ workers, datasets, training }: PlanRequest) {
  const batch = training?.batch ?? 0;
  return {
    workers,
    batch,
    shards: Math.min(training?.shards ?? 0, batch),
    epochSamples: training?.epochSamples ?? datasets[0]!.count,
  };
}

/** Whether a minibatch is one shard. */
const isWhole = ({ schedule }: Pick<StepPlan, 'schedule'>): boolean => schedule.shards.length === 1;

/** Sizes of minibatches, largest first. */
function sizesOf(request: PlanRequest): number[] {
  const { training, sizes } = request;
  const { batch, epochSamples } = minibatchesOf(request);
  if (!training) return [];
  if (sizes) return distinct([batch, ...sizes.steps]);
  return distinct([Math.min(batch, epochSamples), epochSamples % batch]);
}

/** Count columns of data sets that are only scored. */
const furtherCounts = ({ datasets }: PlanRequest, { columns }: Task) =>
  datasets
    .slice(1)
    .flatMap((other) => other.columns.filter((column) => isCounts(column)))
    .filter(({ leaves: [leaf] }) => !columns.some((known) => known.leaves[0] === leaf));

const programsOf = (
  steps: readonly StepPlan[],
  evaluations: RunPlan['evaluations'],
): readonly Program[] => [
  ...steps.flatMap(({ programs }) => Object.values(programs)),
  ...Object.values(evaluations),
];

/** Bytes of all regions. */
export function regionSizes(
  plan: Omit<RunPlan, 'memory' | 'datasets'>,
  datasets: readonly Columns[],
  slots: readonly number[],
): Readonly<Record<string, number>> {
  const { update, parameters, hands, evaluationChunk, outputs } = plan;
  const programs = programsOf(Object.values(plan.steps), plan.evaluations);
  const columns = datasets.flatMap((data) => data.columns);
  return {
    control: 64,
    order: Math.max(update ? datasets[0]!.count : 0, evaluationChunk) * 4,
    rates: CHUNK_STEPS * (update?.rateSlots ?? 0) * 4,
    metrics: CHUNK_STEPS * plan.shards * STEP_FIGURES * 4,
    scores: evaluationChunk * outputs * 4,
    losses: evaluationChunk * 4,
    shares: evaluationChunk * 4,
    parameters: parameters.bytes,
    state: update?.stateBytes ?? 0,
    ...Object.fromEntries(
      datasets.flatMap((data, i) =>
        data.columns.map((column) => [`${column.leaves[0]} ${i}`, slots[i]! * bytesOf(column)]),
      ),
    ),
    gradients: slotBytes(plan) * plan.gradientSlots * plan.gradientHands,
    rate: rateBytes(update) * plan.workers,
    batch: align(plan.io.batchBytes) * hands,
    results: align(plan.io.resultBytes) * hands,
    activations: mostBytes(programs, 'activationBytes') * hands,
    workspace: mostBytes(programs, 'workspaceBytes') * hands,
    augment: columns.reduce((bytes, column) => bytes + gatherBytes(column), 0) * hands,
    ...(plan.mixup ? { mixup: mixupBytes(datasets[0]!.columns) * hands } : {}),
  };
}

/** Bytes of a worker's rates of a step, and a cache line for the factor that clips its gradients. */
const rateBytes = (update: UpdatePlan | undefined): number =>
  align((update?.rateSlots ?? 0) * 4) + align(4);

/** Parameters that the loss does not depend on; they keep their values. */
const withoutGradient = ({ gradients }: ShardGraph): ReadonlySet<string> =>
  new Set([...gradients].filter(([, gradient]) => !gradient).map(([name]) => name));

/** Bytes of scratch for the most demanding program: one worker's share of the region. */
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
