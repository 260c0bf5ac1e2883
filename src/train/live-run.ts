/** A run at work: its session, its state, and the state it can return to. */
import type { Model } from '../layers/index.js';
import { createSession, type Session, type Snapshot, type Weights } from '../crew/session.js';
import type { Checkpoint, CheckpointSettings } from './checkpoint.js';
import type { Resumed } from './resume.js';
import { initialState, runSize, type RunSize, type RunState } from './run-state.js';
import type { ResolvedSettings } from './settings.js';
import { describeData } from '../trained/data-description.js';

export interface RunOptions {
  /** Ends the run after the chunk at hand, with a checkpoint if there are any. */
  readonly signal?: AbortSignal;
  /** Steps between two events, at most; default some that take 150 ms. With 1, each step is told on its own. */
  readonly stepsPerEvent?: number;
  readonly checkpoints?: CheckpointSettings;
}

/** Share of the time that copies of the state may take, from which a failed worker's step is done again. */
const SNAPSHOT_SHARE = 0.01;

export interface Run {
  readonly model: Model;
  readonly settings: ResolvedSettings;
  readonly size: RunSize;
  readonly session: Session;
  readonly options: RunOptions;
  state: RunState;
  /** What a resume has to say: what is repeated, and what begins anew. */
  readonly warnings: readonly string[];
  /** The epoch whose order the workers have, if any. */
  orderOf: number | undefined;
  /** Of the next chunk, at most. */
  chunkSteps: number;
  /** A state to return to, and when and how fast (ms) it was taken. */
  saved: { state: RunState; snapshot: Snapshot; at: number; ms: number };
  /** Steps that were told: those done again after a failure are not told twice. */
  told: number;
  /** The step at which a worker failed last. */
  failedAt: number | undefined;
  /** The loss became no number: the weights at hand are not worth keeping. */
  isDiverged: boolean;
}

/** Plans and allocates the run, and draws its weights or takes up a checkpoint's. */
export async function openRun(
  model: Model,
  settings: ResolvedSettings,
  options: RunOptions,
  resumed: Resumed | undefined,
): Promise<Run> {
  const { data, validation, seed } = settings;
  const session = await createSession({
    ...settings,
    model,
    datasets: validation ? [data, validation] : [data],
    training: settings,
  });
  const size = runSize(settings);
  let state = initialState;
  let warnings: readonly string[] = [];
  try {
    session.initialize(seed);
    if (settings.weights)
      session.writeWeights(new Map([...session.readWeights(), ...settings.weights]));
    if (resumed) ({ state, warnings } = resumed.takeUp(resumed, session, settings, size));
  } catch (error) {
    // Its threads would keep the process alive.
    await session.close();
    throw error;
  }
  if (!beginsIn(size, settings, state))
    warnings = [
      ...warnings,
      `the average of the weights (${settings.average!.kind}) does not begin within the run: the model has the last weights`,
    ];
  return {
    model,
    settings,
    size,
    session,
    options,
    state,
    warnings,
    orderOf: undefined,
    chunkSteps: 8,
    saved: { state, snapshot: session.snapshot(), at: performance.now(), ms: 0 },
    told: state.step,
    failedAt: undefined,
    isDiverged: false,
  };
}

/** Whether the average, if there is one, has something to average: the last step counts in each that has begun. */
const beginsIn = (
  { steps, stepsPerEpoch }: RunSize,
  { average }: ResolvedSettings,
  { shift, averaged }: RunState,
): boolean =>
  !average ||
  averaged > 0 ||
  average.share(steps - 1, stepsPerEpoch, steps, { updates: steps - 1 + shift, averaged }) > 0;

/** Copies take a bounded share of the time, however large the model. */
export const isSnapshotDue = ({ saved }: Run): boolean =>
  performance.now() - saved.at > saved.ms / SNAPSHOT_SHARE;

export function takeSnapshot(run: Run): void {
  const started = performance.now();
  const snapshot = run.session.snapshot(run.saved.snapshot);
  const at = performance.now();
  run.saved = { state: run.state, snapshot, at, ms: at - started };
}

/** Back to the last snapshot. */
export function rollBack(run: Run): void {
  run.session.restore(run.saved.snapshot);
  run.state = run.saved.state;
  run.orderOf = undefined;
}

/** What a checkpoint holds of the run as it stands. */
export function capture({
  model,
  session,
  settings,
  state,
  size,
}: Run): Omit<Checkpoint, 'description' | 'log'> {
  const { terms, numerics, data } = settings;
  const weights = session.readWeights();
  const arrays = session.readState();
  const { stepsPerEpoch } = size;
  return {
    model,
    terms,
    numerics,
    ...describeData(data, terms),
    weights,
    arrays,
    state,
    stepsPerEpoch,
  };
}

/** What the run is for: its best weights if it keeps them, else the average, else the last. */
export const finalWeights = (run: Run): Weights => run.state.best?.weights ?? averagedWeights(run);

/** The average if there is one, else the weights. */
export const averagedWeights = ({ session, state }: Run): Weights =>
  session.readWeights(state.isAveraging);
