/** Files are replaced whole or left alone, and what the system says is passed on in words. */
import { mkdtemp, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import {
  ensureWritableFolder,
  fileError,
  makeFolder,
  writeFileAtomic,
} from '../../src/node/atomic.js';

const test = suite('atomic', { folder: '' });
test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'lanewise-atomic-'));
});
test.after.each(({ folder }) => rm(folder, { recursive: true }));

async function refusal(work: Promise<void>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.instance(error, LanewiseError);
    assert.is((error as LanewiseError).kind, 'file');
    return (error as LanewiseError).message;
  }
  throw new Error('nothing was refused');
}

test('writes a new file, replaces an old one, and leaves nothing else behind', async ({
  folder,
}) => {
  const path = join(folder, 'model');
  await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
  await writeFileAtomic(path, Uint8Array.of(4, 5));
  assert.equal([...(await readFile(path))], [4, 5]);
  assert.equal(await readdir(folder), ['model']);
});

test('writes at once do not mix: one of them wins whole', async ({ folder }) => {
  const path = join(folder, 'model');
  const writers = [1, 2, 3, 4].map((i) => writeFileAtomic(path, new Uint8Array(100_000).fill(i)));
  await Promise.all(writers);
  const bytes = await readFile(path);
  assert.is(bytes.length, 100_000);
  assert.ok(bytes.every((byte) => byte === bytes[0]));
  assert.equal(await readdir(folder), ['model']);
});

test('a rename that fails removes the temporary file and keeps what was there', async ({
  folder,
}) => {
  const path = join(folder, 'model');
  await mkdir(path);
  await writeFile(join(path, 'inside'), 'kept');
  assert.is(
    await refusal(writeFileAtomic(path, Uint8Array.of(1))),
    `cannot write '${path}': it is a folder`,
  );
  assert.equal(await readdir(folder), ['model']);
  assert.is(await readFile(join(path, 'inside'), 'utf8'), 'kept');
});

test('a missing folder and a file in a folder’s place are named', async ({ folder }) => {
  const missing = join(folder, 'none', 'model');
  assert.is(
    await refusal(writeFileAtomic(missing, Uint8Array.of(1))),
    `cannot write '${missing}': there is no such folder`,
  );
  await writeFile(join(folder, 'file'), '');
  const below = join(folder, 'file', 'model');
  assert.is(
    await refusal(writeFileAtomic(below, Uint8Array.of(1))),
    `cannot write '${below}': part of the path is a file, not a folder`,
  );
});

test('ensureWritableFolder makes the folders and leaves them empty', async ({ folder }) => {
  const path = join(folder, 'runs', 'first');
  await ensureWritableFolder(path);
  await ensureWritableFolder(path);
  assert.ok((await stat(path)).isDirectory());
  assert.equal(await readdir(path), []);
});

test('ensureWritableFolder refuses a file and a path through a file', async ({ folder }) => {
  const path = join(folder, 'file');
  await writeFile(path, 'kept');
  assert.is(
    await refusal(ensureWritableFolder(path)),
    `cannot write to folder '${path}': a file of that name is in the way`,
  );
  assert.is(
    await refusal(ensureWritableFolder(join(path, 'runs'))),
    `cannot write to folder '${join(path, 'runs')}': part of the path is a file, not a folder`,
  );
  assert.is(await readFile(path, 'utf8'), 'kept');
});

test('ensureWritableFolder refuses a folder that exists but takes no files', async () => {
  if (process.platform !== 'linux') return console.log('skipped: needs /proc');
  // Nobody can make files in /proc, not even root.
  assert.match(
    await refusal(ensureWritableFolder('/proc')),
    /^cannot write to folder '\/proc': \w/,
  );
});

test('ensureWritableFolder refuses at once where the system makes no folders', async () => {
  if (process.platform !== 'linux') return console.log('skipped: needs /proc');
  for (const path of ['/proc/none', '/proc/none/deeper'])
    assert.is(
      await refusal(ensureWritableFolder(path)),
      `cannot write to folder '${path}': the system makes no folders in '/proc'`,
    );
});

test('many make the same folders at once, and one of them the first', async ({ folder }) => {
  const path = join(folder, 'a', 'b', 'c');
  const made = await Promise.all([makeFolder(path), makeFolder(path), makeFolder(path)]);
  assert.ok((await stat(path)).isDirectory());
  assert.is(made.filter((first) => first === join(folder, 'a')).length, 1);
  assert.is(await makeFolder(path), undefined);
});

test('a full device is named', () => {
  if (process.platform !== 'linux') return console.log('skipped: needs /dev/full');
  try {
    writeFileSync('/dev/full', 'x');
    assert.unreachable();
  } catch (error) {
    const { message, cause } = fileError("cannot write 'model'", error);
    assert.is(message, "cannot write 'model': no space is left on the device");
    assert.is(cause, error);
  }
});

test('an error without words of ours keeps the system’s', () => {
  const { message } = fileError('cannot write', Object.assign(new Error('odd'), { code: 'EODD' }));
  assert.is(message, 'cannot write: odd');
});

test.run();
