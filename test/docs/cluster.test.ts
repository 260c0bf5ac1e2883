/**
 * docs/cluster.md: its blocks marked `cluster` run as they stand, one after another, beside a real nats-server (on a free port in
 * place of theirs).
 */
// slow: processes that train together
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inFolder, lanewiseProcess, main, type Outcome } from '../cli/lanewise.js';
import {
  freePort,
  hasNatsServer,
  NO_SERVER,
  startNatsServer,
  type NatsServer,
} from '../support/nats-server.js';
import { blocksOf, root, type Block } from './documents.js';

const blocks = blocksOf('docs/cluster.md');

/** What a page's processes share while its blocks run. */
interface Stage {
  readonly cwd: string;
  readonly port: number;
  readonly servers: NatsServer[];
  readonly workers: ChildProcess[];
}

const commandsOf = ({ text }: Block): string[] =>
  [...text.matchAll(/^\$ (.*)$/gm)].map((match) => match[1]!);

/** The words of a command, with the port that is free in place of the page's, and a net that scores test samples fast. */
const wordsOf = (command: string, { port }: Stage): string[] =>
  command
    .replaceAll(':4222', `:${port}`)
    .replace('train resnet20', 'train lenet5')
    .replace('--limit 2000', '--limit 640')
    .split(/\s+/);

/** Starts a worker, which stays. */
function startWorker(words: readonly string[], { cwd, workers }: Stage): void {
  const child = spawn(process.execPath, [main, ...words], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (text: Buffer) => (log += text.toString()));
  child.once('exit', (code) => code && console.log(`a worker ended with ${code}: ${log}`));
  workers.push(child);
}

async function runCommand(command: string, stage: Stage): Promise<Outcome | undefined> {
  const [program, ...rest] = wordsOf(command, stage);
  if (program === 'nats-server') {
    assert.equal(rest.slice(0, 1), ['-js'], 'the server that the test starts has JetStream');
    const path = join(stage.cwd, 'server.conf');
    const lines = [`listen: "127.0.0.1:${stage.port}"`, 'jetstream { store_dir: "store" }'];
    writeFileSync(path, lines.join('\n'));
    stage.servers.push((await startNatsServer({ configuration: { path, port: stage.port } }))!);
    return undefined;
  }
  const [, name, ...words] = [program, ...rest.slice(1)];
  if (name === 'worker') {
    startWorker([name, ...words], stage);
    return undefined;
  }
  const outcome = await lanewiseProcess([name!, ...words, ...moreOf(name!, stage)], {
    cwd: stage.cwd,
  });
  assert.is(outcome.code, 0, `${command}: ${outcome.stderr}`);
  if (name === 'cluster') await startSecured(stage);
  return outcome;
}

/** Options by which the page's command does for certain what the page says. */
function moreOf(name: string, { port }: Stage): string[] {
  if (name === 'cluster') return ['--port', String(port)];
  return name === 'train' ? ['--min-workers', '1'] : [];
}

/** Starts the server whose configuration `cluster init` has written. */
async function startSecured({ cwd, port, servers, workers }: Stage): Promise<void> {
  await Promise.all(workers.splice(0).map(leave));
  for (const server of servers.splice(0)) await server.close();
  const path = join(cwd, 'cluster', 'nats-server.conf');
  servers.push((await startNatsServer({ configuration: { path, port } }))!);
}

/** Ends a worker as Ctrl-C does. */
async function leave(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGINT');
  await once(child, 'exit');
}

/** Runs a block of JavaScript, inside the package, so that `import 'lanewise'` finds it. */
async function runScript({ text, line }: Block, { port, cwd }: Stage): Promise<string> {
  const scratch = join(root, 'dist', 'snippets');
  mkdirSync(scratch, { recursive: true });
  const path = join(scratch, `docs-cluster-md-${line}.mjs`);
  writeFileSync(path, text.replaceAll(':4222', `:${port}`));
  const child = spawn(process.execPath, [path], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const [code] = (await once(child, 'close')) as [number];
  assert.is(code, 0, stderr);
  return stdout;
}

const sha256Of = (outcome: Outcome | undefined): string | undefined =>
  /^weights sha256 ([0-9a-f]{64})/m.exec(outcome?.stdout ?? '')?.[1];

async function runBlocks(stage: Stage): Promise<void> {
  for (const [i, block] of blocks.entries()) {
    if (block.language === 'js cluster') {
      assert.is(await runScript(block, stage), blocks[i + 1]!.text);
      continue;
    }
    if (block.language !== 'console cluster') continue;
    for (const command of commandsOf(block)) {
      const outcome = await runCommand(command, stage);
      if (!command.includes(' train ')) continue;
      assert.match(outcome!.stdout, / joined/, command);
      assert.ok(sha256Of(outcome));
      if (!command.includes('resnet20')) continue;
      const alone = wordsOf(command.replace(/ --cluster \S+/, ''), stage).slice(2);
      const same = await lanewiseProcess([...alone, '--out', 'alone'], { cwd: stage.cwd });
      assert.is(sha256Of(outcome), sha256Of(same));
    }
  }
}

test('the page’s commands and programs run beside a server, to the bits of one machine', async () => {
  if (!hasNatsServer()) return console.log(NO_SERVER);
  await inFolder(async (cwd) => {
    const stage: Stage = { cwd, port: await freePort(), servers: [], workers: [] };
    try {
      await runBlocks(stage);
      await Promise.all(stage.workers.splice(0).map(leave));
    } finally {
      for (const child of stage.workers) child.kill('SIGKILL');
      for (const server of stage.servers) await server.close();
    }
  });
});

test.run();
