/** `lanewise bench` in Deno and Bun, if installed: in threads, in processes of their own, results in a file. */
// slow: measures in every engine
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseResults } from '../../src/benchmark/results.js';
import { inFolder } from '../cli/lanewise.js';
import { findEngine } from '../support/engines.js';

const run = promisify(execFile);
const main = fileURLToPath(new URL('../../src/bundle/main.js', import.meta.url));
const names = ['ceiling', 'lenet5-b64', 'lenet5-infer-b1', 'coldstart'];

for (const [name, start] of [
  ['deno', ['run', '-A']],
  ['bun', ['run']],
] as const) {
  const path = findEngine(name);
  if (path === undefined) {
    console.log(`SKIPPED: there is no ${name}; \`npm run engines\` fetches it`);
    continue;
  }
  test(`${name} measures every kind of workload, and itself by processes of its own`, () =>
    inFolder(async (cwd) => {
      const flags = ['--threads', '2', '--seconds', '0.2', '--json', 'there.json'];
      await run(path, [...start, main, 'bench', ...names, ...flags], { cwd });
      const found = parseResults(await readFile(join(cwd, 'there.json'), 'utf8'), 'there.json');
      assert.is(found.engine.name, name);
      assert.equal(
        found.rows.map(({ workload, threads }) => [workload, threads]),
        names.map((workload) => [workload, /ceiling|infer/.test(workload) ? 1 : 2]),
      );
      const { note } = found.rows.find(({ workload }) => workload === 'coldstart')!;
      assert.match(note!, /^\d+\.\d ms more than an empty process$/);
    }));
}

test.run();
