/**
 * A real nats-server with the configuration and the credentials of `lanewise cluster init`, for the tests of one file, and raw
 * connections to it.
 */
import { test } from 'uvu';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connect,
  nkeyAuthenticator,
  PermissionViolationError,
  type Msg,
  type NatsConnection,
} from '@nats-io/transport-node';
import type { Credentials } from '../../src/cluster/credentials.js';
import { initCluster, type ClusterFolder } from '../../src/cluster/init-folder.js';
import { inboxPrefix } from '../../src/cluster/subjects.js';
import {
  NO_SERVER,
  freePort,
  hasNatsServer,
  startNatsServer,
  type NatsServer,
} from '../support/nats-server.js';

export let [folder, server]: [ClusterFolder?, NatsServer?] = [];
const open: NatsConnection[] = [];

export async function read(path: string): Promise<Credentials> {
  return JSON.parse(await readFile(path, 'utf8')) as Credentials;
}

/** Connects with a file's credentials, of which some may be others. */
export async function enter(
  path: string,
  changed: Partial<Credentials> = {},
): Promise<NatsConnection> {
  const { url, user, seed, ca } = { ...(await read(path)), ...changed };
  const connection = await connect({
    servers: url,
    authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
    tls: { ca },
    inboxPrefix: inboxPrefix(user),
    reconnect: false,
    timeout: 5000,
  });
  open.push(connection);
  return connection;
}

export const coordinator = (): Promise<NatsConnection> => enter(folder!.coordinator);
export const worker = (nth: number): Promise<NatsConnection> => enter(folder!.workers[nth - 1]!);

/** Why a connection was not made. */
export async function refusal(attempt: () => Promise<unknown>): Promise<string> {
  try {
    await attempt();
  } catch (error) {
    return `${String(error)}, ${String((error as Error).cause)}`;
  }
  throw new Error('it was let in');
}

/** What arrives on a subject, as texts. */
export function hear(connection: NatsConnection, subject: string): string[] {
  const heard: string[] = [];
  const note = (error: unknown, message: Msg): void => {
    if (!error) heard.push(`${message.subject}: ${new TextDecoder().decode(message.data)}`);
  };
  connection.subscribe(subject, { callback: note });
  return heard;
}

/** What the server refused to a connection: `publish lw.call`. */
export function refusals(connection: NatsConnection): string[] {
  const all: string[] = [];
  void (async () => {
    for await (const event of connection.status())
      if (event.type === 'error' && event.error instanceof PermissionViolationError)
        all.push(`${event.error.operation} ${event.error.subject}`);
  })();
  return all;
}

/** Runs a test if there is a server, and closes its connections. */
export function withServer(name: string, run: () => Promise<void>): void {
  test(name, async () => {
    if (!server) return console.log(NO_SERVER);
    await run().finally(() => Promise.all(open.splice(0).map((each) => each.close())));
  });
}

test.before(async () => {
  if (!hasNatsServer()) return;
  const port = await freePort();
  folder = await initCluster(await mkdtemp(join(tmpdir(), 'lanewise-server-')), { port });
  server = await startNatsServer({ configuration: { path: folder.configuration, port } });
});

test.after(async () => {
  await server?.close();
  if (folder) await rm(folder.folder, { recursive: true, force: true, maxRetries: 5 });
});
