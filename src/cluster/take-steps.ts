/** How a coordinator takes the steps of a job: with others, or by itself where there is nobody or that is faster. */
import type { TrainJob } from '../step/jobs.js';
import { CONTROL } from '../step/meeting.js';
import { OWN, type Crew, type SharedStep, type StepAt } from './step-crew.js';
import { addNews, type Desk } from './desk.js';
import type { Way } from './pace.js';
import { completeStep, openStep, shardsOf } from './shared-step.js';

/** Takes the job's steps, shared as long as there is somebody to share them with. */
export async function trainSteps(desk: Desk, job: TrainJob): Promise<void> {
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
  pace.meet(others);
  // A part of a machine's may be needed to prove what it left in the weights.
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
      const guess = crew.speed ? at.size / crew.speed + updateMs : ms;
      crew.tally.took(ms, guess, sharesOf(step), at.size);
      // What checks cost is the user's wish, and no reason to share less.
      paced(desk, 'shared', 1, (ms - checkMs) / at.size, guess / at.size);
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
