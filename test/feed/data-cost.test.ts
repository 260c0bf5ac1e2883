/** The cost of data: waiting, and the processors that decoders take from workers, but not those that were free. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { costOf } from '../../src/feed/data-cost.js';

test('without decoders, the time waited', () => {
  assert.is(costOf({ ms: 100, waitedMs: 30, cpuMs: 100, decoderMs: 0 }, 2, 2), 30);
});

test('decoders on processors of their own cost nothing', () => {
  assert.is(costOf({ ms: 100, waitedMs: 0, cpuMs: 400, decoderMs: 200 }, 2, 4), 0);
  // Nor do those that work while the workers wait.
  assert.is(costOf({ ms: 100, waitedMs: 50, cpuMs: 200, decoderMs: 100 }, 2, 2), 50);
});

test('decoders on the workers’ processors cost what they have of them', () => {
  // Four threads at work on two processors: each has half of one.
  assert.is(costOf({ ms: 100, waitedMs: 0, cpuMs: 200, decoderMs: 200 }, 2, 2), 50);
  assert.is(costOf({ ms: 100, waitedMs: 0, cpuMs: 200, decoderMs: 50 }, 2, 2), 20);
  // One processor of three is free.
  assert.is(costOf({ ms: 100, waitedMs: 0, cpuMs: 300, decoderMs: 200 }, 2, 3), 25);
});

test('never more than the time there was', () => {
  assert.is(costOf({ ms: 100, waitedMs: 100, cpuMs: 200, decoderMs: 200 }, 2, 2), 100);
  assert.is(costOf({ ms: 100, waitedMs: 20, cpuMs: 9000, decoderMs: 5000 }, 1, 2), 100);
});

test.run();
