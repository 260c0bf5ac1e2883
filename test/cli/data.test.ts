/** `lanewise data`: counts, and the contact sheet pixel by pixel. */
// slow: draws tens of thousands of digits
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { digits } from '../../src/data/digits/index.js';
import { subset } from '../../src/data/subset.js';
import { recipes } from '../../src/data/transforms/transform-recipes.js';
import { transformSamples } from '../../src/feed/transform-samples.js';
import { inFolder, lanewise } from './lanewise.js';

test('data --preview draws samples, and what the workers would make of them', async () => {
  await inFolder(async (cwd) => {
    const args = [
      'data',
      'digits',
      '--augment',
      'digits',
      '--preview',
      'sheet.png',
      '--draws',
      '2',
    ];
    const { code, stdout, stderr } = await lanewise(args, { cwd });
    assert.is(code, 0, stderr);
    assert.match(stdout, /20,000 training and 5,000 test samples of 1×28×28/);
    assert.match(stdout, /digits: randomApply\(randomAffine, elastic\), to 1×28×28/);
    const png = PNG.sync.read(await readFile(join(cwd, 'sheet.png')));
    // Twelve pictures of 56 pixels (two for one) and gaps of 4; three rows, the first with 4 more.
    assert.equal([png.width, png.height], [12 * 60 + 4, 3 * 60 + 8]);
    // From all over the data set.
    const places = Array.from({ length: 12 }, (_, i) => Math.floor((i * 20_000) / 12));
    const { samples, shape } = subset(digits({ count: 20_000, seed: 1 }), places);
    const drawn = await transformSamples(recipes['digits']!(shape), shape, samples, { step: 1 });
    const rows = [
      { top: 4, of: Float32Array.from(samples, (v) => v / 255) },
      { top: 4 + 64 + 60, of: drawn.samples },
    ];
    for (const { top, of } of rows) {
      const found = Array.from(of, (_, i) => {
        const [n, y, x] = [Math.floor(i / 784), Math.floor((i % 784) / 28), i % 28];
        const at = ((top + 2 * y + 1) * png.width + 4 + n * 60 + 2 * x) * 4;
        const [red, green, blue, opacity] = png.data.subarray(at, at + 4);
        return red === green && green === blue && opacity === 255 ? red : 'no gray';
      });
      const grays = Array.from(of, (v) => Math.max(0, Math.min(255, Math.round(v * 255))));
      assert.equal(found, grays);
    }
  });
});

test('data --json counts classes; names that are not known are refused with the nearest', async () => {
  const { stdout } = await lanewise(['data', 'digits', '--augment', 'photos,cutout', '--json']);
  const event = JSON.parse(stdout) as Record<string, unknown>;
  assert.is(event['train'], 20_000);
  assert.equal(event['shapeAfter'], [1, 28, 28]);
  const classes = event['classes'] as readonly { train: number; test: number }[];
  assert.is(
    classes.reduce((sum, { train }) => sum + train, 0),
    20_000,
  );
  assert.is(
    classes.reduce((sum, entry) => sum + entry.test, 0),
    5_000,
  );
  const { code, stderr } = await lanewise(['data', 'digits', '--augment', 'elastc']);
  assert.is(code, 1);
  assert.match(stderr, /unknown augmentation 'elastc'.*\n {2}did you mean 'elastic'/);
});

test.run();
