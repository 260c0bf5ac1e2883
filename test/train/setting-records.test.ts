/** Every setting of `train` is one record: no setting escapes what follows from it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { digits } from '../../src/data/digits/index.js';
import { mlp } from '../../src/models/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { resolveSettings } from '../../src/train/resolve-settings.js';
import { SETTING_NAMES, SETTINGS, type AnySetting } from '../../src/train/settings.js';
import { refusal } from '../support/refusal.js';

const good = { data: digits({ count: 20 }), optimizer: sgd({ lr: 0.1 }), epochs: 1 };

const refused = (changes: object) =>
  refusal(() => resolveSettings(mlp(), { ...good, ...changes } as typeof good));

test('null, and what is of no setting’s type, is refused by the setting’s name', async () => {
  for (const name of SETTING_NAMES) {
    assert.is(
      await refused({ [name]: null }),
      `train: ${name} is null, expected a value or undefined`,
    );
    // A symbol is neither a number, nor a list, a name, a flag, or an object of options.
    for (const value of [Symbol('no setting'), -0.5, () => 1])
      assert.match(await refused({ [name]: value }), new RegExp(`\\b${name}\\b|data set`), name);
  }
});

test('what is left out of a run’s description says why', () => {
  for (const name of SETTING_NAMES) {
    const { described }: AnySetting = SETTINGS[name];
    if (typeof described === 'object') assert.match(described.not, /\w+ \w+ \w+/, name);
  }
});

test('what a record names are settings, which are part of the description', () => {
  for (const name of SETTING_NAMES)
    for (const other of (SETTINGS[name] as AnySetting).entails ?? [])
      assert.is.not(typeof (SETTINGS[other] as AnySetting | undefined)?.described, 'object', other);
});

/** The first cells of a table's rows, from the documentation, by the names in them. */
function documented(file: string, heading: string): string[] {
  const path = fileURLToPath(new URL(`../../../docs/${file}`, import.meta.url));
  const section = readFileSync(path, 'utf8').split(`\n${heading}\n`)[1]!.split('\n## ')[0]!;
  const rows = section
    .split('\n| ---')[1]!
    .split('\n\n')[0]!
    .split('\n')
    .filter((line) => line.startsWith('| '));
  return rows.flatMap((row) =>
    [...row.split('|')[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
  );
}

for (const [file, heading] of [
  ['guide.md', '## Training'],
  ['reference.md', '## Settings of `train`'],
] as const) {
  test(`docs/${file} has a row for each setting, and for nothing else`, () => {
    assert.equal(documented(file, heading).toSorted(), SETTING_NAMES.toSorted());
  });
}

test.run();
