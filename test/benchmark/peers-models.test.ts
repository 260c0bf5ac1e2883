/** The nets that `npm run bench:peers` has in PyTorch are those of `lanewise bench`. Skipped without PyTorch. */
// slow: makes PyTorch's nets
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { benchmarkModels } from '../../src/benchmark/models.js';
import { parameterCount } from '../../src/layers/index.js';

const folder = new URL('../../../bench/peers/', import.meta.url);
const { trainingOf, workloads } = await import(new URL('lib/workloads.mjs', folder).href);

function countsOfPyTorch(): Record<string, number | string> | undefined {
  const script = fileURLToPath(new URL('pytorch.py', folder));
  const { stdout } = spawnSync('/usr/bin/python3', [script, '--parameters'], { encoding: 'utf8' });
  const found = JSON.parse(stdout || '{"unavailable":"no Python"}');
  if (!('unavailable' in found)) return found;
  console.log(`skipped: ${found.unavailable}`);
  return undefined;
}

test('each net has as many parameters as ours, or a sentence why it is missing', () => {
  const counts = countsOfPyTorch();
  if (!counts) return;
  const models: Readonly<Record<string, { create(): Parameters<typeof parameterCount>[0] }>> =
    benchmarkModels;
  const names = workloads.flatMap((name: string) => trainingOf(name)?.model ?? []);
  for (const name of new Set<string>(names)) {
    const found = counts[name];
    if (typeof found === 'string') assert.match(found, /^\w+ is torchvision's, which is missing/);
    else assert.is(found, parameterCount(models[name]!.create()), name);
  }
});

test.run();
