/**
 * Checkpoints and hashes of 2 GiB and more, by real processes: Node's one-call functions refuse them. Takes 3 GB of memory and
 * of disk, and on a machine of its own some five seconds; `npm run soak` trains a model that has such a checkpoint.
 */
// slow: a checkpoint of 2 GiB
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, stat, statfs } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sha256 } from '../../src/base/sha256.js';

const program = fileURLToPath(new URL('large-run.js', import.meta.url));

async function run(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const [code] = (await once(child, 'close')) as [number | null];
  assert.is(code, 0, `${output}${errors}`);
  return output.trim();
}

test('the hash is that of pieces one after another, wherever they are cut', async () => {
  const bytes = Uint8Array.from({ length: 2 ** 20 }, (_, i) => (i * i) >> 3);
  const expected = createHash('sha256').update(bytes).digest('hex');
  assert.is(await sha256(bytes), expected);
  assert.is(await sha256(bytes.subarray(0, 5), bytes.subarray(5, 5), bytes.subarray(5)), expected);
  assert.is(await sha256(), createHash('sha256').digest('hex'));
});

const isSoak = process.env['LANEWISE_KILLS'] !== undefined;
const NEEDED = isSoak ? 7e9 : 3e9;

test('a checkpoint of more than 2^31 bytes is written, and gone on from', async () => {
  const { bavail, bsize } = await statfs(tmpdir());
  if (freemem() < NEEDED || bavail * bsize < 5e9) {
    console.log('skipped: a checkpoint of 2 GiB needs 3 GB of free memory and 5 GB of disk');
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-large-'));
  try {
    const written = await run(isSoak ? 'train' : 'widen', folder);
    const { size } = await stat(join(folder, 'checkpoint.safetensors'));
    assert.ok(size > 2 ** 31, `${size} bytes`);
    assert.match(written, /^step 1 [\da-f]{64}$/);
    assert.is(await run(isSoak ? 'resume' : 'read', folder), written);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.run();
