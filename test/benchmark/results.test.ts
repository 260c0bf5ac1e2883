/** Files of results: written and read back, compared, and refused if they are not valid. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareResults } from '../../src/benchmark/compare.js';
import {
  MOST_RESULT_BYTES,
  parseResults,
  printResults,
  resultsOf,
  type Circumstances,
  type Results,
  type Row,
} from '../../src/benchmark/results.js';
import { eventsOf, inFolder, lanewise } from '../cli/lanewise.js';
import { refusal } from '../support/refusal.js';

const node: Circumstances = {
  lanewise: '0.1.0',
  date: '2026-01-31T12:00:00.000Z',
  engine: { name: 'node', version: '24.1.0' },
  cpu: 'AMD EPYC',
  cores: 2,
  numerics: 'fused',
  threads: 'shared',
  seconds: 2,
};

const bun: Circumstances = {
  ...node,
  engine: { name: 'bun', version: '1.4.5' },
  numerics: 'strict',
};

const speed = (workload: string, value: number, scatter = 0.01): Row => ({
  workload,
  threads: 1,
  value,
  unit: 'images/s',
  spread: [value * (1 - scatter), value * (1 + scatter)],
  medianMs: 64_000 / value,
  minMs: 60_000 / value,
  ofCeiling: 0.5,
});

const time = (workload: string, value: number): Row => ({
  ...speed(workload, value),
  unit: 'ms',
  ofCeiling: null,
  note: 'an empty process takes 20 ms',
});

const before = resultsOf(node, [
  speed('faster', 1000),
  speed('slower', 1000),
  speed('even', 1000),
  speed('scattered', 1000, 0.3),
  speed('steady', 1000, 0),
  time('coldstart', 100),
  speed('gone', 1),
]);
const after = resultsOf(bun, [
  speed('faster', 1500),
  speed('slower', 800),
  speed('even', 1010),
  speed('scattered', 1400, 0.3),
  // Values that do not scatter at all are still those of one process.
  speed('steady', 1020, 0),
  time('coldstart', 50),
  { ...speed('gone', 1), threads: 2 },
]);

test('results are what they were after a file', () => {
  assert.equal(parseResults(printResults(before), 'a.json'), before);
  const page = resultsOf({ ...node, cpu: null, threads: 'none' }, []);
  assert.equal(parseResults(printResults(page), 'a.json'), page);
  const more = { ...before, machine: 'mine', rows: [{ ...before.rows[0], host: 1 }] };
  assert.equal(parseResults(JSON.stringify(more), 'a.json').rows, [before.rows[0]]);
});

test('a comparison tells better and worse from noise, in any unit', () => {
  const { rows, onlyA, onlyB, differences } = compareResults(before, after);
  assert.equal(
    rows.map(({ workload, verdict, ratio }) => [workload, verdict, ratio]),
    [
      ['faster', 'better', 1.5],
      ['slower', 'worse', 0.8],
      ['even', 'within noise', 1.01],
      ['scattered', 'within noise', 1.4],
      ['steady', 'within noise', 1.02],
      ['coldstart', 'better', 2],
    ],
  );
  for (const { ratio, spread } of rows) assert.ok(spread[0] <= ratio && ratio <= spread[1]);
  assert.equal(rows[5]!.spread, [99 / 50.5, 101 / 49.5]);
  assert.equal([onlyA, onlyB], [['gone, 1 thread'], ['gone, 2 threads']]);
  assert.equal(differences, ['engine (node 24.1.0, bun 1.4.5)', 'numerics (fused, strict)']);
  // Turned round, better is worse.
  const back = compareResults(after, before).rows;
  assert.equal(
    back.map(({ verdict }) => verdict),
    ['worse', 'better', 'within noise', 'within noise', 'within noise', 'worse'],
  );
  assert.equal(compareResults(before, before).differences, []);
});

/** The message of the file with this in place of its own. */
const refused = (change: object): Promise<string> =>
  refusal(() => parseResults(JSON.stringify({ ...before, ...change }), 'a.json'));
const ofRow = (change: object): Promise<string> =>
  refused({ rows: [before.rows[0], { ...before.rows[1], ...change }] });

test('a file that does not hold results is refused, with the field and its value', async () => {
  const so = "'a.json' does not hold results of lanewise bench: ";
  const messages: readonly (readonly [string | Promise<string>, string])[] = [
    [refused({ format: 'tune' }), `${so}format is 'tune', expected one of lanewise-bench`],
    [refused({ formatVersion: 2 }), `${so}formatVersion is 2, expected one of 1`],
    [refused({ engine: 'node' }), `${so}engine is 'node', expected an object`],
    [
      refused({ engine: { name: 1 } }),
      `${so}engine.name is 1, expected printable text of at most 200 characters`,
    ],
    [
      refused({ cpu: 'x'.repeat(201) }),
      `${so}cpu is '${'x'.repeat(100)}… (201 characters)', expected printable`,
    ],
    [refused({ cpu: '\u001b[2Jgone' }), `${so}cpu is '\\u{1b}[2Jgone', expected printable`],
    [refused({ lanewise: 'a\u202eb' }), `${so}lanewise is 'a\\u{202e}b', expected printable`],
    [refused({ date: 'yesterday' }), `${so}date is 'yesterday', expected a date such as`],
    [refused({ cores: 0 }), `${so}cores is 0, expected a whole number from 1 to 4096`],
    [refused({ numerics: 'fast' }), `${so}numerics is 'fast', expected one of fused, strict`],
    [refused({ threads: 'gpu' }), `${so}threads is 'gpu', expected one of shared, own, none`],
    [refused({ seconds: -1 }), `${so}seconds is -1, expected a number above 0`],
    [refused({ rows: {} }), `${so}rows is an object, expected a list of at most 1000`],
    [
      refused({ rows: Array(1001).fill(0) }),
      `${so}rows is an array, expected a list of at most 1000`,
    ],
    [refused({ rows: [null] }), `${so}rows[0] is null, expected an object`],
    [ofRow({ value: '5' }), `${so}rows[1].value is '5', expected a number above 0`],
    [ofRow({ value: null }), `${so}rows[1].value is null, expected a number above 0`],
    [ofRow({ value: 1e16 }), `${so}rows[1].value is 10000000000000000, expected a number above 0`],
    [
      ofRow({ unit: 'GB/s' }),
      `${so}rows[1].unit is 'GB/s', expected one of GFLOP/s, GOP/s, images/s, rows/s, windows/s, µs, ms, MB`,
    ],
    [ofRow({ spread: [1] }), `${so}rows[1].spread is [1], expected a list of 2`],
    [ofRow({ spread: [1, 'x'] }), `${so}rows[1].spread[1] is 'x', expected a number above 0`],
    [
      ofRow({ spread: [1, 2] }),
      `${so}rows[1].spread is [1, 2], expected a range around its value, 1000`,
    ],
    [ofRow({ threads: 1.5 }), `${so}rows[1].threads is 1.5, expected a whole number`],
    [
      ofRow({ workload: 'faster' }),
      `${so}rows[1] is 'faster, 1 thread', expected no second row of it`,
    ],
    [ofRow({ ofCeiling: 'all' }), `${so}rows[1].ofCeiling is 'all', expected a number above 0`],
    [ofRow({ note: '\n' }), `${so}rows[1].note is '\\u{a}', expected printable`],
  ];
  for (const [found, expected] of messages) {
    const message = await found;
    assert.ok(message.startsWith(expected), `${message}\n${expected}`);
  }
  assert.match(
    await refusal(() => parseResults(printResults(before).slice(0, 300), 'a.json')),
    /^'a\.json' is not JSON: /,
  );
  const unit = resultsOf(node, [{ ...before.rows[0]!, unit: 'ms' }]);
  assert.is(
    await refusal(() => compareResults(before, unit)),
    'cannot compare faster, 1 thread: it is in images/s in the first file, in ms in the second',
  );
});

const write = (folder: string, name: string, results: Results): Promise<void> =>
  writeFile(join(folder, name), printResults(results));

test('bench --compare prints both, their ratios, and what else differs', () =>
  inFolder(async (cwd) => {
    await write(cwd, 'a.json', before);
    await write(cwd, 'b.json', after);
    const { code, stdout, stderr } = await lanewise(['bench', '--compare', 'a.json', 'b.json'], {
      cwd,
    });
    assert.is(code, 0, stderr);
    assert.is(
      stdout,
      [
        'a  a.json: node 24.1.0, AMD EPYC, fused, 2026-01-31',
        'b  b.json: bun 1.4.5, AMD EPYC, strict, 2026-01-31',
        'different: engine (node 24.1.0, bun 1.4.5), numerics (fused, strict)',
        '',
        '                                        a          b             b to a       spread  b is',
        'faster, 1 thread                     1000       1500  images/s    1.50×    1.47–1.53  better',
        'slower, 1 thread                     1000      800.0  images/s    0.80×    0.78–0.82  worse',
        'even, 1 thread                       1000       1010  images/s    1.01×    0.99–1.03  within noise',
        'scattered, 1 thread                  1000       1400  images/s    1.40×    0.75–2.60  within noise',
        'steady, 1 thread                     1000       1020  images/s    1.02×    1.02–1.02  within noise',
        'coldstart, 1 thread                 100.0       50.0  ms          2.00×    1.96–2.04  better',
        'only in a: gone, 1 thread',
        'only in b: gone, 2 threads',
        '',
        'b beside a: 2 better, 1 worse, 3 within noise',
        '',
      ].join('\n'),
    );
    const [found] = eventsOf(
      await lanewise(['bench', '--compare', 'a.json', 'b.json', '--json'], { cwd }),
    );
    assert.equal(found, { a: 'a.json', b: 'b.json', ...compareResults(before, after) });
  }));

test('bench --compare refuses what is not two files of results', () =>
  inFolder(async (cwd) => {
    await write(cwd, 'a.json', before);
    await writeFile(join(cwd, 'half.json'), printResults(after).slice(0, 200));
    await writeFile(join(cwd, 'large.json'), '');
    await truncate(join(cwd, 'large.json'), MOST_RESULT_BYTES + 1);
    for (const [files, message] of [
      [['a.json'], 'bench --compare takes two files of results, found 1'],
      [['a.json', 'a.json', 'a.json'], 'bench --compare takes two files of results, found 3'],
      [['a.json', 'none.json'], "cannot read results 'none.json': there is no such file"],
      [['a.json', '.'], "cannot read results '.': it is not a file"],
      [['a.json', 'half.json'], "'half.json' is not JSON: "],
      [
        ['large.json', 'a.json'],
        "'large.json' has 1048577 bytes, and results of lanewise bench at most 1048576",
      ],
    ] as const) {
      const { code, stdout, stderr } = await lanewise(['bench', '--compare', ...files], { cwd });
      assert.equal([code, stdout], [1, '']);
      assert.ok(stderr.startsWith(`error: ${message}`), stderr);
    }
  }));

test.run();
