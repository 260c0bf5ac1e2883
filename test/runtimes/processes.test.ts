/** The same bits in Node 20 (or whichever runs the tests), 22, 24 and 26, Deno and Bun. */
// slow: trains in every engine
import { test } from 'uvu';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findEngine, type EngineName } from '../support/engines.js';
import { checkReport } from './check-report.js';
import type { MatrixReport } from './program.js';

const run = promisify(execFile);
const script = fileURLToPath(new URL('./process.js', import.meta.url));
const root = fileURLToPath(new URL('../../../', import.meta.url));

/** All that training with threads needs of Deno; docs/runtimes.md. */
const DENO = ['run', '--no-prompt', '--allow-read=.', '--allow-env=PISCINA_DISABLE_ATOMICS'];

/** Flags and numbers of workers: all hashes are compared with the recorded ones, whatever the number. */
const engines: readonly (readonly [EngineName, readonly string[], string])[] = [
  ['node22', [], '3'],
  ['node24', [], '1'],
  ['node26', [], '3'],
  ['deno', DENO, '1,3'],
  ['bun', [], '1,3'],
];

async function check(
  name: string,
  path: string,
  flags: readonly string[],
  workers: string,
): Promise<void> {
  const { stdout } = await run(path, [...flags, script, workers], { cwd: root });
  checkReport(name, JSON.parse(stdout) as MatrixReport);
}

// Node 20 has relaxed SIMD behind a flag.
test(`the Node that runs the tests, ${process.version}`, () =>
  check('this Node', process.execPath, process.execArgv, '1,3'));

for (const [name, flags, workers] of engines) {
  const path = findEngine(name);
  if (path) test(name, () => check(name, path, flags, workers));
  else console.log(`skipped: no ${name} here (npm run engines)`);
}

test.run();
