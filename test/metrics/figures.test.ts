/** Figures of targets and predictions, against reference values made from their definitions. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { predictedClasses } from '../../src/metrics/summary.js';
import * as metrics from '../../src/metrics/index.js';
import { loadGolden } from '../support/golden.js';

interface ClassesCase {
  readonly kind: 'classes';
  readonly labels: readonly number[];
  readonly classes: number;
  readonly scores: readonly number[];
  readonly accuracy: number;
  readonly rows: readonly (readonly [number, number, number, number])[];
  readonly macro: readonly number[];
  readonly weighted: readonly number[];
  readonly auc: number | null;
  readonly averagePrecision: number | null;
  readonly logLoss: number;
  readonly probabilities: readonly number[];
  /** Two classes: scikit-learn's precision, recall and F1 with default options, and log loss of class 1 alone. */
  readonly defaults?: readonly number[];
  readonly onesLoss?: number;
  readonly top: Readonly<Record<string, number>>;
}
interface ValuesCase {
  readonly kind: 'values';
  readonly columns: number;
  readonly targets: readonly number[];
  readonly outputs: readonly number[];
  readonly mse: number;
  readonly mae: number;
  readonly rmse: number;
  readonly r2: number;
  readonly medianAe: number;
  readonly mape: number;
  /** Of the quantiles 0.05, 0.5 and 0.9. */
  readonly pinball: readonly number[];
  readonly columnR2: readonly number[];
}
interface PerplexityCase {
  readonly kind: 'perplexity';
  readonly losses: readonly number[];
  readonly value: number;
}
interface CertainCase {
  readonly kind: 'certain';
  readonly labels: readonly number[];
  readonly probabilities: readonly number[];
  readonly double: number;
  readonly single: number;
}
const cases = loadGolden<ClassesCase | ValuesCase | PerplexityCase | CertainCase>('metrics');

const near = (found: number, expected: number, what: string): void =>
  assert.ok(
    Math.abs(found - expected) <= 1e-12 * Math.max(1, Math.abs(expected)),
    `${what}: ${found}, expected ${expected}`,
  );

const refused = (work: () => unknown, message: RegExp): void =>
  assert.throws(
    work,
    (error: LanewiseError) =>
      error instanceof LanewiseError && error.kind === 'argument' && message.test(error.message),
    String(message),
  );

for (const [i, found] of cases.entries()) {
  test(`case ${i}: ${found.kind}`, () => {
    if (found.kind === 'perplexity') {
      near(metrics.perplexity(found.losses), found.value, 'perplexity');
      return;
    }
    if (found.kind === 'certain') {
      near(metrics.logLoss(found.labels, found.probabilities), found.double, 'log loss');
      const single = metrics.logLoss(found.labels, Float32Array.from(found.probabilities));
      assert.ok(Math.abs(single - found.single) < 1e-6, `${single}, expected ${found.single}`);
      return;
    }
    if (found.kind === 'values') {
      const { targets, outputs, columns } = found;
      near(metrics.meanSquaredError(targets, outputs), found.mse, 'mse');
      near(metrics.meanAbsoluteError(targets, outputs), found.mae, 'mae');
      near(metrics.rootMeanSquaredError(targets, outputs), found.rmse, 'rmse');
      near(metrics.r2Score(targets, outputs, columns), found.r2, 'r2');
      near(metrics.medianAbsoluteError(targets, outputs), found.medianAe, 'medianAe');
      near(metrics.meanAbsolutePercentageError(targets, outputs), found.mape, 'mape');
      [0.05, 0.5, 0.9].forEach((q, k) =>
        near(metrics.meanPinballLoss(targets, outputs, q), found.pinball[k]!, `pinball ${q}`),
      );
      const names = Array.from({ length: columns }, (_, k) => `value ${k}`);
      const report = metrics.regressionReport(targets, outputs, names);
      report.columns.forEach(({ name, r2, support }, k) => {
        assert.is(name, names[k]);
        assert.is(support, targets.length / columns);
        near(r2, found.columnR2[k]!, `R² of column ${k}`);
      });
      near(report.r2, found.r2, 'report, r2');
      const squares = report.columns.reduce((sum, { rmse }) => sum + rmse * rmse, 0) / columns;
      near(squares, found.mse, 'report, rmse');
      const errors = report.columns.reduce((sum, { mae }) => sum + mae, 0) / columns;
      near(errors, found.mae, 'report, mae');
      return;
    }
    const { labels, classes } = found;
    const scores = Float32Array.from(found.scores);
    const predictions = predictedClasses(scores, classes);
    const all = [metrics.precisionScore, metrics.recallScore, metrics.f1Score] as const;
    near(metrics.accuracyScore(labels, predictions), found.accuracy, 'accuracy');
    all.forEach((score, k) => {
      near(score(labels, predictions, { average: 'macro' }), found.macro[k]!, `macro ${k}`);
      near(
        score(labels, predictions, { average: 'weighted' }),
        found.weighted[k]!,
        `weighted ${k}`,
      );
      near(score(labels, predictions, { average: 'micro' }), found.accuracy, `micro ${k}`);
      if (classes > 2) return;
      near(score(labels, predictions, { average: 'binary' }), found.rows[1]![k]!, `binary ${k}`);
      near(score(labels, predictions), found.defaults![k]!, `default ${k}`);
    });
    for (const [k, value] of Object.entries(found.top))
      near(metrics.topKAccuracyScore(labels, scores, Number(k)), value, `top ${k}`);
    near(metrics.logLoss(labels, found.probabilities), found.logLoss, 'log loss');
    if (found.onesLoss !== undefined) {
      const ones = found.probabilities.filter((_, p) => p % 2 === 1);
      near(metrics.logLoss(labels, ones), found.onesLoss, 'log loss of class 1');
    }
    if (found.auc === null) {
      refused(() => metrics.rocAucOneVsRest(labels, scores, classes), /no sample is of class 3/);
    } else {
      near(metrics.rocAucOneVsRest(labels, scores, classes), found.auc, 'auc');
      const precisions = Array.from({ length: classes }, (_, c) =>
        metrics.averagePrecisionScore(
          labels.map((label) => (label === c ? 1 : 0)),
          scores.filter((_score, i) => i % classes === c),
        ),
      );
      near(precisions.reduce((a, b) => a + b) / classes, found.averagePrecision!, 'precision');
    }
    const names = Array.from({ length: classes }, (_, c) => `class ${c}`);
    const report = metrics.classificationReport(labels, predictions, names);
    report.classes.forEach(({ name, precision, recall, f1, support }, c) => {
      assert.is(name, names[c]);
      [precision, recall, f1, support].forEach((value, k) =>
        near(value, found.rows[c]![k]!, `report, class ${c}, column ${k}`),
      );
    });
    near(report.accuracy, found.accuracy, 'report, accuracy');
    near(report.macro.f1, found.macro[2]!, 'report, macro');
    near(report.weighted.recall, found.weighted[1]!, 'report, weighted');
    assert.is(report.macro.support, labels.length);
  });
}

test('one side of two classes has the same area as their mean', () => {
  const scores = Float32Array.of(0.1, 0.4, 0.35, 0.8);
  assert.is(metrics.rocAucScore([0, 0, 1, 1], scores), 0.75);
  assert.is(metrics.rocAucScore([0, 1, 0, 1], Float32Array.of(1, 1, 1, 1)), 0.5);
  assert.is(metrics.rocAucScore([1, 0], Float32Array.of(Infinity, -Infinity)), 1);
  assert.ok(Number.isNaN(metrics.rocAucScore([0, 1, 1], Float32Array.of(1, NaN, 2))));
});

test('what divides by nothing is 0', () => {
  const report = metrics.classificationReport([0, 0], [1, 1], ['a', 'b', 'c']);
  assert.equal(
    report.classes.map(({ precision, recall, f1 }) => [precision, recall, f1]),
    [
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ],
  );
  assert.is(metrics.f1Score([0, 0], [0, 0], { average: 'binary' }), 0);
  assert.is(metrics.f1Score([0, 0], [0, 0]), 0);
  assert.is(metrics.f1Score([0, 0], [0, 0], { average: 'macro' }), 1);
});

test('of equal scores the higher class comes first, as in scikit-learn, and NaN is never among the best', () => {
  const scores = Float32Array.of(1, 1, 1);
  assert.equal(
    [0, 1, 2].map((label) => metrics.topKAccuracyScore([label], scores, 2)),
    [0, 1, 1],
  );
  assert.is(metrics.topKAccuracyScore([0], Float32Array.of(NaN, 1, 1), 1), 0);
});

test('R2 of targets that do not vary is 1 if the outputs are exact, else 0', () => {
  assert.is(metrics.r2Score([2, 2], [2, 2]), 1);
  assert.is(metrics.r2Score([2, 2], [2, 3]), 0);
});

test('a regression report has each column’s figures in its unit', () => {
  const { columns } = metrics.regressionReport([1, 100, 3, 300], [2, 90, 3, 330], ['a', 'b']);
  assert.equal(
    columns.map(({ bias, mae, medianAe, mape }) => [bias, mae, medianAe, mape]),
    [
      [0.5, 0.5, 0.5, 0.5],
      [10, 20, 20, 0.1],
    ],
  );
  assert.is('mape' in metrics.regressionReport([-1, 2], [1, 2]).columns[0]!, false);
});

test('intervals hold a share of the targets and have a width', () => {
  assert.is(metrics.intervalCoverage([1, 2, 3, 4], [1, 0, 0, 5], [1, 1, 3, 6]), 0.5);
  assert.is(metrics.meanIntervalWidth([1, 0], [2, 5]), 3);
});

test('lists that do not fit are refused', () => {
  refused(() => metrics.medianAbsoluteError([], []), /median absolute error: 0 targets/);
  refused(() => metrics.meanAbsolutePercentageError([1, 0], [1, 2]), /target 1 is 0/);
  refused(() => metrics.meanPinballLoss([1], [1], 1), /quantile is 1, expected a number above 0/);
  refused(() => metrics.intervalCoverage([1, 2], [1, 2], [1]), /2 targets and 1 outputs/);
  refused(() => metrics.regressionReport([1, 2, 3], [1, 2, 3], ['a', 'b']), /in rows of 2/);
  refused(() => metrics.accuracyScore([0, 1], [0]), /accuracy: 2 labels and 1 predictions/);
  refused(
    () => metrics.f1Score([0, 1, 2], [0, 1, 2]),
    /'binary' takes classes 0 and 1, found class 2/,
  );
  refused(() => metrics.f1Score([], []), /f1: 0 labels and 0 predictions/);
  refused(() => metrics.recallScore([0, 0.5], [0, 1]), /recall: label 1 is 0.5, expected a class/);
  refused(() => metrics.recallScore([0, 1], [0, -1]), /recall: prediction 1 is -1/);
  refused(() => metrics.f1Score([0, 2], [0, 1], { average: 'binary' }), /found class 2/);
  refused(
    () => metrics.f1Score([0, 1], [0, 1], { average: 'mean' as 'macro' }),
    /average is 'mean', expected one of macro/,
  );
  refused(() => metrics.topKAccuracyScore([0, 1], new Float32Array(5), 1), /5 scores for 2 labels/);
  refused(() => metrics.topKAccuracyScore([0, 1], new Float32Array(4), 3), /k is 3, expected 1 to/);
  refused(() => metrics.topKAccuracyScore([2], new Float32Array(2), 1), /label 2 of row 0/);
  refused(() => metrics.classificationReport([0, 2], [0, 0], ['a', 'b']), /there is a class 2/);
  refused(() => metrics.rocAucScore([1, 1], [1, 2]), /2 positive and 0 negative samples/);
  refused(() => metrics.rocAucScore([1, 2], [1, 2]), /label 1 is 2, expected 0 or 1/);
  refused(() => metrics.averagePrecisionScore([0, 0], [1, 2]), /none of 2 samples is positive/);
  refused(() => metrics.logLoss([0, 1], [0.2]), /1 probabilities for 2 labels/);
  refused(() => metrics.logLoss([0, 1], [0.2, -3]), /probability 1 is -3, expected 0 to 1/);
  refused(() => metrics.logLoss([0, 1], [0.2, 0.8, 0.5, 0.6]), /of row 1 sum to 1.1, expected 1/);
  refused(() => metrics.logLoss([2], [0.2, 0.8]), /label 0 is 2, expected a class below 2/);
  refused(() => metrics.rocAucScore([1], [1, 2]), /1 labels and 2 scores/);
  refused(() => metrics.rocAucOneVsRest([1, 1], new Float32Array(4), 2), /no sample is of class 0/);
  refused(() => metrics.rocAucOneVsRest([1, 1], new Float32Array(3), 2), /3 scores for 2 labels/);
  refused(() => metrics.meanSquaredError([1], [1, 2]), /1 targets and 2 outputs/);
  refused(() => metrics.r2Score([1], [1]), /expected two rows at least/);
  refused(() => metrics.r2Score([1, 2, 3], [1, 2, 3], 2), /3 targets in rows of 2/);
  refused(() => metrics.perplexity([]), /there are no losses/);
});

test.run();
