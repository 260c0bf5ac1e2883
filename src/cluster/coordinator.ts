/**
 * The coordinator of a run: a pool that hands the steps of training jobs out to machines, one of which it is. It calls, takes in who
 * answers, and takes each step with those that are ready; without any it trains as if there were no cluster.
 *
 * Memory beside the run's own: a buffer for each machine that is sending a part, one for each sum that waits for its sibling in the tree (at
 * most as many as parts of a step), 24 MB of a broadcast under way, and in all 24 MB of parts under way.
 */
import { LanewiseError } from '../base/errors.js';
import type { MachineNews, SharedPool } from '../crew/machines.js';
import { MachineCaught } from '../crew/worker-pool.js';
import { isNode } from '../step/shards.js';
import type {
  Call,
  Credit,
  FromWorker,
  Leave,
  PartPiece,
  Redo,
  Refusal,
  Welcome,
} from './cluster-messages.js';
import type { Found } from './checks.js';
import { addNews, MOST_NEWS, type CoordinatorRequest, type Desk, type State } from './desk.js';
import { OWN, type Crew } from './step-crew.js';
import { trainSteps } from './take-steps.js';
import { createCollector } from './collect-parts.js';
import { createDeadline } from './debts.js';
import { encode } from './encode.js';
import { createMembers, PATIENCE, userOf, type Closed, type Member } from './members.js';
import { createPace } from './pace.js';
import { pieceSize } from './message-pieces.js';
import { fromWorker } from './read-message.js';
import { isWanted, lookAfter, sendAgain, takePart, withoutMachine } from './shared-step.js';
import { CALLS, runSubject, speakerOf, upPattern, workerSubject } from './subjects.js';
import { createTally } from './tally.js';
import type { Delivery } from './transport.js';
import { createGreeter } from './welcome.js';

/** Milliseconds of a tick, and ticks between two calls. */
const TICK = 50;
const CALL_TICKS = 5;

export interface Coordinator {
  readonly pool: SharedPool;
  /** Resolves when so many machines are ready. */
  ready(machines: number): Promise<void>;
  /** Nothing can go on: the job at hand and all that follow reject. */
  fail(error: LanewiseError): void;
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

function figuresOf({ crew, pace, request }: Desk) {
  const { members, run, tally } = crew;
  const ready = pace.way() === 'shared' ? members.ready() : [];
  const threads = ready.reduce((sum, member) => sum + member.threads, run.plan.workers);
  const nameOf = (machine: string): string => (machine === OWN ? OWN : members.nameOf(machine));
  const share = request.isAlwaysShared ? 'always' : 'auto';
  return tally.figures({ machines: ready.length + 1, threads, share }, nameOf, pace.alone());
}
