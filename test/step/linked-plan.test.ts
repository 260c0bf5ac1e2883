/** What a worker links stays small, whatever ranges of shards it is asked for. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allocateMemory } from '../../src/engine/memory.js';
import { loadModule } from '../../src/engine/wasm.js';
import { samplesOf } from '../../src/data/forms.js';
import { digits } from '../../src/data/digits/index.js';
import { columnsOf } from '../../src/feed/columns.js';
import { lossTerms } from '../../src/losses/terms.js';
import { mlp } from '../../src/models/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { stepKey } from '../../src/step/jobs.js';
import { linkWorker } from '../../src/step/linked-plan.js';
import { rangeStep } from '../../src/step/plan-steps.js';
import { planRun } from '../../src/step/run-plan.js';

test('all ranges of shards share the linked programs of a few slots', async () => {
  const [batch, shards] = [48, 16];
  const model = mlp();
  const terms = lossTerms('squaredError', ['output']);
  const plan = planRun({
    model,
    terms,
    numerics: 'strict',
    workers: 1,
    datasets: [columnsOf(model, terms, samplesOf(digits({ count: batch })))],
    training: { optimizer: sgd({ lr: 0.1 }), batch, shards },
    isShared: true,
  });
  const memory = allocateMemory(plan.memory.bytes, false);
  const worker = linkWorker(plan, await loadModule('strict', false), memory, 0, 0);
  const programs = new Set<unknown>();
  let linked = 0;
  for (let first = 0; first < shards; first++)
    for (let end = first + 1; end <= shards; end++) {
      plan.steps[stepKey(batch, [first, end])] = rangeStep(plan, batch, [first, end]);
      for (const { program } of worker.stepOf(stepKey(batch, [first, end])).shards) {
        programs.add(program);
        linked++;
      }
    }
  assert.is(linked, 816);
  assert.ok(programs.size <= plan.gradientSlots, `${programs.size} programs`);
});

test.run();
