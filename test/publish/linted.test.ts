/** publint and arethetypeswrong have no complaints about the package as it would be published. */
// slow: packs the package
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pack, root, run } from './packed.js';

const modules = join(root, '.engines', 'publish', 'node_modules');
const isThere = existsSync(modules);
if (!isThere) console.log('SKIPPED: no publint in .engines/; `npm run tools` fetches it');

let tarball: string;

/** What a tool says of the package; with an exit code other than 0 as an error. */
async function check(tool: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run(process.execPath, [join(modules, tool), ...args]);
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`${tool}:\n${stdout}${stderr}`, { cause: error });
  }
}

if (isThere) {
  test.before(async () => {
    ({ tarball } = await pack());
  });

  test('publint finds nothing', async () => {
    const said = await check('publint/src/cli.js', ['run', tarball, '--strict']);
    assert.match(said, /All good!/);
  });

  test('arethetypeswrong finds nothing: the package is ES modules only', async () => {
    // worker.js is for new Worker, nobody imports it.
    const flags = ['--profile', 'esm-only', '--exclude-entrypoints', 'worker.js', '--no-color'];
    const said = await check('@arethetypeswrong/cli/dist/index.js', [tarball, ...flags]);
    assert.match(said, /"lanewise"/);
  });
}

test.run();
