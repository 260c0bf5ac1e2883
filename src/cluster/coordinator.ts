/**
 * The coordinator of a run: a pool that hands the steps of training jobs out to machines, one of which it is. It calls, takes in who
 * answers, and takes each step with those that are ready; without any it trains as if there were no cluster.
 *
 * Memory beside the run's own: a buffer for each machine that is sending a part, one for each sum that waits for its sibling in the tree (at
 * most as many as parts of a step), 24 MB of a broadcast under way, and in all 24 MB of parts under way.
 */
import { LanewiseError } from '../base/errors.js';
import type { MachineNews, SharedPool, ShareRequest, StepParts } from '../crew/machines.js';
import { MachineCaught } from '../crew/worker-pool.js';
import type { TrainJob } from '../step/jobs.js';
import { CONTROL } from '../step/meeting.js';
import { isNode } from '../step/shards.js';
import type {
  Build,
  Call,
  Credit,
  FromWorker,
  Leave,
  PartPiece,
  Redo,
  Refusal,
  Welcome,
} from './cluster-messages.js';
import type { Checks, Found } from './checks.js';
import { createCollector } from './collect-parts.js';
import { createDeadline } from './debts.js';
import { encode } from './encode.js';
import { createMembers, PATIENCE, userOf, type Closed, type Member } from './members.js';
import { createPace, type Pace, type Way } from './pace.js';
import { pieceSize } from './message-pieces.js';
import { fromWorker } from './read-message.js';
import {
  completeStep,
  isWanted,
  lookAfter,
  openStep,
  OWN,
  sendAgain,
  shardsOf,
  takePart,
  withoutMachine,
  type Crew,
  type SharedStep,
  type StepAt,
} from './shared-step.js';
import { CALLS, runSubject, speakerOf, upPattern, workerSubject } from './subjects.js';
import { createTally } from './tally.js';
import type { Delivery, Transport } from './transport.js';
import { createGreeter, type Greeter } from './welcome.js';

/** Milliseconds of a tick, and ticks between two calls. */
const TICK = 50;
const CALL_TICKS = 5;

/** News of machines at a time, at most. */
const MOST_NEWS = 4096;

/** What a coordinator needs of the run and its cluster. */
export interface CoordinatorRequest extends ShareRequest {
  readonly transport: Transport;
  /** The run's name, a word, and the epoch in which this coordinator has it. */
  readonly name: string;
  readonly epoch: number;
  readonly build: Build;
  /** Milliseconds after which what a machine owes is computed by others; default by measured times. */
  readonly deadlineMs?: number;
  readonly checks: Checks;
  readonly isChecking: boolean;
  /** Whether the hash of each part is needed, and what is done with them. */
  readonly isHashing: boolean;
  /** Whether steps are shared even if this machine alone is faster. */
  readonly isAlwaysShared: boolean;
  readonly onStep?: (parts: StepParts) => void;
}

export interface Coordinator {
  readonly pool: SharedPool;
  /** Resolves when so many machines are ready. */
  ready(machines: number): Promise<void>;
  /** Nothing can go on: the job at hand and all that follow reject. */
  fail(error: LanewiseError): void;
}

/** What changes while a coordinator works. */
interface State {
  step: SharedStep | undefined;
  /** The number of the step at hand, counted from 1; 0 before the first. */
  number: number;
  ticks: number;
  news: MachineNews[];
  /** How much more may be news now. */
  newsLeft: number;
  error: LanewiseError | undefined;
  /** The last step of the next job is checked whole. */
  isProving: boolean;
  isOver: boolean;
  /** Whether the server cannot be reached. */
  isCut: boolean;
  /** Who waits for machines. */
  waiting: { readonly machines: number; readonly resolve: () => void }[];
}

interface Desk {
  readonly request: CoordinatorRequest;
  readonly pace: Pace;
  readonly crew: Crew;
  readonly greeter: Greeter;
  readonly state: State;
}

/** Calls nobody before the pool's `begin`; its jobs may be given at once. */
export function createCoordinator(request: CoordinatorRequest): Coordinator {
  const desk = createDesk(request);
  const { state } = desk;
  const { transport, name } = request;
  let end = (): void => {};
  return {
    pool: {
      begin: () => void (end = beginToCall(desk)),
      run: (job) => (job.kind === 'train' ? trainSteps(desk, job) : request.own.run(job)),
      news: () => takeNews(desk),
      figures: () => figuresOf(desk),
      prove: () => void (state.isProving = true),
      isProven: () => request.checks.isProven(),
      async close() {
        if (state.isOver) return;
        state.isOver = true;
        end();
        const leave: Leave = { kind: 'leave', epoch: request.epoch, reason: 'the run has ended' };
        publish(desk, runSubject(name), encode(leave));
        await transport.flush().catch(() => {});
      },
    },
    ready: (machines) =>
      new Promise((resolve) => {
        state.waiting.push({ machines, resolve });
        wakeWaiting(desk);
      }),
    fail(error) {
      state.error = error;
      if (!state.step) return;
      state.step.error = error;
      state.step.stir();
    },
  };
}

/** Calls, and listens to who answers, until the returned function is called. */
function beginToCall(desk: Desk): () => void {
  const { state, crew, request } = desk;
  const { transport, name } = request;
  const end = transport.subscribe(upPattern(name), (delivery) => hear(desk, delivery));
  const ticker = setInterval(() => tick(desk), TICK);
  call(desk);
  transport.onLink((link) => {
    state.isCut = link === 'cut';
    if (link === 'restored' && state.step && !state.isOver) sendAgain(crew, state.step);
  });
  return () => {
    clearInterval(ticker);
    end();
  };
}

function createDesk(request: CoordinatorRequest): Desk {
  const { run, own, datasets, transport, epoch, name, build } = request;
  const { plan } = run;
  const size = pieceSize(transport.maxBody);
  const state: State = {
    step: undefined,
    number: 0,
    ticks: 0,
    news: [],
    newsLeft: MOST_NEWS,
    error: undefined,
    isProving: false,
    isOver: false,
    isCut: false,
    waiting: [],
  };
  const members = createMembers(build, epoch, unshared(request));
  const crew: Crew = {
    run,
    own,
    epoch,
    members,
    collector: createCollector(plan.parameters.gradientBytes, plan.shards),
    deadline: createDeadline(request.deadlineMs),
    tally: createTally(),
    checks: request.checks,
    isChecking: request.isChecking,
    isHashing: request.isHashing,
    pieceSize: size,
    tellAll: (body) => publish(desk, runSubject(name), body),
    tell: (member, message) => tell(desk, member, message),
    clock: () => state.ticks * TICK,
    onStep: request.onStep,
    caught: (found, step, what) => shutOut(desk, found, step, what),
    redone(key, step, reason) {
      const machine = members.nameOf(key);
      addNews(state, { machine, change: 'redone', step: step + 1, reason });
    },
    serial: 0,
    checkMs: 0,
    window: 1,
    speed: undefined,
    idle: 0,
    patience: PATIENCE,
  };
  const greeter = createGreeter(run, datasets[0]!, transport.blobs, epoch);
  const pace = createPace(request.isAlwaysShared);
  const desk: Desk = { request, pace, crew, greeter, state };
  return desk;
}

/** Why no machine can take part in a run whose minibatches are one shard. */
function unshared({ run }: CoordinatorRequest): Closed | undefined {
  const most = Math.max(
    ...Object.values(run.plan.steps).map(({ schedule }) => schedule.shards.length),
  );
  if (most > 1) return undefined;
  return {
    reason: `a minibatch of ${run.plan.batch} is one shard, which cannot be shared`,
    hint: 'raise batch, or say in how many shards it is cut',
  };
}

/** Publishes; what cannot be sent is lost, as on a link that is cut. */
function publish({ request, crew }: Desk, subject: string, body: Uint8Array): void {
  try {
    request.transport.publish(subject, body);
    crew.tally.sent += body.length;
  } catch {
    // Its machines are silent from now on.
  }
}

const tell = (
  desk: Desk,
  { user, id }: Pick<Member, 'user' | 'id'>,
  message: Redo | Credit | Refusal | Welcome,
): void => publish(desk, workerSubject(user, id), encode(message));

function call(desk: Desk): void {
  const { build, name: run, epoch } = desk.request;
  const message: Call = { kind: 'call', ...build, run, epoch };
  publish(desk, CALLS, encode(message));
}

/** Looks after everything that depends on time; a step without faults needs nothing of it. */
function tick(desk: Desk): void {
  const { state, crew, request } = desk;
  const { members } = crew;
  state.ticks++;
  state.newsLeft = Math.min(MOST_NEWS, state.newsLeft + TICK / 1000);
  if (state.ticks % CALL_TICKS === 0) call(desk);
  const why = state.isCut
    ? 'the server cannot be reached'
    : 'it has not been heard of for a second';
  for (const member of members.tick(why)) without(desk, member, why);
  takeChanges(desk);
  const { step } = state;
  if (!step) return;
  const owing = lookAfter(crew, step);
  for (const member of members.ready()) {
    if (!owing.includes(member.key)) continue;
    request.transport.probe(workerSubject(member.user, member.id), () => {
      if (state.isOver || member.phase === 'away') return;
      members.drop(member, 'its process is gone');
      takeChanges(desk);
      without(desk, member, 'its process is gone');
    });
  }
}

/** Shuts out the user of a machine whose part was wrong. */
function shutOut(desk: Desk, { machine, node, since }: Found, step: number, what: string) {
  const { members } = desk.crew;
  const shards = `shards ${node[0] + 1} to ${node[1]} of step ${step}`;
  const name = members.nameOf(machine);
  const reason = `its part of ${shards} is wrong: ${what}`;
  const out = members.shutOut(userOf(machine), reason);
  takeChanges(desk);
  for (const member of out) without(desk, member, reason);
  return new MachineCaught(name, step, since, reason);
}

/** A machine does not compute any more. */
function without({ state, crew }: Desk, { key }: Member, why: string): void {
  crew.checks.left(key);
  if (state.step) withoutMachine(crew, state.step, key, why);
}

/** Takes a message of a worker; nothing in it is trusted, and what is none of a worker's is left out. */
function hear(desk: Desk, { subject, body }: Delivery): void {
  const { crew, state, request } = desk;
  crew.tally.received += body.length;
  const speaker = speakerOf(subject);
  if (!speaker) return;
  const { user, id } = speaker;
  try {
    const { message, bytes } = fromWorker(body, `${user}.${id}`);
    if (message.kind === 'part') return hearPart(desk, user, id, message, bytes);
    if (message.kind === 'received') return hearReceived(desk, user, id, message);
    const answer = crew.members.hear(user, id, message);
    takeChanges(desk);
    if (answer?.kind === 'refused') tell(desk, { user, id }, answer);
    else if (answer) {
      without(desk, answer.member, 'it began anew');
      void greet(desk, answer.member);
    } else if (message.kind === 'leave') {
      if (state.step && message.epoch === request.epoch)
        withoutMachine(crew, state.step, `${user}.${id}`, message.reason);
    } else wakeWaiting(desk);
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    const answer = crew.members.refuse(user, id, error.message, error.hint);
    tell(desk, { user, id }, answer);
  }
}

function hearPart(desk: Desk, user: string, id: string, piece: PartPiece, bytes: Uint8Array): void {
  const { crew, state } = desk;
  const member = crew.members.heard(user, id);
  const { step } = state;
  if (!member || !step || piece.epoch !== crew.epoch || piece.serial !== crew.serial) return;
  if (!isNode(piece.node, step.count)) return;
  const pieces = crew.collector.credit(member.key, crew.window);
  if (pieces > 0) tell(desk, member, { kind: 'credit', epoch: crew.epoch, pieces });
  if (!isWanted(step, member.key, piece.node)) return;
  const part = crew.collector.add(member.key, piece, bytes);
  if (part) takePart(crew, step, member, part);
}

function hearReceived(
  { crew, state }: Desk,
  user: string,
  id: string,
  { epoch, serial, piece }: Extract<FromWorker, { kind: 'received' }>,
): void {
  const member = crew.members.heard(user, id);
  if (!member || epoch !== crew.epoch || serial !== crew.serial) return;
  state.step?.sending?.received(member.key, piece);
}

/** Tells a machine what to compute with; if that cannot be stored now, the machine asks again. */
async function greet(desk: Desk, member: Member): Promise<void> {
  try {
    const welcome = await desk.greeter.welcome(member.threads);
    if (desk.state.isOver || member.phase !== 'joining') return;
    member.plan = welcome.plan.sha256;
    tell(desk, member, welcome);
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    if (desk.state.isOver || error.kind === 'network') return;
    const { user, id } = member;
    tell(desk, member, desk.crew.members.refuse(user, id, error.message, error.hint));
  }
}

function wakeWaiting({ crew, state }: Desk): void {
  if (state.waiting.length === 0) return;
  const there = crew.members.ready().length;
  for (const { machines, resolve } of state.waiting) if (there >= machines) resolve();
  state.waiting = state.waiting.filter(({ machines }) => there < machines);
}

/** Takes the job's steps, shared as long as there is somebody to share them with. */
async function trainSteps(desk: Desk, job: TrainJob): Promise<void> {
  const { request, state } = desk;
  const { run, own } = request;
  const { batch, epochSamples } = run.plan;
  for (let i = 0; i < job.steps; i++) {
    if (state.error) throw state.error;
    const start = (job.first + i) * batch;
    const at: StepAt = {
      size: Math.min(batch, epochSamples - start),
      start,
      row: (job.row ?? 0) + i,
      step: job.step + i,
      key: job.key,
    };
    state.number = at.step + 1;
    const { checks } = request;
    if (i === job.steps - 1 && (state.isProving || checks.isDue(state.number))) {
      checks.proveNext();
      state.isProving = false;
    }
    const steps = stepsAlone(desk, job, i, at);
    if (steps > 0) {
      const { first, step } = job;
      const rest = { ...job, first: first + i, steps, step: step + i, row: at.row };
      await trainAlone(desk, rest, own);
      if (run.control[CONTROL.diverged] !== 0) return;
      i += steps - 1;
    } else if (!(await trainShared(desk, at))) return;
  }
}

/** How many of a job's steps from the i-th on this machine takes by itself; 0 if the next one is shared. */
function stepsAlone({ request, crew, pace }: Desk, job: TrainJob, i: number, at: StepAt): number {
  const others = crew.members.ready().length;
  const left = job.steps - i;
  if (others === 0 || job.minibatch) return left;
  if (shardsOf(request.run, at.size) === 1) return 1;
  // A part of a machine's may be needed to prove what it left in the weights.
  pace.meet(others);
  if (pace.way() === 'shared' || request.checks.owed().length > 0) return 0;
  // The last step of a job may have to be checked whole.
  return Math.max(1, Math.min(left - 1, pace.left()));
}

/** Takes steps by itself. */
async function trainAlone(desk: Desk, job: TrainJob, own: Crew['own']): Promise<void> {
  const { crew, request } = desk;
  const { batch, epochSamples } = request.run.plan;
  const started = performance.now();
  await own.run(job);
  const ms = performance.now() - started;
  crew.tally.busyMs += ms;
  crew.tally.took(ms, ms, new Map([[OWN, job.steps * crew.run.plan.shards]]));
  const samples = Math.min(job.steps * batch, epochSamples - job.first * batch);
  if (crew.members.ready().length > 0) paced(desk, 'alone', job.steps, ms / samples);
}

/** Notes the times of steps, and tells when the other way is taken from now on. */
function paced(desk: Desk, way: Way, steps: number, ms: number, guess?: number): void {
  const { state, request, pace } = desk;
  const turn = pace.took(way, steps, ms, guess);
  if (!turn) return;
  const { batch } = request.run.plan;
  const [alone, shared] = [turn.alone, turn.shared].map((time) => (time * batch).toPrecision(3));
  addNews(state, {
    machine: OWN,
    change: turn.way === 'alone' ? 'alone' : 'sharing',
    step: state.number,
    reason: `a step takes ${alone} ms alone and ${shared} ms shared`,
  });
}

/** Takes one step with others; false if its loss is not finite. */
async function trainShared(desk: Desk, at: StepAt): Promise<boolean> {
  const { crew, state } = desk;
  for (;;) {
    const started = performance.now();
    const [busyBefore, checkBefore] = [crew.tally.busyMs, crew.checkMs];
    const step = openStep(crew, at);
    state.step = step;
    try {
      const end = await completeStep(crew, step);
      const ms = performance.now() - started;
      const checkMs = crew.checkMs - checkBefore;
      const busyMs = crew.tally.busyMs - busyBefore - checkMs;
      const updateMs = Math.max(0, busyMs - (step.ownMs ?? 0));
      const aloneMs = crew.speed ? at.size / crew.speed + updateMs : ms;
      crew.tally.took(ms, aloneMs, sharesOf(step));
      // What checks cost is the user's wish, and no reason to share less.
      paced(desk, 'shared', 1, (ms - checkMs) / at.size, aloneMs / at.size);
      if (!step.isLate) crew.deadline.took(ms);
      if (end !== 'again') return end === 'updated';
    } finally {
      state.step = undefined;
    }
  }
}

/** Shards of a step by who computed them. */
function sharesOf({ records, count }: SharedStep): Map<string, number> {
  const shares = new Map([[OWN, count]]);
  for (const [first, end, machine] of records) {
    shares.set(machine, (shares.get(machine) ?? 0) + end - first);
    shares.set(OWN, shares.get(OWN)! - (end - first));
  }
  return shares;
}

/**
 * Adds to the news, of which there may be so many at a time and one more a second: a machine that comes and goes without end
 * fills no log. That one was caught is always said.
 */
function addNews(state: State, news: MachineNews): void {
  if (news.change !== 'caught' && state.newsLeft < 1) return;
  state.newsLeft--;
  state.news.push(news);
}

/** Adds what became of members to the news. */
function takeChanges({ crew, state }: Desk): void {
  for (const change of crew.members.changes()) addNews(state, { ...change, step: state.number });
}

function takeNews(desk: Desk): readonly MachineNews[] {
  takeChanges(desk);
  const { news } = desk.state;
  desk.state.news = [];
  return news;
}

function figuresOf({ crew, pace }: Desk) {
  const { members, run, tally } = crew;
  const ready = pace.way() === 'shared' ? members.ready() : [];
  const threads = ready.reduce((sum, member) => sum + member.threads, run.plan.workers);
  const nameOf = (machine: string): string => (machine === OWN ? OWN : members.nameOf(machine));
  return tally.figures({ machines: ready.length + 1, threads }, nameOf);
}
