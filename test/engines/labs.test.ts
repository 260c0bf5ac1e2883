/**
 * Labs have one hash in every installed engine: their small forms, of labs whose evidence comes from code of different kinds.
 * `LABS=all` runs the small forms of all.
 */
// slow: runs labs in every engine
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { main } from '../cli/lanewise.js';
import { otherEngines } from '../support/engines.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const others = otherEngines();

const labs =
  process.env['LABS'] === 'all'
    ? readdirSync(join(root, 'labs')).flatMap((file) =>
        file.endsWith('.mjs') ? basename(file, '.mjs') : [],
      )
    : // The Hessian and Lanczos' method; search and self-play; drawn scenes and their detection; training on noisy digits.
      ['saddle-points', 'go', 'lens-arcs', 'denoising'];

const folder = mkdtempSync(join(tmpdir(), 'lanewise-labs-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

async function hashOf(lab: string, [program, ...words]: readonly string[], name: string) {
  const out = join(folder, `${lab}-${name}.html`);
  const options = ['--small', '--json', '--workers', '2', '--out', out];
  const { stdout } = await run(program!, [...words, main, 'lab', lab, ...options]);
  return (JSON.parse(stdout) as { sha256: string }).sha256;
}

for (const lab of labs) {
  test(`${lab} has one hash in ${others.length + 1} engines`, async () => {
    const expected = await hashOf(lab, [process.execPath], 'this');
    assert.match(expected, /^[0-9a-f]{64}$/);
    for (const { name, command } of others)
      assert.is(await hashOf(lab, command, name), expected, `${lab} in ${name}`);
  });
}

test.run();
