/** `lanewise bench`: every kind of workload runs and reports what its line promises. No time is judged. */
// slow: measures every kind of workload
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Profile } from '../../src/benchmark/index.js';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blankData } from '../../src/benchmark/blank-data.js';
import { samplesOf } from '../../src/data/forms.js';
import { columnsOf } from '../../src/feed/columns.js';
import { embedding, gru, linear, sequential } from '../../src/layers/index.js';
import { lossTerms } from '../../src/losses/terms.js';
import { allRecipes } from '../../src/models/recipes.js';
import { shardGraph } from '../../src/step/graphs.js';
import { drawWeights } from '../../src/step/initialize.js';
import { encodeModel } from '../../src/trained/model-file.js';
import { createTrainedModel } from '../../src/trained/trained-model.js';
import { parseResults } from '../../src/benchmark/results.js';
import { version } from '../../src/base/version.js';
import { eventsOf, inFolder, lanewise } from '../cli/lanewise.js';

const names = ['ceiling', 'sgemm-128', 'mlp-b64', 'lenet5-infer-b1', 'lenet5-infer-b256'];

test('one JSON object a workload, with figures that fit together', async () => {
  const run = await lanewise(['bench', ...names, '--seconds', '0.2', '--threads', '2', '--json']);
  assert.is(run.code, 0, run.stderr);
  const lines = eventsOf(run);
  assert.equal(
    lines.map(({ workload }) => workload),
    names,
  );
  assert.equal(
    lines.map(({ unit }) => unit),
    ['GFLOP/s', 'GFLOP/s', 'images/s', 'µs', 'images/s'],
  );
  assert.equal(
    lines.map(({ threads }) => threads),
    [1, 2, 2, 1, 1],
  );
  for (const line of lines) {
    assert.type(line['engine'], 'string');
    assert.type(line['cpu'], 'string');
    assert.ok(['fused', 'strict'].includes(line['numerics'] as string));
    const { value, medianMs, minMs, ofCeiling } = line as Record<string, number>;
    assert.ok(
      minMs! > 0 && medianMs! >= minMs! && value! > 0 && ofCeiling! > 0,
      JSON.stringify(line),
    );
  }
  const [, product, training, single] = lines as Record<string, number>[];
  assert.ok(
    Math.abs((product!['value']! * product!['medianMs']!) / ((2 * 128 ** 3) / 1e6) - 1) < 1e-9,
  );
  assert.ok(Math.abs((training!['value']! * training!['medianMs']!) / 64_000 - 1) < 1e-9);
  assert.ok(Math.abs(single!['value']! / (single!['medianMs']! * 1000) - 1) < 1e-9);
});

test('a product of bytes says which build ran', async () => {
  const run = await lanewise(['bench', 'int8-512', '--seconds', '0.2', '--json', '--threads', '2']);
  assert.is(run.code, 0, run.stderr);
  const [{ unit, threads, note, ofCeiling, value, medianMs }] = eventsOf(run) as [
    Record<string, number | string>,
  ];
  assert.equal([unit, threads, ofCeiling], ['GOP/s', 1, null]);
  assert.match(String(note), /^build 'int8-(relaxed|plain)'$/);
  assert.ok(Math.abs((Number(value) * Number(medianMs)) / ((2 * 512 ** 3) / 1e6) - 1) < 1e-9);
});

test('rows and windows of a text are counted as such', async () => {
  const run = await lanewise(['bench', 'rows-b64', 'charlstm-b32', '--seconds', '0.2', '--json']);
  assert.is(run.code, 0, run.stderr);
  assert.equal(
    eventsOf(run).map(({ workload, unit }) => [workload, unit]),
    [
      ['rows-b64', 'rows/s'],
      ['charlstm-b32', 'windows/s'],
    ],
  );
});

test('whole processes: the first step and the peak of memory, of one bound by nothing', async () => {
  const peak = await lanewise(['bench', 'memory', '--seconds', '0.2', '--json']);
  assert.is(peak.code, 0, peak.stderr);
  const [memory] = eventsOf(peak) as Record<string, number>[];
  const { workload, unit, threads, ofCeiling } = memory!;
  assert.equal([workload, unit, threads, ofCeiling], ['memory', 'MB', 1, null]);
  // More than an empty engine, less than the machine.
  assert.ok(memory!['value']! > 20 && memory!['value']! < 2000, String(memory!['value']));
});

test('one run prints a table and writes a file of the same', () =>
  inFolder(async (cwd) => {
    const flags = ['--seconds', '0.2', '--threads', '2', '--json', 'start.json'];
    const run = await lanewise(['bench', 'coldstart', ...flags], { cwd });
    assert.is(run.code, 0, run.stderr);
    assert.match(run.stdout, /coldstart +2 threads .* ms more than an empty process$/m);
    const text = await readFile(join(cwd, 'start.json'), 'utf8');
    const [start] = parseResults(text, 'start.json').rows;
    assert.equal(
      [start!.workload, start!.unit, start!.threads, start!.ofCeiling],
      ['coldstart', 'ms', 2, null],
    );
    assert.is(start!.value, start!.medianMs);
  }));

test('results in a file: every row, and where it was measured', () =>
  inFolder(async (cwd) => {
    const flags = ['--seconds', '0.2', '--numerics', 'strict', '--json', 'here.json'];
    const run = await lanewise(['bench', 'ceiling', 'sgemm-128', ...flags], { cwd });
    assert.is(run.code, 0, run.stderr);
    assert.match(run.stdout, /\nceiling .*\nsgemm-128 .*\n\nresults in here\.json\n$/);
    const found = parseResults(await readFile(join(cwd, 'here.json'), 'utf8'), 'here.json');
    assert.equal(
      found.rows.map(({ workload, threads, unit }) => [workload, threads, unit]),
      [
        ['ceiling', 1, 'GFLOP/s'],
        ['sgemm-128', 1, 'GFLOP/s'],
      ],
    );
    assert.is(`${found.engine.name} v${found.engine.version}`, `node ${process.version}`);
    assert.equal([found.lanewise, found.numerics, found.seconds], [version, 'strict', 0.2]);
    assert.ok(Math.abs(Date.parse(found.date) - Date.now()) < 600_000);
    const same = await lanewise(['bench', '--compare', 'here.json', 'here.json'], { cwd });
    assert.match(same.stdout, /\nb beside a: 0 better, 0 worse, 2 within noise\n$/);
  }));

test('a file that cannot be meant is refused before minutes of measuring', () =>
  inFolder(async (cwd) => {
    for (const [args, message] of [
      [['--json', 'sgemm-128'], '--json sgemm-128 would write a file with the name of a workload'],
      [['--json', 'x', '--profile'], '--json x is for results, and --profile has none'],
      [['--json', '.'], "cannot write '.': something other than a file is in its place"],
    ] as const) {
      const { code, stdout, stderr } = await lanewise(['bench', ...args], { cwd });
      assert.equal([code, stdout], [1, '']);
      assert.ok(stderr.startsWith(`error: ${message}`), stderr);
    }
  }));

test('an unknown workload is refused with the nearest name', async () => {
  const { code, stderr } = await lanewise(['bench', 'lenet5-b46']);
  assert.is(code, 1);
  assert.match(
    stderr,
    /unknown workload 'lenet5-b46', expected one of ceiling, .*\n {2}did you mean 'lenet5-b64'\?/,
  );
});

test('a profile lists every kernel call of the program, and its shares are the whole', async () => {
  const run = await lanewise(['bench', 'lenet5-b64', '--profile', '--seconds', '0.2', '--json']);
  const [found] = eventsOf(run) as unknown as [Profile & { workload: string }];
  assert.is(found.workload, 'lenet5-b64');
  assert.is(found.program, 'gradients of 16 of 64');
  assert.ok(Math.abs(found.calls.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
  const kernels = new Set(found.calls.map(({ kernel }) => kernel));
  for (const kernel of ['conv2d', 'conv2dWeightGradient', 'matmul', 'avgPool2d', 'crossEntropy']) {
    assert.ok(kernels.has(kernel), kernel);
  }
  assert.ok(found.calls.every(({ kernel, gflops }) => kernel !== 'conv2d' || gflops > 0));
  for (const { kernel, bound, gigabytes, ofBound } of found.calls) {
    assert.ok(['arithmetic', 'memory'].includes(bound) && gigabytes >= 0, kernel);
    assert.ok(kernel === 'fill' || ofBound > 0, kernel);
    if (kernel === 'sumChannels') assert.ok(bound === 'memory' && gigabytes > 0);
  }
  assert.is(found.total.calls, found.calls.length);
  assert.is(
    found.kernels.reduce((sum, { calls }) => sum + calls, 0),
    found.calls.length,
  );
  assert.ok(Math.abs(found.kernels.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
  const text = await lanewise(['bench', 'mlp-b64', '--profile', '--seconds', '0.2']);
  const [first, columns, row, ...rest] = text.stdout.trimEnd().split('\n');
  assert.match(first!, /^mlp-b64, gradients of 32 of 64: \d+ µs$/);
  assert.match(columns!, /^ +time +share +layer +kernel +speed +of its bound$/);
  assert.match(
    row!,
    /^ +\d+\.\d µs +\d+\.\d %  \S+( gradient)? +matmul +\d+\.\d GFLOP\/s +\d+ % arithmetic$/,
  );
  assert.match(rest.at(-1)!, /^ +\d+\.\d µs +100\.0 % +\d+ calls +total +\d+\.\d GFLOP\/s +\d+ %$/);
  const none = await lanewise(['bench', 'sgemm-128', '--profile']);
  assert.match(none.stderr, /workload 'sgemm-128' has no program to profile, lenet5-b64 has/);
});

test('models and model files are profiled by name, in minibatches of any size', () =>
  inFolder(async (cwd) => {
    const layers = {
      tokens: embedding(9, 6),
      'a-layer-with-a-name-that-is-longer-than-its-column': gru(6, 5),
      out: linear(5, 3),
    };
    const model = sequential(layers, { input: [7], vocabulary: 9 });
    const terms = lossTerms('crossEntropy', ['output']);
    const weights = await drawWeights(model.parameters, 1, 'strict');
    const trained = createTrainedModel(model, terms, 'strict', weights, {});
    await writeFile(join(cwd, 'steps.safetensors'), encodeModel(trained));
    const flags = ['--profile', '--seconds', '0.2'];
    const names = ['lenet1', './steps.safetensors'];
    const run = await lanewise(['bench', ...names, ...flags, '--batch', '5'], { cwd });
    assert.is(run.code, 0, run.stderr);
    assert.match(run.stdout, /^lenet1, gradients of 5 of 5: /);
    const [, ofFile] = run.stdout.split(/(?=^\.\/steps)/m);
    assert.match(ofFile!, /^\.\/steps\.safetensors, gradients of 5 of 5: /);
    const rows = ofFile!.split('\n').filter((line) => / µs .* (arithmetic|memory)$/.test(line));
    assert.ok(rows.some((row) => row.includes(Object.keys(layers)[1]!)));
    // All columns begin where they do in the head.
    const at = ofFile!.split('\n')[1]!.indexOf('kernel');
    assert.ok(
      rows.every((row) => /^ \w/.test(row.slice(at - 1))),
      ofFile,
    );
    for (const [args, message] of [
      [['lenet5-b46', '--profile'], /unknown workload or model 'lenet5-b46', .*'lenet5-b64'/s],
      [['alexnot', '--profile'], /unknown workload or model 'alexnot', .*'alexnet'/s],
      [['gone.safetensors', '--profile'], /gone\.safetensors/],
      [['lenet5-b64', '--batch', '5'], /--batch 5 is for --profile/],
    ] as const) {
      const { code, stderr } = await lanewise(['bench', ...args], { cwd });
      assert.is(code, 1);
      assert.match(stderr, message);
    }
  }));

test('every recipe has samples to be profiled with', () => {
  for (const [name, { create, loss }] of Object.entries(allRecipes())) {
    const model = create();
    const terms = lossTerms(loss, [...model.outputs.keys()]);
    const { count } = columnsOf(model, terms, samplesOf(blankData(model, terms, 3)));
    assert.is(count, 3, name);
    const task = {
      model,
      terms,
      scored: { output: [...model.outputs.keys()][0]! },
      columns: columnsOf(model, terms, samplesOf(blankData(model, terms, 3))).columns,
    };
    assert.ok(shardGraph(task, 2, 2).gradients.size > 0, name);
  }
});

test.run();
