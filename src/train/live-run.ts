/** A run in progress: its session, its state, and the state that it can return to. */
import type { Model } from '../layers/index.js';
import type { MachineFigures, Machines } from '../crew/machines.js';
import { createSession, type Session, type Snapshot, type Weights } from '../crew/session.js';
import type { Checkpoint, CheckpointSettings } from './checkpoint.js';
import type { ReceiptKeeper } from './receipt.js';
import type { Resumed } from './resume.js';
import { initialState, runSize, type RunSize, type RunState } from './run-state.js';
import type { ResolvedSettings } from './settings.js';
import { describeData } from '../trained/data-description.js';

export interface RunOptions {
  /** Stops the run after the current chunk, with a checkpoint if it takes any. */
  readonly signal?: AbortSignal;
  /** Steps between two events, at most; default as many as take 150 ms. With 1, each step is reported on its own. */
  readonly stepsPerEvent?: number;
  readonly checkpoints?: CheckpointSettings;
  /** Other machines that share the steps. */
  readonly machines?: Machines;
  /** Who records each step, if anybody does. */
  readonly receipt?: ReceiptKeeper;
  /** The newest checkpoint before a step, to go back to if a machine is caught; undefined if there is none. */
  readonly earlier?: (step: number) => Promise<Resumed | undefined>;
}

/** Share of the time that state snapshots may take; a failed worker's step is redone from them. */
const SNAPSHOT_SHARE = 0.01;
/**
 * Bytes of weights and state up to which a run keeps a snapshot. With more, a failed worker's step is redone from the
 * weights themselves, which are whole unless it failed while it wrote them.
 */
const SNAPSHOT_BYTES = 2 ** 28;

export interface Run {
  readonly model: Model;
  readonly settings: ResolvedSettings;
  readonly size: RunSize;
  readonly session: Session;
  readonly options: RunOptions;
  state: RunState;
  /** What a resume reports: what is repeated, and what starts over. */
  readonly warnings: readonly string[];
  /** The epoch whose order the workers hold, if any. */
  orderOf: number | undefined;
  /** Steps of the next chunk, at most. */
  chunkSteps: number;
  /** A state to return to, when it was taken, and how long that took (ms); absent for a large net. */
  saved: { state: RunState; snapshot: Snapshot; at: number; ms: number } | undefined;
  /** Steps reported so far; those redone after a failure are not reported twice. */
  told: number;
  /** The step at which a worker last failed. */
  failedAt: number | undefined;
  /** The last figures of machines that share the steps, and how long their wire took in this much of the epoch (ms). */
  shared: { figures: MachineFigures; wireMs: number; ms: number } | undefined;
  /** The last checkpoint may hold wrong parts of a machine that was caught: the next is taken at once. */
  savesAnew: boolean;
  /** The current weights are not worth keeping: the loss is not finite, or a worker failed while it wrote them. */
  isSpoiled: boolean;
}

/** Plans and allocates the run, and draws its weights or takes a checkpoint's. */
export async function openRun(
  model: Model,
  settings: ResolvedSettings,
  options: RunOptions,
  resumed: Resumed | undefined,
): Promise<Run> {
  const { data, validation, seed } = settings;
  const { receipt } = options;
  const session = await createSession({
    ...settings,
    model,
    datasets: validation ? [data, validation] : [data],
    training: receipt ? { ...settings, digests: receipt.digests } : settings,
    ...(options.machines ? { machines: options.machines } : {}),
  });
  const size = runSize(settings);
  let state = initialState;
  let warnings: readonly string[] = [];
  try {
    session.initialize(seed);
    if (settings.weights)
      session.writeWeights(new Map([...session.viewWeights(), ...settings.weights]));
    if (resumed) ({ state, warnings } = resumed.takeUp(resumed, session, settings, size));
    await receipt?.begin(session, state.step);
    session.shared?.begin();
  } catch (error) {
    // Its threads would keep the process alive.
    await session.close();
    throw error;
  }
  // A thread that dies of it is replaced, and what it has not touched is touched later.
  await session.touch().catch(() => {});
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
    saved: keepsSnapshot(session)
      ? { state, snapshot: session.snapshot(), at: performance.now(), ms: 0 }
      : undefined,
    told: state.step,
    failedAt: undefined,
    shared: undefined,
    savesAnew: false,
    isSpoiled: false,
  };
}

/** Whether the average, if any, gets something to average: the last step counts in every average that has begun. */
const beginsIn = (
  { steps, stepsPerEpoch }: RunSize,
  { average }: ResolvedSettings,
  { shift, averaged }: RunState,
): boolean =>
  !average ||
  averaged > 0 ||
  average.share(steps - 1, stepsPerEpoch, steps, { updates: steps - 1 + shift, averaged }) > 0;

const keepsSnapshot = ({ plan: { parameters, update } }: Session): boolean =>
  parameters.bytes + (update?.stateBytes ?? 0) <= SNAPSHOT_BYTES;

/** Whether a snapshot is due; they take a bounded share of the time, however large the model is. */
export const isSnapshotDue = ({ saved }: Run): boolean =>
  saved !== undefined && performance.now() - saved.at > saved.ms / SNAPSHOT_SHARE;

/** Whether the parts of other machines in the weights have been checked, as far as they are; else the run may go back behind. */
export const isProven = ({ session: { shared } }: Run): boolean => shared?.isProven() ?? true;

export function takeSnapshot(run: Run): void {
  if (!run.saved) return;
  const started = performance.now();
  const snapshot = run.session.snapshot(run.saved.snapshot);
  const at = performance.now();
  run.saved = { state: run.state, snapshot, at, ms: at - started };
}

/**
 * Returns to the last snapshot. A run without one is where its last complete chunk ended, if no worker was writing weights
 * when it failed; false if one was.
 */
export function rollBack(run: Run): boolean {
  run.orderOf = undefined;
  if (!run.saved) {
    run.isSpoiled ||= run.session.isWriting();
    return !run.isSpoiled;
  }
  run.session.restore(run.saved.snapshot);
  run.state = run.saved.state;
  return true;
}

/** The run's current state, as a checkpoint holds it: its arrays are views, which stay what they are until the next step. */
export function capture({
  model,
  session,
  settings,
  state,
  size,
}: Run): Omit<Checkpoint, 'description' | 'log'> {
  const { terms, numerics, data } = settings;
  const weights = session.viewWeights();
  const arrays = session.viewState();
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

/** The trained weights: the best if the run keeps them, else the average, else the last. */
export const finalWeights = (run: Run): Weights => run.state.best?.weights ?? averagedWeights(run);

/** The average if there is one, else the weights. */
export const averagedWeights = ({ session, state }: Run): Weights =>
  session.readWeights(state.isAveraging);
