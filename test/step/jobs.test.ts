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
import type { Job, ShardRange } from '../../src/step/jobs.js';
import { CONTROL } from '../../src/step/meeting.js';
import { partPlan } from '../../src/step/part-plan.js';
import { planRun, type PlanRequest } from '../../src/step/run-plan.js';
import type { Pool } from '../../src/crew/worker-pool.js';
import { openMemory, type RunMemory } from '../../src/step/run-memory.js';
import { computeRange } from '../../src/crew/shard-ranges.js';
import { openPool, orderAt } from '../../src/crew/session.js';
import { sessionWeights } from '../../src/crew/session-weights.js';

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
    isShared: true,
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

test('sums of any ranges, added over the tree, are the minibatch’s gradient', async () => {
  const whole = await open(2);
  for (const job of phases.slice(0, 2)) await whole.pool.run(job);
  const { plan } = whole.run;
  const count = plan.parameters.gradientBytes / 4;
  const expected = whole.run.viewOf('gradients', 0, count).slice();
  const metrics = (one: RunMemory, row = 0) =>
    one.viewOf('metrics', row * SHARDS * 16, SHARDS * 4).slice();

  const { run, pool } = await open(3);
  for (const ranges of [
    [[0, 7]],
    [
      [0, 2],
      [2, 7],
    ],
    [
      [0, 1],
      [1, 6],
      [6, 7],
    ],
  ] as ShardRange[][]) {
    const sums = new Map<string, Float32Array>();
    for (const range of ranges)
      for (const { node, sum } of await computeRange(run, pool, {
        size: BATCH,
        range,
        row: 5,
        step: 0,
        key,
      }))
        sums.set(node.join(), sum.slice());
    assert.equal(bytesOf(sumOf(sums, 0, 8)!), bytesOf(expected), JSON.stringify(ranges));
    assert.equal(
      metrics(run, 5),
      metrics(whole.run),
      'each shard has its own place in the metrics',
    );
  }
  await Promise.all([pool.close(), whole.pool.close()]);
});

test('a machine with a plan of parts computes the same sums from weights and places alone', async () => {
  const { request, run, pool } = await open(1);
  const range: ShardRange = [1, 6];
  const at = { size: BATCH, range, step: 3, key };
  const expected = (await computeRange(run, pool, at)).map(({ node, sum }) => [node, sum.slice()]);

  for (const workers of [1, 3]) {
    const plan = structuredClone(partPlan(run.plan, request.datasets[0]!, workers));
    const other = await openMemory(plan, true);
    const regions = writeColumns(plan.memory, other.memory, [request.datasets[0]!]);
    const own = await openPool('shared', other, regions);
    orderAt(plan, other.memory, BATCH).forEach((_, i, order) => (order[i] = i));
    other.bytesOf('parameters').set(run.bytesOf('parameters'));
    const found = await computeRange(other, own, at);
    assert.equal(
      found.map(({ node, sum }) => [node, sum.slice()]),
      expected,
    );
    await own.close();
  }
  await pool.close();
});

const bytesOf = ({ buffer }: Float32Array) => Buffer.from(buffer);

/** The sum of a node of the tree, from sums that are there, in float32. */
function sumOf(
  sums: Map<string, Float32Array>,
  lo: number,
  size: number,
): Float32Array | undefined {
  if (lo >= SHARDS) return undefined;
  const known = sums.get([lo, Math.min(lo + size, SHARDS)].join());
  if (known) return known;
  const [a, b] = [sumOf(sums, lo, size / 2)!, sumOf(sums, lo + size / 2, size / 2)];
  return b ? a.map((value, i) => Math.fround(value + b[i]!)) : a;
}

test.run();
