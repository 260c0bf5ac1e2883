/**
 * Steps driven from outside: a run whose minibatches are given one after another. Programs for a new size are compiled
 * when it first comes. For a new form (bytes instead of floats, weights of samples), or if the memory has no room for a
 * program, the run is planned again, and weights and state move.
 */
import { LanewiseError } from '../base/errors.js';
import { releaseMemory } from '../engine/memory.js';
import type { Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import type { LossTerm } from '../losses/terms.js';
import type { ThreadMode } from '../platform/threads.js';
import type { Columns } from '../feed/columns.js';
import { answersOf } from '../feed/counts.js';
import type { Job, Minibatch, RunKey } from '../step/jobs.js';
import { CONTROL } from '../step/meeting.js';
import { conformed, formOf, isSameForm, type MinibatchForm } from '../feed/minibatch-forms.js';
import {
  hasRoom,
  planBlocks,
  planRun,
  planStep,
  type PlanRequest,
  type TrainingRequest,
} from '../step/run-plan.js';
import { blocksFor } from '../step/plan-scoring.js';
import type { StepPlan } from '../step/plan-steps.js';
import { WorkerFailure, type Pool } from './worker-pool.js';
import { openMemory, type RunMemory } from '../step/run-memory.js';
import { modeOf, openPool, orderAt, type Evaluation, type Weights } from './session.js';
import { stateEntries } from '../step/state-arrays.js';
import { readMetrics, type StepMetrics } from '../step/step-metrics.js';

/** Number of minibatch forms that the memory has room for. */
const MOST_FORMS = 4;

/** Weights by parameter name, and the optimizer's arrays and the average by their names (state-arrays.ts). */
export interface Values {
  readonly weights: Weights;
  readonly arrays: Weights;
}

export interface DrivenRequest {
  readonly model: Model;
  readonly terms: readonly LossTerm[];
  readonly numerics: Numerics;
  /** Number of workers; 0 is the calling thread. */
  readonly workers: number;
  /** The settings; `batch` is the largest size of a minibatch. */
  readonly training: TrainingRequest;
}

/** A run driven from outside. The caller must not overlap calls of its functions. */
export interface DrivenRun extends DrivenRequest {
  readonly mode: ThreadMode;
  forms: readonly MinibatchForm[];
  /** Initially the given values, then views of the memory planned last. The next job uses what is written there. */
  values: Values;
  /** Absent until the first minibatch. */
  open?: OpenRun;
  /** Called when weights and state have moved. */
  onMove(from: Values, to: Values): void;
}

/** A run as last planned. */
interface OpenRun extends RunMemory {
  readonly request: PlanRequest;
  readonly pool: Pool;
}

/** A minibatch in the memory, ready for a job. */
export interface LoadedMinibatch {
  readonly open: OpenRun;
  readonly minibatch: Minibatch;
  /** How much each sample counts for the hits; undefined if all count the same. */
  readonly answers: Float32Array | undefined;
}

/** A step's number in the run, and the run's key. */
export interface StepAt {
  readonly number: number;
  readonly key: RunKey;
}

/** @param values weights and state with which the run begins, used until the first minibatch */
export const openDriven = async (
  request: DrivenRequest,
  values: Values,
  onMove: DrivenRun['onMove'],
): Promise<DrivenRun> => ({
  ...request,
  mode: await modeOf(request.workers),
  forms: [],
  values,
  onMove,
});

/**
 * Puts a minibatch into the memory, for a step or for scores.
 * @throws LanewiseError if no program can be made for it; the run is then unchanged.
 */
export async function loadMinibatch(
  run: DrivenRun,
  given: Columns,
  purpose: 'step' | 'score',
): Promise<LoadedMinibatch> {
  const columns = conformed(given, run.forms[0]);
  const form = formOf(columns);
  const known = run.forms.findIndex((one) => isSameForm(one, form));
  // Counts may appear for the first time: programs then read them in all minibatches.
  const isNewKind = run.forms[0]?.leaves !== form.leaves;
  const forms =
    known >= 0 ? run.forms : isNewKind ? [form] : [...run.forms.slice(1 - MOST_FORMS), form];
  const open = await runFor(run, forms, given.count, purpose);
  const dataset = known >= 0 ? known : forms.length - 1;
  columns.forEach(({ leaves, values: { buffer, byteOffset, byteLength } }) =>
    open.bytesOf(`${leaves[0]} ${dataset}`).set(new Uint8Array(buffer, byteOffset, byteLength)),
  );
  orderAt(open.plan, open.memory, given.count).forEach((_, i, order) => (order[i] = i));
  const minibatch = { dataset, size: given.count };
  return { open, minibatch, answers: answersOf(run.terms[0], columns, given.count) };
}

/** Takes a whole step. At a loss that is not finite, its update is left out. */
export async function takeStep(
  { open, minibatch }: LoadedMinibatch,
  { number, key }: StepAt,
  rates: readonly number[],
): Promise<StepMetrics> {
  writeRates(open, rates);
  await runJobs(open, { kind: 'train', first: 0, steps: 1, step: number, key, minibatch });
  return readMetrics(open.plan, minibatch.size, 0, open.viewOf);
}

/** The results of a step before its update. */
export interface StepGradients extends StepMetrics {
  /** Views of the memory, overwritten by the next job: gradients of trained parameters, and observations by statistic. */
  readonly gradients: Weights;
}

/** The first part of a step. */
export async function takeGradients(
  { open, minibatch }: LoadedMinibatch,
  { number, key }: StepAt,
): Promise<StepGradients> {
  const jobs: Job[] = [{ kind: 'gradients', minibatch, step: number, key }];
  const { merges } = open.plan.steps[minibatch.size]!.schedule;
  if (merges.length > 0) jobs.push({ kind: 'reduce', size: minibatch.size });
  await runJobs(open, ...jobs);
  const metrics = readMetrics(open.plan, minibatch.size, 0, open.viewOf);
  return { ...metrics, gradients: gradientViews(open) };
}

/** The second part of a step, with gradients for every name that `gradientViews` has. */
export async function takeUpdate(
  open: OpenRun,
  gradients: Weights,
  rates: readonly number[],
): Promise<void> {
  writeRates(open, rates);
  for (const [name, values] of gradientViews(open)) values.set(gradients.get(name)!);
  await runJobs(open, { kind: 'update' });
}

/** Losses and hits as in evaluation, without an update. */
export async function takeScores({
  open,
  minibatch,
  answers,
}: LoadedMinibatch): Promise<Omit<Evaluation, 'scores'>> {
  const { plan, viewOf } = open;
  const { dataset, size } = minibatch;
  const [losses, hits] = [new Float32Array(size), new Float32Array(size)];
  // The results of a job have room for a chunk.
  for (let from = 0; from < size; from += plan.evaluationChunk) {
    const count = Math.min(size, from + plan.evaluationChunk);
    const place = { first: 0, from, count, resultsFrom: from };
    await runJobs(open, { kind: 'score', dataset, ...place, measured: size });
    losses.set(viewOf('losses', 0, count - from), from);
    hits.set(viewOf('shares', 0, count - from), from);
  }
  return {
    losses,
    ...(plan.hasHits ? { hits } : {}),
    ...(plan.hasHits && answers ? { answers } : {}),
  };
}

/** Views of a minibatch's gradients by name, for everything that a step changes. */
export const gradientViews = ({ plan, viewOf }: OpenRun): Weights =>
  new Map(
    plan.parameters.entries
      .filter(({ role }) => role !== 'fixed')
      .map(({ name, offset, count }) => [name, viewOf('gradients', offset, count)]),
  );

/** Ends the run's threads and releases its memory; its values become copies. */
export async function closeDriven(run: DrivenRun): Promise<void> {
  const { open, values } = run;
  if (!open) return;
  const copied = { weights: copyOf(values.weights), arrays: copyOf(values.arrays) };
  run.onMove(values, copied);
  run.values = copied;
  delete run.open;
  await closeRun(open);
}

export const copyOf = (values: Weights): Weights =>
  new Map([...values].map(([name, array]) => [name, array.slice()]));

async function closeRun({ pool, memory }: OpenRun): Promise<void> {
  await pool.close();
  releaseMemory(memory);
}

function writeRates({ viewOf }: OpenRun, rates: readonly number[]): void {
  viewOf('rates', 0, rates.length).set(rates);
}

/**
 * Runs jobs in order; once more from the first, if a worker failed before anything important was written.
 * @throws UpdateLost if it failed while weights were written.
 */
async function runJobs({ pool, control }: OpenRun, ...jobs: readonly Job[]): Promise<void> {
  const runAll = async () => {
    control[CONTROL.diverged] = 0;
    control[CONTROL.updating] = 0;
    for (const job of jobs) await pool.run(job);
  };
  try {
    await runAll();
  } catch (error) {
    if (!(error instanceof WorkerFailure)) throw error;
    if (control[CONTROL.updating] !== 0) throw new UpdateLost(error);
    await runAll();
  }
}

/** A worker failed while it wrote weights, whose values are now unknown. */
export class UpdateLost extends LanewiseError {
  constructor(failure: WorkerFailure) {
    super('engine', `${failure.message}, while weights were written`, 'restore an earlier state', {
      cause: failure,
    });
  }
}

/** The run with programs for a minibatch of `size`; planned again if they do not fit, or a form is new. */
async function runFor(
  run: DrivenRun,
  forms: DrivenRun['forms'],
  size: number,
  purpose: 'step' | 'score',
): Promise<OpenRun> {
  const { open } = run;
  if (!open || forms !== run.forms) return moveTo(run, forms, size, purpose);
  const { plan, request } = open;
  const isStep = purpose === 'step';
  const steps: Record<string, StepPlan> = {};
  if (isStep && !plan.steps[size]) steps[size] = planStep(request, plan, size);
  const pieces = { block: plan.evaluationBlock, chunk: plan.evaluationChunk };
  const blocks = isStep ? [] : blocksFor(pieces, size);
  const missing = blocks.filter((block) => !plan.evaluations[block]);
  if (Object.keys(steps).length + missing.length === 0) return open;
  const evaluations = planBlocks(request, plan, missing);
  if (!hasRoom(plan, Object.values(steps), evaluations)) return moveTo(run, forms, size, purpose);
  await runJobs(open, { kind: 'prepare', steps, evaluations });
  // A thread that replaces a dead one receives the plan in its current state.
  Object.assign(plan.steps, steps);
  Object.assign(plan.evaluations, evaluations);
  return open;
}

/** Plans for all forms and sizes so far and the new one, and moves weights and state to the new memory. */
async function moveTo(
  run: DrivenRun,
  forms: DrivenRun['forms'],
  size: number,
  purpose: 'step' | 'score',
): Promise<OpenRun> {
  const { open, values } = run;
  const steps = Object.values(open?.plan.steps ?? {}).map(({ batch }) => batch);
  const scored = Object.keys(open?.plan.evaluations ?? {}).map(Number);
  (purpose === 'step' ? steps : scored).push(size);
  const sizes = { steps, scored };
  const next = await openRun(run, forms, sizes);
  const to = viewsOf(next);
  for (const kind of ['weights', 'arrays'] as const)
    for (const [name, view] of to[kind]) {
      const known = values[kind].get(name);
      if (known) view.set(known);
    }
  run.onMove(values, to);
  run.forms = forms;
  run.values = to;
  run.open = next;
  if (open) await closeRun(open);
  return next;
}

async function openRun(
  { model, terms, numerics, workers, training, mode }: DrivenRun,
  forms: DrivenRun['forms'],
  sizes: NonNullable<PlanRequest['sizes']>,
): Promise<OpenRun> {
  const request: PlanRequest = {
    model,
    terms,
    numerics,
    workers: mode === 'shared' ? workers : 1,
    datasets: forms.map(({ columns }) => ({ count: training.batch, columns })),
    training,
    sizes,
  };
  const run = await openMemory(planRun(request), mode === 'shared');
  const streamed = forms.flatMap(({ columns }, i) =>
    columns.map(({ leaves }) => `${leaves[0]} ${i}`),
  );
  return { ...run, request, pool: await openPool(mode, run, { stored: [], streamed }) };
}

const viewsOf = ({ plan, viewOf }: OpenRun): Values => ({
  weights: new Map(
    plan.parameters.entries.map(({ name, offset, count }) => [
      name,
      viewOf('parameters', offset, count),
    ]),
  ),
  arrays: new Map(
    stateEntries(plan).map(({ name, offset, count }) => [name, viewOf('state', offset, count)]),
  ),
});
