/** A quantised LeNet-5's file and scores: the same bits in every Node, Deno and Bun, whichever kernels they are given. */
// slow: quantises in every engine
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findEngine, type EngineName } from '../support/engines.js';

const run = promisify(execFile);
const script = fileURLToPath(new URL('./quantizing-process.js', import.meta.url));
const root = fileURLToPath(new URL('../../../', import.meta.url));

const engines: readonly (readonly [EngineName, readonly string[]])[] = [
  ['node22', []],
  ['node24', []],
  ['node26', []],
  ['deno', ['run', '--no-prompt', '--allow-read=.', '--allow-env=PISCINA_DISABLE_ATOMICS']],
  ['bun', []],
];

const reportOf = async (path: string, flags: readonly string[]): Promise<string> =>
  (await run(path, [...flags, script], { cwd: root })).stdout;

const expected = await reportOf(process.execPath, []);

test(`this Node, ${process.version}, gives hashes of both builds, which are equal`, () => {
  const { file, scores, plain } = JSON.parse(expected) as Record<string, string>;
  assert.match(file!, /^[0-9a-f]{64}$/);
  assert.is(plain, scores);
});

for (const [name, flags] of engines) {
  const path = findEngine(name);
  if (path) test(name, async () => assert.is(await reportOf(path, flags), expected));
  else console.log(`skipped: no ${name} here (npm run engines)`);
}

test.run();
