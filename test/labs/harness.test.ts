/** Every lab: its file, its settings, and its small form, whose figures lie where they are expected. */
// slow: runs labs
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { labNames, labsFolder, loadLab, runSmall } from '../support/lab.js';

/** A longer program is not read in a lecture. */
const MOST_LINES = 150;
const names = labNames();

const folder = fileURLToPath(new URL('../../../test/labs/', import.meta.url));
const tests = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));

test('there are labs', () => assert.ok(names.length > 0));

for (const name of names) {
  const text = readFileSync(join(labsFolder, `${name}.mjs`), 'utf8');

  test(`${name} is a short program on what is public`, () => {
    const lines = text.trimEnd().split('\n').length;
    assert.ok(lines <= MOST_LINES, `labs/${name}.mjs has ${lines} lines, at most ${MOST_LINES}`);
    const imported = [...text.matchAll(/from '([^']+)'|import\('([^']+)'\)/g)].map(
      ([, one, other]) => one ?? other!,
    );
    const others = imported.filter(
      (path) =>
        !/^(lanewise(\/(lab|onnx|import|quantize|inference))?|\.\/[\w/-]+\.mjs|node:\w+.*)$/.test(
          path,
        ),
    );
    assert.equal(others, []);
    assert.not.match(text, /Math\.random|Date\.now/, 'no hash may depend on chance or the clock');
    if (/createStepper|train\(/.test(text))
      assert.match(text, /numerics: 'strict'/, 'fused sums have other bits in some engines');
  });

  test(`${name} says what it is`, async () => {
    const lab = await loadLab(name);
    assert.is(lab.name, name);
    assert.ok(lab.about.length > 80, 'about says what is done and what to look for');
    for (const [key, said] of Object.entries(lab.settingsAbout)) {
      const { about, file } = typeof said === 'string' ? { about: said } : said;
      assert.ok(about.length > 3, `${key} is described`);
      const isNumber = typeof lab.settings[key] === 'number';
      const isBounded = typeof said !== 'string' && (said.from ?? said.choices) !== undefined;
      assert.ok(!isNumber || isBounded, `${key}: no least number is given`);
      const isPath = typeof lab.settings[key] === 'string' && /\b(file|folder)\b/.test(about);
      assert.ok(!isPath || file, `${key}: no hash may depend on where a user's file lies`);
    }
  });

  // Tests of groups hold a small form to what it expects, too (test/support/lab.ts): once for each lab is enough.
  if (
    !tests.some((one) =>
      new RegExp(`runSmall\\('${name}'(\\)|, \\{ workers(: \\d)? \\}\\))`).test(one),
    )
  )
    test(`${name} finds in its small form what it is expected to`, async () =>
      void (await runSmall(name)));
}

test.run();
