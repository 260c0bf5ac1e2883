// Processes of the figures of clusters: a server, workers and trainers, each with what is to stand before its command
// (`taskset -c 1`, `ip netns exec a`).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
export const main = here('../../dist/src/bundle/main.js');
const trainer = here('trainer.mjs');
// Node 20 has relaxed SIMD behind a flag.
const flags =
  Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-wasm-relaxed-simd'] : [];
export const node = [process.execPath, ...flags];

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function start(command, stdio) {
  const child = spawn(command[0], command.slice(1), {
    stdio,
    env: { ...process.env, NO_COLOR: '1' },
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A server that listens on a host and a free port; its store is gone with it. */
export async function startServer(before = [], host = '127.0.0.1') {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
  const port = await freePort();
  const path = join(folder, 'server.conf');
  writeFileSync(
    path,
    `listen: "${host}:${port}"\njetstream { store_dir: "${join(folder, 'store')}" }\n`,
  );
  const child = start([...before, 'nats-server', '-c', path], ['ignore', 'ignore', 'ignore']);
  await sleep(before.length > 0 ? 1500 : 500);
  return {
    port,
    url: `nats://${host}:${port}`,
    child,
    close() {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A worker that has reached the server. */
export async function startWorker(url, { before = [], args = [], threads = 1 } = {}) {
  const command = [...before, ...node, main, 'worker', url, '--workers', `${threads}`, ...args];
  const child = start(command, ['ignore', 'pipe', 'inherit']);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  await once(child.stdout, 'data');
  return { child, output: () => output, close: () => child.kill('SIGKILL') };
}

/** What a trainer prints at its end. */
export async function train(given, before = []) {
  const child = start(
    [...before, ...node, trainer, JSON.stringify(given)],
    ['ignore', 'pipe', 'inherit'],
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the trainer ended with code ${code}`);
  return JSON.parse(output);
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A run that tells of machines as they come and go (`tellMachines`), until it is closed. */
export function startTrainer(given, before = []) {
  const command = [...before, ...node, trainer, JSON.stringify(given)];
  const child = start(command, ['ignore', 'pipe', 'inherit']);
  const seen = new Map();
  let waiting = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const { change, at } of lines.map((line) => JSON.parse(line))) {
      if (!seen.has(change)) seen.set(change, []);
      seen.get(change).push(at);
    }
    waiting = waiting.filter((look) => !look());
  });
  return {
    count: (change) => seen.get(change)?.length ?? 0,
    /** When the run told of the change for the `nth` time. */
    when: (change, nth) =>
      new Promise((resolve) => {
        const look = () => {
          const at = seen.get(change)?.[nth - 1];
          if (at !== undefined) resolve(at);
          return at !== undefined;
        };
        if (!look()) waiting.push(look);
      }),
    close: () => child.kill('SIGKILL'),
  };
}
