/**
 * What can go wrong in a cluster, with real processes and a real server: whatever dies, stands still or comes back, the run ends
 * with the weights of one process alone.
 */
// slow: processes that are killed
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  freePort,
  hasNatsServer,
  NO_SERVER,
  startNatsServer,
  type NatsServer,
} from '../support/nats-server.js';
import {
  changesOf,
  sleep,
  startRun,
  startWorker,
  type RunProcess,
  type Watched,
} from './cluster-processes.js';

let root = '';
let server: NatsServer;
let alone = '';
const paced = { steps: 40, stepMs: 25 };

/** Ends processes after a test, whatever became of it. */
async function withWorkers(count: number, check: (workers: Watched[]) => Promise<void>) {
  const workers = await Promise.all(Array.from({ length: count }, () => startWorker(server.url)));
  try {
    await check(workers);
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
  }
}

/** The run has ended with the weights of one process alone. */
async function endsAsAlone(run: RunProcess): Promise<void> {
  assert.is(await run.sha256(), alone, run.output().slice(-3000));
}

/** Resolves when a run has told of so many machines that joined. */
const joined = (run: RunProcess, count: number): Promise<unknown> =>
  run.until(new RegExp(`(?:"change":"joined"[^]*){${count}}`));

/** Stops a worker in a step of which it has shards: without them the run goes on, and it is stopped again later. */
async function stopWhileOwing(run: RunProcess, worker: Watched): Promise<void> {
  const steps = () => run.lines().filter(({ event }) => event === 'step').length;
  for (;;) {
    worker.child.kill('SIGSTOP');
    await sleep(100);
    const before = steps();
    await sleep(200);
    if (steps() === before) return;
    worker.child.kill('SIGCONT');
    await sleep(50);
  }
}

if (hasNatsServer()) {
  test.before(async () => {
    root = await mkdtemp(join(tmpdir(), 'lanewise-cluster-'));
    server = (await startNatsServer())!;
    alone = await startRun({ steps: paced.steps }).sha256();
  });
  test.after(async () => {
    await server.close();
    await rm(root, { recursive: true, force: true });
  });

  test('a worker killed while it owes a part of a step: others compute it', () =>
    withWorkers(2, async ([first]) => {
      const run = startRun({ url: server.url, ...paced, minWorkers: 2 });
      await run.step(10);
      await stopWhileOwing(run, first!);
      await first!.kill();
      await endsAsAlone(run);
      assert.equal(changesOf(run).slice(0, 4).toSorted(), ['joined', 'joined', 'left', 'redone']);
      assert.match(run.output(), /"reason":"its process is gone"/);
    }));

  test('all workers killed: the coordinator goes on alone, and takes in those that come later', () =>
    withWorkers(2, async (workers) => {
      const run = startRun({ url: server.url, ...paced, minWorkers: 2, joins: 3 });
      await run.step(8);
      await Promise.all(workers.map((worker) => worker.kill()));
      await run.step(16);
      workers.push(await startWorker(server.url));
      await joined(run, 3);
      await endsAsAlone(run);
      assert.is(changesOf(run).filter((change) => change === 'left').length, 2);
    }));

  test('the server killed, and started again with what it stored', () =>
    withWorkers(2, async () => {
      const run = startRun({ url: server.url, ...paced, minWorkers: 2, joins: 4 });
      await run.step(8);
      await server.kill();
      await run.step(12);
      await server.restart();
      await joined(run, 4);
      await endsAsAlone(run);
    }));

  test('the coordinator killed, and taken up again with the same workers', () =>
    withWorkers(2, async (workers) => {
      const given = { url: server.url, ...paced, folder: join(root, 'resumed'), minWorkers: 2 };
      const killed = startRun(given);
      await killed.step(17);
      await killed.kill();
      const run = startRun({ ...given, resume: true });
      await endsAsAlone(run);
      const start = run.lines().find(({ event }) => event === 'start');
      assert.ok(start!.resumedAt! >= 15, JSON.stringify(start));
      assert.equal(changesOf(run).slice(0, 2), ['joined', 'joined']);
      for (const { child } of workers) assert.is(child.exitCode, null);
    }));

  test('what began with machines ends alone, and the reverse', () =>
    withWorkers(1, async () => {
      for (const [begins, ends] of [
        [server.url, undefined],
        [undefined, server.url],
      ]) {
        const folder = join(root, `from ${begins ? 'machines' : 'one'}`);
        const first = startRun({
          ...paced,
          folder,
          ...(begins ? { url: begins, minWorkers: 1 } : {}),
        });
        await first.step(12);
        await first.kill();
        const then = ends ? { url: ends, minWorkers: 1 } : {};
        await endsAsAlone(startRun({ ...paced, folder, resume: true, ...then }));
      }
    }));

  test('a straggler: its part is computed by others, and it comes back', () =>
    withWorkers(2, async ([slow]) => {
      const run = startRun({ url: server.url, ...paced, minWorkers: 2, deadline: 0.2, joins: 3 });
      await run.step(6);
      slow!.child.kill('SIGSTOP');
      // It may have no shard of a step just then: it is given one after some steps in which it had none.
      await run.until(/"change":"redone"/);
      await run.until(/"change":"left"/);
      slow!.child.kill('SIGCONT');
      await joined(run, 3);
      await endsAsAlone(run);
    }));

  test('two runs at one server, and a worker that comes late: each has its own weights', () =>
    withWorkers(1, async (workers) => {
      const runs = [1, 2].map((seed) => startRun({ url: server.url, ...paced, stepMs: 40, seed }));
      await runs[0]!.step(5);
      workers.push(await startWorker(server.url));
      const other = await startRun({ steps: paced.steps, seed: 2 }).sha256();
      assert.equal(await Promise.all(runs.map((run) => run.sha256())), [alone, other]);
      assert.ok(runs.some((run) => changesOf(run).includes('joined')));
    }));

  test('the server killed, and another started in its place that has nothing', async () => {
    const port = await freePort();
    const path = join(root, 'empty.conf');
    const store = join(root, 'store');
    await writeFile(path, `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${store}" }\n`);
    const first = (await startNatsServer({ configuration: { path, port } }))!;
    const worker = await startWorker(first.url);
    let second: NatsServer | undefined;
    try {
      const run = startRun({ url: first.url, ...paced, minWorkers: 1, joins: 2 });
      await run.step(8);
      await first.close();
      await rm(store, { recursive: true });
      await run.step(12);
      second = await startNatsServer({ configuration: { path, port } });
      await joined(run, 2);
      await endsAsAlone(run);
    } finally {
      await worker.kill();
      await second?.close();
    }
  });

  cutLinks();
} else console.log(NO_SERVER);

/** Links that are cut for two seconds, by a namespace of the network with a way to this one. */
function cutLinks(): void {
  const name = `lw${process.pid}`;
  const within = ['ip', 'netns', 'exec', name];
  const ip = (...args: readonly string[]) => spawnSync('ip', args).status === 0;
  const remove = () => {
    ip('link', 'del', `${name}a`);
    ip('netns', 'del', name);
  };
  const [ours, theirs] = ['10.177.83.1/24', '10.177.83.2/24'];
  const isThere =
    process.getuid?.() === 0 &&
    ip('netns', 'add', name) &&
    ip('link', 'add', `${name}a`, 'type', 'veth', 'peer', 'name', `${name}b`, 'netns', name) &&
    ip('addr', 'add', ours, 'dev', `${name}a`) &&
    ip('link', 'set', `${name}a`, 'up') &&
    ip('-n', name, 'addr', 'add', theirs, 'dev', `${name}b`) &&
    ip('-n', name, 'link', 'set', `${name}b`, 'up');
  if (!isThere) {
    remove();
    return console.log('skipped: a link is cut by namespaces of the network, which root may make');
  }
  for (const who of ['worker', 'coordinator'] as const)
    test(`a ${who}’s link cut for two seconds`, async () => {
      const port = await freePort();
      const path = join(root, `${who}.conf`);
      const store = join(root, `${who}-store`);
      await writeFile(path, `listen: "0.0.0.0:${port}"\njetstream { store_dir: "${store}" }\n`);
      const there = (await startNatsServer({ configuration: { path, port } }))!;
      const far = `nats://10.177.83.1:${port}`;
      const isWorker = who === 'worker';
      let worker: Watched | undefined;
      try {
        worker = await (isWorker
          ? startWorker(far, { before: within, args: ['--insecure'] })
          : startWorker(there.url));
        const given = { ...paced, minWorkers: 1, joins: 2 };
        const run = isWorker
          ? startRun({ ...given, url: there.url })
          : startRun({ ...given, url: far, insecure: true }, within);
        await run.step(8);
        ip('link', 'set', `${name}a`, 'down');
        await run.until(/"change":"left"/);
        await sleep(2000);
        ip('link', 'set', `${name}a`, 'up');
        await joined(run, 2);
        await endsAsAlone(run);
      } finally {
        await worker?.kill();
        await there.close();
      }
    });
  test.after(remove);
}

test.run();
