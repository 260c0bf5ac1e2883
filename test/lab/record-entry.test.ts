/** Entries of the table of records: written from a result, read back, and refused if anything in them was changed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lab } from '../../src/lab/lab.js';
import { table } from '../../src/lab/picture-data.js';
import {
  checkEntry,
  differencesFrom,
  entryOf,
  printEntry,
  readEntry,
  showAccuracy,
  showSeconds,
} from '../../src/lab/record-entry.js';
import { recordRuns } from '../../src/lab/record-runs.js';
import { runLab } from '../../src/lab/run-lab.js';
import { linear, sequential } from '../../src/layers/index.js';
import { refusal } from '../support/refusal.js';

const model = sequential([linear(4, 3)], { input: [4] });
const common = { group: 'Records', title: 'A', about: 'A.', papers: [] } as const;
const shown = { pictures: [table({ title: 'a', columns: ['a'], rows: [[1]] })], conclusion: 'A.' };

/** A lab of records whose seeds have 90, 91, … of 100 samples right. */
const quick = lab({
  ...common,
  name: 'quick',
  settings: { seeds: 2, slow: 1 },
  settingsAbout: { seeds: 'seeds', slow: 'seconds of a training' },
  small: {},
  run: ({ settings: { seeds, slow } }) => ({
    ...shown,
    ...recordRuns({
      model,
      trained: 10,
      tested: 100,
      runs: Array.from({ length: seeds }, (_, i) => ({
        seed: i + 1,
        right: 90 + i,
        weights: String(i).repeat(64),
        seconds: slow,
      })),
    }),
  }),
});

const machine = {
  date: '2026-11-30',
  lanewise: '0.1.0',
  engine: { name: 'node', version: '24.1.0' },
  cpu: 'a CPU',
  cores: 2,
  threads: 2,
};
const result = await runLab(quick, { settings: { seeds: 3 } });
const entry = entryOf(result, { ...machine, by: 'Ada' });

test('an entry is read back as it was written, and agrees with itself', async () => {
  const read = readEntry(printEntry(entry), 'a.json');
  assert.equal(read, entry);
  assert.is(read.sha256, result.sha256);
  assert.equal(read.changed, { seeds: 3 });
  assert.is(read.accuracy.mean, 0.91);
  assert.is(read.evidence.length, 3);
  await checkEntry(read, quick, 'a.json');
  assert.equal(differencesFrom(read, entryOf(result, machine)), []);
});

test('an entry that was edited is refused, and says what does not agree', async () => {
  const wrong = (changes: object): Promise<string> =>
    refusal(() => checkEntry({ ...entry, ...changes }, quick, 'a.json'));
  assert.match(
    await wrong({ accuracy: { mean: 0.99, deviation: 0.01 } }),
    /its accuracy is 99\.00 ± 1\.00 %, and that of its evidence 91\.00 ± 1\.00 %/,
  );
  assert.match(await wrong({ sha256: 'f'.repeat(64) }), /its SHA-256 is ffff.*, and that of its/);
  // Settings are under the hash, and so is each line of the evidence.
  assert.match(await wrong({ changed: { seeds: 3, slow: 2 } }), /its SHA-256 is/);
  const better = entry.evidence.map((line) => line.replace(/: 9\d of/, ': 99 of'));
  const accuracy = { mean: 0.99, deviation: 0 };
  assert.match(await wrong({ evidence: better, accuracy }), /its SHA-256 is/);
});

test('a single seed has no spread', () => {
  assert.is(showAccuracy({ mean: 0.9, deviation: 0 }, 1), '90.00 %');
  assert.is(showSeconds({ mean: 2, deviation: 0 }, 1), '2.00 s');
  assert.is(showSeconds({ mean: 2, deviation: 0 }, 3), '2.00 ± 0.00 s');
});

test('another run is told in sentences', async () => {
  const other = entryOf(await runLab(quick, { settings: { seeds: 2 } }), machine);
  const [hash, accuracy] = differencesFrom(entry, other);
  assert.match(hash!, /^The SHA-256 is .* here, and .* in the entry\.$/);
  assert.match(accuracy!, /90\.50 ± 0\.71 % here, and 91\.00 ± 1\.00 % in the entry/);
  const larger = differencesFrom({ ...entry, parameters: 16 }, entry);
  assert.match(larger.join(), /'parameters' is 15 here, and 16 in the entry/);
  const line = { ...entry, evidence: [...entry.evidence].toReversed() };
  assert.match(
    differencesFrom(line, entry).join(),
    /Of 3 seeds 2 end otherwise here; the first: seed 1/,
  );
});

test('files that hold no entry are refused by field', async () => {
  const wrong = (changes: object): Promise<string> =>
    refusal(() => readEntry(JSON.stringify({ ...entry, ...changes }), 'a.json'));
  assert.match(await refusal(() => readEntry('{', 'a.json')), /'a.json' is not JSON/);
  assert.match(await wrong({ by: '<b>me</b>' }), /by is '<b>me<\/b>', expected plain text/);
  assert.match(await wrong({ evidence: ['seed 1: all right'] }), /evidence\[0\]/);
  assert.match(await wrong({ date: 'today' }), /date is 'today', expected a day/);
  assert.match(await wrong({ sha256: undefined }), /sha256 is missing/);
  const plain = lab({
    ...common,
    name: 'plain',
    settings: {},
    settingsAbout: {},
    small: {},
    run: () => ({ ...shown, figures: [{ name: 'a', value: 1 }], evidence: ['a'] }),
  });
  const none = await runLab(plain);
  assert.match(await refusal(() => entryOf(none, machine)), /lab 'plain' keeps no records/);
});

test.run();
