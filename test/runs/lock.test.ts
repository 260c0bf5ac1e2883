/** The lock of a folder: one process has it, while real processes compete for it and are killed. */
// slow: processes that wait for each other
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { lockFolder } from '../../src/runs/lock.js';
import { digits } from '../../src/data/digits/index.js';
import { flatten, linear, sequential } from '../../src/layers/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { trainEvents } from '../../src/train/train.js';

const program = fileURLToPath(new URL('lock-process.js', import.meta.url));

const test = suite('lock', { folder: '' });
test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'lanewise-lock-'));
});
test.after.each(({ folder }) => rm(folder, { recursive: true }));

interface Process {
  readonly child: ChildProcess;
  /** Its first line. */
  readonly said: Promise<string>;
  readonly ended: Promise<unknown>;
}

function start(folder: string, at: number, keepMs: number): Process {
  const args = [program, folder, String(at), String(keepMs)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = once(child.stdout, 'data').then(([data]) => String(data).trim());
  return { child, said, ended: once(child, 'exit') };
}

async function refusal(work: Promise<unknown>): Promise<LanewiseError> {
  try {
    await work;
  } catch (error) {
    assert.instance(error, LanewiseError);
    assert.is((error as LanewiseError).kind, 'file');
    return error as LanewiseError;
  }
  throw new Error('nothing was refused');
}

const holderIn = async (folder: string) =>
  JSON.parse(await readFile(join(folder, 'lock'), 'utf8')) as Record<string, unknown>;

test('a second one in the same process is refused until the first is released', async ({
  folder,
}) => {
  const lock = await lockFolder(folder);
  const { message, hint } = await refusal(lockFolder(folder));
  assert.match(message, `run folder '${folder}' is in use by process ${process.pid} (started 20`);
  assert.is(hint, 'give another folder, or wait until it ends');
  assert.equal(await readdir(folder), ['lock']);
  await lock.release();
  assert.equal(await readdir(folder), []);
  await (await lockFolder(folder)).release();
});

test('another process’s lock holds, and is taken over once it is killed', async ({ folder }) => {
  const { child, said, ended } = start(folder, 0, 60_000);
  assert.is(await said, `taken ${child.pid}`);
  const { message } = await refusal(lockFolder(folder));
  assert.match(message, `is in use by process ${child.pid} (started 20`);
  child.kill('SIGKILL');
  await ended;
  assert.is((await holderIn(folder))['pid'], child.pid);
  const lock = await lockFolder(folder);
  assert.is((await holderIn(folder))['pid'], process.pid);
  await lock.release();
});

test('of many processes at once one takes a stale lock, the others name it', async ({ folder }) => {
  const first = start(folder, 0, 60_000);
  await first.said;
  first.child.kill('SIGKILL');
  await first.ended;
  for (let round = 0; round < 3; round++) {
    const at = Date.now() + 1000;
    const processes = Array.from({ length: 6 }, () => start(folder, at, 60_000));
    const lines = await Promise.all(processes.map(({ said }) => said));
    const winner = lines.find((line) => line.startsWith('taken '))!.slice('taken '.length);
    for (const line of lines) {
      if (line === `taken ${winner}`) continue;
      assert.match(line, `refused: run folder '${folder}' is in use by process ${winner} (started`);
    }
    assert.equal(await readdir(folder), ['lock']);
    for (const { child } of processes) child.kill('SIGKILL');
    await Promise.all(processes.map(({ ended }) => ended));
  }
});

test('many in one process: one has it', async ({ folder }) => {
  const found = await Promise.allSettled(Array.from({ length: 5 }, () => lockFolder(folder)));
  assert.is(found.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('a pid that is another process by now does not hold a lock', async ({ folder }) => {
  if (process.platform !== 'linux') return console.log('skipped: needs /proc');
  await (await lockFolder(folder)).release();
  const lock = await lockFolder(folder);
  const holder = await holderIn(folder);
  await lock.release();
  const changed = { ...holder, id: 'x', processStart: `${String(holder['processStart'])}0` };
  await writeFile(join(folder, 'lock'), JSON.stringify(changed));
  await (await lockFolder(folder)).release();
  await writeFile(join(folder, 'lock'), JSON.stringify({ ...holder, id: 'x' }));
  assert.match((await refusal(lockFolder(folder))).message, 'is in use by process');
});

const foreign = { id: 'x', pid: 1, host: `not-${hostname()}`, time: '2026-01-01T00:00:00.000Z' };

test('a lock that says of no touches holds while the folder’s files change, and no longer', async ({
  folder,
}) => {
  await writeFile(join(folder, 'lock'), JSON.stringify(foreign));
  const said: string[] = [];
  const options = { staleMs: 60, onWait: (message: string) => said.push(message) };
  const writing = setInterval(() => appendFileSync(join(folder, 'metrics.jsonl'), '{}\n'), 20);
  const { message, hint } = await refusal(lockFolder(folder, options)).finally(() =>
    clearInterval(writing),
  );
  const holder = `process 1 on 'not-${hostname()}' (started 2026-01-01T00:00:00.000Z)`;
  assert.match(message, `by ${holder}`);
  assert.match(hint!, `if it is gone, remove '${join(folder, 'lock')}'`);
  assert.equal(said, [
    `'${folder}' is locked by ${holder}, which may be gone: it is taken over if nothing changes for 0.6 s`,
  ]);
  const lock = await lockFolder(folder, options);
  assert.is(lock.warning, `the lock of ${holder} was taken over: nobody had touched it for 0.6 s`);
  await lock.release();
});

test('a run says that it waits for a lock, and who leaves then waits no longer', async ({
  folder,
}) => {
  const lock = { ...foreign, touched: '0000000007' };
  await writeFile(join(folder, 'lock'), JSON.stringify(lock));
  const model = sequential({ flat: flatten(), out: linear(784, 10) }, { input: [1, 28, 28] });
  const settings = { data: digits({ count: 10 }), optimizer: sgd({ lr: 0.1 }), epochs: 1 };
  const waits = /is locked by process 1 on '.*' .*, which may be gone: .* for 90 s$/;
  for await (const event of trainEvents(model, settings, { folder })) {
    assert.is(event.event, 'warning');
    assert.match((event as { readonly message: string }).message, waits);
    break;
  }
  const leave = new AbortController();
  const run = async () => {
    for await (const event of trainEvents(model, settings, { folder, signal: leave.signal })) {
      assert.is(event.event, 'warning');
      setTimeout(() => leave.abort(), 20);
    }
  };
  assert.match((await refusal(run())).message, /is in use by process 1 on/);
  assert.equal(await readdir(folder), ['lock']);
});

const inContainer = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'] as const;
const hasContainers = spawnSync(inContainer[0], [...inContainer.slice(1), 'true']).status === 0;

/** As `start`, in a PID namespace of its own, as containers have one. */
function startInContainer(folder: string, keepMs: number, staleMs: number): Process {
  const args = [process.execPath, program, folder, '0', String(keepMs), String(staleMs), '100'];
  const child = spawn(inContainer[0], [...inContainer.slice(1), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = once(child.stdout, 'data').then(([data]) => String(data).trim());
  return { child, said, ended: once(child, 'exit') };
}

test('a lock holds between containers, and is taken over when nobody has touched it for a while', async ({
  folder,
}) => {
  if (!hasContainers) return console.log('skipped: PID namespaces are not permitted (unshare)');
  const first = startInContainer(folder, 60_000, 1500);
  assert.match(await first.said, /^taken \d+$/);
  // Here, where its pid is another process's or nobody's, and in a container that counts as it does.
  const { message, hint } = await refusal(lockFolder(folder));
  assert.match(message, /is in use by process \d+ of another container \(started 20/);
  assert.match(hint!, `if it is gone, remove '${join(folder, 'lock')}'`);
  assert.match(await startInContainer(folder, 0, 1500).said, /^refused: .* of another container /);
  first.child.kill('SIGKILL');
  await first.ended;
  const next = startInContainer(folder, 60_000, 1500);
  assert.match(
    await next.said,
    /^taken \d+: the lock of process \d+ of another container .* 1\.5 s$/,
  );
  assert.equal(await readdir(folder), ['lock']);
  next.child.kill('SIGKILL');
  await next.ended;
});

test('a holder that was still for too long, and lost its lock, learns of it', async ({
  folder,
}) => {
  const lock = await lockFolder(folder);
  await lock.check();
  const holder = await holderIn(folder);
  await writeFile(join(folder, 'lock'), JSON.stringify({ ...holder, id: 'x', host: 'pod-b' }));
  assert.match((await refusal(lock.check())).message, `by process ${process.pid} on 'pod-b'`);
  await lock.release();
  assert.equal(await readdir(folder), ['lock']);
});

test('a lock of another machine that is touched is refused as soon as that is seen', async ({
  folder,
}) => {
  const lock = await lockFolder(folder, { touchMs: 50 });
  const path = join(folder, 'lock');
  await writeFile(path, (await readFile(path, 'utf8')).replace(hostname(), 'pod-a'));
  const { message } = await refusal(lockFolder(folder, { staleMs: 10_000 }));
  assert.match(message, /by process \d+ on 'pod-a' \(started 20/);
  await lock.release();
});

test('claims of processes that are gone are cleared away, one that runs is waited for', async ({
  folder,
}) => {
  const { child, said, ended } = start(folder, 0, 60_000);
  await said;
  const lock = join(folder, 'lock');
  const claim = `${lock}.${crypto.randomUUID()}`;
  const holder = await readFile(lock);
  await rm(lock);
  await writeFile(claim, holder);
  const waiting = lockFolder(folder);
  let isDone = false;
  void waiting.then(() => (isDone = true));
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.not.ok(isDone);
  child.kill('SIGKILL');
  await ended;
  await (await waiting).release();
  assert.equal(await readdir(folder), []);
});

test('a lock is not released by one who no longer has it', async ({ folder }) => {
  const lock = await lockFolder(folder);
  await rm(join(folder, 'lock'));
  const other = await lockFolder(folder);
  await lock.release();
  assert.equal(await readdir(folder), ['lock']);
  await other.release();
});

test('what is no lock, and a folder that takes no files, are named', async ({ folder }) => {
  const path = join(folder, 'lock');
  for (const text of ['', 'hello', '{}', 'null', '{"pid":1.5,"host":"x"}']) {
    await writeFile(path, text);
    const { message, hint } = await refusal(lockFolder(folder));
    assert.is(message, `'${path}' does not say whose lock it is`);
    assert.is(hint, 'remove it if no training runs in this folder');
  }
  const missing = join(folder, 'none');
  assert.is(
    (await refusal(lockFolder(missing))).message,
    `cannot lock folder '${missing}': there is no such folder`,
  );
  if (process.platform !== 'linux') return console.log('skipped: needs /proc');
  assert.match((await refusal(lockFolder('/proc'))).message, /^cannot lock folder '\/proc': \w/);
});

test.run();
