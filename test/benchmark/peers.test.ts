/** The output of `npm run bench:peers` for given measurements: medians, ratios, reasons, the table. No time is judged. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';

// Plain JavaScript outside the build: loaded where it lies.
const load = (name: string) =>
  import(new URL(`../../../bench/peers/lib/${name}.mjs`, import.meta.url).href);
const { median, parseLine, ratio, summarize } = await load('statistics');
const { format, table } = await load('table');
const { inferenceOf, isThreaded, productOf, trainingOf, workloads } = await load('workloads');
const { parseOptions } = await load('options');

test('the median is the middle one, or the mean of the middle two', () => {
  assert.is(median([3, 100, 1]), 3);
  assert.is(median([4, 1, 3, 100]), 3.5);
});

test('a ratio of 2 is twice the throughput, half the time, half the memory', () => {
  assert.is(ratio(200, 100, 'images/s'), 2);
  assert.is(ratio(50, 100, 'µs'), 2);
  assert.is(ratio(50, 100, 'MB'), 2);
});

test('a result is the last JSON line; without one the reason is what the process complained about', () => {
  assert.equal(parseLine('Hi there\n{"value":1}\n{"value":2}\nbye\n', ''), { value: 2 });
  const refusal =
    "lanewise: unknown workload 'memory', expected one of ceiling\n  did you mean 'mlp-b64'?\n";
  assert.equal(parseLine('', refusal), { unavailable: 'unknown workload' });
  assert.equal(parseLine('', 'Error: no kernel\n    at file.js:1\n'), {
    unavailable: 'Error: no kernel',
  });
  assert.equal(parseLine('', ''), { unavailable: 'it printed nothing' });
});

const task = { workload: 'mlp-b64', threads: 1, peer: 'pytorch' };
const images = (value: number) => ({ value, unit: 'images/s' });

test('rounds become medians and a ratio of them', () => {
  const runs = [
    { ours: images(90), theirs: { ...images(40), setting: 'foreach' } },
    { ours: images(100), theirs: { ...images(50), setting: 'foreach' } },
    { ours: images(500), theirs: { ...images(60), setting: 'traced' } },
  ];
  const row = summarize({ ...task, runs });
  assert.equal([row.ours, row.theirs, row.ratio, row.unit], [100, 50, 2, 'images/s']);
  assert.equal(row.settings, ['foreach', 'traced']);
  assert.is(row.strictRatio, undefined);
});

test('who cannot do a workload has a reason and no ratio, the other keeps its figure', () => {
  const theirs = summarize({ ...task, runs: [{ theirs: { unavailable: 'no kernel' } }] });
  assert.equal([theirs.theirsUnavailable, theirs.ratio], ['no kernel', undefined]);
  const runs = [{ ours: { unavailable: 'unknown workload' }, theirs: images(50) }];
  const ours = summarize({ ...task, runs });
  assert.equal([ours.oursUnavailable, ours.theirs], ['unknown workload', 50]);
  const alone = summarize({ ...task, peer: 'none', runs: [{ ours: images(7) }] });
  assert.equal([alone.ours, alone.unit, alone.theirsUnavailable], [7, 'images/s', undefined]);
});

test('the table shows figures to three digits and reasons in words', () => {
  assert.equal([123_456.7, 123.4, 12.34, 1.234].map(format), ['123,457', '123', '12.3', '1.23']);
  const rows = [
    summarize({ ...task, runs: [{ ours: images(150_000), theirs: images(100_000) }] }),
    summarize({ ...task, peer: 'tfjs', runs: [{ theirs: { unavailable: 'no kernel' } }] }),
  ];
  const [head, rule, first, second] = table(rows).split('\n');
  assert.match(head, /^\| workload \| peer +\| +peer’s \| Lanewise \| ratio \|/);
  assert.match(rule, /^\| -+ \| -+ \| -+: \|/);
  assert.match(first, /^\| mlp-b64 +\| pytorch \| 100,000 \| +150,000 \| +1\.50 \|/);
  assert.match(second, /^\| mlp-b64 +\| tfjs +\| +– \| +– \|.*tfjs cannot: no kernel/);
});

test('names of workloads say what they are', () => {
  assert.equal(productOf('sgemm-128'), { m: 128, k: 128, n: 128 });
  assert.equal(productOf('sgemm-64x784x100'), { m: 64, k: 784, n: 100 });
  assert.is(inferenceOf('lenet5-infer-b256'), 256);
  assert.equal(trainingOf('vgg-small-b64'), { model: 'vgg-small', batch: 64 });
  assert.not.ok(isThreaded('lenet5-infer-b1'));
  for (const name of workloads.filter((name: string) => name !== 'memory')) {
    const kinds = [productOf, inferenceOf, trainingOf].filter((kindOf) => kindOf(name));
    assert.is(kinds.length, 1, name);
  }
});

test('options are lists and whole numbers; others are refused by name', () => {
  const options = parseOptions(['--workloads', 'mlp-b64', '--threads', '2', '--cores', 'none']);
  assert.equal([options.workloads, options.threads, options.cores], [['mlp-b64'], [2], []]);
  assert.throws(
    () => parseOptions(['--peers', 'keras']),
    /--peers: unknown 'keras', expected pytorch/,
  );
  assert.throws(() => parseOptions(['--rounds', '0']), /--rounds is '0', expected a whole number/);
});

test.run();
