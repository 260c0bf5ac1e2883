/** The ring: tasks are never further ahead than its slots, and positions come in order, whichever task ends first. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createRing } from '../../src/feed/ring.js';
import type { Supply } from '../../src/feed/supplies.js';
import { createDraw } from '../support/numbers.js';

/** A supply that writes positions into a ring after random times, and tells how far ahead it was asked. */
function slowSupply(slots: number, tasks: number, seed: number) {
  const ring = new Int32Array(slots).fill(-1);
  const draw = createDraw(seed);
  const state = { ring, most: 0, begun: [] as number[], underWay: 0 };
  const supply: Supply = {
    tasks,
    async begin(position) {
      assert.is(state.underWay, 0);
      state.begun.push(position);
    },
    async fill({ from, count, slot }) {
      state.most = Math.max(state.most, from + count);
      assert.ok(++state.underWay <= tasks);
      for (let n = draw(0, 4); n > 0; n--) await new Promise((resolve) => setImmediate(resolve));
      for (let i = 0; i < count; i++) ring[(slot + i) % slots] = from + i;
      state.underWay--;
    },
    async close() {},
  };
  return { supply, state };
}

test('samples are where they belong, and none is overwritten before it is freed', async () => {
  for (let seed = 1; seed < 60; seed++) {
    const draw = createDraw(seed);
    const count = draw(1, 300);
    const slots = Math.min(count, draw(4, 60));
    const batch = draw(1, Math.max(1, slots >> 1));
    const { supply, state } = slowSupply(slots, draw(1, 5), seed);
    const feed = createRing(supply, count, slots);
    for (let epoch = 1; epoch <= 2; epoch++) {
      feed.start(new Uint32Array(count), 0, epoch);
      state.most = 0;
      for (let from = 0; from < count; from += batch) {
        const end = Math.min(count, from + batch);
        assert.ok((await feed.wait(end)) >= end);
        for (let i = from; i < end; i++) assert.is(state.ring[i % slots], i, `seed ${seed}`);
        assert.ok(state.most <= from + slots, 'the ring holds what is not freed');
        feed.free(end);
      }
    }
    await feed.close();
  }
});

test('behind an epoch stands the next one, and samples keep their order in the ring', async () => {
  for (let seed = 1; seed < 60; seed++) {
    const draw = createDraw(seed);
    const count = draw(1, 100);
    const slots = draw(4, 60);
    const batch = draw(1, Math.max(1, slots >> 1));
    const ring = new Int32Array(slots).fill(-1);
    /** Positions that may not be overwritten: epochs are counted on. */
    let freed = 0;
    let epoch = 0;
    const begun: number[] = [];
    const supply: Supply = {
      tasks: draw(1, 5),
      async begin(_position, number) {
        begun.push(number);
      },
      async fill({ order, from, count: size, slot }) {
        for (let n = draw(0, 4); n > 0; n--) await new Promise((resolve) => setImmediate(resolve));
        for (let i = 0; i < size; i++) {
          const sample = order[from + i]!;
          assert.ok(sample < freed + slots, `seed ${seed}: ${sample} is read too early`);
          ring[(slot + i) % slots] = sample;
        }
      },
      async close() {},
    };
    const orderOf = (n: number) => Uint32Array.from({ length: count }, (_, i) => n * count + i);
    const feed = createRing(supply, count, slots);
    feed.start(orderOf(0), 0, 1);
    for (; epoch < 4; epoch++) {
      // Another epoch may be wanted than the one that was read ahead.
      if (epoch === 2 && seed % 2) feed.start(orderOf((freed = epoch * count) / count), 0, 3);
      else if (epoch > 0) feed.advance();
      feed.follow(orderOf(epoch + 1));
      for (let from = 0; from < count; from += batch) {
        const end = Math.min(count, from + batch);
        assert.ok((await feed.wait(end)) <= count);
        for (let i = from; i < end; i++)
          assert.is(ring[feed.slotOf(i)], epoch * count + i, `seed ${seed}`);
        freed = epoch * count + end;
        feed.free(end);
      }
    }
    assert.equal(begun, seed % 2 ? [1, 3] : [1]);
    await feed.close();
  }
});

test('it goes on from any position, also while tasks are under way', async () => {
  const { supply, state } = slowSupply(32, 4, 5);
  const feed = createRing(supply, 200, 32);
  for (const position of [0, 100, 40, 41, 199]) {
    feed.start(new Uint32Array(200), position, 1);
    if (position === 100) await feed.wait(110);
    // The next start comes while tasks of this one are under way.
  }
  await feed.wait(200);
  assert.is(state.ring[199 % 32], 199);
  assert.is(state.begun.at(-1), 199);
});

test('of several failures, the first position’s is told, when its turn comes', async () => {
  for (let seed = 1; seed < 20; seed++) {
    const { supply } = slowSupply(64, 4, seed);
    const feed = createRing(
      {
        ...supply,
        async fill(part) {
          const { from } = part;
          await supply.fill(part);
          if (from >= 32) throw new Error(`no sample ${from}`);
        },
      },
      200,
      64,
    );
    feed.start(new Uint32Array(200), 0, 1);
    assert.is(await feed.wait(32), 32);
    let message = '';
    await feed.wait(60).catch((error: Error) => (message = error.message));
    assert.is(message, 'no sample 32');
  }
});

test('a failure reaches who waits, and a new start forgets it', async () => {
  let fail = true;
  const { supply } = slowSupply(32, 2, 5);
  const feed = createRing(
    {
      ...supply,
      async fill(part) {
        const { from } = part;
        if (fail && from >= 16) throw new Error(`no sample ${from}`);
        await supply.fill(part);
      },
    },
    200,
    32,
  );
  feed.start(new Uint32Array(200), 0, 1);
  let message = '';
  await feed.wait(30).catch((error: Error) => (message = error.message));
  assert.is(message, 'no sample 16');
  fail = false;
  feed.start(new Uint32Array(200), 0, 1);
  assert.ok((await feed.wait(30)) >= 30);
});

test.run();
