/** Image data sets in tar archives: what samples are, what is refused, and damaged archives. */
// slow: writes 10,000 damaged archives
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFileSync } from 'node:child_process';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageFolder } from '../../src/data/image-folder.js';
import { webDataset, type WebDatasetOptions } from '../../src/data/web-dataset.js';
import { loadIntoMemory } from '../../src/crew/load.js';
import { tarOf } from '../support/archives.js';
import { fuzz, fuzzCount } from '../support/fuzz.js';
import { encodeImage, picture, withFolder } from '../support/images.js';
import { refusal } from '../support/refusal.js';

const png = await encodeImage('png', picture(8, 8, 1));
const jpg = await encodeImage('jpg', picture(9, 7, 2));
const text = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const size = 4;

const read = (path: string, options: Partial<WebDatasetOptions> = {}) =>
  webDataset(path, { size, ...options });

test('archives are read in order, samples by the beginning of their names', async () => {
  const files = {
    '000001.tar': tarOf({ 'b.jpg': jpg, 'b.cls': text('1\n'), 'b.txt': text('a dog') }),
    '000000.tar': tarOf({
      '.hidden': text('passed over'),
      'deep/a.v1.png': png,
      'deep/a.cls': text('0'),
      'deep/c.left.jpg': jpg,
      'deep/c.cls': text('1'),
    }),
    'notes.txt': 'passed over',
  };
  await withFolder(files, async (path) => {
    const data = await read(path);
    assert.equal(
      [[...data.labels], data.classes],
      [
        [0, 1, 1],
        ['0', '1'],
      ],
    );
    assert.equal(
      [0, 1, 2].map((i) => data.reader.describe!(i)),
      [
        `'${path}/000000.tar: deep/a.v1.png'`,
        `'${path}/000000.tar: deep/c.left.jpg'`,
        `'${path}/000001.tar: b.jpg'`,
      ],
    );
    const { samples } = await loadIntoMemory(data, { decoders: 2 });
    await withFolder({ 'x/1.png': png, 'x/2.jpg': jpg, 'x/3.jpg': jpg }, async (folder) => {
      const same = await loadIntoMemory(await imageFolder(folder, { size }));
      assert.equal(samples, same.samples);
    });
    const one = await webDataset([join(path, '000001.tar')], { size, classes: ['cat', 'dog'] });
    assert.equal([[...one.labels], one.classes], [[1], ['cat', 'dog']]);
    await utimes(join(path, '000001.tar'), 1, 2);
    assert.match(await refusal(() => loadIntoMemory(data)), /000001.tar' has changed since/);
    assert.is.not((await read(path)).fingerprint, data.fingerprint);
  });
});

test('classes are in .cls, in a field of .json, or in another file', async () => {
  const archive = tarOf({
    'a.png': png,
    'a.json': text({ label: 'owl', meta: { kind: 3 } }),
    'a.txt': text('small'),
    'b.png': png,
    'b.json': text({ label: 'ant', meta: { kind: 1 } }),
    'b.txt': text('large'),
  });
  await withFolder({ 'train.tar': archive }, async (path) => {
    const of = async (options: Partial<WebDatasetOptions>) => {
      const { labels, classes } = await read(path, options);
      return [...labels].map((label) => classes[label]);
    };
    assert.equal((await read(path)).classes, ['ant', 'owl']);
    assert.equal(await of({}), ['owl', 'ant']);
    assert.equal(await of({ target: 'json.meta.kind' }), ['3', '1']);
    assert.equal(await of({ target: '.txt', split: 'train' }), ['small', 'large']);
    const wrong = (options: Partial<WebDatasetOptions>) => refusal(() => read(path, options));
    assert.match(
      await wrong({ target: 'cls' }),
      /sample 'a': it has no class 'cls', found .png, .json, .txt/,
    );
    assert.match(await wrong({ target: 'json.meta' }), /'json.meta' is .*expected a class's/);
    assert.match(
      await wrong({ classes: ['ant', 'bee'] }),
      /a.png: the class is 'owl', expected one of ant, bee/,
    );
    assert.match(
      await wrong({ split: 'test' }),
      /no .tar files of the part 'test'; found train.tar/,
    );
  });
});

test('samples without image or class, and damaged archives, are named', async () => {
  const refused = (files: Parameters<typeof tarOf>[0] | Uint8Array, options = {}) => {
    let message = '';
    const archive = files instanceof Uint8Array ? files : tarOf(files);
    return withFolder({ 'a.tar': archive }, async (path) => {
      message = await refusal(() => read(join(path, 'a.tar'), options));
    }).then(() => message);
  };
  assert.match(
    await refused({ 'a.txt': png }),
    /sample 'a': it has no image \(.txt\), expected one of/,
  );
  assert.match(await refused({ 'a.png': png, 'a.jpg': jpg }), /it has 2 images \(.png, .jpg\)/);
  assert.match(
    await refused({ 'a.png': png }),
    /it has no class, found .png\ntarget: 'json.category'/,
  );
  assert.match(await refused({ 'a.png': png, 'a.json': text('{') }), /.json is not JSON/);
  assert.match(await refused({}), /has no images/);
  assert.match(await refused(Uint8Array.from(jpg)), /cut short|not a tar/);
  const whole = tarOf({ 'a.png': png, 'a.cls': text('0') });
  assert.match(await refused(whole.subarray(0, 700)), /'a.png' in it is cut short: it should have/);
  const joined = new Uint8Array([...whole, ...whole]);
  assert.match(
    await refused(joined),
    /ends at byte \d+, and another begins at byte \d+\ntar joins/,
  );
  await withFolder({ 'a.txt': '' }, async (path) => {
    assert.match(await refusal(() => read(path)), /has no .tar files; found a.txt/);
    assert.match(await refusal(() => read(join(path, 'b'))), /cannot read .*b'/);
  });
});

test('long names of GNU tar and of POSIX.1-2001 are read', async () => {
  const folder = 'f'.repeat(120);
  await withFolder({}, async (path) => {
    await mkdir(join(path, folder));
    await writeFile(join(path, folder, 'image.png'), png);
    await writeFile(join(path, folder, 'image.cls'), '0');
    for (const format of ['gnu', 'posix', 'ustar']) {
      const order = [`${folder}/image.png`, `${folder}/image.cls`];
      execFileSync('tar', [`--format=${format}`, '-cf', `${format}.tar`, ...order], { cwd: path });
      const data = await read(join(path, `${format}.tar`));
      assert.ok(data.reader.describe!(0).endsWith(`${folder}/image.png'`), format);
      assert.is((await loadIntoMemory(data)).samples.length, 3 * size * size);
    }
  });
});

test('10,000 damaged archives are refused or read', async () => {
  const archive = tarOf({ 'a.png': png, 'a.cls': text('0'), 'b.png': png, 'b.cls': text('3') });
  await withFolder({}, async (path) => {
    const file = join(path, 'damaged.tar');
    await fuzz(
      [archive],
      fuzzCount(10_000),
      async (bytes) => {
        await writeFile(file, bytes);
        return read(file);
      },
      ({ labels, classes }) => assert.ok(labels.every((label) => label < classes.length)),
    );
  });
});

test.run();
