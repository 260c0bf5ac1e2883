/** `lanewise worker`: what it prints, and how it ends; with a real server, if there is one. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorkerLog } from '../../src/cli/worker-log.js';
import type { WorkerEvent } from '../../src/cluster/worker-events.js';
import { digits } from '../../src/data/digits/index.js';
import { lenet5 } from '../../src/models/index.js';
import { momentum } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { NO_SERVER, startNatsServer } from '../support/nats-server.js';
import { lanewise, main } from './lanewise.js';

/** The lines of events, each at its second. */
function linesOf(events: readonly (readonly [second: number, event: WorkerEvent])[]): string[] {
  const lines: string[] = [];
  let now = 0;
  const log = createWorkerLog(
    'nats://host:4222',
    (line) => lines.push(line),
    () => now,
  );
  for (const [second, event] of events) {
    now = second * 1000;
    log.hear(event);
  }
  log.end();
  return lines;
}

test('a line says what happens, and every ten seconds one what is computed', () => {
  const run = 'a1b2';
  const step = (number: number): WorkerEvent => ({
    kind: 'computed',
    run,
    step: number,
    samples: 1000,
    ms: 500,
  });
  const lines = linesOf([
    [0, { kind: 'connected', name: 'hand.1234', threads: 2 }],
    [1, { kind: 'refused', run: 'zz', by: 'worker', reason: 'the kernels differ', hint: 'update' }],
    [1, { kind: 'refused', run: 'yy', by: 'coordinator', reason: 'its parts were wrong' }],
    [2, { kind: 'joined', run, memory: 2 ** 21 }],
    [3, step(0)],
    ...Array.from({ length: 20 }, (_, i) => [3.5 + i * 0.5, step(i + 1)] as const),
    [14, { kind: 'silent', run }],
    [15, { kind: 'heard', run }],
    [16, step(21)],
    [17, { kind: 'left', run, reason: 'the run has ended' }],
    [18, { kind: 'link', state: 'cut' }],
    [19, { kind: 'link', state: 'restored' }],
  ]);
  assert.equal(lines, [
    'worker hand.1234 at nats://host:4222, 2 threads: waits for runs until Ctrl-C',
    'run zz: this worker cannot take part: the kernels differ\n  update',
    'run yy: it was refused: its parts were wrong',
    'run a1b2: takes part, with 2.0 MiB of memory',
    'run a1b2: step 20, 2,000 samples/s, computing 100 % of the time',
    'run a1b2: its coordinator has not been heard of for 5 s',
    'run a1b2: its coordinator is there again',
    'run a1b2: step 22, 444 samples/s, computing 22 % of the time',
    'run a1b2: left, as the run has ended',
    'the server cannot be reached; trying until it can',
    'the server is there again',
  ]);
});

test('what cannot be served is refused by name', async () => {
  const refusal = async (...args: string[]) => {
    const { code, stderr } = await lanewise(['worker', ...args]);
    assert.is.not(code, 0);
    return stderr;
  };
  assert.match(await refusal('nats://127.0.0.1:1'), /^error: /);
  assert.match(await refusal('http://127.0.0.1:1'), 'http:');
  assert.match(await refusal('nats://127.0.0.1:1', '--workers', '0'), 'Expected a whole number');
  assert.match(await refusal('nats://127.0.0.1:1', '--max-memory', '4'), 'such as 256MiB');
  assert.match(await refusal('nats://127.0.0.1:1', '--idle-minutes', '0'), 'a number above 0');
});

test('a process computes for a run, and Ctrl-C says goodbye', async () => {
  const server = await startNatsServer();
  if (!server) return console.log(`  ${NO_SERVER}`);
  const cache = mkdtempSync(join(tmpdir(), 'lanewise-worker-'));
  const child = spawn(
    process.execPath,
    [main, 'worker', server.url, '--workers', '1', '--idle-minutes', '2', '--cache', cache],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let printed = '';
  child.stdout.on('data', (text) => (printed += text));
  const ended = once(child, 'exit');
  try {
    const settings = {
      data: digits({ count: 160 }),
      optimizer: momentum({ lr: 0.05 }),
      batch: 32,
      shards: 4,
      epochs: 4,
      numerics: 'strict',
      workers: 0,
    } as const;
    const alone = await (await train(lenet5(), settings)).model.sha256();
    const news: string[] = [];
    const { model } = await train(lenet5(), settings, {
      cluster: { url: server.url, minWorkers: 1 },
      onMachine: ({ change, reason }) => news.push(`${change} ${reason ?? ''}`.trim()),
      onEpoch: ({ epoch }) => {
        if (epoch === 2) child.kill('SIGINT');
      },
    });
    assert.is(await model.sha256(), alone);
    assert.equal(await ended, [0, null]);
    assert.equal(news.slice(0, 2), ['joined', 'left it was told to stop']);
    assert.match(printed, /^worker \S+ at nats:\S+, 1 thread: waits for runs until Ctrl-C\n/);
    assert.match(printed, /\nrun \w+: takes part, with [\d.]+ MiB of memory\n/);
    assert.match(printed, /\nrun \w+: step \d+, [\d,]+ samples\/s, computing \d+ % of the time\n/);
  } finally {
    child.kill('SIGKILL');
    await server.close();
    rmSync(cache, { recursive: true, force: true });
  }
});

test.run();
