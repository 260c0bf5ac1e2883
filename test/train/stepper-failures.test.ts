/** Worker threads that die in the middle of a step: it is taken again, or, where nobody knows the weights, refused. */
// slow: processes whose threads die
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { here, runCommand } from '../runs/processes.js';

interface Outcome {
  readonly messages: readonly string[];
  readonly sha256: string;
}

/** The loop, of which a thread dies when it calls a kernel at a step. */
async function loop(death = ''): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'deaths-'));
  const imports = death ? ['--import', here('dying-thread.js')] : [];
  const program = here('../train/small-loop.js');
  const env = { LANEWISE_DEATH: death, LANEWISE_DEATHS: folder };
  const { stdout, stderr } = await runCommand([process.execPath, ...imports, program], { env });
  await rm(folder, { recursive: true });
  assert.ok(stdout, stderr);
  return JSON.parse(stdout) as Outcome;
}

test('a thread that dies while it computes gradients is not noticed', async () => {
  const expected = await loop();
  assert.equal(expected.messages, []);
  assert.equal(await loop('conv2d,4,1'), expected);
});

test('one that dies while it writes weights leaves a stepper that wants a state', async () => {
  const { sha256 } = await loop();
  const found = await loop('adam,4,1');
  assert.is(found.messages.length, 2);
  assert.match(found.messages[0]!, /^a worker thread failed: .*, while weights were written$/s);
  assert.match(found.messages[1]!, /^step: a worker thread failed while it wrote the weights/);
  assert.is(found.sha256, sha256, 'from the state before, to the same bits');
});

test.run();
