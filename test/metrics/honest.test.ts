/** Intervals and calibration, against SciPy's bootstrap and scikit-learn's curves. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bootstrap, meanOver, shareInterval } from '../../src/metrics/bootstrap.js';
import {
  atTemperature,
  brierScore,
  calibrationCurve,
  expectedCalibrationError,
  temperatureOf,
} from '../../src/metrics/calibration.js';
import { logLoss } from '../../src/metrics/log-loss.js';
import { r2Score } from '../../src/metrics/value-metrics.js';
import { assertClose, loadGolden } from '../support/golden.js';
import { numbers } from '../support/numbers.js';
import { refusal } from '../support/refusal.js';

interface Curves {
  readonly kind: 'calibration';
  readonly labels: number[];
  readonly p: number[];
  readonly brier: number;
  readonly curves: {
    readonly strategy: 'uniform' | 'quantile';
    readonly bins: number;
    readonly observed: number[];
    readonly predicted: number[];
  }[];
}
interface Resampled {
  readonly kind: 'bootstrap';
  readonly name: string;
  readonly values: number[];
  readonly low: number;
  readonly high: number;
  readonly deviation: number;
}
const cases = loadGolden<Curves | Resampled>('honest');
const curves = cases.find((one): one is Curves => one.kind === 'calibration')!;

for (const one of cases) {
  if (one.kind !== 'bootstrap') continue;
  test(`the interval of the mean of ${one.name} is SciPy's, but for the draws`, () => {
    const { values, low, high, deviation } = one;
    const found = bootstrap(values.length, { mean: meanOver(values) }, { resamples: 20_000 }).mean;
    // Two draws differ by a few hundredths of the deviation.
    for (const [a, b] of [
      [found.low, low],
      [found.high, high],
      [found.deviation, deviation],
    ] as const)
      assert.ok(Math.abs(a - b) < 0.06 * deviation, `${a} for ${b}, deviation ${deviation}`);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    assert.ok(Math.abs(found.value - mean) < 1e-12);
  });
}

test('figures of the same draws are paired, and all is a function of the seed', () => {
  const a = numbers(80, 1);
  const b = a.map((x, i) => x + 0.1 + 0.001 * numbers(80, 2)[i]!);
  const figures = {
    a: meanOver(a),
    b: meanOver(b),
    difference: (places: Uint32Array) => meanOver(b)(places) - meanOver(a)(places),
  };
  const found = bootstrap(80, figures);
  assert.ok(found.difference.deviation < 0.01 * found.a.deviation);
  assert.ok(found.difference.low > 0.099 && found.difference.high < 0.101);
  assert.equal(bootstrap(80, figures), found);
  assert.not.equal(bootstrap(80, figures, { seed: 2 }), found);
  const narrow = bootstrap(80, figures, { confidence: 0.5 });
  assert.ok(narrow.a.low > found.a.low && narrow.a.high < found.a.high);
  // Recorded: the same on every engine.
  const { low, high } = bootstrap(80, { a: meanOver(Float64Array.from(a, (_, i) => i % 7)) }).a;
  assert.equal([low, high], RECORDED);
});
const RECORDED = [2.5125, 3.375];

test('any figure has an interval, and draws for which it is not finite are left out', () => {
  const [t, y] = [numbers(30, 3), numbers(30, 4)].map((x) => Array.from(x)) as [number[], number[]];
  const near = t.map((x, i) => x + 0.2 * y[i]!);
  const pick = (all: number[], places: Uint32Array) => Array.from(places, (i) => all[i]!);
  const { r2, never } = bootstrap(30, {
    r2: (places) => r2Score(pick(t, places), pick(near, places)),
    never: () => NaN,
  });
  assert.ok(r2.low < r2.value && r2.value < r2.high && r2.high <= 1);
  assert.equal(never, { value: NaN, low: NaN, high: NaN, deviation: NaN });
});

test('a share of all or of none has an exact end', () => {
  const all = shareInterval(new Uint8Array(36).fill(1));
  assert.equal([all.value, all.high], [1, 1]);
  // Clopper and Pearson: 0.025^(1/36).
  assertClose([all.low], [0.9026062], 1e-6, 'all');
  const none = shareInterval(new Uint8Array(36));
  assertClose([none.high], [1 - 0.9026062], 1e-6, 'none');
  const some = shareInterval(Uint8Array.from({ length: 100 }, (_, i) => Number(i < 90)));
  assert.ok(some.low >= 0.82 && some.low < 0.86 && some.high > 0.94 && some.high <= 0.97);
});

test("reliability curves and the Brier score are scikit-learn's", () => {
  const { labels, p, brier } = curves;
  for (const { strategy, bins, observed, predicted } of curves.curves) {
    const found = calibrationCurve(labels, p, { bins, strategy });
    const what = `${strategy} ${bins}`;
    assertClose(
      found.map((bin) => bin.observed),
      observed,
      1e-12,
      what,
    );
    assertClose(
      found.map((bin) => bin.predicted),
      predicted,
      1e-12,
      what,
    );
    assert.is(
      found.reduce((sum, { count }) => sum + count, 0),
      labels.length,
    );
  }
  assertClose([brierScore(labels, p)], [brier], 1e-12, 'Brier');
});

test('of rows the most likely class counts', () => {
  const rows = [0.6, 0.3, 0.1, 0.2, 0.7, 0.1, 0.1, 0.1, 0.8, 0.5, 0.25, 0.25];
  const found = calibrationCurve([0, 0, 2, 1], rows, { bins: 2 });
  assert.equal(
    found.map(({ count, observed }) => [count, observed]),
    [
      [1, 0],
      [3, 2 / 3],
    ],
  );
  // |0.5 − 0|·¼ + |0.7 − ⅔|·¾
  const error = expectedCalibrationError([0, 0, 2, 1], rows, { bins: 2 });
  assertClose([error], [0.125 + 0.025], 1e-12, 'error');
  assertClose([brierScore([0, 0], [0.6, 0.4, 0.2, 0.8])], [(0.32 + 1.28) / 2], 1e-12, 'Brier');
});

test('a temperature undoes what was multiplied, and leaves no loss smaller', () => {
  const { labels, p } = curves;
  const clipped = p.map((x) => Math.min(Math.max(x, 0.02), 0.98));
  const own = temperatureOf(labels, clipped);
  const sharp = atTemperature(clipped, 1, 0.25);
  assertClose([temperatureOf(labels, sharp)], [own * 4], 1e-6, 'temperature');
  const loss = (t: number) => logLoss(labels, atTemperature(sharp, 1, t));
  const best = loss(own * 4);
  for (const t of [0.9, 0.99, 1.01, 1.1]) assert.ok(loss(own * 4 * t) >= best);
  const rows = Float64Array.from(clipped.flatMap((x) => [1 - x, x]));
  assertClose([temperatureOf(labels, rows)], [own], 1e-9, 'rows');
  assertClose(
    atTemperature(rows, 2, own).filter((_, i) => i % 2 === 1),
    atTemperature(clipped, 1, own),
    1e-12,
    'both',
  );
});

const wrong: readonly (readonly [run: () => unknown, message: RegExp])[] = [
  [() => bootstrap(0, {}), /count is 0/],
  [() => bootstrap(5, { a: 1 as never }), /a is 1, expected a function/],
  [() => bootstrap(5, { a: () => 1 }, { resamples: 1 }), /resamples is 1/],
  [() => bootstrap(5, { a: () => 1 }, { confidence: 1 }), /confidence is 1/],
  [() => meanOver([]), /a list of at least one value/],
  [() => shareInterval([0, 2]), /value 1 is 2, expected 0 or 1/],
  [() => calibrationCurve([0, 1], [0.1]), /1 probabilities for 2 labels/],
  [() => calibrationCurve([0, 1], [0.1, 1.5]), /probability 1 is 1.5/],
  [() => calibrationCurve([0, 2], [0.1, 0.5]), /label 1 is 2, expected a class below 2/],
  [() => calibrationCurve([0], [0.1], { bins: 0 }), /bins is 0/],
  [() => calibrationCurve([0], [0.1], { strategy: 'equal' as never }), /expected one of uniform/],
  [() => bootstrap(5, {}), /there is no figure/],
  [() => atTemperature([0.5], 1, 0), /temperature is 0, expected a number above 0/],
  [() => atTemperature([0.5], 2, 1), /expected whole rows/],
];
for (const [run, message] of wrong)
  test(`refuses ${String(run).slice(6, 80)}`, async () => {
    assert.match(await refusal(run), message);
  });

test('figures of too few values, or that are no numbers, are refused; without a value there is no interval', async () => {
  const figure = (of: unknown) => refusal(() => bootstrap(5, { figure: of as () => number }));
  assert.match(
    await figure(meanOver([3, 4])),
    /meanOver: there are 2 values, and none for sample 2/,
  );
  assert.match(await figure(() => 'x'), /bootstrap: figure figure is 'x', expected a number/);
  const { low, high } = bootstrap(3, { figure: meanOver([1, NaN, 2]) }).figure;
  assert.equal([low, high], [NaN, NaN]);
});

test.run();
