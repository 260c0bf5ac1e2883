/** What machines owe, and the deadline for it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createDeadline, dealOut, openDebts, owes, type Debts } from '../../src/cluster/debts.js';
import { createFold } from '../../src/cluster/fold.js';

test('a machine owes the nodes within what it was asked for', () => {
  const debt = { since: 0, isPassedOn: false };
  const debts: Debts = [
    { machine: 'a', range: [2, 8], ...debt },
    { machine: 'b', range: [8, 12], ...debt },
    { machine: 'a', range: [10, 11], ...debt, isPassedOn: true },
  ];
  assert.ok(owes(debts, 'a', [4, 8]));
  assert.ok(owes(debts, 'a', [10, 11]));
  assert.not(owes(debts, 'a', [0, 4]));
  assert.not(owes(debts, 'a', [8, 12]));
  assert.not(owes(debts, 'c', [4, 8]));
  const fold = createFold(12, () => {});
  fold.add([4, 8], new Float32Array(1));
  assert.equal(
    openDebts(debts, fold.missing).map(({ debt: { machine }, gaps }) => [machine, gaps]),
    [
      ['a', [[2, 4]]],
      ['b', [[8, 12]]],
    ],
  );
});

test('gaps are dealt out one by one, whole', () => {
  const hands = ['me', 'a', 'b'].map((machine) => ({ machine, speed: 1 }));
  const gaps = [
    [0, 1],
    [4, 10],
  ] as const;
  assert.equal(dealOut(gaps, hands), [
    { machine: 'me', range: [0, 1] },
    { machine: 'me', range: [4, 6] },
    { machine: 'a', range: [6, 8] },
    { machine: 'b', range: [8, 10] },
  ]);
});

test('the deadline is a second or three usual steps, and nothing as long as nothing is known', () => {
  const deadline = createDeadline(undefined);
  assert.is(deadline.after(undefined), Infinity);
  assert.is(deadline.after(5), 1000);
  assert.is(deadline.after(2000), 6000);
  for (let i = 0; i < 40; i++) deadline.took(i < 20 ? 9000 : 700);
  assert.is(deadline.after(5), 2100);
  assert.is(createDeadline(250).after(undefined), 250);
});

test.run();
