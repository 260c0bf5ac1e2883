/** The pool: a worker that fails ends the job with its reason, and no other worker waits for it at the barrier. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { samplesOf } from '../../src/data/forms.js';
import { digits } from '../../src/data/digits/index.js';
import { allocateMemory } from '../../src/engine/memory.js';
import { loadModule } from '../../src/engine/wasm.js';
import { LanewiseError } from '../../src/base/errors.js';
import { lossTerms } from '../../src/losses/terms.js';
import { mlp } from '../../src/models/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { columnsOf } from '../../src/feed/columns.js';
import { planRun, type RunPlan } from '../../src/step/run-plan.js';
import { createThreadPool } from '../../src/crew/worker-pool.js';

const model = mlp();
const terms = lossTerms('squaredError', ['output']);

const planFor = (workers: number): RunPlan =>
  planRun({
    model,
    terms,
    numerics: 'strict',
    workers,
    datasets: [columnsOf(model, terms, samplesOf(digits({ count: 64 })))],
    training: { optimizer: sgd({ lr: 0.1 }), batch: 64, shards: 4 },
  });

const job = { kind: 'train', first: 0, steps: 1, step: 0, key: [0, 0] } as const;

/** The plan with an update that only worker 1 cannot link. */
function sabotaged(plan: RunPlan): RunPlan {
  const updates = plan.update!.updates.map((calls, rank) =>
    rank === 1 ? calls.map((call) => ({ ...call, kernel: 'noSuchKernel' as 'sgd' })) : calls,
  );
  return { ...plan, update: { ...plan.update!, updates } };
}

test('a worker that fails ends the job while the others wait at the barrier', async () => {
  const plan = sabotaged(planFor(3));
  const memory = allocateMemory(plan.memory.bytes, true);
  const pool = await createThreadPool(plan, await loadModule('strict', true), memory);
  try {
    await pool.run(job);
    assert.unreachable('the job succeeded');
  } catch (error) {
    assert.instance(error, LanewiseError);
    assert.match((error as LanewiseError).message, /^a worker thread failed: /);
    let later = '';
    await pool.run(job).catch((e: Error) => (later = e.message));
    assert.match(later, /^a worker thread failed: /, 'and does not hang the second time');
  } finally {
    await pool.close();
  }
});

test('workers meet at the barrier hundreds of times, more workers than cores', async () => {
  const plan = planFor(7);
  const memory = allocateMemory(plan.memory.bytes, true);
  const pool = await createThreadPool(plan, await loadModule('strict', true), memory);
  // One minibatch over and over: 300 steps, 600 meetings.
  for (let chunk = 0; chunk < 300; chunk++) await pool.run(job);
  await pool.close();
});

test.run();
