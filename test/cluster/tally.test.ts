/** What sharing gained: by this machine's speed in its own parts, until it has taken steps alone. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createTally } from '../../src/cluster/tally.js';

const present = { machines: 2, threads: 3, share: 'auto' } as const;

test('what this machine alone would have taken is a guess until it is known', () => {
  const tally = createTally();
  const nameOf = (machine: string): string => machine;
  // Ten shared steps of 64 samples, each 20 ms, where the guess is 60 ms and a step alone takes 10.
  for (let i = 0; i < 10; i++) tally.took(20, 60, new Map([['b', 4]]), 64);
  assert.is(tally.figures(present, nameOf).gain, 3);
  assert.is(tally.figures(present, nameOf, 10 / 64).gain, 0.5);
  // Steps alone take what they take.
  for (let i = 0; i < 20; i++) tally.took(10, 10, new Map([['coordinator', 4]]));
  const { gain, shares } = tally.figures(present, nameOf, 10 / 64);
  assert.is(gain, 0.75);
  assert.equal(shares, { b: 1 / 3, coordinator: 2 / 3 });
});

test.run();
