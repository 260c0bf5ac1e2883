/** Shards and their tree: the same sums, in the same order, however many workers there are. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { samplesOf } from '../../src/data/forms.js';
import { lossTerms } from '../../src/losses/terms.js';
import { lenet5, mlp } from '../../src/models/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { columnsOf } from '../../src/feed/columns.js';
import { planRun } from '../../src/step/run-plan.js';
import {
  cutShards,
  defaultShards,
  nodesOf,
  rangeSlots,
  scheduleStep,
  type StepSchedule,
} from '../../src/step/shards.js';

/** The expression that the schedule of a whole minibatch computes, as text: `((0+1)+(2+3))`. */
const expressionOf = (schedule: StepSchedule): string => expressionsOf(schedule)[0]!;

/** The expressions of a schedule's roots; `first` is the number of its first shard. */
function expressionsOf({ actions, merges, roots, shards }: StepSchedule, first = 0): string[] {
  const slots = new Map<string, string>();
  actions.forEach((own, rank) => {
    for (const action of own) {
      const at = (slot: number) => `${rank}:${slot}`;
      if (action.kind === 'gradient') slots.set(at(action.slot), String(first + action.shard));
      else slots.set(at(action.to), `(${slots.get(at(action.to))}+${slots.get(at(action.from))})`);
    }
  });
  for (const { to, from } of merges) {
    const [target, source] = [to, from].map(({ rank, slot }) => `${rank}:${slot}`);
    slots.set(target!, `(${slots.get(target!)}+${slots.get(source!)})`);
  }
  assert.ok(shards.length > 0);
  return roots.map(({ slot: { rank, slot } }) => slots.get(`${rank}:${slot}`)!);
}

test('shards cover the minibatch, in order, and differ by one sample at most', () => {
  for (const [batch, shards] of [
    [64, 4],
    [60, 7],
    [5, 8],
    [1, 1],
    [33, 2],
  ] as const) {
    const cut = cutShards(batch, shards);
    assert.is(cut.length, Math.min(batch, shards));
    assert.is(
      cut.reduce((sum, { count }) => sum + count, 0),
      batch,
    );
    cut.forEach(({ from }, s) =>
      assert.is(
        from,
        cut.slice(0, s).reduce((sum, { count }) => sum + count, 0),
      ),
    );
    const counts = cut.map(({ count }) => count);
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1 && Math.min(...counts) >= 1);
  }
});

test('the default is a shard for every 16 samples, for every 32 if activations are small', () => {
  const batches = [1, 16, 17, 64, 100];
  assert.equal(
    batches.map((batch) => defaultShards(lenet5(), batch)),
    [1, 1, 2, 4, 7],
  );
  assert.equal(
    batches.map((batch) => defaultShards(mlp(), batch)),
    [1, 1, 1, 2, 4],
  );
});

test('four shards are added as ((0+1)+(2+3)), five as that plus 4', () => {
  assert.is(expressionOf(scheduleStep(cutShards(64, 4), 1)), '((0+1)+(2+3))');
  assert.is(expressionOf(scheduleStep(cutShards(64, 5), 1)), '(((0+1)+(2+3))+4)');
});

test('the tree of sums is the same for every number of workers', () => {
  for (let shards = 1; shards <= 33; shards++) {
    const cut = cutShards(100, shards);
    const alone = expressionOf(scheduleStep(cut, 1));
    for (let workers = 2; workers <= 40; workers++) {
      assert.is(
        expressionOf(scheduleStep(cut, workers)),
        alone,
        `${shards} shards, ${workers} workers`,
      );
    }
  }
});

test('the nodes of any range are those of the whole tree, on any workers', () => {
  for (let shards = 1; shards <= 17; shards++) {
    const cut = cutShards(100, shards);
    const whole = expressionOf(scheduleStep(cut, 1));
    for (let first = 0; first < shards; first++)
      for (let end = first + 1; end <= shards; end++)
        for (const workers of [1, 2, 3, 5]) {
          const schedule = scheduleStep(cut, workers, [first, end]);
          const { roots, slots } = schedule;
          const text = `shards ${first}–${end} of ${shards}, ${workers} workers`;
          assert.is(roots[0]!.node[0], first, text);
          assert.is(roots.at(-1)!.node[1], end, text);
          roots.slice(1).forEach(({ node }, i) => assert.is(node[0], roots[i]!.node[1], text));
          for (const sum of expressionsOf(schedule, first)) assert.ok(whole.includes(sum), text);
          assert.ok(slots <= rangeSlots(shards), text);
        }
  }
});

test('a range is made up of the largest nodes', () => {
  assert.equal(nodesOf([0, 7], 7), [[0, 7]]);
  assert.equal(nodesOf([1, 7], 7), [
    [1, 2],
    [2, 4],
    [4, 7],
  ]);
  assert.equal(nodesOf([4, 6], 7), [[4, 6]]);
  assert.equal(nodesOf([3, 4], 7), [[3, 4]]);
});

test('every shard is computed once, and no slot is overwritten while it is needed', () => {
  for (const workers of [1, 2, 3, 5, 8]) {
    const { actions } = scheduleStep(cutShards(64, 13), workers);
    const done = actions.flatMap((own) =>
      own.flatMap((a) => (a.kind === 'gradient' ? [a.shard] : [])),
    );
    assert.equal(
      done.toSorted((a, b) => a - b),
      Array.from({ length: 13 }, (_, i) => i),
    );
  }
});

test('one worker needs log₂ of the shards gradient buffers, not one for each', () => {
  assert.is(scheduleStep(cutShards(64, 1), 1).slots, 1);
  assert.is(scheduleStep(cutShards(64, 4), 1).slots, 3);
  assert.is(scheduleStep(cutShards(64, 32), 1).slots, 6);
});

test('workers without a shard take no room for one', () => {
  const data = {
    name: 'noise',
    shape: [1, 32, 32],
    classes: [...'0123456789'],
    samples: new Uint8Array(24 * 1024),
    labels: new Uint8Array(24),
  } as const;
  const terms = lossTerms('crossEntropy', ['output']);
  const bytesFor = (workers: number, batch: number) => {
    // By the norm of all gradients, lest parameters be updated at once.
    const { memory, hands } = planRun({
      model: lenet5(),
      terms,
      numerics: 'strict',
      workers,
      datasets: [columnsOf(lenet5(), terms, samplesOf(data))],
      training: { optimizer: sgd({ lr: 0.1 }), batch, shards: Math.ceil(batch / 8), clipNorm: 1 },
    });
    const { bytes } = memory.regions.find(({ name }) => name === 'gradients')!;
    return { hands, bytes };
  };
  const one = bytesFor(1, 8);
  assert.is(one.hands, 1);
  assert.equal(bytesFor(5, 8), one);
  assert.equal(bytesFor(5, 24), { hands: 3, bytes: 3 * one.bytes });
});

test.run();
