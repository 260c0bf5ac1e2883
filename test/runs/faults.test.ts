/** Runs that go wrong, as real processes: what is kept, what is said, and that they go on to the same weights. */
// slow: processes that are killed
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { digits } from '../../src/data/digits/index.js';
import { flatten, linear, sequential } from '../../src/layers/index.js';
import { momentum } from '../../src/optimizers/index.js';
import { randomStream } from '../../src/random/philox.js';
import { readCheckpoint } from '../../src/runs/checkpoint-files.js';
import { trainEvents } from '../../src/train/train.js';
import { refusal } from '../support/refusal.js';
import {
  damage,
  hashOf,
  here,
  interrupted,
  leftovers,
  of,
  program,
  runCommand,
  small,
  type Outcome,
} from './processes.js';

const failingDisk = here('failing-disk.js');
const main = here('../../src/bundle/main.js');

let root = '';
let expected = '';
test.before(async () => {
  root = await mkdtemp(join(tmpdir(), 'lanewise-faults-'));
  expected = hashOf(await small({ folder: join(root, 'whole') }));
});
test.after(() => rm(root, { recursive: true, force: true }));

test('a full disk at the log: a warning for each file, and the run goes on', async () => {
  const folder = join(root, 'log');
  const outcome = await small({ folder, epochs: 60, logEvery: 1 }, 360);
  const warnings = of(outcome, 'warning').map(({ message }) => message!);
  assert.ok(warnings.length >= 1 && warnings.length <= 2, outcome.stdout.slice(-300));
  assert.match(warnings[0]!, /^cannot write '.*': the file would be larger than .* has gaps/);
  hashOf(outcome);
});

test('a full disk at a checkpoint: the run stops, the one before stays, and resuming goes on', async () => {
  const folder = join(root, 'checkpoint');
  const options = { folder, everySteps: 7 };
  const killed = await runCommand([process.execPath, program, JSON.stringify(options)], {
    disturb: (child, output) => output.includes('"checkpoint"') && child.kill('SIGKILL'),
  });
  assert.is(killed.signal, 'SIGKILL');
  const { state } = (await readCheckpoint(folder)).checkpoint;
  const full = await small({ ...options, resume: true }, 100);
  assert.is(full.code, 1);
  const [error] = of(full, 'error');
  assert.match(
    error!.message!,
    /^cannot write '.*checkpoint\.safetensors': the file would be larger/,
  );
  assert.is(
    error!.hint,
    `raise the limit of file sizes (ulimit -f), or give a folder on another file system; the last good checkpoint is '${join(folder, 'checkpoint.safetensors')}' of step ${state.step}: go on from it with resume: true`,
  );
  assert.equal(await leftovers(folder), []);
  assert.is(hashOf(await small({ ...options, resume: true })), expected);
});

test('a full disk at the report: the checkpoint of the end is there, and resuming writes the rest', async () => {
  const folder = join(root, 'report');
  const full = await small({ folder, report: true }, 260);
  const [error] = of(full, 'error');
  assert.match(
    error!.message!,
    /^cannot write '.*(report\.html|evaluation\.json)': the file would be/,
  );
  assert.match(error!.hint!, /of step 40: go on from it with resume: true$/);
  const again = await small({ folder, report: true, resume: true });
  assert.is(hashOf(again), expected);
  assert.equal(of(again, 'step'), []);
  assert.ok(existsSync(join(folder, 'report.html')));
});

test('a folder that cannot take the run is refused before it begins', async () => {
  const file = join(root, 'file');
  await writeFile(file, '');
  const [refused] = of(await small({ folder: file }), 'error');
  assert.match(
    refused!.message!,
    /^cannot write to folder '.*file': a file of that name is in the way/,
  );
  for (const name of ['checkpoint.safetensors', 'report.html', 'metrics.jsonl']) {
    const folder = join(root, `with-${name}`);
    await mkdir(join(folder, name), { recursive: true });
    const outcome = await small({ folder });
    assert.match(of(outcome, 'error')[0]!.message!, `cannot write '${join(folder, name)}'`);
    assert.equal(of(outcome, 'start'), []);
  }
  if (process.getuid?.() === 0) return;
  const closed = join(root, 'closed');
  await mkdir(closed);
  await chmod(closed, 0o555);
  assert.match(of(await small({ folder: closed }), 'error')[0]!.message!, 'permission denied');
});

const KILLS = Number(process.env['LANEWISE_KILLS'] ?? 4);

test(`killed ${KILLS} times while it writes checkpoints: always a whole one, and nothing is left behind`, async () => {
  const random = randomStream(Date.now(), 99, 0);
  const options = { folder: join(root, 'writes'), everySteps: 1, resume: true };
  for (let kill = 0; kill < KILLS; kill++) {
    let isSet = false;
    await runCommand([process.execPath, program, JSON.stringify(options)], {
      disturb(child, output) {
        if (isSet || !output.includes('"step"')) return;
        isSet = true;
        setTimeout(() => child.kill('SIGKILL'), random.integer(40));
      },
    });
    const { warning } = await readCheckpoint(options.folder).catch((error: Error) => {
      // Killed before the first was whole.
      assert.match(error.message, 'there is no checkpoint');
      return { warning: undefined };
    });
    assert.is(warning, undefined);
  }
  // As a kill in the middle of a write leaves it.
  const torn = `checkpoint.safetensors.${crypto.randomUUID()}.tmp`;
  await writeFile(join(options.folder, torn), 'half');
  assert.is(hashOf(await small(options)), expected);
  assert.equal(await leftovers(options.folder), []);
});

test('a failing disk is named by its cause, and the way on by the file that is there', async () => {
  const failing = (folder: string, failure: string) =>
    runCommand(
      [
        process.execPath,
        '--import',
        failingDisk,
        program,
        JSON.stringify({ folder, everySteps: 4, resume: true }),
      ],
      { env: { LANEWISE_FAIL: failure } },
    );
  const folder = join(root, 'failing');
  // Renames: the lock, the first checkpoint's, then the last becomes the previous, and its successor fails.
  const [error] = of(await failing(folder, 'rename,EIO,6'), 'error');
  assert.match(error!.message!, /^cannot write '.*': the disk failed/);
  const there = (await readdir(folder)).filter((name) => name.startsWith('checkpoint'));
  const named = /checkpoint is '([^']*)'/.exec(error!.hint!)![1]!;
  assert.ok(existsSync(named), `${named} of ${there.join(' ')}`);
  assert.match(error!.hint!, /^check the disk, .*; the last good checkpoint is .* resume: true$/);
  assert.is(hashOf(await small({ folder, everySteps: 4, resume: true })), expected);
  for (const [failure, reason] of [
    ['sync,EINVAL', 'does not support what was asked'],
    ['sync,ESTALE', 'stale file handle'],
    ['sync,EROFS', 'the file system is read-only'],
  ] as const) {
    const refused = join(root, 'refused', 'deep');
    const [why] = of(await failing(refused, failure), 'error');
    assert.match(why!.message!, reason);
    assert.not.ok(existsSync(join(root, 'refused')), 'no empty folder stays');
  }
});

test('a checkpoint that was written and did not get its name is the newest one', async () => {
  const folder = join(root, 'nameless');
  await interrupted(folder);
  const [last, previous] = [
    join(folder, 'checkpoint.safetensors'),
    join(folder, 'checkpoint-previous.safetensors'),
  ];
  const nameless = `${last}.${crypto.randomUUID()}.tmp`;
  const { state } = (await readCheckpoint(folder)).checkpoint;
  // As a kill between the last two renames leaves it, and a half one beside it.
  await rename(last, nameless);
  await writeFile(
    `${last}.${crypto.randomUUID()}.tmp`,
    (await readFile(nameless)).subarray(0, 999),
  );
  await damage(previous);
  const begins = await small({ folder });
  assert.match(of(begins, 'error')[0]!.message!, 'holds an unfinished run');
  const resumed = await small({ folder, resume: true });
  assert.is(of(resumed, 'start')[0]!.resumedAt, state.step);
  assert.equal(of(resumed, 'warning'), []);
  assert.is(hashOf(resumed), expected);
  assert.equal(await leftovers(folder), []);
});

test('of two containers on one folder the second is refused, also when it would start over', async () => {
  const container = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
  if (spawnSync(container[0]!, [...container.slice(1), 'true']).status !== 0)
    return console.log('skipped: PID namespaces are not permitted (unshare)');
  const folder = join(root, 'shared');
  const command = (options: object) => [
    ...container,
    process.execPath,
    program,
    JSON.stringify({ folder, epochs: 99_999, everySteps: 500, ...options }),
  ];
  let second: Promise<readonly Outcome[]> | undefined;
  const first = await runCommand(command({}), {
    disturb(child, output) {
      if (second || !output.includes('"step"')) return;
      const others = [{ resume: true }, { fresh: true }].map((how) => runCommand(command(how)));
      second = Promise.all(others).finally(() => child.kill('SIGKILL'));
    },
  });
  for (const outcome of await second!)
    assert.match(
      of(outcome, 'error')[0]!.message!,
      /is in use by process \d+ of another container/,
    );
  assert.equal(of(first, 'error'), []);
  assert.ok((await readFile(join(folder, 'metrics.jsonl'), 'utf8')).includes('"step"'));
});

test('a thread that dies in a step is replaced; a second death of the step ends the run with a checkpoint', async () => {
  // In the gradients, in the update, and by a full heap.
  const deaths = [
    { kernel: 'dropout', how: 'exit' },
    { kernel: 'adam', how: 'exit' },
    { kernel: 'dropout', how: 'memory' },
  ];
  for (const [i, { kernel, how }] of deaths.entries()) {
    const folder = join(root, `death-${i}`);
    const env = {
      LANEWISE_DEATH: `${kernel},14,1`,
      LANEWISE_DEATHS: join(root, `deaths-${i}`),
      LANEWISE_HOW: how,
      ...(how === 'memory' ? { NODE_OPTIONS: '--max-old-space-size=64' } : {}),
    };
    await mkdir(env.LANEWISE_DEATHS);
    const once = await small({ folder, workers: 1 }, undefined, env);
    assert.is(hashOf(once), expected, kernel);
    assert.is(of(once, 'recovery').length, 1, kernel);
  }
  const folder = join(root, 'twice');
  const env = { LANEWISE_DEATH: 'adam,14,99', LANEWISE_DEATHS: join(root, 'deaths-twice') };
  await mkdir(env.LANEWISE_DEATHS);
  const twice = await small({ folder, workers: 2 }, undefined, env);
  const [error] = of(twice, 'error');
  assert.match(error!.message!, /^step 1[34] failed twice: a worker thread failed: worker exited/);
  assert.match(
    error!.hint!,
    /^the last good checkpoint is '.*' of step \d+: go on from it with resume: true$/,
  );
  assert.is(hashOf(await small({ folder, resume: true })), expected);
});

test('a large net, of which no copy is kept, goes on after a thread has died, unless it wrote weights', async () => {
  // 23 million weights with two arrays of state.
  const large = { hidden: 30_000, count: 160, epochs: 1, workers: 1 };
  const deathOf = async (kernel: string) => {
    const env = { LANEWISE_DEATH: `${kernel},4,1`, LANEWISE_DEATHS: join(root, `large-${kernel}`) };
    await mkdir(env.LANEWISE_DEATHS);
    return small(large, undefined, env);
  };
  const whole = hashOf(await small(large));
  const once = await deathOf('dropout');
  assert.is(hashOf(once), whole);
  assert.is(of(once, 'recovery').length, 1);
  const [error] = of(await deathOf('adam'), 'error');
  assert.match(
    error!.message!,
    /^step 4 failed while it wrote the weights, and of so large a net no copy is kept: a worker thread failed/,
  );
  assert.is(error!.hint, 'give a folder: a run goes on from its checkpoints');
});

test('a callback that throws ends the run, with a checkpoint and a free folder', async () => {
  const folder = join(root, 'callback');
  const model = sequential({ flat: flatten(), dense: linear(784, 10) }, { input: [1, 28, 28] });
  const settings = {
    data: digits({ count: 320, seed: 1 }),
    optimizer: momentum({ lr: 0.05 }),
    epochs: 2,
    batch: 32,
    workers: 0,
  };
  const run = async (resume: boolean, isBroken: boolean) => {
    const options = { folder, resume, report: false, stepsPerEvent: 1 };
    for await (const event of trainEvents(model, settings, options)) {
      if (isBroken && event.event === 'step' && event.step === 13) throw new Error('a bug of mine');
      if (event.event === 'done') return event.result().model.sha256();
    }
    throw new Error('the run has no end');
  };
  let message = '';
  await run(false, true).catch((error: Error) => ({ message } = error));
  assert.is(message, 'a bug of mine');
  assert.equal(await leftovers(folder), []);
  assert.is((await readCheckpoint(folder)).checkpoint.state.step, 13);
  const resumed = await run(true, false);
  assert.is(await run(false, false), resumed);
  // Fewer epochs than are done are no run to resume.
  const fewer = { ...settings, epochs: 1 };
  const options = { folder, resume: { override: ['epochs'] }, report: false };
  const refused = await refusal(async () => {
    for await (const event of trainEvents(model, fewer, options)) void event;
  });
  assert.match(refused, /^the run to resume has taken 20 steps already, and is to have 10 /);
});

const cli = ['train', 'mlp', '--limit', '320', '--epochs', '4', '--no-report', '--workers', '0'];
const shaOf = ({ stdout, stderr }: Outcome): string => {
  const found = /^weights sha256 ([\da-f]{64})/m.exec(stdout);
  assert.ok(found, `${stdout}${stderr}`);
  return found[1]!;
};

test('a signal at any time ends the command by its code, and the command it prints goes on', async () => {
  const command = (args: readonly string[]) => [process.execPath, main, ...args];
  const whole = shaOf(await runCommand(command([...cli, '--out', join(root, 'cli')])));
  // `npx lanewise` is this command here.
  await writeFile(
    join(root, 'npx'),
    `#!/bin/sh\nshift\nexec '${process.execPath}' '${main}' "$@"\n`,
  );
  await chmod(join(root, 'npx'), 0o755);
  const moments = [
    { at: '', signal: 'SIGTERM', code: 143 },
    { at: 'numerics', signal: 'SIGINT', code: 130 },
    { at: 'epoch  1', signal: 'SIGHUP', code: 129 },
    { at: 'epoch  4', signal: 'SIGTERM', code: 143 },
  ] as const;
  for (const { at, signal, code } of moments) {
    const out = join(root, `it's ${signal} at ${at}`);
    let isSent = false;
    const send = (child: ReturnType<typeof spawn>) => {
      if (!isSent) isSent = child.kill(signal);
    };
    const outcome = await runCommand(command([...cli, '--out', out]), {
      disturb: (child, output) => output.includes(at === '' ? 'numerics' : at) && send(child),
    });
    // One that came when all was done changes nothing.
    if (at === 'epoch  4' && outcome.code === 0) continue;
    assert.is(outcome.code, code, `${signal} at '${at}': ${outcome.stdout}${outcome.stderr}`);
    const printed = /^resume with: (npx lanewise .*)$/m.exec(outcome.stdout + outcome.stderr);
    assert.ok(printed, outcome.stdout + outcome.stderr);
    const env = { PATH: `${root}:${process.env['PATH']}` };
    assert.is(shaOf(await runCommand(['sh', '-c', printed[1]!], { env })), whole);
  }
});

test('a reader that stops reading does not stop the run', async () => {
  const out = join(root, 'piped');
  const line = `'${process.execPath}' '${main}' ${cli.join(' ')} --out '${out}' | head -1`;
  await runCommand(['sh', '-c', line]);
  for (let i = 0; i < 200 && existsSync(join(out, 'lock')); i++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  const log = await readFile(join(out, 'metrics.jsonl'), 'utf8');
  assert.match(log.trim().split('\n').at(-1)!, /"event":"done"/);
});

test.run();
