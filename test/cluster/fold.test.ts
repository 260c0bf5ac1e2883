/** The tree of shards, folded from parts that arrive in any order: the sums are those of one schedule, bit for bit. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createFold } from '../../src/cluster/fold.js';
import { randomStream } from '../../src/random/philox.js';
import type { ShardRange } from '../../src/step/jobs.js';
import { cutShards, nodesOf, scheduleStep } from '../../src/step/shards.js';

/** A purpose that nothing else draws for. */
const PARTS = 98;

/** Values of a shard's gradient whose sum depends on the order of additions. */
const gradientOf = (shard: number): Float32Array =>
  Float32Array.from({ length: 5 }, (_, i) => Math.sin(shard * 5 + i) * 10 ** ((shard * 7 + i) % 9));

/** The sum of shards [first, end), as a schedule for some workers adds it. */
function scheduled([first, end]: ShardRange, workers: number): Float32Array {
  const { actions, merges, roots } = scheduleStep(cutShards(end - first, end - first), workers);
  const slots = new Map<string, Float32Array>();
  const at = (rank: number, slot: number) => `${rank}:${slot}`;
  const add = (to: string, from: string) => {
    const [target, source] = [slots.get(to)!, slots.get(from)!];
    target.forEach((value, i) => (target[i] = value + source[i]!));
  };
  actions.forEach((own, rank) => {
    for (const action of own) {
      if (action.kind === 'gradient')
        slots.set(at(rank, action.slot), gradientOf(first + action.shard));
      else add(at(rank, action.to), at(rank, action.from));
    }
  });
  for (const { to, from } of merges) add(at(to.rank, to.slot), at(from.rank, from.slot));
  const { rank, slot } = roots[0]!.slot;
  return slots.get(at(rank, slot))!;
}

const bitsOf = ({ buffer }: Float32Array): string =>
  Buffer.from(buffer as ArrayBuffer).toString('hex');

/** A random cut of [0, count) into ranges, in nodes, some of which are cut further. */
function randomParts(count: number, below: (n: number) => number): ShardRange[] {
  const parts: ShardRange[] = [];
  for (let at = 0; at < count;) {
    const end = at + 1 + below(count - at);
    for (const node of nodesOf([at, end], count)) {
      parts.push(node);
      const [first, last] = node;
      // The same shards again, as a machine that stands in for another has computed them.
      if (below(3) === 0) parts.push(...nodesOf([first + below(last - first), last], count));
      if (below(4) === 0) parts.push(node);
    }
    at = end;
  }
  for (let i = parts.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [parts[i], parts[j]] = [parts[j]!, parts[i]!];
  }
  return parts;
}

test('any cut into parts, in any order, some of them twice or nested, gives the bits of one schedule', () => {
  const random = randomStream(18, PARTS, 0);
  for (let count = 1; count <= 40; count++) {
    const expected = bitsOf(scheduled([0, count], 1 + random.integer(4)));
    for (let round = 0; round < 25; round++) {
      const given = new Set<Float32Array>();
      const fold = createFold(count, (sum) => assert.ok(given.delete(sum), 'given back twice'));
      const parts = randomParts(count, random.integer);
      for (const node of parts) {
        const isKnown = fold.has(node);
        const sum = scheduled(node, 1 + random.integer(3));
        given.add(sum);
        assert.is(fold.add(node, sum), !isKnown);
        if (isKnown) given.delete(sum);
        assert.ok(fold.has(node));
      }
      assert.equal(fold.missing(), []);
      assert.is(bitsOf(fold.sum()!), expected, `${count} shards in ${JSON.stringify(parts)}`);
      assert.ok(given.size === 1 && given.has(fold.sum()!));
    }
  }
});

test('what is missing is in order, and within a range', () => {
  const fold = createFold(7, () => {});
  const add = (...node: ShardRange) => fold.add(node, new Float32Array(1));
  assert.equal(fold.missing(), [[0, 7]]);
  add(2, 4);
  add(6, 7);
  assert.equal(fold.missing(), [
    [0, 2],
    [4, 6],
  ]);
  assert.equal(fold.missing([1, 5]), [
    [1, 2],
    [4, 5],
  ]);
  assert.equal(fold.missing([2, 4]), []);
  assert.is(fold.sum(), undefined);
  assert.not(fold.add([3, 4], new Float32Array(1)));
  assert.ok(fold.add([0, 4], new Float32Array(1)));
  assert.ok(fold.add([4, 7], new Float32Array(1)));
  assert.ok(fold.sum());
});

test('only nodes of the tree are taken', () => {
  const fold = createFold(6, () => {});
  for (const range of [
    [1, 3],
    [0, 3],
    [4, 5.5],
    [4, 7],
    [2, 2],
  ] as const)
    assert.throws(() => fold.add(range, new Float32Array(1)), /are not a node of the tree/);
});

test('sums that are moved are added where they are now', () => {
  const fold = createFold(4, () => {});
  const own = scheduled([0, 2], 1);
  fold.add([0, 2], own);
  fold.move((sum) => sum.slice());
  own.fill(NaN);
  fold.add([2, 4], scheduled([2, 4], 1));
  assert.is(bitsOf(fold.sum()!), bitsOf(scheduled([0, 4], 1)));
});

test('a range is cut into the fewest nodes', () => {
  assert.equal(nodesOf([0, 16], 16), [[0, 16]]);
  assert.equal(nodesOf([3, 16], 16), [
    [3, 4],
    [4, 8],
    [8, 16],
  ]);
  assert.equal(nodesOf([0, 7], 7), [[0, 7]]);
  assert.equal(nodesOf([4, 7], 7), [[4, 7]]);
  assert.equal(nodesOf([1, 6], 7), [
    [1, 2],
    [2, 4],
    [4, 6],
  ]);
  assert.equal(nodesOf([2, 2], 7), []);
});

test.run();
