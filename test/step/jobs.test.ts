/** Jobs: the phases of a step one after another equal the step, on any worker, and so do nodes of the tree. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { samplesOf } from '../../src/data/forms.js';
import { digits } from '../../src/data/digits/index.js';
import { lossTerms } from '../../src/losses/terms.js';
import { smallVgg } from '../../src/models/index.js';
import { adam } from '../../src/optimizers/index.js';
import { columnsOf } from '../../src/feed/columns.js';
import { writeColumns } from '../../src/feed/dataset-plan.js';
import { stepKey, type Job, type ShardRange } from '../../src/step/jobs.js';
import { CONTROL } from '../../src/step/meeting.js';
import { planRun, planStep, type PlanRequest } from '../../src/step/run-plan.js';
import type { Pool } from '../../src/crew/worker-pool.js';
import { openMemory, type RunMemory } from '../../src/step/run-memory.js';
import { openPool, orderAt } from '../../src/crew/session.js';
import { sessionWeights } from '../../src/crew/session-weights.js';
import { isNode } from '../../src/step/shards.js';

const BATCH = 56;
const SHARDS = 7;
const model = smallVgg();
const terms = lossTerms('crossEntropy', ['output']);
const data = digits({ count: BATCH });
const optimizer = adam({ lr: 0.01 });
const key = [3, 5] as const;

interface Opened {
  readonly request: PlanRequest;
  readonly run: RunMemory;
  readonly pool: Pool;
  /** Weights and optimizer state. */
  bytes(): string;
}

/** A run of one minibatch with its initial weights, on threads or, with 0 workers, in this one. */
async function open(workers: number): Promise<Opened> {
  const columns = columnsOf(model, terms, samplesOf(data));
  const request: PlanRequest = {
    model,
    terms,
    numerics: 'strict',
    workers: Math.max(workers, 1),
    datasets: [columns],
    training: { optimizer, batch: BATCH, shards: SHARDS, clipNorm: 1 },
  };
  const plan = planRun(request);
  const run = await openMemory(plan, workers > 0);
  const regions = writeColumns(plan.memory, run.memory, [columns]);
  const pool = await openPool(workers > 0 ? 'shared' : 'none', run, regions);
  sessionWeights(run, model.parameters).initialize(1);
  orderAt(plan, run.memory, BATCH).forEach((_, i, order) => (order[i] = i));
  const rates = optimizer.rates(0, 0.01);
  run.viewOf('rates', 0, rates.length).set(rates);
  const bytes = () =>
    ['parameters', 'state'].map((name) => Buffer.from(run.bytesOf(name)).toString('hex')).join();
  return { request, run, pool, bytes };
}

async function after(workers: number, jobs: readonly Job[]): Promise<string> {
  const { pool, bytes } = await open(workers);
  for (const job of jobs) await pool.run(job);
  await pool.close();
  return bytes();
}

const minibatch = { dataset: 0, size: BATCH };
const wholeStep: Job = { kind: 'train', first: 0, steps: 1, step: 0, key };
const phases: readonly Job[] = [
  { kind: 'gradients', minibatch, step: 0, key },
  { kind: 'reduce', size: BATCH },
  { kind: 'update' },
];

test('gradients, reduce and update are a step, with any workers', async () => {
  const expected = await after(0, [wholeStep]);
  const begun = await after(0, []);
  assert.is.not(expected, begun);
  for (const workers of [0, 1, 2, 3]) {
    assert.ok((await after(workers, phases)) === expected, `${workers} workers`);
    const again: Job = { ...wholeStep, minibatch };
    assert.ok((await after(workers, [again])) === expected, `${workers} workers, in one post`);
  }
});

test('an update says that it has begun, gradients do not', async () => {
  const { pool, run } = await open(2);
  await pool.run(phases[0]!);
  assert.is(run.control[CONTROL.updating], 0);
  await pool.run(phases[1]!);
  await pool.run(phases[2]!);
  assert.is(run.control[CONTROL.updating], 1);
  await pool.close();
});

test('nodes of the tree, prepared later, add up to the minibatch’s gradient', async () => {
  const whole = await open(2);
  for (const job of phases.slice(0, 2)) await whole.pool.run(job);
  const { plan } = whole.run;
  const count = plan.parameters.gradientBytes / 4;
  const expected = whole.run.viewOf('gradients', 0, count).slice();

  const { request, run, pool } = await open(3);
  const nodes: readonly ShardRange[] = [
    [0, 2],
    [2, 4],
    [4, 7],
  ];
  const steps = nodes.map((range) => [
    stepKey(BATCH, range),
    planStep(request, run.plan, BATCH, range),
  ]);
  await pool.run({ kind: 'prepare', steps: Object.fromEntries(steps), evaluations: {} });
  const found: Float32Array[] = [];
  for (const shards of nodes) {
    await pool.run({ kind: 'gradients', minibatch, shards, step: 0, key });
    await pool.run({ kind: 'reduce', size: BATCH, shards });
    found.push(run.viewOf('gradients', 0, count).slice());
  }
  const [a, b, c] = found as [Float32Array, Float32Array, Float32Array];
  // As the tree adds them: (a + b) + c, in float32.
  const sum = a.map((value, i) => Math.fround(Math.fround(value + b[i]!) + c[i]!));
  assert.equal(Buffer.from(sum.buffer), Buffer.from(expected.buffer));
  const metrics = (one: RunMemory) => one.viewOf('metrics', 0, SHARDS * 4).slice();
  assert.equal(metrics(run), metrics(whole.run), 'each shard has its own place in the metrics');
  await Promise.all([pool.close(), whole.pool.close()]);
});

test('what is no node of the tree is refused', async () => {
  const { request, run, pool } = await open(0);
  assert.throws(() => planStep(request, run.plan, BATCH, [1, 3]), /not a node of the tree/);
  await pool.close();
  assert.ok(isNode([4, 7], 7));
  assert.not(isNode([4, 6], 5));
  assert.not(isNode([0, 3], 7));
});

test.run();
