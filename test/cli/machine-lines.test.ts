/** The lines about machines that share a run's steps: each change once, repeated ones summed up, and advice that is true. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createMachineLines, invitation } from '../../src/cli/machine-lines.js';
import { resumeHint } from '../../src/cli/train-report.js';
import { machineAdvice } from '../../src/runs/machine-gain.js';

const figures = {
  machines: 3,
  threads: 14,
  wire: 0.2,
  sent: 3 * 2 ** 20,
  received: 2 ** 21,
  gain: 2.41,
  redone: 0,
  shares: { c: 0.2, coordinator: 0.5, b: 0.3 },
} as const;

test('machines that come and go have a line each, with step, threads and reason', () => {
  const lines = createMachineLines();
  const told = [
    ...lines.tell({ machine: 'b', change: 'joined', step: 0, threads: 4 }),
    ...lines.tell({ machine: 'c', change: 'joined', step: 1200, threads: 1 }),
    ...lines.tell({ machine: 'b', change: 'left', step: 1300, reason: 'its process has ended' }),
    ...lines.tell({ machine: 'd', change: 'refused', step: 0, reason: 'it has version 0.0.1' }),
    ...lines.tell({ machine: 'c', change: 'caught', step: 1400, reason: 'its part was wrong' }),
    ...lines.tell({
      machine: 'coordinator',
      change: 'alone',
      step: 1500,
      reason: 'a step takes 4',
    }),
    ...lines.tell({ machine: 'coordinator', change: 'sharing', step: 1600, reason: 'it takes 9' }),
  ];
  assert.equal(told, [
    'b joined, 4 threads',
    'c joined at step 1,200, 1 thread',
    'b left at step 1,300: its process has ended',
    'd may not take part: it has version 0.0.1',
    'c is shut out at step 1,400: its part was wrong',
    'this machine goes on alone at step 1,500: a step takes 4; sharing is tried again from time to time, and pays for longer steps (raise --accumulate)',
    'steps are shared again at step 1,600: it takes 9',
  ]);
});

test('a reason from elsewhere cannot begin a line of its own, and has an end', () => {
  const reason = `no\nepoch 9  loss 0.0000 ${'x'.repeat(1000)}`;
  const [line, ...more] = createMachineLines().tell({
    machine: 'b',
    change: 'refused',
    step: 0,
    reason,
  });
  assert.equal(more, []);
  assert.not.match(line!, /\n/);
  assert.ok(line!.length < 400);
});

test('a reason names the options of the command line', () => {
  const reason = 'a minibatch of 32 is one shard; raise batch, or say in how many shards it is cut';
  assert.equal(createMachineLines().tell({ machine: 'b', change: 'refused', step: 0, reason }), [
    'b may not take part: a minibatch of 32 is one shard; raise --batch, or say in how many --shards it is cut',
  ]);
});

test('a run says how machines join it, without its password', () => {
  assert.is(invitation({}), undefined);
  assert.is(
    invitation({ cluster: 'nats://127.0.0.1:4222' }),
    'machines may join at any step: npx lanewise worker nats://127.0.0.1:4222',
  );
  assert.is(
    invitation({ cluster: 'tls://me:secret@host:4222', credentials: 'c.json', minWorkers: 2 }),
    'the first step waits for 2 machines to join: npx lanewise worker tls://USER:PASSWORD@host:4222 --credentials FILE',
  );
});

test('a run whose server asks for a password says so, and not which', () => {
  assert.is(
    invitation({ cluster: 'nats://ann:secret@host:4222' }),
    'machines may join at any step: npx lanewise worker nats://USER:PASSWORD@host:4222',
  );
  const argv = ['node', 'main.js', 'train', 'mlp', '--cluster', 'nats://ann:secret@host:4222'];
  assert.is(
    resumeHint(argv),
    'resume with: npx lanewise train mlp --cluster nats://USER:PASSWORD@host:4222 --resume',
  );
});

test('parts that others computed are said once, then summed up', () => {
  const lines = createMachineLines();
  const redone = (step: number) => lines.tell({ machine: 'b', change: 'redone', step });
  assert.equal(redone(40), ['1 part of b was computed by others, step 40']);
  assert.equal([41, 41, 42].flatMap(redone), []);
  assert.equal(lines.gathered(), ['3 parts of b were computed by others, steps 41 to 42']);
  assert.equal(lines.gathered(), []);
  redone(50);
  assert.equal(lines.tell({ machine: 'b', change: 'left', step: 51 }), [
    '1 part of b was computed by others, step 50',
    'b left at step 51',
  ]);
});

test('the end names shares, bytes and an estimate of the gain', () => {
  const lines = createMachineLines();
  assert.equal(lines.summary(), [], 'a run that was not shared');
  lines.measure({ ...figures, redone: 2 });
  assert.equal(lines.summary(), [
    '3 machines: coordinator 50 %, b 30 %, c 20 % of the work; 3.0 MiB sent, 2.0 MiB received, 2 parts computed again',
    'about 2.4 times as fast as this machine alone, an estimate from its measured speed',
  ]);
  const alone = createMachineLines();
  alone.measure({ ...figures, machines: 1, shares: { coordinator: 1 }, gain: 1 });
  assert.equal(alone.summary(), ['no other machine took part']);
});

test('advice comes once, when enough is measured, and in the options of the command line', () => {
  const lines = createMachineLines();
  const slow = { ...figures, wire: 0.7, gain: 0.625 };
  const said = Array.from({ length: 100 }, () => lines.measure(slow));
  assert.is(said.flat().length, 1);
  assert.equal(said[10], []);
  const hint =
    'hint: one machine alone is faster (about 1.6 times; the wire takes 70 %): drop --cluster, or raise --accumulate';
  assert.is(said.flat()[0], hint);
  assert.is(lines.summary().at(-1), hint);
});

test('a run that goes the faster way by itself is not told to go alone', () => {
  const slow = { machines: 2, wire: 0.7, gain: 0.625 };
  assert.match(machineAdvice({ ...slow, share: 'always' })!, 'one machine alone is faster');
  assert.is(machineAdvice({ ...slow, share: 'auto' }), undefined);
  assert.match(machineAdvice({ ...slow, share: 'auto', gain: 1.2 })!, 'the wire takes 70 %');
});

test('advice follows from the gain, not from the wire alone', () => {
  assert.is(machineAdvice(figures), undefined);
  assert.is(machineAdvice({ machines: 1, wire: 0, gain: 1 }), undefined);
  assert.match(
    machineAdvice({ machines: 2, wire: 0.3, gain: 0.8 })!,
    /one machine alone is faster/,
  );
  const limited = machineAdvice({ machines: 5, wire: 0.6, gain: 1.7 })!;
  assert.match(limited, /the wire takes 60 % of the time.* 1\.7 times as fast/);
  assert.not.match(limited, /leave the cluster out/);
});

test.run();
