/** Image folders: which files are samples of which class, and what is refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageFolder, type ImageFolderOptions } from '../../src/data/image-folder.js';
import { LanewiseError } from '../../src/base/errors.js';
import { mlp } from '../../src/models/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { loadIntoMemory } from '../../src/crew/load.js';
import { train } from '../../src/train/train.js';
import { encodeImage, picture, withFolder } from '../support/images.js';

const png = await encodeImage('png', picture(8, 8, 1));
const jpg = await encodeImage('jpg', picture(8, 8, 2));
const webp = await encodeImage('webp', picture(8, 8, 3));

async function refusal(run: Promise<unknown>, kind = 'file'): Promise<string> {
  try {
    await run;
  } catch (error) {
    assert.instance(error, LanewiseError, String((error as Error).stack));
    assert.is((error as LanewiseError).kind, kind);
    return (error as LanewiseError).message;
  }
  throw new Error('nothing was refused');
}

test('classes and files are sorted by code points, folder by folder, as torchvision walks them', async () => {
  const files = {
    'b/2.png': png,
    'b/10.PNG': png,
    'b/.hidden.png': png,
    'b/z/1.jpg': jpg,
    'b/Z/3.jpeg': jpg,
    'b/z.png': png,
    'b/notes.txt': 'passed over',
    '.git/x.png': png,
    // U+1F600 comes behind U+FF5E by code points, not by UTF-16's units.
    '\u{1f600}/1.webp': webp,
    '～/1.webp': webp,
    'B/1.png': png,
    'readme.md': 'passed over',
  };
  await withFolder(files, async (path) => {
    const data = await imageFolder(path, { size: 4 });
    assert.equal(data.classes, ['B', 'b', '～', '\u{1f600}']);
    assert.equal(
      data.files.map((file) => file.path),
      [
        'B/1.png',
        'b/10.PNG',
        'b/2.png',
        'b/z.png',
        'b/Z/3.jpeg',
        'b/z/1.jpg',
        '～/1.webp',
        '\u{1f600}/1.webp',
      ],
    );
    assert.equal([...data.labels], [0, 1, 1, 1, 1, 1, 2, 3]);
    assert.equal(data.shape, [3, 4, 4]);
    assert.is((await loadIntoMemory(data)).samples.length, 8 * 48);
    const grey = await imageFolder(path, {
      size: [4, 6],
      channels: 1,
      extensions: ['.jpg', 'JPEG'],
    }).catch((error: Error) => error.message);
    assert.match(
      String(grey),
      /class 'B' of '.*' has no images \(\.jpg, \.jpeg\); found 1 file \(1\.png\)/,
    );
  });
});

test('what is inside a file counts, not its name', async () => {
  await withFolder({ 'a/1.png': jpg, 'a/2.jpg': webp }, async (path) => {
    const data = await imageFolder(path, { size: [4, 6], channels: 1 });
    assert.is((await loadIntoMemory(data)).samples.length, 2 * 24);
  });
});

test('folders without images are refused with what was found', async () => {
  await withFolder({ 'x.png': png, 'y.png': png }, async (path) => {
    assert.match(
      await refusal(imageFolder(path, { size: 4 })),
      /has no folders, expected one for each class; found 2 files \(x.png, y.png\)/,
    );
    assert.match(
      await refusal(imageFolder(join(path, 'nowhere'), { size: 4 })),
      /cannot read folder '.*nowhere': there is no such folder/,
    );
  });
  await withFolder({ 'a/1.png': png, 'b/1.txt': '' }, async (path) => {
    assert.match(
      await refusal(imageFolder(path, { size: 4 })),
      /class 'b' .* found 1 file \(1.txt\)/,
    );
  });
  // Parts of a data set are no classes; one such name among others is a class.
  await withFolder(
    { 'Train/cat/1.png': png, 'test/cat/1.png': png, 'val/cat/1.png': png },
    async (path) => {
      const message = await refusal(imageFolder(path, { size: 4 }), 'data');
      assert.match(message, /are 'Train', 'test', 'val': parts of a data set, expected classes/);
      assert.equal((await imageFolder(join(path, 'Train'), { size: 4 })).classes, ['cat']);
    },
  );
  await withFolder({ 'cat/1.png': png, 'test/1.png': png }, async (path) =>
    assert.equal((await imageFolder(path, { size: 4 })).classes, ['cat', 'test']),
  );
});

test('symbolic links are refused, also one that takes a file’s place later', async () => {
  await withFolder({ 'a/1.png': png, 'b/1.png': png, 'outside.png': png }, async (path) => {
    const data = await imageFolder(path, { size: 4 });
    await rm(join(path, 'a/1.png'));
    await symlink(join(path, 'outside.png'), join(path, 'a/1.png'));
    assert.match(await refusal(loadIntoMemory(data)), /cannot read '.*a\/1.png'/);
    assert.match(await refusal(imageFolder(path, { size: 4 })), /a\/1.png' is a symbolic link/);
  });
  await withFolder({ 'a/1.png': png }, async (path) => {
    await symlink('/tmp', join(path, 'b'));
    assert.match(await refusal(imageFolder(path, { size: 4 })), /b' is a symbolic link/);
  });
});

test('options that cannot be are refused', async () => {
  const refused = (options: object) =>
    refusal(imageFolder('.', options as ImageFolderOptions), 'argument');
  assert.is(
    await refused({}),
    'imageFolder: size is undefined, expected a whole number from 1 to 8192',
  );
  assert.match(
    await refused({ size: [4, 0] }),
    /size\[1\] is 0, expected a whole number from 1 to 8192/,
  );
  assert.match(await refused({ size: 4, channels: 4 }), /channels is 4, expected one of 1, 3/);
  assert.match(
    await refused({ size: 4, fit: 'cover' }),
    /fit is 'cover', expected one of crop, pad, stretch/,
  );
  assert.match(await refused({ size: 4, extensions: [] }), /extensions is /);
  assert.match(await refused({ size: 4, maxPixels: 0 }), /maxPixels is 0/);
  assert.match(
    await refusal(imageFolder('.', undefined as never), 'argument'),
    /options are undefined/,
  );
});

test('a file that changes or vanishes is named, in every thread', async () => {
  const model = mlp({ size: 4, channels: 3, classes: 2, hidden: 4 });
  for (const workers of [0, 2]) {
    await withFolder({ 'a/1.png': png, 'a/2.png': png, 'b/1.png': png }, async (path) => {
      const data = await imageFolder(path, { size: 4 });
      const run = () =>
        refusal(train(model, { data, optimizer: sgd({ lr: 0.1 }), epochs: 1, workers }));
      const [before] = data.files;
      await utimes(join(path, 'a/1.png'), 1, 2);
      assert.match(
        await run(),
        /a\/1.png' has changed since it was scanned: it was written at 1970/,
      );
      await writeFile(join(path, 'a/1.png'), jpg);
      assert.match(await run(), new RegExp(`it has ${jpg.length} bytes, had ${before!.bytes}`));
      await rm(join(path, 'a/1.png'));
      assert.match(await run(), /a\/1.png' has changed .* it is gone/);
    });
  }
});

test('a damaged file and one of too many pixels are named', async () => {
  await withFolder({ 'a/1.png': png, 'b/bad.jpg': jpg.subarray(0, 200) }, async (path) => {
    const data = await imageFolder(path, { size: 4 });
    for (const decoders of [0, 2])
      assert.match(
        await refusal(loadIntoMemory(data, { decoders })),
        /b\/bad.jpg' is a damaged JPEG image/,
      );
    const small = await imageFolder(path, { size: 4, maxPixels: 63 });
    assert.match(await refusal(loadIntoMemory(small)), /has 8 × 8 pixels, expected 1 to 63/);
  });
});

test('the fingerprint is of names, sizes, times and of how images are read', async () => {
  await withFolder({ 'a/1.png': png, 'b/1.png': png }, async (path) => {
    const of = async (options: Partial<ImageFolderOptions> = {}) =>
      (await imageFolder(path, { size: 4, ...options })).fingerprint;
    const first = await of();
    assert.match(first, /^[0-9a-f]{64}$/);
    assert.is(await of(), first);
    assert.is.not(await of({ size: 5 }), first);
    assert.is.not(await of({ fit: 'pad' }), first);
    await utimes(join(path, 'a/1.png'), 5, 5);
    assert.is.not(await of(), first);
  });
});

test.run();
