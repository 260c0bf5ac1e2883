/** Written CSV, and text files that are written whole or not at all. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LanewiseError } from '../../src/base/errors.js';
import { createLineWriter } from '../../src/node/atomic-lines.js';
import { csvLine } from '../../src/formats/csv-line.js';
import { inFolder } from '../cli/lanewise.js';

test('what has commas, quotes or line breaks stands in quotes, and nothing else does', () => {
  assert.is(csvLine(['a', 0.5, 'b c', '']), 'a,0.5,b c,');
  assert.is(
    csvLine(['a,b', 'say "no"', 'two\nlines', 'x\r']),
    '"a,b","say ""no""","two\nlines","x\r"',
  );
});

test('lines come to the file when it is finished, and not before', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'x.csv');
    await writeFile(path, 'old');
    const writer = await createLineWriter(path);
    await writer.write(['a', 'ü']);
    await writer.write(['c']);
    assert.is(await readFile(path, 'utf8'), 'old');
    await writer.finish();
    await writer.abandon();
    assert.is(await readFile(path, 'utf8'), 'a\nü\nc\n');
    assert.equal(await readdir(folder), ['x.csv']);
  });
});

test('what is abandoned leaves nothing', async () => {
  await inFolder(async (folder) => {
    const writer = await createLineWriter(join(folder, 'x.csv'));
    await writer.write(['a']);
    await writer.abandon();
    assert.equal(await readdir(folder), []);
  });
});

test('a file that cannot be is refused at once', async () => {
  await inFolder(async (folder) => {
    await mkdir(join(folder, 'taken'));
    for (const [path, why] of [
      [join(folder, 'no', 'x.csv'), /cannot write '.*x.csv': there is no such folder/],
      [join(folder, 'taken'), /cannot write '.*taken': something other than a file/],
    ] as const) {
      try {
        await createLineWriter(path);
        assert.unreachable();
      } catch (error) {
        assert.instance(error, LanewiseError);
        assert.match((error as LanewiseError).message, why);
      }
    }
  });
});

test.run();
