/** Spot checks: who is checked when, what proves a state, how soon a liar is found, and who is to blame. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { usualCheck } from '../../src/cluster/cluster-options.js';
import { createChecks, type Checks } from '../../src/cluster/checks.js';
import type { PartRecord } from '../../src/crew/machines.js';
import type { ShardRange } from '../../src/step/jobs.js';

const test = suite('spot checks');

/** Numbers in [0, 1) by Lehmer's generator, for a test that ends the same each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

const right = ([first, end]: ShardRange) => `${first}–${end}`;
const honest = (first: number, end: number, machine: string): PartRecord => [
  first,
  end,
  machine,
  right([first, end]),
];
const wrong = (first: number, end: number, machine: string): PartRecord => [
  first,
  end,
  machine,
  'wrong',
];

/** Checks a step; the nodes that were computed for it, and what was found. */
async function checked(checks: Checks, step: number, parts: readonly PartRecord[]) {
  const computed: string[] = [];
  const found = await checks.check(step, parts, async (node) => {
    computed.push(right(node));
    return right(node);
  });
  return { computed, found };
}

test('parts are checked unless only users of this machine can take part', () => {
  for (const [url, credentials, expected] of [
    ['nats://127.0.0.1:4222', undefined, 0],
    ['nats://localhost', undefined, 0],
    ['nats://127.0.0.1:4222', 'coordinator.json', 0.01],
    ['tls://localhost', 'coordinator.json', 0.01],
    ['nats://10.0.0.5', undefined, 0.01],
    ['tls://gpu.example.org', undefined, 0.01],
  ] as const)
    assert.is(usualCheck({ url, ...(credentials && { credentials }) }), expected, url);
});

test('nothing is computed twice if nothing is to be checked', async () => {
  const checks = createChecks({ share: 0 });
  for (let step = 1; step <= 300; step++) {
    checks.proveNext();
    const { computed, found } = await checked(checks, step, [wrong(0, 2, 'a'), wrong(2, 4, 'b')]);
    assert.equal(computed, []);
    assert.is(found, undefined);
    assert.not.ok(checks.isDue(step));
    assert.ok(checks.isProven());
  }
  assert.equal(checks.counts(), { checked: 0, unchecked: 600 });
});

test('everything is, with a share of 1', async () => {
  const checks = createChecks({ share: 1 });
  for (let step = 1; step <= 60; step++) {
    const parts = [honest(0, 2, 'a'), honest(2, 3, 'b'), honest(3, 4, 'a')];
    const { computed, found } = await checked(checks, step, parts);
    assert.equal(computed, ['0–2', '3–4', '2–3']);
    assert.is(found, undefined);
    assert.ok(checks.isProven());
  }
  assert.equal(checks.counts(), { checked: 180, unchecked: 0 });
});

test('a machine’s first fifty steps have one check each, whenever it joins; then the share decides', async () => {
  const checks = createChecks({ share: 0.02, random: numbers(7) });
  const of = new Map<string, number[]>();
  for (let step = 1; step <= 4050; step++) {
    const parts = [honest(0, 2, 'a'), honest(2, 4, 'a')];
    if (step > 30) parts.push(honest(4, 8, 'late'));
    const { computed } = await checked(checks, step, parts);
    of.set('a', [...(of.get('a') ?? []), computed.filter((node) => node !== '4–8').length]);
    if (step > 30)
      of.set('late', [...(of.get('late') ?? []), computed.filter((node) => node === '4–8').length]);
  }
  for (const counts of of.values()) assert.ok(counts.slice(0, 50).every((count) => count >= 1));
  const sum = (counts: readonly number[]) => counts.reduce((all, one) => all + one, 0);
  // Two of its parts are drawn on their own.
  const [a, late] = [sum(of.get('a')!.slice(50)), sum(of.get('late')!.slice(50))];
  assert.ok(Math.abs(a - 160) < 4 * Math.sqrt(160), `${a} of 8000`);
  assert.ok(Math.abs(late - 79) < 4 * Math.sqrt(79), `${late} of 3970`);
});

test('a state is proven by a step whose parts were all checked, and doubtful from the next unchecked one on', async () => {
  const checks = createChecks({ share: 0.01, random: () => 0.5 });
  const both = [honest(0, 2, 'a'), honest(2, 4, 'b')];
  // The first fifty steps check a machine's only part.
  for (let step = 1; step <= 50; step++) await checked(checks, step, both);
  assert.ok(checks.isProven());
  await checked(checks, 51, both);
  assert.not.ok(checks.isProven());
  checks.left('b');
  assert.not.ok(checks.isProven());
  await checked(checks, 52, both);
  assert.not.ok(checks.isDue(99));
  assert.ok(checks.isDue(100));
  checks.proveNext();
  const { computed } = await checked(checks, 100, both);
  assert.equal(computed, ['0–2', '2–4']);
  assert.ok(checks.isProven());
  assert.not.ok(checks.isDue(199));
  assert.ok(checks.isDue(200));
  assert.ok(checks.isDue(60), 'after the run went back');
  // Only the machine that takes part can be checked.
  await checked(checks, 101, both);
  checks.left('a');
  checks.left('b');
  assert.ok(checks.isProven());
  await checked(checks, 102, [honest(0, 2, 'a')]);
  assert.not.ok(checks.isProven(), 'what it left is still there');
  checks.proveNext();
  const { found } = await checked(checks, 103, [wrong(0, 4, 'a')]);
  assert.equal(found, { machine: 'a', node: [0, 4], since: 101 });
});

test('one checked part of several proves nothing', async () => {
  const checks = createChecks({ share: 0.01, random: () => 0.5 });
  await checked(checks, 1, [honest(0, 2, 'a'), honest(2, 3, 'a')]);
  assert.not.ok(checks.isProven());
  checks.proveNext();
  await checked(checks, 2, [honest(0, 2, 'a'), honest(2, 3, 'a')]);
  assert.ok(checks.isProven());
});

test('a part is wrong only if two computations of ours agree on something else', async () => {
  const node = [2, 4] as const;
  const answers = (...hashes: string[]) => {
    const checks = createChecks({ share: 1 });
    return checks.check(5, [[...node, 'a', 'sent']], () => Promise.resolve(hashes.shift()!));
  };
  assert.is(await answers('sent'), undefined);
  assert.is(await answers('ours', 'sent'), undefined, 'a fault of our own memory');
  assert.equal(await answers('ours', 'ours'), { machine: 'a', node, since: 5 });
  const error = await answers('ours', 'others').catch((one: unknown) => one);
  assert.instance(error, LanewiseError);
  assert.match(
    (error as LanewiseError).message,
    'step 5: this machine has computed shards 2–4 twice, and the bits differ',
  );
});

/** Steps until a liar of one part a step is found after its first fifty; a proof is made whenever one is due. */
async function stepsToFind(share: number, nodes: number, random: () => number): Promise<number> {
  const checks = createChecks({ share, random });
  const part = (step: number, i: number) =>
    step > 50 && i === step % nodes ? wrong(i, i + 1, 'liar') : honest(i, i + 1, 'liar');
  for (let step = 1; ; step++) {
    if (checks.isDue(step)) checks.proveNext();
    const parts = Array.from({ length: nodes }, (_, i) => part(step, i));
    const { found } = await checked(checks, step, parts);
    if (found) return step - 50;
  }
}

test('a liar, d steps before the next proof, is found in (1 − (1 − p)^d) / p steps in the mean, d at most', async () => {
  const random = numbers(11);
  for (const [share, nodes] of [
    [0.05, 1],
    [0.05, 3],
    [0.2, 2],
  ] as const) {
    const runs = 600;
    // A proof falls on steps 20, 40, 60 …; the liar begins with step 51.
    const left = Math.floor(50 * share + 1) / share - 50;
    let sum = 0;
    for (let i = 0; i < runs; i++) {
      const steps = await stepsToFind(share, nodes, random);
      assert.ok(steps <= left, `${steps} steps`);
      sum += steps;
    }
    const expected = (1 - (1 - share) ** left) / share;
    const deviation = left / Math.sqrt(12 * runs);
    assert.ok(Math.abs(sum / runs - expected) < 4 * deviation, `${sum / runs}, not ${expected}`);
  }
});

test.run();
