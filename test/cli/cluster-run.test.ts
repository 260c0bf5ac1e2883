/** Runs of the command line that a worker shares, through a real server: their events, lines and folders. */
// slow: several runs
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serveWorker } from '../../src/cluster/serve-worker.js';
import { readRun } from '../../src/runs/report/write.js';
import { NO_SERVER, hasNatsServer, startNatsServer } from '../support/nats-server.js';
import { colours } from './colours.js';
import { eventsOf, inFolder, lanewise, type Outcome } from './lanewise.js';

/** Runs `check` beside a server and a worker that has one thread. */
async function besideWorker(check: (url: string, cwd: string) => Promise<void>): Promise<void> {
  const server = await startNatsServer();
  const stop = new AbortController();
  try {
    await inFolder(async (cwd) => {
      const { url } = server!;
      const cache = join(cwd, 'cache');
      await colours(join(cwd, 'photos'), ['red', 'green']);
      const working = serveWorker(url, { threads: 1, cache, signal: stop.signal });
      try {
        await check(url, cwd);
      } finally {
        stop.abort();
        await working;
      }
    });
  } finally {
    await server?.close();
  }
}

const data = ['--data', 'photos', '--shape', '1x28x28', '--batch', '8', '--shards', '4'];
const small = [...data, '--epochs', '1', '--numerics', 'strict'];
const train = (...more: string[]) => ['train', 'lenet1', ...small, '--workers', '0', ...more];

const sha256Of = ({ stdout }: Outcome): string | undefined =>
  /^weights sha256 ([0-9a-f]{64})/m.exec(stdout)?.[1];

test('a shared run has lines, events and a section of its report, and the bits of one alone', async () => {
  if (!hasNatsServer()) return console.log(NO_SERVER);
  await besideWorker(async (url, cwd) => {
    const shared = ['--cluster', url, '--min-workers', '1'];
    const alone = await lanewise(train('--out', 'alone', '--no-report'), { cwd });
    const lines = await lanewise(train('--out', 'lines', ...shared), { cwd });
    assert.is(lines.code, 0, lines.stderr);
    assert.match(
      lines.stdout,
      `the first step waits for 1 machine to join: npx lanewise worker ${url}`,
    );
    assert.match(lines.stdout, /^\S+ joined, 1 thread$/m);
    assert.match(lines.stdout, /images\/s {2}2 machines, wire \d+ %$/m);
    assert.match(lines.stdout, /^2 machines: .*coordinator \d+ %/m);
    assert.match(lines.stdout, /^about [\d.]+ times as fast as this machine alone, an estimate/m);
    assert.ok(sha256Of(alone));
    assert.is(sha256Of(lines), sha256Of(alone));
    assert.match(await readFile(join(cwd, 'lines', 'report.html'), 'utf8'), 'share of the work');
    const { machines, shared: epochs, steps } = (await readRun(join(cwd, 'lines'))).records;
    assert.is(machines[0]!.change, 'joined');
    assert.is(epochs.at(-1)!.cluster.machines, 2);
    assert.ok(steps.every(({ wire }) => wire !== undefined && wire >= 0 && wire <= 1));
    const json = eventsOf(
      await lanewise(train('--out', 'json', '--json', '--no-report', ...shared), { cwd }),
    );
    assert.ok(json.some(({ event, change }) => event === 'machine' && change === 'joined'));
    assert.is(json.at(-1)!['sha256'], sha256Of(alone));
  });
});

test('--seeds shares one run after another with the same worker, to the figures of this machine alone', async () => {
  if (!hasNatsServer()) return console.log(NO_SERVER);
  await besideWorker(async (url, cwd) => {
    const run = (out: string, ...more: string[]) =>
      lanewise(train('--seeds', '2', '--no-report', '--json', '--out', out, ...more), { cwd });
    const shared = eventsOf(await run('shared', '--cluster', url, '--min-workers', '1'));
    const alone = eventsOf(await run('alone'));
    const joined = shared.filter(({ event, change }) => event === 'machine' && change === 'joined');
    assert.is(joined.length, 2);
    const hashes = (events: typeof alone) =>
      events.filter(({ event }) => event === 'done').map(({ sha256 }) => sha256);
    assert.is(hashes(shared).length, 2);
    assert.equal(hashes(shared), hashes(alone));
  });
});

test('a run that began with a worker goes on alone, and the reverse', async () => {
  if (!hasNatsServer()) return console.log(NO_SERVER);
  await besideWorker(async (url, cwd) => {
    const two = (...more: string[]) => train('--epochs', '2', '--no-report', ...more);
    const shared = ['--cluster', url, '--min-workers', '1'];
    const whole = await lanewise(two('--schedule', 'constant', '--out', 'whole'), { cwd });
    for (const [first, second] of [
      [shared, []],
      [[], shared],
    ] as const) {
      const out = `run-${first.length}`;
      await lanewise(train('--out', out, '--no-report', '--schedule', 'constant', ...first), {
        cwd,
      });
      const on = ['--out', out, '--resume', '--override', 'epochs'];
      const resumed = await lanewise(two('--schedule', 'constant', ...on, ...second), { cwd });
      assert.is(resumed.code, 0, resumed.stderr);
      assert.match(resumed.stdout, 'resumed after step 2');
      assert.ok(sha256Of(whole));
      assert.is(sha256Of(resumed), sha256Of(whole));
    }
  });
});

test.run();
