/**
 * A step that machines share. Each computes a range of its shards, this one too, and their sums fold over the tree. What a machine owes
 * too long, or cannot send any more, is computed by those that are done, or here. The step is over when the sum of all shards is in
 * its place and has been applied.
 */
import { nodesOf } from '../step/shards.js';
import { STEP_FIGURES } from '../feed/layout.js';
import { computeRange, prepareRange } from '../crew/shard-ranges.js';
import type { PartRecord } from '../crew/machines.js';
import { stepKey, type ShardRange } from '../step/jobs.js';
import { CONTROL } from '../step/meeting.js';
import type { RunMemory } from '../step/run-memory.js';
import { assignShards, smoothed } from './assignment.js';
import { ableOf, handsOf, noteIdle, wantedOf, withWanted } from './hands.js';
import { OWN, type Crew, type SharedStep, type StepAt } from './step-crew.js';
import { isRight } from './checks.js';
import { AHEAD } from './cluster-messages.js';
import type { Part } from './collect-parts.js';
import { dealOut, openDebts, owes, type Debt } from './debts.js';
import { createFold } from './fold.js';
import type { Member } from './members.js';
import { windowOf } from './message-pieces.js';
import { hashOfPart, isFinitePart } from './part-values.js';
import { sendStep } from './send-step.js';

/** Steps for which a machine that was late rests, the first time; each time in a row it is twice as long, up to 2¹⁰ times. */
const REST = 8;

/** The least time of a part that is believed, in milliseconds. */
const LEAST_MS = 0.01;

/** How a step ended: a loss that is not finite leaves out the update, and a wrong part means that it is taken again. */
export type StepEnd = 'updated' | 'diverged' | 'again';

/** Hands out a step; its parts may then come. */
export function openStep(crew: Crew, at: StepAt): SharedStep {
  const { run, members, collector } = crew;
  const count = shardsOf(run, at.size);
  const step: SharedStep = {
    at,
    count,
    fold: createFold(count, collector.giveBack),
    debts: [],
    queue: [],
    figures: new Float32Array(count * STEP_FIGURES),
    records: [],
    suspects: [],
    receivers: new Set(),
    sending: undefined,
    ownMs: undefined,
    isLate: false,
    stir: () => {},
    error: undefined,
  };
  run.control[CONTROL.step] = at.step;
  const ready = members.ready();
  const able = ableOf(ready, at);
  const ranges = assignShards(
    [0, count],
    withWanted(handsOf(crew, able), wantedOf(crew, able), count),
  );
  for (const member of able) noteIdle(member, ranges.has(member.key));
  noteIdle(crew, ranges.has(OWN));
  for (const [machine, range] of ranges) {
    if (machine === OWN) step.queue.push(range);
    else step.debts.push({ machine, range, since: crew.clock(), isPassedOn: false });
  }
  send(crew, step, ready);
  return step;
}

export const shardsOf = ({ plan }: RunMemory, size: number): number =>
  plan.steps[stepKey(size)]!.schedule.shards.length;

/** Sends the step to the machines that are ready, with what each of them owes. */
function send(crew: Crew, step: SharedStep, ready: readonly Member[]): void {
  const { run, collector, tellAll, pieceSize: size, epoch } = crew;
  const { at, debts, fold } = step;
  step.sending?.stop();
  collector.begin();
  crew.serial++;
  // One that rests hears the step too, but nobody waits for that.
  const receivers = ableOf(ready, at).map(({ key }) => key);
  step.receivers = new Set(receivers);
  const assignment: Record<string, ShardRange> = {};
  const further: Debt[] = [];
  for (const { debt } of openDebts(debts, fold.missing)) {
    debt.since = crew.clock();
    if (debt.machine in assignment) further.push(debt);
    else assignment[debt.machine] = debt.range;
  }
  const places = run.bytesOf('order').subarray(at.start * 4, (at.start + at.size) * 4);
  const weights = run.bytesOf('parameters').subarray(0, run.plan.parameters.trainedBytes);
  const room = Math.floor(AHEAD / Math.max(1, receivers.length));
  crew.window = windowOf(room, size).window;
  step.sending = sendStep({
    epoch,
    serial: crew.serial,
    head: { step: at.step, key: at.key, size: at.size, assignment, room },
    parts: [places, weights],
    size,
    receivers,
    publish: tellAll,
  });
  for (const { machine, range } of further) {
    const member = ready.find(({ key }) => key === machine)!;
    crew.tell(member, { kind: 'redo', epoch, serial: crew.serial, range });
  }
}

/** The link is there again after a cut: what is missing is asked for once more, of those that are still there. */
export function sendAgain(crew: Crew, step: SharedStep): void {
  const ready = crew.members.ready();
  for (const { debt, gaps } of openDebts(step.debts, step.fold.missing))
    if (!ready.some(({ key }) => key === debt.machine))
      passOn(crew, step, debt, gaps, 'the link was cut');
  if (openDebts(step.debts, step.fold.missing).length > 0) send(crew, step, ready);
}

/** Whether a part is wanted: its machine was asked for it, and nobody else's is there. */
export const isWanted = ({ fold, debts, count }: SharedStep, machine: string, node: ShardRange) =>
  node[1] <= count && owes(debts, machine, node) && !fold.has(node);

/** Adds a part to the sum; the taker of its buffer is the fold. */
export function takePart(crew: Crew, step: SharedStep, member: Member, part: Part): void {
  const { machine, node, whole, sum, figures } = part;
  const { fold, debts } = step;
  if (!isWanted(step, machine, node)) return crew.collector.giveBack(sum);
  const isFinite = isFinitePart(whole);
  const isHashed = crew.isHashing || !isFinite;
  const hash = isHashed ? hashOfPart(whole, isFinite) : '';
  const record: PartRecord = [...node, machine, hash];
  const isInside = ([first, end]: PartRecord) => node[0] <= first && end <= node[1];
  step.records = [...step.records.filter((one) => !isInside(one)), record];
  step.suspects = step.suspects.filter((one) => !isInside(one));
  if (!isFinite) step.suspects.push(record);
  step.figures.set(figures, node[0] * STEP_FIGURES);
  fold.add(node, sum);
  const debt = debts.find(({ machine: name, range }) => name === machine && range[0] === node[0]);
  if (debt && part.ms > 0) {
    const samples = samplesOf(crew.run, step.at.size, [
      node[0],
      Math.min(node[0] + part.shards, debt.range[1]),
    ]);
    // What a machine says of its time is not trusted: no speed may be infinite.
    member.speed = smoothed(member.speed, samples / Math.max(part.ms, LEAST_MS));
    if (!debt.isPassedOn) member.late = 0;
  }
  if (fold.sum()) step.stir();
}

/** Samples of some shards of a minibatch. */
function samplesOf({ plan }: RunMemory, size: number, [first, end]: ShardRange): number {
  const { shards } = plan.steps[stepKey(size)]!.schedule;
  return shards.slice(first, end).reduce((sum, { count }) => sum + count, 0);
}

/** A machine sends no more: others compute what it owes. */
export function withoutMachine(crew: Crew, step: SharedStep, machine: string, why: string): void {
  crew.collector.forget(machine);
  for (const { debt, gaps } of openDebts(step.debts, step.fold.missing))
    if (debt.machine === machine) passOn(crew, step, debt, gaps, why);
  step.sending?.without(machine);
}

/** Hands what is missing of a debt to machines that owe nothing, and to this one. */
function passOn(
  crew: Crew,
  step: SharedStep,
  debt: Debt,
  gaps: readonly ShardRange[],
  reason: string,
): void {
  debt.isPassedOn = true;
  const busy = openDebts(step.debts, step.fold.missing).map(({ debt: { machine } }) => machine);
  const idle = ableOf(crew.members.ready(), step.at).filter(
    ({ key }) => key !== debt.machine && step.receivers.has(key) && !busy.includes(key),
  );
  for (const { machine, range } of dealOut(gaps, handsOf(crew, idle))) {
    crew.tally.redone += nodesOf(range, step.count).length;
    if (machine === OWN) {
      step.queue.push(range);
      continue;
    }
    step.debts.push({ machine, range, since: crew.clock(), isPassedOn: false });
    const member = idle.find(({ key }) => key === machine)!;
    crew.tell(member, { kind: 'redo', epoch: crew.epoch, serial: crew.serial, range });
  }
  const shards = gaps.map(([first, end]) =>
    end - first === 1 ? `shard ${first + 1}` : `shards ${first + 1} to ${end}`,
  );
  crew.redone(debt.machine, step.at.step, `${shards.join(', ')}: ${reason}`);
  step.stir();
}

/** Hands out what is late, and returns the machines that still owe something. */
export function lookAfter(crew: Crew, step: SharedStep): readonly string[] {
  const now = crew.clock();
  const most = crew.deadline.after(step.ownMs);
  const open = openDebts(step.debts, step.fold.missing);
  for (const { debt, gaps } of open) {
    if (now - debt.since <= most) continue;
    step.isLate = true;
    const member = crew.members.ready().find(({ key }) => key === debt.machine);
    if (member) {
      const samples = samplesOf(crew.run, step.at.size, debt.range);
      member.speed = Math.min(member.speed ?? Infinity, samples / (now - debt.since));
      member.restsUntil = step.at.step + 1 + REST * 2 ** Math.min(member.late++, 10);
    }
    // The others do not wait for what it receives either.
    step.sending?.without(debt.machine);
    passOn(crew, step, debt, gaps, `not there after ${((now - debt.since) / 1000).toFixed(1)} s`);
  }
  return open.map(({ debt }) => debt.machine);
}

/** Computes what falls to this machine, until the sum of all shards is there, and applies it. */
export async function completeStep(crew: Crew, step: SharedStep): Promise<StepEnd> {
  try {
    await workOff(crew, step);
  } finally {
    step.sending?.stop();
  }
  const number = step.at.step + 1;
  const compute = (node: ShardRange): Promise<string> => hashHere(crew, step, node);
  for (const suspect of step.suspects)
    if (!(await isRight(number, [suspect[0], suspect[1]], suspect[3], compute))) {
      const [first, end, machine] = suspect;
      const found = {
        machine,
        node: [first, end],
        since: crew.checks.since(machine) ?? number,
      } as const;
      const error = crew.caught(found, number, 'it has values that are not finite');
      // Without checks nothing says that its earlier parts were right, and they are in all states that are kept.
      if (!crew.isChecking) return 'again';
      throw error;
    }
  const started = performance.now();
  const found = await crew.checks.check(number, step.records, compute);
  crew.checkMs += performance.now() - started;
  if (found) throw crew.caught(found, number, 'its bits are others than those computed here');
  return applySum(crew, step);
}

async function workOff(crew: Crew, step: SharedStep): Promise<void> {
  for (;;) {
    if (step.error !== undefined) throw step.error;
    const range = step.queue.shift();
    if (range) {
      for (const gap of step.fold.missing(range)) {
        // What is done once for a range says nothing about the speed.
        await prepareRange(crew.run, crew.own, step.at.size, gap);
        const started = performance.now();
        for (const { node, sum } of await computeHere(crew, step, gap)) step.fold.add(node, sum);
        const ms = performance.now() - started;
        step.ownMs ??= ms;
        crew.speed = smoothed(crew.speed, samplesOf(crew.run, step.at.size, gap) / ms);
      }
    } else if (step.fold.sum()) return;
    else await new Promise<void>((resolve) => (step.stir = resolve));
  }
}

/** Computes a range of the step's shards; their figures are noted. */
async function computeHere(crew: Crew, step: SharedStep, range: ShardRange) {
  const { run, own, tally } = crew;
  const { size, start, row, step: number, key } = step.at;
  // What is in this machine's slots would be overwritten.
  step.fold.move((sum) => (sum.buffer === run.memory.buffer ? sum.slice() : sum));
  const started = performance.now();
  const sums = await computeRange(run, own, { size, range, start, row, step: number, key });
  tally.busyMs += performance.now() - started;
  const [first, end] = range;
  const at = (row * run.plan.shards + first) * STEP_FIGURES * 4;
  step.figures.set(run.viewOf('metrics', at, (end - first) * STEP_FIGURES), first * STEP_FIGURES);
  return sums;
}

/** The hash of a node as this machine computes it. */
async function hashHere(crew: Crew, step: SharedStep, node: ShardRange): Promise<string> {
  const [found] = await computeHere(crew, step, node);
  const { sum } = found!;
  const figures = step.figures.slice(node[0] * STEP_FIGURES, node[1] * STEP_FIGURES);
  const whole = new Uint8Array(figures.byteLength + sum.byteLength);
  whole.set(new Uint8Array(figures.buffer));
  whole.set(new Uint8Array(sum.buffer, sum.byteOffset, sum.byteLength), figures.byteLength);
  return hashOfPart(whole, isFinitePart(whole));
}

/** Puts the sum where the update reads it, and updates, unless a loss is not finite. */
async function applySum(crew: Crew, step: SharedStep): Promise<StepEnd> {
  const { run, own, tally } = crew;
  const { plan, viewOf, control } = run;
  const { figures, at, count, fold } = step;
  viewOf('metrics', at.row * plan.shards * STEP_FIGURES * 4, figures.length).set(figures);
  for (let shard = 0; shard < count; shard++) {
    if (Number.isFinite(figures[shard * STEP_FIGURES]!)) continue;
    control[CONTROL.diverged] = 1;
    return 'diverged';
  }
  const sum = fold.sum()!;
  const root = viewOf('gradients', 0, sum.length);
  if (sum.buffer !== root.buffer || sum.byteOffset !== root.byteOffset) root.set(sum);
  crew.collector.giveBack(sum);
  const started = performance.now();
  await own.run({ kind: 'update', row: at.row });
  tally.busyMs += performance.now() - started;
  crew.onStep?.({ step: at.step + 1, parts: step.records });
  return 'updated';
}
