/** `lanewise train --mixup`. */
// slow: trains an epoch of digits
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inFolder, lanewise } from './lanewise.js';

test('--mixup is a setting of the run, and is checked', async () => {
  await inFolder(async (folder) => {
    const train = (...options: string[]) =>
      lanewise(
        ['train', 'mlp', '--limit', '300', '--epochs', '1', '--out', 'run', '--fresh', ...options],
        { cwd: folder },
      );
    const run = await train('--mixup', '0.3');
    assert.is(run.code, 0, run.stderr);
    const [start] = (await readFile(join(folder, 'run', 'metrics.jsonl'), 'utf8')).split('\n');
    assert.equal(JSON.parse(start!).settings.mixup, { alpha: 0.3 });
    const refused = await train('--mixup', '0');
    assert.is(refused.code, 1);
    assert.match(refused.stderr, /mixup: alpha is 0, expected a number from 0\.001 to 1000/);
    const unreadable = await train('--mixup', 'some');
    assert.match(unreadable.stderr, /--mixup <alpha>.* is invalid/);
  });
});

test.run();
