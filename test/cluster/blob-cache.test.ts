/** The cache of a worker: contents by their hash, checked, bounded, and whole. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../../src/base/sha256.js';
import { LanewiseError } from '../../src/base/errors.js';
import { keepBlob, readBlob } from '../../src/cluster/blob-cache.js';

let folder = '';
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-blobs-'));
});
test.after.each(() => rmSync(folder, { recursive: true, force: true }));

const contentsOf = (value: number, bytes: number) => new Uint8Array(bytes).fill(value);

/** Keeps contents and says that they were used `age` seconds ago. */
async function keep(value: number, bytes: number, age: number, maxBytes = 1000): Promise<string> {
  const hash = await sha256(contentsOf(value, bytes));
  await keepBlob({ folder, maxBytes }, hash, contentsOf(value, bytes));
  const used = new Date(Date.now() - age * 1000);
  utimesSync(join(folder, hash), used, used);
  return hash;
}

test('contents are there until others need their room, the least recently used first', async () => {
  const cache = { folder, maxBytes: 1000 };
  const [first, second] = [await keep(1, 400, 30), await keep(2, 400, 20)];
  assert.equal(await readBlob(cache, first, 400), contentsOf(1, 400));
  // Reading is use: the second one goes.
  const third = await keep(3, 300, 10);
  assert.equal(readdirSync(folder).toSorted(), [first, third].toSorted());
  assert.is(await readBlob(cache, second, 400), undefined);
  await keepBlob(cache, 'ab'.repeat(32), contentsOf(4, 1001));
  assert.is(readdirSync(folder).length, 2, 'what is larger than the cache is not kept');
});

test('contents that are damaged or of another length are removed', async () => {
  const cache = { folder, maxBytes: 1000 };
  const hash = await keep(1, 100, 0);
  writeFileSync(join(folder, hash), contentsOf(2, 100));
  assert.is(await readBlob(cache, hash, 100), undefined);
  assert.equal(readdirSync(folder), []);
  const other = await keep(1, 100, 0);
  assert.is(await readBlob(cache, other, 99), undefined);
  assert.is(await readBlob(cache, 'cd'.repeat(32), 1), undefined);
});

test('a folder that cannot be made is an error, and files of others stay', async () => {
  const file = join(folder, 'notes.txt');
  writeFileSync(file, 'mine');
  await keep(1, 1000, 5);
  await keep(2, 1000, 0);
  assert.is(statSync(file).size, 4);
  try {
    await keepBlob(
      { folder: join(file, 'cache'), maxBytes: 10 },
      'ef'.repeat(32),
      contentsOf(1, 1),
    );
    assert.unreachable('it was made');
  } catch (error) {
    assert.instance(error, LanewiseError);
    assert.match((error as Error).message, /^cannot make the cache '/);
  }
});

test.run();
