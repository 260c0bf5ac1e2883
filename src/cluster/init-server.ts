/** The configuration of a cluster's nats-server: who may speak and hear where, and what the server spends on anybody. */
import {
  BUCKET,
  CALLS,
  READS,
  inboxPrefix,
  runSubject,
  upSubject,
  workerSubject,
} from './subjects.js';

/** A user of the server, which lets in whoever has the key's secret half. */
export interface ServerUser {
  readonly user: string;
  /** The public half: `U…`. */
  readonly key: string;
}

/** What a configuration is made from. */
export interface ServerSettings {
  /** The address on which the server listens: `127.0.0.1`, or `0.0.0.0` for all of the machine's. */
  readonly listen: string;
  readonly port: number;
  readonly coordinator: ServerUser;
  readonly workers: readonly ServerUser[];
}

/** The file's first line, by which a later one knows that it may replace the folder's files. */
export const HEADING = '# A nats-server for Lanewise, written by `lanewise cluster init`.';

/** Names of the folder's other files, in the configuration. */
export const CERTIFICATE_FILE = 'server-certificate.pem';
export const KEY_FILE = 'server-key.pem';

/** Subjects on which a user may publish, and to which it may subscribe; the server refuses all others. */
interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** The coordinator speaks to all, hears what workers say, and keeps the data and the leases. */
const ofCoordinator = (user: string): Permissions => ({
  publish: [
    CALLS,
    runSubject('*'),
    workerSubject('*', '*'),
    '$JS.API.>',
    `$O.${BUCKET}.>`,
    `$KV.${BUCKET}.>`,
  ],
  subscribe: [upSubject('*', '*', '*'), `${inboxPrefix(user)}.>`],
});

/** A worker speaks as itself to coordinators, hears them, and reads the data. */
const ofWorker = (user: string): Permissions => ({
  publish: [upSubject('*', user, '*'), ...READS],
  subscribe: [CALLS, runSubject('*'), workerSubject(user, '*'), `${inboxPrefix(user)}.>`],
});

function userLines({ user, key }: ServerUser, { publish, subscribe }: Permissions): string {
  return `      # ${user}
      { nkey: ${key}, permissions: {
        publish: { allow: ${JSON.stringify(publish)} }
        subscribe: { allow: ${JSON.stringify(subscribe)} }
      } }`;
}

/** The text of `nats-server.conf`, whose paths are relative to the folder in which the server is started. */
export function serverConfiguration({
  listen,
  port,
  coordinator,
  workers,
}: ServerSettings): string {
  const users = [
    userLines(coordinator, ofCoordinator(coordinator.user)),
    ...workers.map((worker) => userLines(worker, ofWorker(worker.user))),
  ];
  return `${HEADING}
# Start it in this folder: nats-server -c nats-server.conf
# It has no page of figures; "http: 127.0.0.1:8222" would add one for this machine alone.

listen: "${listen}:${port}"

# Both sides are encrypted. Clients accept no other server than the one of this certificate.
tls { cert_file: "${CERTIFICATE_FILE}", key_file: "${KEY_FILE}", timeout: 5 }

# What anybody can make the server spend.
max_payload: 1MB
max_pending: 64MB
max_connections: 1000
max_subscriptions: 100
max_control_line: 4KB

# A peer that is gone is noticed within a minute (the cluster itself notices within a second).
ping_interval: "20s"
ping_max: 2

# Contents of data sets, by their SHA-256, are kept here, so that a resumed run finds them.
jetstream { store_dir: "store", max_memory_store: 64MB, max_file_store: 20GB }

# Only these users are let in, by their keys: there is no user without one.
accounts {
  LANEWISE {
    jetstream { max_memory: 64MB, max_file: 20GB, max_streams: 2, max_consumers: 100 }
    users [
${users.join('\n')}
    ]
  }
}
`;
}
