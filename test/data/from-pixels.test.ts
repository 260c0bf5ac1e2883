/** Samples from pixels at hand are those that an image folder makes of a file with the same pixels. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { fromPixels } from '../../src/data/from-pixels.js';
import { imageFolder } from '../../src/data/image-folder.js';
import type { Fit } from '../../src/formats/resize.js';
import { refusal } from '../support/refusal.js';
import { inFolder } from '../cli/lanewise.js';

/** Pixels of every colour, some of them transparent. */
function pixels(width: number, height: number) {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < data.length; i++) data[i] = (i * 37 + (i >> 3) * 11) % 256;
  return { width, height, data };
}

test('pixels become the samples of a file with the same pixels', async () => {
  await inFolder(async (cwd) => {
    const source = pixels(37, 22);
    await mkdir(join(cwd, 'one'));
    await mkdir(join(cwd, 'two'));
    const png = new PNG({ width: 37, height: 22 });
    png.data.set(source.data);
    for (const name of ['one', 'two'])
      await writeFile(join(cwd, name, 'a.png'), PNG.sync.write(png));
    for (const fit of ['crop', 'pad', 'stretch'] as Fit[])
      for (const channels of [1, 3] as const) {
        const folder = await imageFolder(cwd, { size: [16, 20], channels, fit });
        const expected = new Uint8Array(channels * 16 * 20);
        await folder.reader.read(0, expected);
        const { samples, shape } = fromPixels(source, { size: [16, 20], channels, fit });
        assert.equal(shape, [channels, 16, 20]);
        assert.equal(samples, expected, `${fit} ${channels}`);
        const model = { architecture: { inputs: { input: { shape: [3, 8, 8] } } } };
        const like = { model, samples: { shape, type: 'uint8', fit } };
        const two = fromPixels([source, source], { like });
        assert.equal(two.shape, shape);
        assert.equal(two.samples.subarray(expected.length), expected);
      }
  });
});

test('without a size pixels keep their own, and images without one in common are refused', async () => {
  const { samples, shape } = fromPixels({
    width: 2,
    height: 1,
    data: Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 255),
  });
  assert.equal(
    [shape, [...samples]],
    [
      [3, 1, 2],
      [1, 4, 2, 5, 3, 6],
    ],
  );
  assert.is(
    await refusal(() => fromPixels([pixels(2, 2), pixels(3, 2)])),
    'fromPixels: images of 2×2 and of 2×3 have no size in common\nsize: 64 brings all of them to 64×64',
  );
});

test('what is not an image is refused', async () => {
  const refused = (source: unknown, options?: object) =>
    refusal(() => fromPixels(source as never, options as never));
  assert.match(await refused([]), /source is \[\], expected at least one image/);
  assert.match(await refused(null), /source is null, expected pixels/);
  assert.match(await refused({}), /expected pixels, a canvas, an image or a video/);
  assert.match(
    await refused({ ...pixels(2, 2), width: 3 }),
    /16 bytes for 2×3 pixels, expected 24/,
  );
  assert.match(await refused({ ...pixels(2, 2), data: [1] }), /expected bytes, four a pixel/);
  assert.match(
    await refused({ videoWidth: 0, videoHeight: 0 }),
    /has 0×0 pixels.*\n.*before its event loadeddata/,
  );
  assert.match(
    await refused({ ...pixels(1, 1), width: 2 ** 20, height: 2 ** 20 }),
    /at most 33554432/,
  );
  assert.match(await refused({ width: 2, height: 2 }), /there is no canvas here/);
  assert.match(await refused(pixels(2, 2), { size: 0 }), /size/);
  assert.match(await refused(pixels(2, 2), { size: 1e6 }), /take 3000000000000 bytes, expected at/);
  assert.match(await refused(pixels(2, 2), { like: 3 }), /like is 3, expected a trained model/);
  const rows = { architecture: { inputs: { input: { shape: [4, 1, 1] } } } };
  assert.match(await refused(pixels(2, 2), { like: { model: rows } }), /takes samples of 4×1×1/);
});

test.run();
