/** What a sweep tries: grids, and what is drawn from ranges by the seed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { epochsIn, promoted, roundsOf } from '../../src/runs/sweep/halving.js';
import { compareScores, scoreAfter } from '../../src/runs/sweep/setting-scores.js';
import {
  checkSpace,
  drawnOf,
  gridOf,
  nameOfValues,
  type SearchSpace,
} from '../../src/runs/sweep/search-space.js';

const space: SearchSpace = {
  lr: { from: 0.001, to: 0.1, log: true },
  batch: { from: 1, to: 4, whole: true },
  optimizer: ['adam', 'sgd'],
};

const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    assert.instance(error, LanewiseError);
    return (error as LanewiseError).message;
  }
  return assert.unreachable() as never;
};

test('a grid has all combinations, the last name fastest', () => {
  const grid = gridOf('sweep', { lr: [0.1, 0.01], batch: [32, 64], nesterov: [true] });
  assert.equal(grid.map(nameOfValues), [
    'lr 0.1, batch 32, nesterov true',
    'lr 0.1, batch 64, nesterov true',
    'lr 0.01, batch 32, nesterov true',
    'lr 0.01, batch 64, nesterov true',
  ]);
  assert.match(
    refusal(() => gridOf('sweep', space)),
    /lr is a range, of which a grid has no values/,
  );
  const digits = Array.from({ length: 10 }, (_, i) => i);
  const many = Object.fromEntries([...'abcdef'].map((name) => [name, digits]));
  assert.match(
    refusal(() => gridOf('sweep', many)),
    /more than 10000 combinations/,
  );
});

test('what is drawn is a function of the seed, and more settings begin with the same ones', () => {
  const few = drawnOf('sweep', space, 20, 7);
  assert.equal(few, drawnOf('sweep', space, 20, 7));
  assert.equal(few, drawnOf('sweep', space, 50, 7).slice(0, 20));
  assert.not.equal(few, drawnOf('sweep', space, 20, 8));
  assert.is(new Set(few.map(nameOfValues)).size, 20);
  // Recorded, as every engine draws them.
  assert.is(nameOfValues(few[0]!), 'lr 0.0581, batch 2, optimizer adam');
});

test('draws spread evenly: by logarithm where asked for, whole numbers with their ends', () => {
  const drawn = drawnOf('sweep', space, 3000, 1);
  const rates = drawn.map(({ lr }) => lr as number);
  assert.ok(rates.every((lr) => lr >= 0.001 && lr <= 0.1 && Number(lr.toPrecision(3)) === lr));
  const low = rates.filter((lr) => lr < 0.01).length / drawn.length;
  assert.ok(Math.abs(low - 0.5) < 0.05, `${low}`);
  for (const batch of [1, 2, 3, 4]) {
    const share = drawn.filter((values) => values['batch'] === batch).length / drawn.length;
    assert.ok(Math.abs(share - 0.25) < 0.05, `${batch}: ${share}`);
  }
});

test('of a finite space nothing is drawn twice, and all of it if no more is asked for', () => {
  const small: SearchSpace = { a: [1, 2, 3], b: ['x', 'y'] };
  assert.equal(drawnOf('sweep', small, 6, 1), gridOf('sweep', small));
  assert.equal(drawnOf('sweep', small, 100, 1), gridOf('sweep', small));
  assert.is(new Set(drawnOf('sweep', small, 5, 1).map(nameOfValues)).size, 5);
});

test('refuses lists and ranges of which nothing can be taken', () => {
  for (const [given, message] of [
    [{}, /nothing is tried/],
    [{ lr: [] }, /lr is \[\], expected a list of one value or more/],
    [{ lr: [0.1, 0.1] }, /lr has 0.1 twice/],
    [{ lr: [NaN] }, /lr\[0\] is NaN, expected a text, a finite number, true or false/],
    [{ lr: 0.1 }, /lr is 0.1, expected a list of values, or a range/],
    [{ lr: { from: 0, to: 1, log: true } }, /from is 0, expected a number above 0/],
    [{ lr: { from: 1, to: 1 } }, /to is 1, expected a number above 1/],
    [{ lr: { from: 0.5, to: 2, whole: true } }, /from is 0.5, expected a whole number/],
    [{ lr: { min: 0.5, max: 2 } }, /unknown option 'min', expected from, to, log, whole/],
  ] as const)
    assert.match(
      refusal(() => checkSpace('sweep', given as SearchSpace)),
      message,
    );
});

test('halving: rounds as settings and epochs allow, each a factor longer, the last whole', () => {
  const rounds = roundsOf('sweep', 20, [9, 12], { factor: 3 });
  assert.is(rounds, 3);
  assert.equal(
    [0, 1, 2].map((round) => epochsIn(round, rounds, 12, 3)),
    [1, 4, 12],
  );
  assert.equal([promoted(20, 3), promoted(6, 3), promoted(2, 3)], [6, 2, 1]);
  assert.is(roundsOf('sweep', 4, [100], { factor: 2 }), 3);
  assert.match(
    refusal(() => roundsOf('sweep', 2, [9], {})),
    /halving of 2 settings of 9 epochs by a factor of 3 drops none/,
  );
});

test('scores: of the last epoch, or of the best where it is kept; equals by validation loss', () => {
  const history = [0.7, 0.9, 0.8].map((valAccuracy, i) => ({
    epoch: i + 1,
    loss: 1,
    valLoss: 3 - i,
    valAccuracy,
    imagesPerSecond: 1,
  }));
  const judge = { figure: 'valAccuracy', better: 'higher' } as const;
  assert.equal(scoreAfter(history, judge, undefined), { value: 0.8, loss: 1 });
  const keeps = { name: 'valAccuracy', better: 'higher' } as const;
  assert.equal(scoreAfter(history, judge, keeps), { value: 0.9, loss: 2 });
  assert.equal(scoreAfter(history.slice(0, 1), judge, keeps), { value: 0.7, loss: 3 });
  const lowest = { name: 'valLoss', better: 'lower' } as const;
  assert.equal(scoreAfter(history, judge, lowest), { value: 0.8, loss: 1 });
  assert.is(scoreAfter([], judge, undefined), undefined);
  const [a, b] = [
    { value: 0.8, loss: 1 },
    { value: 0.8, loss: 2 },
  ];
  assert.ok(compareScores(a, b, 'higher') < 0);
  assert.ok(compareScores({ value: 0.9, loss: 5 }, a, 'higher') < 0);
  assert.ok(compareScores({ value: 0.9, loss: 5 }, a, 'lower') > 0);
  assert.ok(compareScores(undefined, b, 'lower') > 0);
});

test.run();
