/** Reports: what the log says is what they show, nothing from outside is markup, and missing parts are left out. */
// slow: trains for its reports
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LanewiseError } from '../../src/base/errors.js';
import { flatten, linear, sequential } from '../../src/layers/index.js';
import { momentum, schedule } from '../../src/optimizers/index.js';
import type { LoggedEvent } from '../../src/train/events.js';
import { smoothed, sparse, spread, thinned } from '../../src/runs/report/chart.js';
import { diagnose } from '../../src/runs/report/diagnosis.js';
import { rebinned } from '../../src/runs/report/histograms.js';
import { readEvaluation } from '../../src/runs/report/evaluation.js';
import { html, scriptJson } from '../../src/base/html.js';
import { classFigures, inspectRun } from '../../src/runs/report/inspect-run.js';
import { renderPage } from '../../src/runs/report/page-frame.js';
import { parallelCoordinates } from '../../src/runs/sweep/parallel-coordinates.js';
import { compareReport } from '../../src/runs/report/comparison.js';
import { recordsOf } from '../../src/runs/report/records.js';
import { figuresOf, runReport } from '../../src/runs/report/run-report.js';
import {
  readRun,
  saveEvaluation,
  writeComparison,
  writeReport,
} from '../../src/runs/report/write.js';
import { randomStream } from '../../src/random/philox.js';
import { digits } from '../../src/data/digits/index.js';
import { train, type TrainOptions } from '../../src/train/train.js';
import { inFolder } from '../cli/lanewise.js';
import { makeRun } from '../support/run-folder.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { everyEvent, stepEvent } from './sample-events.js';

const EVIL = '</script><script>alert(1)</script>"\'&';

test('strings are text, wherever they come from', () => {
  assert.is(
    html`<b title="${'"'}">${EVIL}</b>`.html,
    '<b title="&quot;">&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;</b>',
  );
  assert.is(html`${undefined}${false}${[html`<i></i>`, 'a<']}${0}`.html, '<i></i>a&lt;0');
  const json = scriptJson({ name: EVIL, other: '<!--' });
  assert.not.match(json, /[<>]/);
  assert.equal(JSON.parse(json), { name: EVIL, other: '<!--' });
});

test('a report of a run with a hostile name of a class holds it as text alone, and asks nobody for anything', () =>
  inFolder(async (folder) => {
    await makeRun(folder, { rounds: 2, classes: [EVIL, ...'123456789'] });
    const text = await readFile(await writeReport(folder), 'utf8');
    assert.is(text.split('<script').length - 1, 2, 'the data and the script');
    assert.match(text, 'http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;;');
    assert.not.match(text.replace(/<script[\s\S]*?<\/script>/g, ''), /(src|href)="(?!data:)/);
    assert.match(text, '&lt;script&gt;alert(1)');
  }));

test('the last figures, settings and the hash are in the text of the page', () =>
  inFolder(async (folder) => {
    const { model } = await makeRun(folder, { rounds: 2 });
    const text = await readFile(await writeReport(folder, join(folder, 'other.html')), 'utf8');
    const { records, evaluation } = await readRun(folder);
    assert.match(text, await model.sha256());
    assert.match(text, 'momentum');
    const share = (value: number) => `${(value * 100).toFixed(2)} %`;
    assert.match(text, `<dd>${share(evaluation!.accuracy!)}</dd>`);
    assert.match(text, `<dd>${records.lastStep}</dd>`);
    assert.is(
      evaluation!.confusion!.counts.flat().reduce((a, b) => a + b),
      1000,
    );
    const wrong = evaluation!.confusion!.counts.reduce(
      (sum, row, t) => sum + row.reduce((a, b) => a + b) - row[t]!,
      0,
    );
    assert.is(wrong, Math.round(1000 * (1 - evaluation!.accuracy!)));
    assert.is(evaluation!.mistakes!.length, Math.min(24, wrong));
    const losses = evaluation!.mistakes!.map(({ loss }) => loss);
    assert.equal(
      losses,
      losses.toSorted((a, b) => b - a),
    );
  }));

test('runs without an end, without validation, without anything: the report has what there is', () => {
  const report = (events: LoggedEvent[]) =>
    runReport({ name: 'r', records: recordsOf(events), evaluation: undefined });
  const all = everyEvent;
  assert.match(
    report(all.filter(({ event }) => event !== 'done')).parts.head.html,
    'no end is logged',
  );
  const alone = report(all.filter(({ event }) => event === 'start'));
  assert.equal(alone.charts, []);
  const empty = report([]);
  assert.equal([empty.charts, empty.title], [[], 'r – Lanewise']);
  assert.match(empty.parts.head.html, 'not begun');
});

test('a regression, on no images, has losses and no classes', () =>
  inFolder(async (folder) => {
    const data = {
      name: 'line',
      inputs: {
        input: { shape: [3], values: Float32Array.from({ length: 60 }, (_, i) => i / 60) },
      },
      targets: {
        output: { shape: [1], values: Float32Array.from({ length: 20 }, (_, i) => i / 20) },
      },
    };
    const { model } = await train(sequential([linear(3, 1)], { input: [3] }), {
      data,
      loss: 'meanSquaredError',
      optimizer: momentum({ lr: 0.01 }),
      epochs: 1,
      workers: 0,
    });
    const evaluation = await inspectRun(model, data, { workers: 0 });
    const names = Object.keys(evaluation).toSorted().join(' ');
    assert.is(names, 'data loss misses samples values version');
    await saveEvaluation(folder, evaluation);
    await writeFile(join(folder, 'metrics.jsonl'), '');
    assert.match(await readFile(await writeReport(folder), 'utf8'), 'Test loss');
  }));

test('no samples are called test and validation at once, nor test where they were chosen by', () =>
  inFolder(async (folder) => {
    const validation = digits({ count: 60, first: 1_000_000 });
    const other = digits({ count: 50, first: 2_000_000 });
    let runs = 0;
    const tilesOf = async (more: Partial<TrainSettings>, options: TrainOptions) => {
      const path = join(folder, String(runs++));
      const settings = {
        data: digits({ count: 64 }),
        validation,
        optimizer: momentum({ lr: 0.3 }),
        epochs: 3,
        workers: 0,
        ...more,
      };
      const model = sequential([flatten(), linear(784, 10)], { input: [1, 28, 28] });
      await train(model, settings, { folder: path, ...options });
      const run = await readRun(path);
      const { part, samples } = run.evaluation!;
      const quality = figuresOf(run).filter(([name]) => /test|validation/i.test(name));
      const last = run.records.validations.at(-1)!;
      const labels = runReport(run).charts[0]!.series.map(({ label }) => label);
      return { part, samples, tiles: Object.fromEntries(quality), last, labels };
    };
    const percent = (value: number) => `${(value * 100).toFixed(2)} %`;

    // The same samples, and nothing chosen by them: a test, looked at after each epoch.
    const shown = await tilesOf({}, { test: validation });
    assert.equal(Object.keys(shown.tiles), ['Test accuracy', 'Test error', 'Test loss']);
    assert.is(shown.tiles['Test accuracy'], percent(shown.last.valAccuracy!));
    assert.equal(shown.labels, ['training', 'test']);
    // The same, by which the best weights were chosen: no test.
    const chosen = await tilesOf({ keepBest: { monitor: 'valAccuracy' } }, { test: validation });
    assert.is(chosen.part, 'validation');
    assert.equal(Object.keys(chosen.tiles), [
      'Validation accuracy, best weights',
      'Validation error, best weights',
      'Validation loss, best weights',
      'Validation accuracy',
      'Best validation',
      'Validation loss',
    ]);
    assert.is(chosen.tiles['Validation accuracy, best weights'], chosen.tiles['Best validation']);
    assert.equal(chosen.labels, ['training', 'validation']);
    // Nothing given for a test; a schedule that follows the validation loss; one that follows the training loss.
    const plain = ['Validation accuracy', 'Validation error', 'Validation loss', 'Best validation'];
    assert.equal(Object.keys((await tilesOf({}, {})).tiles), plain);
    const plateau = (metric?: 'loss') => schedule.reduceOnPlateau(metric ? { metric } : {});
    const followed = await tilesOf({ schedule: plateau() }, { test: validation });
    assert.equal(Object.keys(followed.tiles), plain);
    const after = await tilesOf({ schedule: schedule.warmup(1, plateau()) }, { test: validation });
    assert.equal(Object.keys(after.tiles), plain);
    const byLoss = await tilesOf({ schedule: plateau('loss') }, { test: validation });
    assert.is(byLoss.part, 'test');
    // Samples apart: both, each by its name.
    const apart = await tilesOf({ keepBest: true }, { test: other });
    assert.equal([apart.part, apart.samples], ['test', 50]);
    assert.equal(Object.keys(apart.tiles), [
      'Test accuracy',
      'Test error',
      'Test loss',
      'Validation accuracy',
      'Best validation',
      'Validation loss',
    ]);
  }));

test('a dense first layer on images is shown as images', async () => {
  const data = digits({ count: 50, seed: 2 });
  const model = sequential([flatten(), linear(784, 10)], { input: [1, 28, 28] });
  const trained = await train(model, {
    data,
    optimizer: momentum({ lr: 0.01 }),
    epochs: 1,
    workers: 0,
  });
  const { filters, featureMaps } = await inspectRun(trained.model, data, { workers: 0 });
  assert.equal(
    [filters!.name, filters!.about, filters!.pictures.length],
    ['1.weight', '10 of 10, 28×28', 10],
  );
  assert.is(featureMaps, undefined);
});

test('what a resumed run did twice counts once; of two runs in a folder the last is told of', () => {
  const step = (n: number, loss: number) => ({ ...stepEvent(n), loss });
  const start = everyEvent.find((e) => e.event === 'start')!;
  const { steps, resumes } = recordsOf([
    start,
    step(1, 9),
    start,
    step(1, 1),
    step(2, 2),
    step(3, 3),
    { ...start, resumedAt: 2 },
    step(3, 4),
  ]);
  assert.equal([resumes, steps.map(({ loss }) => loss)], [1, [1, 2, 4]]);
});

test('vanishing and exploding gradients, silent layers and NaN are said in words', () => {
  const layer = (name: string, activationNorm: number, gradientNorm: number) => ({
    name,
    activationNorm,
    gradientNorm,
  });
  const say = (...layers: ReturnType<typeof layer>[]) =>
    diagnose({ event: 'probe', step: 1, layers, weights: [] }).join(' ');
  assert.match(
    say(layer('a', 1, 1e-9), layer('b', 1, 1e-2)),
    /vanishes on its way back: by 'a' it is 1.0e-9, by 'b' 0.01/,
  );
  assert.match(say(layer('a', 1, 1e3), layer('b', 1, 1e-2)), /explodes/);
  assert.match(say(layer('a', 0, 1), layer('b', 1, 1)), /Outputs are all zero in 'a'/);
  assert.match(
    say(layer('a', 1, NaN), layer('b', 1, 1)),
    /'a' has an output or a gradient that is not finite/,
  );
  assert.match(say(layer('a', 1, 1), layer('b', 1, 1)), /^Gradients reach the first layer/);
});

test('losses of several orders of magnitude get a logarithmic axis, alone and compared', () => {
  const run = (loss: number) => ({
    name: `loss ${loss}`,
    records: recordsOf(
      everyEvent.map((event) => (event.event === 'step' ? { ...event, loss } : event)),
    ),
    evaluation: undefined,
  });
  const axisOf = (...losses: number[]) =>
    compareReport(losses.map(run)).charts.find(({ id }) => id === 'loss')!.isLog;
  assert.is(axisOf(1250, 0.5), true);
  assert.is(axisOf(2, 0.5), false);
});

test('runs are compared by their metrics too, under the names that people write', () => {
  const run = (r2: number) => ({
    name: `r2 ${r2}`,
    records: recordsOf(
      everyEvent.map((event) =>
        event.event === 'epoch' ? { ...event, valLoss: 0.1, metrics: { r2 } } : event,
      ),
    ),
    evaluation: undefined,
  });
  const chart = compareReport([0.5, 0.75].map(run)).charts.find(({ title }) =>
    title.endsWith(' R²'),
  )!;
  assert.equal(
    chart.series.map(({ label, values }) => [label, values.at(-1)]),
    [
      ['r2 0.5', 0.5],
      ['r2 0.75', 0.75],
    ],
  );
});

test('labels of parallel coordinates that would meet are left out, the first and last never', () => {
  const axis = { name: 'score', isLog: false, values: [0.2, 0.21, 0.5, 0.79, 0.8] };
  const lines = axis.values.map((_, i) => ({ label: String(i), rank: i / 4 }));
  const { html } = parallelCoordinates([axis], lines);
  const labels = [...html.matchAll(/text-anchor="end"\s*>\s*([\d.]+)/g)].map(([, label]) => label);
  assert.equal(labels, ['0.2', '0.5', '0.8']);
});

test('precision, recall and F1 of a small matrix', () => {
  const [a, b, c] = classFigures({
    classes: ['a', 'b', 'c'],
    counts: [
      [3, 1, 0],
      [1, 1, 0],
      [0, 0, 0],
    ],
  });
  assert.equal(a, { name: 'a', samples: 4, precision: 0.75, recall: 0.75, f1: 0.75 });
  assert.equal(b, { name: 'b', samples: 2, precision: 0.5, recall: 0.5, f1: 0.5 });
  assert.equal(c, { name: 'c', samples: 0, precision: null, recall: null, f1: null });
});

test('curves: thinned keep their mean, sparse their end; smoothing keeps a constant; histograms keep their sum', () => {
  const points = Array.from({ length: 1000 }, (_, i) => [i, i % 7] as const);
  const few = thinned(points, 100);
  assert.is(few.length, 100);
  assert.is(few.at(-1)![0], 999);
  const mean = (list: readonly (readonly [number, number])[]) =>
    list.reduce((s, [, y]) => s + y, 0) / list.length;
  assert.ok(Math.abs(mean(few) - mean(points)) < 1e-9);
  assert.is(sparse(points, 30).at(-1), points.at(-1));
  assert.ok(sparse(points, 30).length <= 30);
  assert.equal(spread([1, 2, 3, 4, 5, 6, 7], 3), [1, 4, 7]);
  for (const [, y] of smoothed(points.map(([x]) => [x, 5] as const)))
    assert.ok(Math.abs(y - 5) < 1e-9);
  const shares = rebinned({ min: -1, max: 2, counts: [1, 5, 2] }, -3, 3, 40);
  assert.ok(Math.abs(shares.reduce((a, b) => a + b) - 1) < 1e-9);
  assert.equal(rebinned({ min: 1, max: 1, counts: [4, 0] }, 0, 2, 2), [0, 1]);
});

test('damaged evaluations are refused, or drawn with what is left of them', () => {
  const picture = 'AAAA';
  const whole = Buffer.from(
    JSON.stringify({
      version: 1,
      data: 'd',
      samples: 3,
      loss: 0.5,
      accuracy: 0.5,
      confusion: {
        classes: ['a', 'b'],
        counts: [
          [1, 0],
          [2, 0],
        ],
      },
      classes: [{ name: 'a', samples: 1, precision: null, recall: 1, f1: 0.5 }],
      mistakes: [{ index: 1, picture, truth: 'a', predicted: 'b', probability: 1, loss: null }],
      filters: { name: 'w', about: '1 of 1', pictures: [picture] },
      featureMaps: { picture, label: 'l', layers: [{ name: 'c', about: '', pictures: [] }] },
    }),
  );
  const records = recordsOf(everyEvent);
  const assets = { script: '', style: '' };
  const drawn = { refused: 0, shown: 0 };
  const stream = randomStream(5, 0, 0);
  const count = Number(process.env['LANEWISE_FUZZ'] ?? 2000);
  for (let i = 0; i < count; i++) {
    let bytes = Buffer.from(whole);
    if (i % 2 === 0) {
      for (let n = stream.integer(4); n >= 0; n--)
        bytes[stream.integer(bytes.length)] = 32 + stream.integer(95);
    } else {
      const others = [null, -1, 1e300, '', '<script>', [], {}, [[]], true];
      const swap = (_: string, value: unknown) =>
        stream.integer(30) === 0 ? others[stream.integer(others.length)] : value;
      bytes = Buffer.from(JSON.stringify(JSON.parse(whole.toString(), swap)));
    }
    try {
      const evaluation = readEvaluation(bytes, 'evaluation.json');
      const page = renderPage(runReport({ name: 'r', records, evaluation }), assets);
      assert.is(page.split('<script').length, 3);
      drawn.shown++;
    } catch (error) {
      assert.instance(error, LanewiseError);
      drawn.refused++;
    }
  }
  assert.ok(drawn.refused > count / 10 && drawn.shown > count / 10, JSON.stringify(drawn));
});

test('damaged files are refused by name', () =>
  inFolder(async (folder) => {
    const refused = async (pattern: RegExp) => {
      try {
        await writeReport(folder);
      } catch (error) {
        assert.instance(error, LanewiseError);
        return assert.match((error as Error).message, pattern);
      }
      assert.unreachable();
    };
    await refused(/metrics\.jsonl': there is no such file/);
    await writeFile(join(folder, 'metrics.jsonl'), '');
    for (const [text, pattern] of [
      ['{', /evaluation\.json' is not JSON/],
      ['null', /evaluation\.json': the whole is null, expected an object/],
      [
        '{"version":1,"data":"d","samples":1,"loss":1,"mistakes":[{}]}',
        /mistakes\[0\]\.index is missing, expected a number/,
      ],
    ] as const) {
      await writeFile(join(folder, 'evaluation.json'), text);
      await refused(pattern);
    }
    await rm(join(folder, 'evaluation.json'));
    await writeReport(folder);
    await writeComparison([folder, folder], join(folder, 'c.html'));
  }));

test.run();
