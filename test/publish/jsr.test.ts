/** The package for JSR is accepted by a dry run, has explicit types, and trains in Deno to the same bits. */
// slow: packs the package
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXPECTED_SHA256 } from '../../src/train/verify.js';
import { inFolder } from '../cli/lanewise.js';
import { findEngine } from '../support/engines.js';
import { pack, root, run } from './packed.js';

const deno = findEngine('deno');
if (deno === undefined) console.log('SKIPPED: there is no deno; `npm run engines` fetches it');

const staged = join(root, 'dist', 'jsr');

if (deno !== undefined) {
  test.before(async () => {
    // Declarations are built with the package.
    await pack();
    await run(process.execPath, [join(root, 'scripts', 'jsr.mjs')]);
  });

  test('a dry run has no errors, slow types among them, and sends the kernels', async () => {
    const flags = ['publish', '--dry-run', '--allow-dirty'];
    const env = { ...process.env, NO_COLOR: '1' };
    const { stderr } = await run(deno, flags, { cwd: staged, env });
    assert.match(stderr, /Checking for slow types/);
    assert.match(stderr, /wasm\/strict-shared\.wasm/);
    assert.match(stderr, /Dry run complete/);
    assert.not.match(stderr, /warning/i);
  });

  test('it trains in Deno to the recorded bits', () =>
    inFolder(async (folder) => {
      const app = await readFile(join(root, 'test/bundlers/app/main.js'), 'utf8');
      const main = join(folder, 'main.js');
      const entry = join(staged, 'browser', 'index.js');
      await writeFile(main, app.replace("'lanewise'", JSON.stringify(entry)));
      const { stdout } = await run(deno, ['run', '--allow-read', main]);
      assert.is(stdout.trim(), EXPECTED_SHA256);
    }));
}

test.run();
