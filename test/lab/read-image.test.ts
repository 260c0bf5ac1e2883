/** A picture read for a lab has the bytes that an image folder makes of the same file. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { imageFolder } from '../../src/data/image-folder.js';
import { readImage } from '../../src/lab/read-image.js';
import { refusal } from '../support/refusal.js';
import { inFolder } from '../cli/lanewise.js';

test('a file becomes the sample of an image folder, or keeps its own size', async () => {
  await inFolder(async (cwd) => {
    await mkdir(join(cwd, 'one'));
    const png = new PNG({ width: 37, height: 22 });
    for (let i = 0; i < png.data.length; i++) png.data[i] = i % 4 === 3 ? 255 : (i * 37) % 256;
    const path = join(cwd, 'one', 'a.png');
    await writeFile(path, PNG.sync.write(png));
    for (const channels of [1, 3] as const) {
      const folder = await imageFolder(cwd, { size: [16, 20], channels });
      const expected = new Uint8Array(channels * 16 * 20);
      await folder.reader.read(0, expected);
      const { samples, shape } = await readImage(path, { size: [16, 20], channels });
      assert.equal(shape, [channels, 16, 20]);
      assert.equal(samples, expected);
    }
    const own = await readImage(path);
    assert.equal(own.shape, [3, 22, 37]);
    assert.equal(Array.from(own.samples.subarray(0, 3)), [png.data[0], png.data[4], png.data[8]]);
    await writeFile(join(cwd, 'text.png'), 'no image');
    assert.match(await refusal(() => readImage(join(cwd, 'text.png'))), /text\.png/);
    assert.match(
      await refusal(() => readImage(join(cwd, 'gone.png'))),
      /cannot read image '.*gone\.png': there is no such file/,
    );
  });
});

test('wrong arguments are refused by name', async () => {
  assert.match(await refusal(() => readImage('')), /readImage: path/);
  assert.match(await refusal(() => readImage('a.png', { size: 0 })), /readImage: size/);
  assert.match(
    await refusal(() => readImage('a.png', { channels: 2 as 3 })),
    /readImage: channels/,
  );
});

test.run();
