/** Shards for machines by their speed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assignShards, smoothed } from '../../src/cluster/assignment.js';
import { randomStream } from '../../src/random/philox.js';
import type { ShardRange } from '../../src/step/jobs.js';

/** A purpose that nothing else draws for. */
const HANDS = 97;

const named = (speeds: readonly number[]) =>
  speeds.map((speed, i) => ({ machine: `m${i}`, speed }));

/** When the last machine is done. */
const lastDone = (counts: readonly number[], speeds: readonly number[]): number =>
  Math.max(...counts.map((count, i) => count / speeds[i]!));

/** The earliest that the last machine can be done, of all cuts. */
function earliest(shards: number, speeds: readonly number[], counts: number[] = []): number {
  if (counts.length === speeds.length - 1) return lastDone([...counts, shards], speeds);
  let best = Infinity;
  for (let count = 0; count <= shards; count++)
    best = Math.min(best, earliest(shards - count, speeds, [...counts, count]));
  return best;
}

/** Ranges in order, which follow each other from `first` to `end`. */
function inOrder(ranges: Iterable<ShardRange>, [first, end]: ShardRange): ShardRange[] {
  const sorted = [...ranges].toSorted((a, b) => a[0] - b[0]);
  let at = first;
  for (const [from, to] of sorted) {
    assert.is(from, at);
    assert.ok(to > from);
    at = to;
  }
  assert.is(at, end);
  return sorted;
}

test('every shard is somebody’s, in one range each, and the first machine has the first', () => {
  const random = randomStream(18, HANDS, 0);
  for (let round = 0; round < 400; round++) {
    const speeds = Array.from({ length: 1 + random.integer(9) }, () => 10 ** random.between(-3, 3));
    const first = random.integer(100);
    const end = first + 1 + random.integer(round % 10 === 0 ? 65_536 : 70);
    const ranges = assignShards([first, end], named(speeds));
    inOrder(ranges.values(), [first, end]);
    if (ranges.has('m0')) assert.is(ranges.get('m0')![0], first);
  }
});

test('no cut is done earlier', () => {
  const random = randomStream(18, HANDS, 1);
  for (let round = 0; round < 150; round++) {
    const speeds = Array.from({ length: 1 + random.integer(4) }, () => random.between(0.1, 4));
    const shards = 1 + random.integer(12);
    const ranges = assignShards([0, shards], named(speeds));
    const counts = speeds.map((_, i) => {
      const [from, to] = ranges.get(`m${i}`) ?? [0, 0];
      return to - from;
    });
    const found = lastDone(counts, speeds);
    assert.ok(found <= earliest(shards, speeds) * (1 + 1e-9), `${counts.join()} of ${shards}`);
  }
});

test('equal machines get equal shares, and few shards go to the first', () => {
  const cut = (shards: number, machines: number) => [
    ...assignShards([0, shards], named(Array.from({ length: machines }, () => 0.1))),
  ];
  assert.equal(cut(4, 2), [
    ['m0', [0, 2]],
    ['m1', [2, 4]],
  ]);
  assert.equal(cut(4, 3), [
    ['m0', [0, 2]],
    ['m1', [2, 3]],
    ['m2', [3, 4]],
  ]);
  assert.equal(cut(2, 5), [
    ['m0', [0, 1]],
    ['m1', [1, 2]],
  ]);
});

test('a machine of unknown or no speed does not take everything', () => {
  for (const speed of [0, 1e-300, Number.MIN_VALUE]) {
    const ranges = assignShards([0, 8], named([1, speed]));
    assert.equal([...ranges], [['m0', [0, 8]]]);
  }
});

test('speeds follow measurements without jumps', () => {
  assert.is(smoothed(undefined, 4), 4);
  let speed = 1;
  for (let i = 0; i < 20; i++) speed = smoothed(speed, 2);
  assert.ok(speed > 1.99 && speed < 2);
  assert.ok(smoothed(1, 2) < 1.5);
});

test.run();
