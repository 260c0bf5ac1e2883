/** docs/labs.md says what the records of docs/labs/ say, and these are of the labs as they are. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { labNames, loadLab } from '../support/lab.js';
import { root, textOf } from './documents.js';

const script = new URL('../../../scripts/labs-page.mjs', import.meta.url).href;
const { pageText } = (await import(script)) as { pageText(): Promise<string> };

interface Record {
  readonly thumbnail?: string;
  readonly runs: Readonly<globalThis.Record<string, { readonly settings: object }>>;
}

const again = 'node scripts/labs-page.mjs';

test('every record is of a lab with its present settings', async () => {
  const recorded = readdirSync(join(root, 'docs', 'labs'))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.replace(/\.json$/, ''));
  const missing = labNames().filter((name) => !recorded.includes(name));
  if (missing.length > 0) console.log(`not in docs/labs.md yet (${again}): ${missing.join(', ')}`);
  assert.ok(recorded.length > 0);
  for (const name of recorded) {
    assert.ok(labNames().includes(name), `docs/labs/${name}.json is of no lab`);
    const record = JSON.parse(textOf(`docs/labs/${name}.json`)) as Record;
    const run = record.runs[`npx lanewise lab ${name}`];
    assert.ok(run, `${again} ${name}`);
    assert.equal(run!.settings, (await loadLab(name)).settings, `${again} ${name}`);
    if (record.thumbnail !== undefined)
      assert.ok(existsSync(join(root, 'docs', 'labs', record.thumbnail)));
  }
});

test('the page is made of the records', async () => {
  assert.is(
    readFileSync(join(root, 'docs', 'labs.md'), 'utf8'),
    await pageText(),
    `${again} --page`,
  );
});

test.run();
