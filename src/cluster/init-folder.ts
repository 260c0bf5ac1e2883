/**
 * The folder of a cluster's server: its configuration and certificates, and the credentials of those who take part. Everything
 * secret in it is made here, and readable by its owner alone.
 */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { checkOptions, flag, listOf, refuse, text, wholeFrom, type Check } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { fileError } from '../node/atomic.js';
import type { Credentials } from './credentials.js';
import { loadTransportNode } from './nats-packages.js';
import { createCertificates, type Certificates } from './init-certificates.js';
import {
  CERTIFICATE_FILE,
  HEADING,
  KEY_FILE,
  serverConfiguration,
  type ServerUser,
} from './init-server.js';

/** Settings of `initCluster`. */
export interface InitOptions {
  /**
   * Names or IP addresses by which other machines reach the server; the first is the one in the credentials. Default none: the
   * server is for this machine alone.
   */
  readonly hosts?: readonly string[];
  /** Credentials for workers. Default 2. */
  readonly workers?: number;
  /** Default 4222. */
  readonly port?: number;
  /** Whether a folder that this function wrote earlier is written anew; its credentials are then worth nothing. Default false. */
  readonly replace?: boolean;
}

/** Paths of what was written. */
export interface ClusterFolder {
  readonly folder: string;
  readonly url: string;
  readonly configuration: string;
  readonly serverKey: string;
  readonly coordinator: string;
  readonly workers: readonly string[];
}

/** A user and its new key. */
interface Keys extends ServerUser {
  readonly seed: string;
}

const CONFIGURATION = 'nats-server.conf';
const COORDINATOR = 'coordinator';
const IGNORED = '.gitignore';
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];
const MOST_WORKERS = 1000;

/** A host's name (RFC 1123) or an IP address. */
const host: Check = (owner, name, value) => {
  text(owner, name, value);
  const found = value as string;
  if (isIP(found) && !found.includes('%')) return;
  const labels = found.split('.');
  const isNamed = found.length <= 253 && labels.every((label) => LABEL.test(label));
  if (!isNamed || /^[\d.]+$/.test(found))
    refuse(owner, name, value, 'a host name or an IP address, without a port');
};

const LABEL = /^[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?$/i;

const checks = {
  hosts: listOf(host, 0, 100),
  workers: wholeFrom(1, MOST_WORKERS),
  port: wholeFrom(1, 65_535),
  replace: flag,
};

/**
 * Writes a folder with all that a nats-server for a cluster needs: `nats-server.conf`, a certificate of its own authority, and
 * the credentials `coordinator.json` and `worker-1.json` … Nothing runs yet.
 * @throws LanewiseError kind 'argument' for wrong settings; kind 'file' if the folder holds anything and may not be replaced, or
 * cannot be written; kind 'platform' if the package @nats-io/transport-node is not installed.
 */
export async function initCluster(
  folder: string,
  options: InitOptions = {},
): Promise<ClusterFolder> {
  text('initCluster', 'folder', folder);
  const {
    hosts = [],
    workers = 2,
    port = 4222,
    replace = false,
  } = checkOptions('initCluster', options, checks);
  const createKeys = await keyMaker();
  await clear(folder, replace);
  const coordinator = createKeys(COORDINATOR);
  const others = Array.from({ length: workers }, (_, i) => createKeys(`worker-${i + 1}`));
  const names = [...new Set([...hosts.map((one) => one.toLowerCase()), ...LOOPBACK])];
  const certificates = createCertificates(names);
  const isLocal = hosts.every((one) => LOOPBACK.includes(one));
  const configuration = serverConfiguration({
    listen: isLocal ? '127.0.0.1' : '0.0.0.0',
    port,
    coordinator,
    workers: others,
  });
  const url = `tls://${isIP(names[0]!) === 6 ? `[${names[0]}]` : names[0]}:${port}`;
  const all = [coordinator, ...others];
  await writeAll(folder, [
    [CONFIGURATION, configuration],
    [CERTIFICATE_FILE, certificates.server],
    [KEY_FILE, certificates.serverKey],
    // The folder's secrets belong in no repository.
    [IGNORED, '*\n'],
    ...all.map((keys) => [fileOf(keys.user), credentialsText(keys, url, certificates)] as const),
  ]);
  const at = (name: string): string => join(folder, name);
  return {
    folder,
    url,
    configuration: at(CONFIGURATION),
    serverKey: at(KEY_FILE),
    coordinator: at(fileOf(COORDINATOR)),
    workers: others.map(({ user }) => at(fileOf(user))),
  };
}

const fileOf = (user: string): string => `${user}.json`;

function credentialsText({ user, seed }: Keys, url: string, { authority }: Certificates): string {
  const credentials: Credentials = { url, user, seed, ca: authority };
  return `${JSON.stringify(credentials, undefined, 2)}\n`;
}

/** A function that makes a user's key. */
async function keyMaker(): Promise<(user: string) => Keys> {
  const { nkeys } = await loadTransportNode();
  return (user) => {
    const pair = nkeys.createUser();
    return { user, key: pair.getPublicKey(), seed: Buffer.from(pair.getSeed()).toString() };
  };
}

/** Makes the folder, empty but for the server's store. */
async function clear(folder: string, replace: boolean): Promise<void> {
  const found = await makeFolder(folder);
  if (found.length === 0) return;
  const before = await readFile(join(folder, CONFIGURATION), 'utf8').catch(() => '');
  const isOurs = before.startsWith(HEADING);
  if (!isOurs || !replace)
    throw new LanewiseError(
      'file',
      isOurs ? `'${folder}' holds a cluster already` : `'${folder}' holds other files`,
      isOurs
        ? 'choose another folder, or replace: true to make all of its credentials anew'
        : 'choose another folder',
    );
  for (const name of found.filter(isWritten)) await rm(join(folder, name));
}

async function makeFolder(folder: string): Promise<string[]> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await readdir(folder);
  } catch (error) {
    throw fileError(`cannot write to folder '${folder}'`, error);
  }
}

/** Whether a file of the folder is one that `initCluster` writes. */
const isWritten = (name: string): boolean =>
  [CONFIGURATION, CERTIFICATE_FILE, KEY_FILE, IGNORED, fileOf(COORDINATOR)].includes(name) ||
  /^worker-\d+\.json$/.test(name);

/** Writes files that do not exist, for their owner alone. */
async function writeAll(
  folder: string,
  files: readonly (readonly [name: string, contents: string])[],
): Promise<void> {
  for (const [name, contents] of files) {
    const path = join(folder, name);
    await writeFile(path, contents, { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
      throw fileError(`cannot write '${path}'`, error);
    });
  }
}
