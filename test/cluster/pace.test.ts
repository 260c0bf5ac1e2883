/** Steps go the faster way, and the other one is tried ever more seldom. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createPace,
  FIRST_TRIAL,
  SHORT_TRIAL,
  TRIAL,
  type Turn,
  type Way,
} from '../../src/cluster/pace.js';

/** Takes steps with one other machine; the ways, and the changes by the step before them. */
function take(
  steps: number,
  msOf: (way: Way, step: number) => number,
  { guess, isFixed = false }: { readonly guess?: number; readonly isFixed?: boolean } = {},
) {
  const pace = createPace(isFixed);
  const ways: Way[] = [];
  const turns: [number, Turn][] = [];
  for (let step = 0; step < steps; step++) {
    pace.meet(1);
    const way = pace.way();
    assert.ok(pace.left() > 0);
    ways.push(way);
    const turn = pace.took(way, 1, msOf(way, step), guess);
    if (turn) turns.push([step, turn]);
  }
  return { ways, turns };
}

const count = (ways: readonly Way[], way: Way): number => ways.filter((one) => one === way).length;

test('where one machine alone is faster, it goes on alone, and tries sharing again ever later', () => {
  const { ways, turns } = take(2000, (way) => (way === 'alone' ? 4 : 10));
  assert.equal(ways.slice(0, FIRST_TRIAL), Array(FIRST_TRIAL).fill('shared'));
  assert.equal(turns, [[FIRST_TRIAL + TRIAL - 1, { way: 'alone', alone: 4, shared: 10 }]]);
  // Trials after 24, 48, 96, … steps: 6 of them within 2000.
  assert.is(count(ways, 'shared'), FIRST_TRIAL + 6 * TRIAL);
});

test('where sharing is faster, a trial now and then changes nothing', () => {
  const { ways, turns } = take(1000, (way) => (way === 'alone' ? 10 : 8));
  assert.equal(turns, []);
  assert.ok(count(ways, 'alone') === 5 * TRIAL, `${count(ways, 'alone')}`);
});

test('where sharing is clearly faster, this machine alone is tried once, and shortly', () => {
  const { ways, turns } = take(1000, (way) => (way === 'alone' ? 10 : 5), { guess: 10 });
  assert.equal(turns, []);
  assert.is(count(ways, 'alone'), SHORT_TRIAL);
});

test('what this machine is guessed to take is not believed where it turns out to take less', () => {
  const { turns } = take(1000, (way) => (way === 'alone' ? 4 : 12), { guess: 40 });
  assert.equal(turns, [[FIRST_TRIAL + SHORT_TRIAL - 1, { way: 'alone', alone: 4, shared: 12 }]]);
});

test('when the other way has become faster, it is taken after its next trial', () => {
  const msOf = (way: Way, step: number) => (way === 'alone' ? 4 : step < 200 ? 10 : 2);
  const { turns } = take(2000, msOf);
  assert.equal(
    turns.map(([, { way }]) => way),
    ['alone', 'shared'],
  );
  assert.ok(turns[1]![0] > 200 && turns[1]![0] < 500, `${turns[1]![0]}`);
});

test('a difference of less than a twentieth changes nothing', () => {
  assert.equal(take(2000, (way) => (way === 'alone' ? 9.7 : 10)).turns, []);
});

test('the first step of a trial, in which threads wake up, does not count', () => {
  let last: Way = 'shared';
  const { turns } = take(500, (way) => {
    const isFirst = way !== last;
    last = way;
    return isFirst ? 1000 : way === 'alone' ? 4 : 10;
  });
  assert.equal(turns[0]![1].way, 'alone');
});

test('a run that takes as many steps at a time as it may finds out that it is faster alone', () => {
  const pace = createPace(false);
  pace.meet(1);
  let turn: Turn | undefined;
  for (let taken = 0; taken < FIRST_TRIAL + TRIAL;) {
    const way = pace.way();
    const steps = way === 'alone' ? pace.left() : 1;
    turn = pace.took(way, steps, way === 'alone' ? 4 : 10);
    taken += steps;
  }
  assert.equal(turn, { way: 'alone', alone: 4, shared: 10 });
});

test('another number of machines begins anew with sharing', () => {
  const pace = createPace(false);
  pace.meet(1);
  for (let i = 0; i < 40; i++) pace.took(pace.way(), 1, pace.way() === 'alone' ? 4 : 10);
  assert.is(pace.way(), 'alone');
  pace.meet(2);
  assert.is(pace.way(), 'shared');
  pace.took('shared', 1, 10);
  assert.is(pace.left(), FIRST_TRIAL - 1);
});

test('steps alone may be taken several at a time', () => {
  const pace = createPace(false);
  pace.meet(1);
  for (let i = 0; i < FIRST_TRIAL; i++) pace.took('shared', 1, 10);
  assert.is(pace.way(), 'alone');
  assert.is(pace.left(), 1, 'the step that does not count');
  assert.is(pace.took('alone', 1, 50), undefined);
  assert.is(pace.left(), TRIAL - 1);
  assert.equal(pace.took('alone', 3, 4), { way: 'alone', alone: 4, shared: 10 });
  assert.is(pace.left(), FIRST_TRIAL);
});

test('what this machine alone takes is known from the first trial on', () => {
  const pace = createPace(false);
  pace.meet(1);
  for (let i = 0; i < FIRST_TRIAL; i++) pace.took('shared', 1, 10);
  assert.is(pace.alone(), undefined);
  for (const ms of [50, 7, 4, 5]) pace.took('alone', 1, ms);
  assert.is(pace.alone(), 5);
});

test('a run that always shares never tries', () => {
  assert.is(
    count(take(500, (way) => (way === 'alone' ? 1 : 10), { isFixed: true }).ways, 'alone'),
    0,
  );
});

test.run();
