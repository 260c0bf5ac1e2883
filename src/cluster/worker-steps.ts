/**
 * The steps of a run at a worker. Handlers only note what arrives: weights are put together beside the memory that jobs read, and
 * only the newest step counts, so a worker that fell behind does not compute what nobody waits for. Computing comes in a
 * later turn, a range at a time. Its sums are sent from where they are, as far as the coordinator takes them; the next range waits for that, or
 * a newer step comes and they are dropped.
 *
 * Memory beside the run's own: one step's places and weights.
 */
import { pause } from '#platform/system';
import { LanewiseError } from '../base/errors.js';
import { STEP_FIGURES } from '../feed/layout.js';
import type { ShardRange } from '../step/jobs.js';
import {
  PACED,
  RECEIVED_EVERY,
  type PartPiece,
  type Received,
  type Redo,
  type StepPiece,
} from './cluster-messages.js';
import { addPiece, beginAssembly, cutPieces, windowOf, type Assembly } from './message-pieces.js';
import { computeTwice, stepBytes, writeStep, type Computed, type LoadedRun } from './worker-run.js';

export interface StepsRequest {
  readonly loaded: LoadedRun;
  readonly epoch: number;
  /** This worker's name in assignments, `user.id`. */
  readonly name: string;
  /** Bytes of the largest piece. */
  readonly pieceSize: number;
  /** Says something to the coordinator. */
  readonly tell: (message: PartPiece | Received, bytes?: readonly Uint8Array[]) => void;
  /** A range of a step, counted from 0, has been computed. */
  readonly onComputed: (step: number, samples: number, ms: number) => void;
  /** The worker cannot go on with this run. */
  readonly onFailed: (error: LanewiseError) => void;
}

/** What a worker does with the messages of steps. */
export interface WorkerSteps {
  /** @throws LanewiseError kind 'data' for a piece that is none of the run's steps. */
  hearPiece(message: StepPiece, bytes: Uint8Array): void;
  hearRedo(message: Redo): void;
  hearCredit(pieces: number): void;
  /** Nothing more is computed or sent. Resolves when no job is running. */
  stop(): Promise<void>;
}

/** A sending of a step. */
interface Step {
  readonly serial: number;
  readonly step: number;
  readonly key: readonly [number, number];
  readonly size: number;
  /** Ranges to compute. */
  readonly ranges: ShardRange[];
  readonly assembly: Assembly;
}

interface State {
  /** The step whose pieces are arriving, the one that has arrived, and the one in the run's memory. */
  arriving: Step | undefined;
  arrived: Step | undefined;
  loaded: Step | undefined;
  /** The largest serial that has been heard of. */
  newest: number;
  /** Pieces that may be sent now, those that may be under way, and bytes of each. */
  credit: number;
  window: number;
  pieceSize: number;
  busy: Promise<void> | undefined;
  isOver: boolean;
  /** Wakes a sender that waits for credit. */
  wake: () => void;
  /** Where steps are put together. */
  readonly buffer: Uint8Array<ArrayBuffer>;
}

interface Desk {
  readonly request: StepsRequest;
  readonly state: State;
}

/** Takes the steps of a run, until it is stopped. */
export function createWorkerSteps(request: StepsRequest): WorkerSteps {
  const { loaded } = request;
  const state: State = {
    arriving: undefined,
    arrived: undefined,
    loaded: undefined,
    newest: -1,
    credit: 0,
    window: 0,
    pieceSize: request.pieceSize,
    busy: undefined,
    isOver: false,
    wake: () => {},
    buffer: new Uint8Array(stepBytes(loaded, loaded.plan.batch)),
  };
  const desk = { request, state };
  return {
    hearPiece: (message, piece) => hearPiece(desk, message, piece),
    hearRedo({ serial, range }) {
      const step = newestOf(state);
      if (step?.serial !== serial || !isRange(desk, step.size, range)) return;
      // Each shard is asked for once; without end they would fill memory.
      if (step.ranges.length >= loaded.plan.shards) return;
      step.ranges.push(range);
      work(desk);
    },
    hearCredit(pieces) {
      state.credit = Math.min(state.window, state.credit + pieces);
      state.wake();
    },
    async stop() {
      state.isOver = true;
      state.wake();
      await state.busy;
    },
  };
}

/** The newest sending, as far as it is here. */
const newestOf = ({ arriving, arrived, loaded, newest }: State): Step | undefined =>
  [arriving, arrived, loaded].find((one) => one?.serial === newest);

/** Whether these are shards of a minibatch of `size`. */
function isRange({ request }: Desk, size: number, [first, end]: ShardRange): boolean {
  const count = request.loaded.plan.steps[size]!.schedule.shards.length;
  return first >= 0 && first < end && end <= count;
}

function hearPiece(desk: Desk, message: StepPiece, bytes: Uint8Array): void {
  const { request, state } = desk;
  const { serial, piece, pieces } = message;
  if (state.isOver || serial < state.newest) return;
  if (serial > state.newest) {
    state.newest = serial;
    // How much may be sent is in the first piece.
    state.credit = 0;
    state.arriving = undefined;
    state.arrived = undefined;
    state.wake();
  }
  if (piece === 0 && !newestOf(state)) state.arriving = beginStep(desk, message, bytes);
  const { arriving } = state;
  // A worker that came in the middle of a sending takes part from the next one on.
  if (arriving?.serial === serial) {
    if (addPiece('the coordinator', arriving.assembly, message, bytes)) {
      state.arriving = undefined;
      state.arrived = arriving;
      work(desk);
    }
  }
  if (message.bytes > PACED && ((piece + 1) % RECEIVED_EVERY === 0 || piece === pieces - 1))
    request.tell({ kind: 'received', epoch: request.epoch, serial, piece });
}

/** @throws LanewiseError kind 'data' for a step that the plan does not have. */
function beginStep({ request, state }: Desk, message: StepPiece, bytes: Uint8Array): Step {
  const { plan } = request.loaded;
  const { serial, step, key, size, assignment, room } = message as Required<StepPiece>;
  if (!plan.steps[size]) {
    throw new LanewiseError(
      'data',
      `a step has ${size} samples, expected ${Object.keys(plan.steps).join(' or ')}`,
    );
  }
  const [first, end] = (Object.hasOwn(assignment, request.name) && assignment[request.name]) || [
    0, 0,
  ];
  const ranges: ShardRange[] = first < end ? [[first, end]] : [];
  if (ranges[0] && !isRange({ request, state }, size, ranges[0])) {
    throw new LanewiseError(
      'data',
      `a step of ${size} samples asks for shards ${first} to ${end}, and has ${plan.steps[size].schedule.shards.length}`,
    );
  }
  const expected = stepBytes(request.loaded, size);
  const memory = state.buffer.subarray(0, expected);
  const assembly = beginAssembly('the coordinator', message, bytes, expected, memory);
  const { window, size: pieceSize } = windowOf(room, request.pieceSize);
  Object.assign(state, { window, pieceSize, credit: window });
  return { serial, step, key, size, ranges, assembly };
}

/** Begins to work, unless that is under way. */
function work(desk: Desk): void {
  const { state, request } = desk;
  state.busy ??= pause()
    .then(() => computeAll(desk))
    .catch((error: unknown) => {
      if (state.isOver) return;
      if (!(error instanceof LanewiseError)) throw error;
      request.onFailed(error);
    })
    .finally(() => {
      state.busy = undefined;
      if (!state.isOver && nextRange(state)) work(desk);
    });
}

const nextRange = ({ arrived, loaded }: State): ShardRange | undefined =>
  arrived ? arrived.ranges[0] : loaded?.ranges[0];

async function computeAll(desk: Desk): Promise<void> {
  const { state, request } = desk;
  while (!state.isOver) {
    if (state.arrived && state.arrived.ranges.length > 0) {
      state.loaded = state.arrived;
      state.arrived = undefined;
      writeStep(request.loaded, state.loaded.assembly.whole, state.loaded.size);
    }
    const step = state.loaded;
    const range = step?.serial === state.newest ? step.ranges.shift() : undefined;
    if (!step || !range) return;
    const { serial, step: number, key, size } = step;
    const computed = await computeTwice(request.loaded, { size, range, step: number, key });
    if (state.isOver) return;
    const shards = request.loaded.plan.steps[size]!.schedule.shards.slice(...range);
    const samples = shards.reduce((sum, { count }) => sum + count, 0);
    request.onComputed(number, samples, computed.ms);
    await sendParts(desk, serial, range, computed);
  }
}

/** Pieces sent in a turn, after which beats and messages get theirs. */
const TURN_PIECES = 8;

/** Sends the sums of a range as the coordinator takes them, unless a newer step comes. */
async function sendParts(
  { state, request }: Desk,
  serial: number,
  [first, end]: ShardRange,
  { nodes, ms }: Computed,
): Promise<void> {
  const { loaded, epoch, tell } = request;
  const isWanted = () => !state.isOver && serial === state.newest;
  let sent = 0;
  for (const { node, sum } of nodes) {
    const parts = [figuresOf(loaded, node), bytesOf(sum)];
    for (const { piece, bytes } of cutPieces(parts, state.pieceSize)) {
      while (isWanted() && state.credit === 0)
        await new Promise<void>((resolve) => (state.wake = resolve));
      if (!isWanted()) return;
      state.credit--;
      tell({ kind: 'part', epoch, serial, ...piece, node, ms, shards: end - first }, bytes);
      if (++sent % TURN_PIECES === 0) await pause();
    }
  }
}

/** The figures of a node's shards. */
const figuresOf = ({ run }: LoadedRun, [first, end]: ShardRange): Uint8Array =>
  bytesOf(run.viewOf('metrics', first * STEP_FIGURES * 4, (end - first) * STEP_FIGURES));

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
