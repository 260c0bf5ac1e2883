/** The steps of a run, taken in chunks, and the way back when a worker fails. */
import { LanewiseError } from '../base/errors.js';
import type { MachineFigures } from '../crew/machines.js';
import { orderOf } from '../data/order-of.js';
import { factorOf, ratesOfStep } from '../optimizers/index.js';
import { CHUNK_STEPS } from '../step/run-plan.js';
import { MachineCaught, WorkerFailure } from '../crew/worker-pool.js';
import type { RunEvent, ProgressEvent, StepEvent } from './events.js';
import { lossDiverged } from './diverged.js';
import { averagedWeights, rollBack, type Run } from './live-run.js';
import type { StepsTaken } from './receipt.js';
import {
  accuracyOf,
  addStep,
  meanLossOf,
  placeAt,
  placeOf,
  type RunSize,
  type RunState,
} from './run-state.js';

/** How long a chunk should take, in milliseconds. */
const CHUNK_MS = 150;

/**
 * Takes some steps of the current epoch, up to where something falls due, and returns the events of steps not yet
 * reported; if a worker fails, it goes back instead.
 */
export async function trainChunk(run: Run): Promise<readonly RunEvent[]> {
  try {
    return await trainSteps(run);
  } catch (error) {
    if (!(error instanceof WorkerFailure)) throw error;
    const way = error instanceof MachineCaught ? await behind(run, error) : [goBack(run, error)];
    return [...machineEvents(run), ...way];
  }
}

const behind = async (run: Run, caught: MachineCaught): Promise<readonly RunEvent[]> =>
  // Loaded only then.
  (await import('./leave-behind.js')).leaveBehind(run, caught);

/** Takes the run back to before a failure. @throws LanewiseError kind 'engine' if it cannot, or fails for the second time. */
function goBack(run: Run, failure: WorkerFailure): RunEvent {
  const step = run.session.stepAtHand() + 1;
  if (!rollBack(run)) {
    throw new LanewiseError(
      'engine',
      `step ${step} failed while it wrote the weights, and of so large a net no copy is kept: ${failure.message}`,
      run.options.checkpoints ? undefined : 'give a folder: a run goes on from its checkpoints',
      { cause: failure },
    );
  }
  // Worker 0 may have died before it could say which step it was about to begin.
  if (run.failedAt !== undefined && Math.abs(run.failedAt - step) <= 1) {
    throw new LanewiseError('engine', `step ${step} failed twice: ${failure.message}`, undefined, {
      cause: failure,
    });
  }
  run.failedAt = step;
  return { event: 'recovery', step, from: run.state.step, reason: failure.message };
}

/** What has become of the machines that share the run's steps. */
export const machineEvents = ({ session }: Run): RunEvent[] =>
  (session.shared?.news() ?? []).map((news) => ({ event: 'machine', ...news }));

/** Figures of the machines that shared steps which took this long. */
function measureMachines(run: Run, ms: number): MachineFigures | undefined {
  const figures = run.session.shared?.figures();
  if (!figures) return undefined;
  const before = run.shared ?? { wireMs: 0, ms: 0 };
  run.shared = { figures, wireMs: before.wireMs + figures.wire * ms, ms: before.ms + ms };
  return figures;
}

/** Puts steps into the run's receipt. Without them a checkpoint of their end would be of no use. */
async function recordSteps(run: Run, taken: StepsTaken): Promise<void> {
  try {
    await run.options.receipt?.add(run.session, taken);
  } catch (error) {
    run.isSpoiled = true;
    throw error;
  }
}

async function trainSteps(run: Run): Promise<readonly RunEvent[]> {
  const { settings, size, session, state } = run;
  const { receipt } = run.options;
  const { epoch, done: first } = placeAt(state, size, state.step);
  if (run.orderOf !== epoch) {
    const { sampler, data, seed } = settings;
    const next =
      epoch < size.epochs ? () => orderOf(sampler, data.count, seed, epoch + 1) : undefined;
    const order = orderOf(sampler, data.count, seed, epoch);
    session.writeOrder(order, epoch, next);
    receipt?.writeOrder(order);
    run.orderOf = epoch;
  }
  // Without a snapshot, a step that fails is redone alone.
  const due = stepsUntilDue(run);
  const steps = Math.min(run.saved ? run.chunkSteps : 1, due, stepsToReport(run));
  // What is due keeps the state, in a checkpoint or to return to.
  if (steps === due) session.shared?.prove();
  const rates: StepRates[] = [];
  for (let i = 0, averaged = state.averaged; i < steps; i++) {
    rates.push(ratesOf(run, state.step + i, averaged));
    if (rates[i]!.isAveraged) averaged++;
  }
  const started = performance.now();
  const waitedBefore = session.waitingMs();
  const metrics = await session.train(
    first,
    rates.map((row) => row.values),
    state.step,
  );
  const ms = performance.now() - started;
  const waitingMs = session.waitingMs() - waitedBefore;
  run.chunkSteps = Math.min(
    CHUNK_STEPS,
    Math.max(1, Math.round((steps * CHUNK_MS) / Math.max(ms, 1))),
  );
  const { loss } = metrics.at(-1)!;
  if (!Number.isFinite(loss)) {
    throw await lossDiverged(run, loss, state.step + metrics.length - 1);
  }
  run.state = {
    ...state,
    step: state.step + steps,
    totals: { ...metrics.reduce(addStep, state.totals), ms: state.totals.ms + ms },
    isAveraging: state.isAveraging || rates.some((row) => row.isAveraged),
    averaged: state.averaged + rates.filter((row) => row.isAveraged).length,
    trainingMs: state.trainingMs + ms,
    waitingMs: state.waitingMs + waitingMs,
  };
  await recordSteps(run, { before: state.step, epoch, first, metrics });
  const figures = measureMachines(run, ms);
  const seconds = ms / 1000 / metrics.length;
  const waiting = Math.min(1, waitingMs / ms);
  const records = metrics.map((found, i): StepEvent => ({
    event: 'step',
    step: state.step + i + 1,
    epoch,
    loss: found.loss,
    ...accuracyOf(found),
    rate: rates[i]!.rate,
    samples: found.samples,
    seconds,
    imagesPerSecond: found.samples / seconds,
    waiting,
    ...(figures ? { wire: figures.wire } : {}),
  }));
  const fresh = records.filter(({ step }) => step > run.told);
  const machines = machineEvents(run);
  run.told = Math.max(run.told, run.state.step);
  if (fresh.length === 0) return machines;
  const progress = progressOf(run.state, size, figures);
  return [...machines, ...fresh, { ...progress, weights: () => averagedWeights(run) }];
}

function progressOf(
  state: RunState,
  size: RunSize,
  cluster: MachineFigures | undefined,
): ProgressEvent {
  const { step, totals, trainingMs, waitingMs, history } = state;
  const { epochs, samples } = size;
  const done = history.length * samples + totals.samples;
  return {
    event: 'progress',
    step,
    epoch: Math.min(history.length + 1, epochs),
    epochs,
    samplesDone: totals.samples,
    samples,
    loss: meanLossOf(totals),
    ...accuracyOf(totals),
    imagesPerSecond: (done / trainingMs) * 1000,
    waiting: trainingMs > 0 ? waitingMs / trainingMs : 0,
    secondsLeft: ((epochs * samples - done) * trainingMs) / done / 1000,
    ...(cluster ? { cluster } : {}),
  };
}

/** Steps to the end of the epoch, or to the next thing that is due before it. */
const stepsUntilDue = ({ state, size, settings, options }: Run): number =>
  Math.min(
    size.stepsPerEpoch - placeAt(state, size, state.step).done,
    stepsUntil(settings.validateEvery?.steps, state),
    stepsUntil(options.checkpoints?.everySteps, state),
    stepsUntil(options.receipt?.every, state),
  );

/** Steps up to which a chunk is reported. */
const stepsToReport = ({ state, options, told }: Run): number =>
  Math.min(
    stepsUntil(options.stepsPerEvent, state),
    // Steps reported before a failure end their chunk where it ended then.
    state.step < told ? told - state.step : Infinity,
  );

const stepsUntil = (every: number | undefined, { step }: RunState): number =>
  every ? every - (step % every) : Infinity;

interface StepRates {
  readonly rate: number;
  readonly values: readonly number[];
  readonly isAveraged: boolean;
}

/**
 * The learning rate of the step after `updates`, the kernels' values for it, and whether its weights go into the average
 * (which holds `averaged` others). The optimizer counts updates; a schedule goes by the place in the run.
 */
function ratesOf(
  { settings: { optimizer, schedule, average }, size, state }: Run,
  updates: number,
  averaged: number,
): StepRates {
  const { steps, stepsPerEpoch } = size;
  const { epochs, factor: carried } = state.scheduleFrom;
  const step = updates - state.shift;
  const factor = factorOf(schedule, {
    step,
    steps,
    stepsPerEpoch,
    history: epochs > 0 ? state.history.slice(epochs) : state.history,
    carried,
    updates,
    placeOf: (update) => placeOf(state, size, update),
  });
  const rate = optimizer.learningRate * factor;
  const values = ratesOfStep(optimizer, updates - state.optimizerFrom, factor);
  if (!average) return { rate, values, isAveraged: false };
  const share = average.share(step, stepsPerEpoch, steps, { updates, averaged });
  return { rate, values: [...values, share], isAveraged: share > 0 };
}
