/** Figures and evidence of labs of records: means, spreads and what the net costs. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { recordRuns, RECORD_FIGURES, runsIn } from '../../src/lab/record-runs.js';
import { linear, sequential } from '../../src/layers/index.js';
import { refusal } from '../support/refusal.js';

const model = sequential([linear(4, 3)], { input: [4] });
const runs = [
  { seed: 1, right: 90, weights: 'a'.repeat(64), seconds: 2 },
  { seed: 2, right: 94, weights: 'b'.repeat(64), seconds: 4 },
];
const given = { model, trained: 1000, tested: 100, runs };

test('a record has mean and spread over its seeds, and what a training costs', () => {
  const { figures, evidence } = recordRuns({ ...given, expected: [0.9, 1] });
  const valueOf = (name: keyof typeof RECORD_FIGURES) =>
    figures.find((one) => one.name === RECORD_FIGURES[name])!.value;
  assert.is(valueOf('accuracy'), 0.92);
  // The deviation of two values is their distance over √2.
  assert.ok(Math.abs(valueOf('accuracySpread') - 0.04 / Math.SQRT2) < 1e-12);
  assert.is(valueOf('seconds'), 3);
  assert.ok(Math.abs(valueOf('secondsSpread') - Math.SQRT2) < 1e-12);
  assert.is(valueOf('parameters'), 15);
  assert.is(valueOf('multiplyAdds'), 12);
  // Forward 12 multiply-adds and 3 biases, and the gradient of the weights.
  assert.is(valueOf('operations'), 1000 * (27 + 24));
  const read = runs.map(({ seed, right, weights }) => ({ seed, right, weights, tested: 100 }));
  assert.equal(runsIn(evidence as string[]), read);
  const [alone] = recordRuns({ ...given, runs: runs.slice(0, 1) }).figures.slice(1);
  assert.equal([alone!.value, alone!.about], [0, 'one seed has none']);
  assert.is(runsIn(['seed 1: all right']), undefined);
});

test('what cannot be is refused by name', async () => {
  const wrong = (changes: object) => refusal(() => recordRuns({ ...given, ...changes }));
  const [first] = runs;
  assert.match(await wrong({ runs: [{ ...first, right: 101 }] }), /seed 1 has 101 right of 100/);
  assert.match(
    await wrong({ runs: [{ ...first, weights: 'abc' }] }),
    /weights is 'abc', expected a SHA/,
  );
  assert.match(await wrong({ runs: [] }), /runs/);
});

test.run();
