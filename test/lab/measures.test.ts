/** Measures of pictures and of lists, and what they refuse: a value that is none would become a figure. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import {
  deadLeaves,
  drawImage,
  lanczos,
  precisionRecall,
  psnr,
  randomNumbers,
  singularValues,
} from '../../src/lab/index.js';

test('decibels, precision and recall are those of the definition', () => {
  assert.ok(Math.abs(psnr([0.5, 0.5], [0.4, 0.6]) - 20) < 1e-12);
  assert.is(psnr([1], [1]), Infinity);
  const { order, precision, recall } = precisionRecall([0, 1, 1], [0.9, 0.5, Infinity]);
  assert.equal(order, [2, 0, 1]);
  assert.equal([...precision], [1, 2 / 3]);
  assert.equal([...recall], [0.5, 1]);
});

test('values that are no numbers, and sizes that no memory holds, are refused by name', async () => {
  const random = randomNumbers(1);
  const wrong: readonly (readonly [() => unknown, RegExp])[] = [
    [() => psnr([0, NaN], [0, 1]), /psnr: found\[1\] is NaN, expected a finite number/],
    [() => psnr([0], ['x' as never]), /psnr: truth\[0\] is 'x'/],
    [() => psnr([1e200], [0]), /psnr: found\[0\] is 1e\+200, expected one within/],
    [() => precisionRecall([1, 0], [1, NaN]), /scores\[1\] is NaN, expected a number/],
    [() => precisionRecall([1, 2], [1, 2]), /isPositive\[1\] is 2, expected 0 or 1/],
    [() => singularValues([1e300, 1], 1, 2), /matrix\[0\] is 1e\+300, expected one within/],
    [() => deadLeaves(random, 1e9), /size is 1000000000, expected a whole number from 1 to 8192/],
    [() => deadLeaves({ next: () => 0 } as never, 8), /random is an object, expected what random/],
    [() => drawImage('house', { size: 1e9 }), /size is 1000000000, expected a whole number from 1/],
    [() => lanczos(() => null as never, [1]), /what times gives is null, expected a list of numb/],
  ];
  for (const [call, words] of wrong) {
    let thrown: unknown;
    try {
      await call();
    } catch (error) {
      thrown = error;
    }
    assert.instance(thrown, LanewiseError, String(words));
    assert.match((thrown as Error).message, words);
  }
});

test.run();
