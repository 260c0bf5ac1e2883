/** docs/records.md is made of the entries in docs/records/, and of none that was edited. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadLab } from '../support/lab.js';
import { refusal } from '../support/refusal.js';
import { root } from './documents.js';

const script = new URL('../../../scripts/records-page.mjs', import.meta.url).href;
const { pageText, entryFiles } = (await import(script)) as {
  pageText(texts?: Readonly<Record<string, string>>): Promise<string>;
  entryFiles(): Record<string, string>;
};
const bundle = new URL('../../src/bundle/lab.js', import.meta.url).href;
const { runLab } = (await import(bundle)) as typeof import('../../src/lab/index.js');
const built = new URL('../../src/lab/record-entry.js', import.meta.url).href;
const { entryOf, printEntry } = (await import(
  built
)) as typeof import('../../src/lab/record-entry.js');

/** An entry of the small form, cut to a few steps. */
const lab = await loadLab('mnist-in-seconds');
const settings = { seeds: 2, samples: 128 };
const result = await runLab(lab, { form: 'small', settings, workers: 0 });
const entry = entryOf(result, {
  by: 'Ada',
  date: '2026-11-30',
  lanewise: '0.1.0',
  engine: { name: 'node', version: '24.1.0' },
  cpu: null,
  cores: 2,
  threads: 2,
});

test('the page is what the script makes of the entries', async () => {
  const text = readFileSync(join(root, 'docs', 'records.md'), 'utf8');
  assert.is(text, await pageText(), 'node scripts/records-page.mjs');
});

test('an entry becomes a row, and each lab of records is on the page', async () => {
  const page = await pageText({ 'ada.json': printEntry(entry) });
  const row = page.split('\n').find((line) => line.includes('ada.json'))!;
  assert.match(row, /2 \| +small, .*samples=128/);
  assert.match(row, /Ada/);
  assert.match(row, new RegExp(entry.sha256.slice(0, 8)));
  assert.match(page, /### MNIST to 99 % in seconds/);
  const none = await pageText({});
  assert.match(none, /No entry yet/);
});

test('an entry with another hash or accuracy is refused by the name of its file', async () => {
  const wrong = (changes: object): Promise<string> =>
    refusal(() => pageText({ 'ada.json': printEntry({ ...entry, ...changes }) }));
  const hash = await wrong({ sha256: '0'.repeat(64) });
  assert.match(hash, /'docs\/records\/ada.json': its SHA-256 is 0000/);
  const better = { mean: 0.999, deviation: entry.accuracy.deviation };
  assert.match(await wrong({ accuracy: better }), /its accuracy is 99\.90 ±/);
  assert.match(await wrong({ lab: 'optimizers' }), /optimizers/);
  for (const file of Object.keys(entryFiles())) assert.match(file, /^[a-z\d-]+\.json$/);
});

test.run();
