/** Kills around each rename of a run that goes on after a damaged checkpoint; 40 processes, hence a file of its own. */
// slow: processes that are killed
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  damage,
  hashOf,
  here,
  interrupted,
  leftovers,
  program,
  runCommand,
  small,
} from './processes.js';

const killedAtRename = here('killed-at-rename.js');

let root = '';
let expected = '';
test.before(async () => {
  root = await mkdtemp(join(tmpdir(), 'lanewise-kills-'));
  expected = hashOf(await small({ folder: join(root, 'whole') }));
});
test.after(() => rm(root, { recursive: true, force: true }));

test('20 kills at renames after the last checkpoint was damaged: the same weights each time', async () => {
  const begun = join(root, 'begun');
  await interrupted(begun);
  await damage(join(begun, 'checkpoint.safetensors'));
  const resume = { everySteps: 4, resume: true };
  async function killedAt(moment: string): Promise<void> {
    const folder = join(root, `killed ${moment}`);
    await cp(begun, folder, { recursive: true });
    const options = JSON.stringify({ ...resume, folder });
    const command = [process.execPath, '--import', killedAtRename, program, options];
    const killed = await runCommand(command, { env: { LANEWISE_RENAME: moment } });
    assert.is(killed.signal, 'SIGKILL', `${moment}: ${killed.stdout}${killed.stderr}`);
    assert.is(hashOf(await small({ ...resume, folder })), expected, moment);
    assert.equal(await leftovers(folder), [], moment);
  }
  // The first two are the lock's and the log's.
  const moments = Array.from(
    { length: 20 },
    (_, i) => `${i % 2 ? 'after' : 'before'},${1 + (i >> 1)}`,
  );
  for (let i = 0; i < moments.length; i += 2)
    await Promise.all(moments.slice(i, i + 2).map(killedAt));
});

test.run();
