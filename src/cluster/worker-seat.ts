/**
 * A worker's seat in a run: from its coordinator's call until that says goodbye, or has been silent for a second and another
 * calls. A coordinator that is silent for longer and comes back, or takes its run up again with a new epoch, finds what
 * was loaded. Handlers only note; loading and computing come later. Time is counted in ticks of the worker's own, so that one
 * that was busy blames nobody for silence.
 */
import { LanewiseError } from '../base/errors.js';
import type { Numerics } from '../engine/features.js';
import type {
  Beat,
  Build,
  Call,
  FromWorker,
  Hello,
  Leave,
  Ready,
  Refusal,
  Welcome,
} from './cluster-messages.js';
import { encode } from './encode.js';
import { pieceSize } from './message-pieces.js';
import { fromCoordinator } from './read-message.js';
import { differenceOf } from './same-build.js';
import { runSubject, upSubject } from './subjects.js';
import type { Transport } from './transport.js';
import type { WorkerEvent } from './worker-events.js';
import {
  openRun,
  readPlan,
  unloadRun,
  writeContents,
  type LoadedRun,
  type LoadRequest,
} from './worker-run.js';
import { createWorkerSteps, type WorkerSteps } from './worker-steps.js';

/** Milliseconds of a tick, on each of which a worker says that it lives. */
export const TICK = 250;
/** Ticks without a word of its coordinator after which a seat may be left for another run: 1 s. */
const SILENT = 4;
/** Ticks after which its person is told. */
const TOLD = 20;
/** Ticks after which a coordinator may have forgotten its worker, which asks again. */
const FORGOTTEN = 40;
/** Ticks without any coordinator after which what is loaded is given back: ten minutes. */
const KEPT = 2400;
/** Ticks between two askings for a seat. */
const ASKING = 8;
/** Ticks for which a run is not asked again: when it has ended, and when it or this worker has refused. */
const ENDED = 2;
const DECLINED = 120;
/** Most refusals that are remembered. */
const MOST = 1000;
/** Milliseconds for a job to end before its threads are. */
const GRACE = 5000;

export interface SeatRequest {
  readonly transport: Transport;
  readonly user: string;
  readonly id: string;
  readonly threads: number;
  readonly engine: string;
  readonly builds: Readonly<Record<Numerics, Build>>;
  /** Whether the engine's multiply-add rounds once. */
  readonly canFuse: boolean;
  readonly load: LoadRequest;
  readonly onEvent: (event: WorkerEvent) => void;
}

/** A worker between its first call and its end. */
export interface Seats {
  /** A message to all workers or to this one. */
  hear(body: Uint8Array): void;
  tick(): void;
  /** The link is there again: messages may have been lost. */
  restored(): void;
  /** Ticks since any coordinator was heard. */
  idle(): number;
  /** Whether a run's memory is held. */
  isLoaded(): boolean;
  /** Says goodbye; nothing is heard any more. */
  leave(reason: string): void;
  /** Ends the threads, and gives the memory back. */
  close(): Promise<void>;
}

interface Seat {
  readonly run: string;
  readonly epoch: number;
  readonly numerics: Numerics;
  phase: 'asking' | 'loading' | 'ready';
  /** Ticks since it asked, and since its coordinator was heard. */
  asked: number;
  silent: number;
  steps: WorkerSteps | undefined;
  readonly unsubscribe: () => void;
}

interface Desk {
  readonly request: SeatRequest;
  seat: Seat | undefined;
  /** What is loaded, which may be of a run that is over. */
  kept: LoadedRun | undefined;
  /** The steps that are computed with it. */
  steps: WorkerSteps | undefined;
  /** Loadings, one after another, and the welcome that waits for the one at hand. */
  loading: Promise<void>;
  next: { readonly seat: Seat; readonly welcome: Welcome } | undefined;
  idle: number;
  /** Runs that are not asked, with the epoch and the ticks that are left. */
  readonly declined: Map<string, { readonly epoch: number; ticks: number }>;
  /** Reasons that have been told. */
  readonly told: Set<string>;
  isOver: boolean;
}

/** Waits for calls. */
export function createSeats(request: SeatRequest): Seats {
  const desk: Desk = {
    request,
    seat: undefined,
    kept: undefined,
    steps: undefined,
    loading: Promise.resolve(),
    next: undefined,
    idle: 0,
    declined: new Map(),
    told: new Set(),
    isOver: false,
  };
  return {
    hear: (body) => hear(desk, body),
    tick: () => tick(desk),
    restored() {
      if (desk.seat) ask(desk, desk.seat);
    },
    idle: () => desk.idle,
    isLoaded: () => desk.kept !== undefined,
    leave(reason) {
      desk.isOver = true;
      const { seat } = desk;
      if (!seat) return;
      say(desk, seat, { kind: 'leave', epoch: seat.epoch, reason } satisfies Leave);
      endSeat(desk, seat);
    },
    async close() {
      await desk.loading;
      await giveBack(desk);
    },
  };
}

/** Says something to a seat's coordinator; what cannot be sent is lost, as on a link that is cut. */
function say(
  { request }: Desk,
  { run }: Pick<Seat, 'run'>,
  message: FromWorker,
  bytes: readonly Uint8Array[] = [],
): void {
  const { transport, user, id } = request;
  try {
    transport.publish(upSubject(run, user, id), encode(message, ...bytes));
  } catch {
    // It is said again when the link is there again, or is of no use then.
  }
}

function hear(desk: Desk, body: Uint8Array): void {
  if (desk.isOver) return;
  const read = readOrIgnore(desk, body);
  if (!read) return;
  const { message, bytes } = read;
  desk.idle = 0;
  if (message.kind === 'call') return hearCall(desk, message);
  const { seat } = desk;
  if (!seat || message.epoch !== seat.epoch) return;
  heard(desk, seat);
  if (message.kind === 'welcome') hearWelcome(desk, seat, message);
  else if (message.kind === 'refused') refused(desk, seat, 'coordinator', message);
  else if (message.kind === 'leave') left(desk, seat, message.reason, ENDED);
  else if (message.kind === 'redo') seat.steps?.hearRedo(message);
  else if (message.kind === 'credit') seat.steps?.hearCredit(message.pieces);
  else {
    try {
      seat.steps?.hearPiece(message, bytes);
    } catch (error) {
      if (!(error instanceof LanewiseError)) throw error;
      failed(desk, seat, error);
    }
  }
}

/** A message of a coordinator; what is none is told once. */
function readOrIgnore(
  desk: Desk,
  body: Uint8Array,
): ReturnType<typeof fromCoordinator> | undefined {
  try {
    return fromCoordinator(body);
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    const { message: reason } = error;
    if (desk.told.size < MOST && !desk.told.has(reason)) {
      desk.told.add(reason);
      desk.request.onEvent({ kind: 'ignored', reason });
    }
    return undefined;
  }
}

function hearCall(desk: Desk, call: Call): void {
  const { request, seat } = desk;
  if (seat?.run === call.run && call.epoch <= seat.epoch) {
    if (call.epoch < seat.epoch) return;
    const wasForgotten = seat.silent >= FORGOTTEN;
    heard(desk, seat);
    if (wasForgotten || (seat.phase === 'asking' && seat.asked >= ASKING)) ask(desk, seat);
    return;
  }
  if (seat && seat.run !== call.run && seat.silent < SILENT) return;
  if (desk.declined.get(call.run)?.epoch === call.epoch) return;
  const difference = differenceOf(call, request.builds[call.numerics], request.canFuse);
  if (difference) {
    refused(desk, call, 'worker', difference);
    return;
  }
  if (seat) endSeat(desk, seat);
  takeSeat(desk, call);
}

function takeSeat(desk: Desk, { run, epoch, numerics }: Call): void {
  const seat: Seat = {
    run,
    epoch,
    numerics,
    phase: 'asking',
    asked: 0,
    silent: 0,
    steps: undefined,
    unsubscribe: desk.request.transport.subscribe(runSubject(run), ({ body }) => hear(desk, body)),
  };
  desk.seat = seat;
  ask(desk, seat);
}

function ask(desk: Desk, seat: Seat): void {
  const { builds, threads, engine } = desk.request;
  seat.asked = 0;
  seat.phase = 'asking';
  say(desk, seat, { kind: 'hello', ...builds[seat.numerics], threads, engine } satisfies Hello);
}

/** The seat's coordinator is there. */
function heard(desk: Desk, seat: Seat): void {
  const wasTold = seat.silent >= TOLD;
  seat.silent = 0;
  if (wasTold) desk.request.onEvent({ kind: 'heard', run: seat.run });
}

function tick(desk: Desk): void {
  const { seat, declined, request } = desk;
  desk.idle++;
  for (const [run, one] of declined) {
    one.ticks -= 1;
    if (one.ticks <= 0) declined.delete(run);
  }
  if (desk.idle === KEPT) {
    if (seat) endSeat(desk, seat);
    desk.loading = desk.loading.then(() => (desk.seat ? undefined : giveBack(desk)));
    return;
  }
  if (!seat) return;
  seat.silent++;
  seat.asked++;
  if (seat.silent === TOLD) request.onEvent({ kind: 'silent', run: seat.run });
  if (seat.phase !== 'asking') say(desk, seat, { kind: 'beat', epoch: seat.epoch } satisfies Beat);
}

/** Loads what the coordinator names, after what is being loaded; of several that wait only the newest counts. */
function hearWelcome(desk: Desk, seat: Seat, welcome: Welcome): void {
  seat.phase = 'loading';
  const isWaiting = desk.next !== undefined;
  desk.next = { seat, welcome };
  if (!isWaiting) desk.loading = desk.loading.then(() => takeNext(desk));
}

async function takeNext(desk: Desk): Promise<void> {
  const { seat, welcome } = desk.next!;
  desk.next = undefined;
  try {
    await takeUp(desk, seat, welcome);
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    if (desk.seat !== seat || desk.isOver) return;
    // With the link cut, it asks again when that is there.
    if (error.kind === 'network') seat.phase = 'asking';
    else refused(desk, seat, 'worker', { reason: error.message, hint: error.hint });
  }
}

async function takeUp(desk: Desk, seat: Seat, welcome: Welcome): Promise<void> {
  const { request } = desk;
  const { plan: ref, contents } = welcome;
  const isWanted = () => desk.seat === seat && seat.phase === 'loading' && !desk.isOver;
  await endSteps(desk);
  if (!isWanted()) return;
  if (desk.kept?.hash !== ref.sha256) {
    const plan = await readPlan(ref, request.load);
    if (plan.numerics !== seat.numerics) {
      throw new LanewiseError(
        'data',
        `the plan's numerics are '${plan.numerics}', the run's '${seat.numerics}'`,
      );
    }
    await release(desk);
    desk.kept = await openRun(ref.sha256, plan);
  }
  await writeContents(desk.kept, contents, request.load);
  if (!isWanted()) return;
  seat.steps = desk.steps = stepsOf(desk, seat, desk.kept);
  seat.phase = 'ready';
  say(desk, seat, { kind: 'ready', epoch: seat.epoch, plan: ref.sha256 } satisfies Ready);
  request.onEvent({ kind: 'joined', run: seat.run, memory: desk.kept.plan.memory.bytes });
}

function stepsOf(desk: Desk, seat: Seat, loaded: LoadedRun): WorkerSteps {
  const { transport, user, id, onEvent } = desk.request;
  const { run, epoch } = seat;
  return createWorkerSteps({
    loaded,
    epoch,
    name: `${user}.${id}`,
    pieceSize: pieceSize(transport.maxBody),
    tell: (message, bytes) => say(desk, seat, message, bytes),
    onComputed: (step, samples, ms) => onEvent({ kind: 'computed', run, step, samples, ms }),
    onFailed: (error) => failed(desk, seat, error),
  });
}

/** Ends the job at hand; if that takes too long, with its threads. */
async function endSteps(desk: Desk): Promise<void> {
  const { steps } = desk;
  if (!steps) return;
  desk.steps = undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, GRACE, true)));
  const isLate = await Promise.race([steps.stop().then(() => false), late]);
  clearTimeout(timer);
  if (isLate) await release(desk);
}

/** Ends what is computed, and gives back what is loaded. */
async function giveBack(desk: Desk): Promise<void> {
  await endSteps(desk);
  await release(desk);
}

/** Gives back what is loaded. */
async function release(desk: Desk): Promise<void> {
  const { kept } = desk;
  desk.kept = undefined;
  if (kept) await unloadRun(kept);
}

function endSeat(desk: Desk, seat: Seat): void {
  desk.seat = undefined;
  seat.unsubscribe();
  void seat.steps?.stop();
}

/** The run is not asked for some time. */
function decline({ declined }: Desk, { run, epoch }: Pick<Seat, 'run' | 'epoch'>, ticks: number) {
  if (declined.size >= MOST) declined.clear();
  declined.set(run, { epoch, ticks });
}

/** The seat's coordinator has said goodbye. */
function left(desk: Desk, seat: Seat, reason: string, ticks: number): void {
  endSeat(desk, seat);
  decline(desk, seat, ticks);
  desk.request.onEvent({ kind: 'left', run: seat.run, reason });
}

/** One of the two does not want the other in this run. */
function refused(
  desk: Desk,
  of: Pick<Seat, 'run' | 'epoch'>,
  by: 'worker' | 'coordinator',
  { reason, hint }: Pick<Refusal, 'reason' | 'hint'>,
): void {
  const { run, epoch } = of;
  const why = { reason, ...(hint === undefined ? {} : { hint }) };
  if (by === 'worker') say(desk, of, { kind: 'refused', epoch, ...why } satisfies Refusal);
  if (desk.seat?.run === run) endSeat(desk, desk.seat);
  decline(desk, of, DECLINED);
  const told = `${run} ${reason}`;
  if (desk.told.has(told)) return;
  if (desk.told.size >= MOST) desk.told.clear();
  desk.told.add(told);
  desk.request.onEvent({ kind: 'refused', run, by, ...why });
}

/** The worker cannot go on with the seat's run. */
function failed(desk: Desk, seat: Seat, error: LanewiseError): void {
  if (desk.seat !== seat) return;
  const { message: reason } = error;
  say(desk, seat, { kind: 'leave', epoch: seat.epoch, reason } satisfies Leave);
  left(desk, seat, reason, DECLINED);
}
