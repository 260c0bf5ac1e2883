/**
 * One run on workers in every installed engine at once has the bits of one process alone: in strict numerics with all of them,
 * in fused with those whose multiply-add rounds once; the others are refused, by name.
 */
// slow: trains with a process of every engine
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lanewiseProcess, main } from '../cli/lanewise.js';
import { otherEngines } from '../support/engines.js';
import { NO_SERVER, startNatsServer, type NatsServer } from '../support/nats-server.js';

const others = otherEngines();
const engines = [{ name: 'this', command: [process.execPath] }, ...others];

let server: NatsServer | undefined;
const folder = mkdtempSync(join(tmpdir(), 'lanewise-mixed-'));
const workers: ChildProcess[] = [];

test.before(async () => {
  server = await startNatsServer();
  if (!server) return console.log(`  ${NO_SERVER}`);
  for (const { name, command } of engines) {
    const [program, ...words] = [...command, main, 'worker', server.url];
    const options = ['--workers', '1', '--idle-minutes', '2', '--cache', join(folder, name)];
    const env = { ...process.env, NO_COLOR: '1' };
    workers.push(spawn(program!, [...words, ...options], { stdio: 'ignore', env }));
  }
});

test.after(async () => {
  const ends = workers.map((worker) => worker.exitCode === null && once(worker, 'exit'));
  for (const worker of workers) worker.kill('SIGKILL');
  await Promise.all(ends);
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

type Event = Readonly<Record<string, any>>;

/** The events of a run of one epoch. */
async function trained(numerics: string, ...more: string[]): Promise<readonly Event[]> {
  const run =
    'lenet5 --data digits --limit 1536 --epochs 1 --batch 256 --workers 1 --no-report --json';
  const out = join(folder, `${numerics}-${more.length}`);
  const words = ['train', ...run.split(' '), '--numerics', numerics, '--out', out, ...more];
  const { code, stdout, stderr } = await lanewiseProcess(words);
  assert.is(code, 0, stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);
}

const hashOf = (events: readonly Event[]): unknown => events.at(-1)!['sha256'];

for (const numerics of ['strict', 'fused'])
  test(`${numerics}: ${engines.map(({ name }) => name).join(', ')}`, async () => {
    if (!server) return;
    // JavaScriptCore's rounds twice.
    const able = engines.filter(({ name }) => numerics === 'strict' || name !== 'bun');
    const alone = await trained(numerics);
    const shared = await trained(
      numerics,
      '--cluster',
      server.url,
      '--min-workers',
      `${able.length}`,
    );
    assert.match(String(hashOf(alone)), /^[0-9a-f]{64}$/);
    assert.is(hashOf(shared), hashOf(alone));
    const news = shared.filter(({ event }) => event === 'machine');
    const joined = news.filter(({ change }) => change === 'joined');
    assert.is(joined.length, able.length);
    const refused = news.filter(({ change }) => change === 'refused');
    assert.is(new Set(refused.map(({ machine }) => machine)).size, engines.length - able.length);
    for (const { reason } of refused) assert.match(reason, 'rounds once');
    const { shares } = shared.findLast(({ cluster }) => cluster)!['cluster'];
    assert.is(Object.values(shares).filter((share) => share).length, able.length + 1);
  });

test.run();
