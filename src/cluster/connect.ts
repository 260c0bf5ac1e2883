/** From a URL and a file of credentials to a transport. */
import type { NatsConnection } from '@nats-io/transport-node';
import { hostname } from 'node:os';
import type { ClusterOptions } from './cluster-options.js';
import { readCredentials, type Credentials } from './credentials.js';
import { closingLeft } from './left-sockets.js';
import { connectError, unfitServer, type Attempt } from './nats-errors.js';
import { loadTransportNode } from './nats-packages.js';
import { createNatsTransport } from './nats-transport.js';
import { peekServer } from './peek-server.js';
import { parseAddress, type ServerAddress } from './server-address.js';
import { inboxPrefix } from './subjects.js';
import type { Transport } from './transport.js';

/** Milliseconds for the first connection. */
const PATIENCE = 5000;

/** Milliseconds between attempts to connect again, which go on for ever. */
const RECONNECT = 250;

/** Milliseconds between signs of life, and those without an answer after which a server is gone. */
const PING = 5000;
const PINGS = 2;

/** What is needed to connect. */
export type ConnectOptions = Pick<ClusterOptions, 'url' | 'credentials' | 'insecure'>;

/**
 * Connects to a server; `owner` is who asks, in errors. A transport is returned as it is. Beyond this machine the connection is
 * encrypted, unless `insecure`; with credentials, always.
 * @throws LanewiseError kind 'argument' for a wrong URL, 'file' for credentials that cannot be read, 'platform' without NATS's
 * packages, and 'network' naming what was tried, if there is no server or it does not let this user in.
 */
export async function connect(owner: string, options: ConnectOptions): Promise<Transport> {
  const { url, credentials: path, insecure = false } = options;
  if (typeof url !== 'string') return url;
  const address = parseAddress(owner, url);
  const credentials = path === undefined ? undefined : await readCredentials(path);
  const known = credentials?.user ?? address.login?.user;
  const user = known ?? hostUser();
  const attempt: Attempt = {
    address,
    hasAuthority: credentials !== undefined,
    patience: PATIENCE,
    ...(known !== undefined && { user: known }),
  };
  const nc = await open(attempt, credentials, user, insecure);
  const unfit = unfitServer(attempt, nc.info!);
  if (!unfit) return createNatsTransport(nc, user);
  await nc.close();
  throw unfit;
}

/** The name of this machine, as a word; one for all machines where it may not be known, as in Deno without --allow-sys. */
function hostUser(): string {
  try {
    return hostnameWord() || 'machine';
  } catch {
    return 'machine';
  }
}

const hostnameWord = (): string =>
  hostname()
    .replace(/[^A-Za-z0-9_-]/g, '-')
    .slice(0, 64);

async function open(
  attempt: Attempt,
  credentials: Credentials | undefined,
  user: string,
  insecure: boolean,
): Promise<NatsConnection> {
  const { connect: dial, nkeyAuthenticator } = await loadTransportNode();
  const { address } = attempt;
  const authenticator =
    credentials && nkeyAuthenticator(new TextEncoder().encode(credentials.seed));
  try {
    await peekServer(address, PATIENCE);
    return await closingLeft(address.port, () =>
      dial({
        servers: `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`,
        name: `lanewise ${user}`,
        inboxPrefix: inboxPrefix(user),
        timeout: PATIENCE,
        maxReconnectAttempts: -1,
        reconnectTimeWait: RECONNECT,
        reconnectJitter: RECONNECT,
        reconnectJitterTLS: RECONNECT,
        // Other servers that this one names are not those that were asked for.
        ignoreClusterUpdates: true,
        // A server that is started again with other users is tried for ever too.
        ignoreAuthErrorAbort: true,
        pingInterval: PING,
        maxPingOut: PINGS,
        ...(address.login && { user: address.login.user, pass: address.login.password }),
        ...(authenticator && { authenticator }),
        ...tlsOf(address, credentials, insecure),
      }),
    );
  } catch (error) {
    throw connectError(attempt, error);
  }
}

/** TLS where it has to be; where not, it is used if the server offers it. */
function tlsOf(
  { isTls, isLoopback }: ServerAddress,
  credentials: Credentials | undefined,
  insecure: boolean,
): { readonly tls?: { readonly ca?: string } } {
  if (credentials) return { tls: { ca: credentials.ca } };
  return isTls || !(isLoopback || insecure) ? { tls: {} } : {};
}
