/** A worker that lies, with real processes and a real server: it is caught, and the run ends with the bits of one process. */
// slow: processes that train
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hasNatsServer, NO_SERVER, startNatsServer } from '../support/nats-server.js';
import { startRun, startWorker, watch } from './cluster-processes.js';

const program = fileURLToPath(new URL('lying-process.js', import.meta.url));

test('a process that lies from step 9 on', async () => {
  if (!hasNatsServer()) return console.log(NO_SERVER);
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-liar-'));
  const server = (await startNatsServer())!;
  const liar = watch([process.execPath, ...process.execArgv, program, server.url, '9']);
  const honest = await startWorker(server.url);
  try {
    const alone = await startRun({ steps: 30 }).sha256();
    await liar.until(/here/);
    const given = { url: server.url, folder: join(folder, 'run'), steps: 30 };
    const run = startRun({ ...given, minWorkers: 2, check: 0.01 });
    assert.is(await run.sha256(), alone, run.output().slice(-3000));
    const lies = [...liar.output().matchAll(/lie (\d+)/g)].map(([, step]) => Number(step));
    const caught = run.lines().filter(({ change }) => change === 'caught');
    const [recovery, ...more] = run.lines().filter(({ event }) => event === 'recovery');
    assert.ok(lies.length > 0 && caught.length > 0, run.output().slice(-3000));
    assert.equal(more, []);
    assert.match(recovery!.reason!, /is put out: its part of shards? \d/);
    assert.ok(lies.includes(recovery!.step!), `${recovery!.step} of ${lies.join()}`);
  } finally {
    await Promise.all([liar.kill(), honest.kill()]);
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test.run();
