/** A real nats-server on a free port of loopback, with JetStream in a temporary folder. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as dial, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onPath } from './engines.js';

export interface NatsServerOptions {
  /** Default true. */
  readonly jetstream?: boolean;
  /** More lines of its configuration. */
  readonly lines?: readonly string[];
  /** Or a whole configuration, in whose folder it is started, and the port that it names. */
  readonly configuration?: { readonly path: string; readonly port: number };
}

export interface NatsServer {
  readonly port: number;
  /** `nats://127.0.0.1:port` */
  readonly url: string;
  /** Kills it with SIGKILL, or another signal. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on its port, with what it has stored. */
  restart(): Promise<void>;
  /** Lets it stand still (SIGSTOP), or go on (SIGCONT). */
  signal(signal: NodeJS.Signals): void;
  /** Kills it and removes its folder. */
  close(): Promise<void>;
}

/** The server's program; the environment's NATS_SERVER, or the first on the path. */
const findProgram = (): string | undefined => process.env['NATS_SERVER'] ?? onPath(['nats-server']);

/** What a test says that needs one where there is none. */
export const NO_SERVER = 'skipped: no nats-server here (Debian: nats-server)';

export const hasNatsServer = (): boolean => findProgram() !== undefined;

/** Servers that run, which must not outlive the tests. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a server; undefined where its program is not installed. */
export async function startNatsServer(
  options: NatsServerOptions = {},
): Promise<NatsServer | undefined> {
  const program = findProgram();
  if (program === undefined) return undefined;
  const { configuration } = options;
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-nats-'));
  const port = configuration?.port ?? (await freePort());
  const path = configuration?.path ?? join(folder, 'server.conf');
  if (!configuration) await writeFile(path, linesOf(options, port, folder).join('\n'));
  let child = await start(program, path, port);
  return {
    port,
    url: `nats://127.0.0.1:${port}`,
    kill: (signal) => end(child, signal),
    async restart() {
      child = await start(program, path, port);
    },
    signal: (signal) => void child.kill(signal),
    async close() {
      await end(child);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function linesOf(options: NatsServerOptions, port: number, folder: string): string[] {
  const { jetstream = true, lines = [] } = options;
  const store = `jetstream { store_dir: "${join(folder, 'store')}", max_file_store: 1GB }`;
  return [`listen: "127.0.0.1:${port}"`, ...(jetstream ? [store] : []), ...lines];
}

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function start(program: string, configuration: string, port: number): Promise<ChildProcess> {
  const child = spawn(program, ['-c', configuration], {
    cwd: join(configuration, '..'),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.add(child);
  let log = '';
  child.stderr.on('data', (text: Buffer) => (log = (log + text.toString()).slice(-4000)));
  child.once('exit', () => running.delete(child));
  for (let tries = 0; tries < 1000; tries++) {
    if (await listens(port)) return child;
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  child.kill('SIGKILL');
  throw new Error(`nats-server did not start: ${log}`);
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1');
    socket.once('data', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.on('data', () => socket.destroy());
  });

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
