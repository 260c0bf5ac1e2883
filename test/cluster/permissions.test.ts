/** Who may do what at a real nats-server with the configuration and the credentials of `lanewise cluster init`. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFile, rm, mkdtemp, writeFile } from 'node:fs/promises';
import { connect as connectPlainly } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { Objm } from '@nats-io/obj';
import {
  connect,
  nkeyAuthenticator,
  PermissionViolationError,
  type Msg,
  type NatsConnection,
} from '@nats-io/transport-node';
import type { Credentials } from '../../src/cluster/credentials.js';
import { encode } from '../../src/cluster/encode.js';
import { createCertificates } from '../../src/cluster/init-certificates.js';
import { initCluster, type ClusterFolder } from '../../src/cluster/init-folder.js';
import { connect as openTransport } from '../../src/cluster/connect.js';
import {
  BUCKET,
  inboxPrefix,
  runSubject,
  upPattern,
  upSubject,
  workerSubject,
  CALLS,
} from '../../src/cluster/subjects.js';
import { serveWorker } from '../../src/cluster/serve-worker.js';
import type { Transport } from '../../src/cluster/transport.js';
import { digits } from '../../src/data/digits/index.js';
import { lenet5 } from '../../src/models/index.js';
import { momentum } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { sha256 } from '../../src/base/sha256.js';
import {
  NO_SERVER,
  freePort,
  hasNatsServer,
  startNatsServer,
  type NatsServer,
} from '../support/nats-server.js';
import { refusal as refused } from '../support/refusal.js';

let [folder, server]: [ClusterFolder?, NatsServer?] = [];
const open: NatsConnection[] = [];

async function read(path: string): Promise<Credentials> {
  return JSON.parse(await readFile(path, 'utf8')) as Credentials;
}

/** Connects with a file's credentials, of which some may be others. */
async function enter(path: string, changed: Partial<Credentials> = {}): Promise<NatsConnection> {
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

const coordinator = (): Promise<NatsConnection> => enter(folder!.coordinator);
const worker = (nth: number): Promise<NatsConnection> => enter(folder!.workers[nth - 1]!);

/** Why a connection was not made. */
async function refusal(attempt: () => Promise<unknown>): Promise<string> {
  try {
    await attempt();
  } catch (error) {
    return `${String(error)}, ${String((error as Error).cause)}`;
  }
  throw new Error('it was let in');
}

/** What arrives on a subject, as texts. */
function hear(connection: NatsConnection, subject: string): string[] {
  const heard: string[] = [];
  const note = (error: unknown, message: Msg): void => {
    if (!error) heard.push(`${message.subject}: ${new TextDecoder().decode(message.data)}`);
  };
  connection.subscribe(subject, { callback: note });
  return heard;
}

/** What the server refused to a connection: `publish lw.call`. */
function refusals(connection: NatsConnection): string[] {
  const all: string[] = [];
  void (async () => {
    for await (const event of connection.status())
      if (event.type === 'error' && event.error instanceof PermissionViolationError)
        all.push(`${event.error.operation} ${event.error.subject}`);
  })();
  return all;
}

/** Runs a test if there is a server, and closes its connections. */
function withServer(name: string, run: () => Promise<void>): void {
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

withServer('the server proves itself by the authority in the credentials', async () => {
  const { url } = await read(folder!.coordinator);
  for (const host of ['localhost', '127.0.0.1'])
    await (await enter(folder!.coordinator, { url: url.replace('localhost', host) })).flush();
  const { authority } = createCertificates(['localhost']);
  const message = await refusal(() => enter(folder!.coordinator, { ca: authority }));
  assert.match(message, /certificate|self.signed/i);
});

withServer('nobody is let in without a key that the server knows, or without TLS', async () => {
  const { url, ca, seed } = await read(folder!.coordinator);
  const other = await initCluster(await mkdtemp(join(tmpdir(), 'lanewise-other-')));
  const foreign = await read(other.coordinator);
  await rm(other.folder, { recursive: true });
  assert.match(
    await refusal(() => enter(folder!.coordinator, { seed: foreign.seed })),
    /authorization/i,
  );
  const plain = { servers: url, tls: { ca }, reconnect: false };
  assert.match(await refusal(() => connect(plain)), /authorization/i);
  assert.match(
    await refusal(() => connect({ ...plain, user: 'coordinator', pass: seed })),
    /authorization/i,
  );
  const { port } = new URL(url.replace('tls:', 'http:'));
  const answer = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connectPlainly(Number(port), '127.0.0.1', () =>
      socket.write('CONNECT {}\r\nPING\r\n'),
    );
    socket
      .on('data', (data) => (text += data))
      .on('close', () => resolve(text))
      .on('error', () => {});
  });
  assert.match(answer, /"tls_required":true/);
  assert.not.match(answer, /PONG/);
});

withServer('a worker speaks as itself to coordinators, and hears what is for it', async () => {
  const [hub, one] = [await coordinator(), await worker(1)];
  const up = hear(hub, 'lw.up.*.*.*');
  const down = [hear(one, 'lw.call'), hear(one, 'lw.run.*'), hear(one, 'lw.to.worker-1.*')];
  await Promise.all([hub.flush(), one.flush()]);
  one.publish('lw.up.r.worker-1.x', 'hello');
  await one.flush();
  for (const subject of ['lw.call', 'lw.run.r', 'lw.to.worker-1.x', 'lw.to.worker-2.x'])
    hub.publish(subject, 'go');
  await hub.flush();
  await one.flush();
  assert.equal(up, ['lw.up.r.worker-1.x: hello']);
  assert.equal(down.flat(), ['lw.call: go', 'lw.run.r: go', 'lw.to.worker-1.x: go']);
});

withServer('a worker can speak for nobody else', async () => {
  const [hub, one, two] = [await coordinator(), await worker(1), await worker(2)];
  const heard = [
    hear(hub, 'lw.up.*.*.*'),
    hear(two, 'lw.call'),
    hear(two, 'lw.run.*'),
    hear(two, 'lw.to.worker-2.*'),
    hear(two, `${inboxPrefix('worker-2')}.>`),
  ];
  await Promise.all([hub.flush(), two.flush()]);
  const refused = refusals(one);
  const subjects = [
    'lw.up.r.worker-2.x',
    'lw.up.r.*.x',
    'lw.up.r.worker-1',
    'lw.up.r.worker-1.x.y',
    'lw.up.worker-1.r.x',
    'lw.call',
    'lw.run.r',
    'lw.to.worker-1.x',
    'lw.to.worker-2.x',
    `${inboxPrefix('worker-2')}.x`,
    `${inboxPrefix('coordinator')}.x`,
    '$KV.LW.leader-r',
    `$O.${BUCKET}.M.eA==`,
    `$O.${BUCKET}.C.x`,
    '$SYS.REQ.SERVER.PING',
    'anything',
  ];
  for (const subject of subjects) one.publish(subject, 'lie');
  await one.flush();
  await Promise.all([hub.flush(), two.flush()]);
  assert.equal(
    refused,
    subjects.map((subject) => `publish ${subject}`),
  );
  assert.equal(heard.flat(), []);
});

withServer('a worker can hear nobody else', async () => {
  const [hub, one, two] = [await coordinator(), await worker(1), await worker(2)];
  const subjects = [
    '>',
    'lw.>',
    'lw.up.>',
    'lw.up.*.worker-1.*',
    'lw.up.*.*.*',
    'lw.to.>',
    'lw.to.*.*',
    'lw.to.worker-2.x',
    `${inboxPrefix('worker-2')}.>`,
    `${inboxPrefix('coordinator')}.>`,
    '_INBOX.>',
    '$JS.>',
    '$KV.>',
    '$O.>',
    '$SYS.>',
  ];
  const refused = refusals(one);
  const heard = subjects.map((subject) => hear(one, subject));
  await one.flush();
  two.publish('lw.up.r.worker-2.x', 'secret');
  hub.publish('lw.to.worker-2.x', 'secret');
  await Promise.all([two.flush(), hub.flush()]);
  await one.flush();
  assert.equal(
    refused,
    subjects.map((subject) => `subscription ${subject}`),
  );
  assert.equal(heard.flat(), []);
});

/** Puts an object into the bucket, as the coordinator does; resolves to the name of its chunks. */
async function putObject(hub: NatsConnection, name: string, bytes: Uint8Array): Promise<string> {
  const store = await new Objm(hub).create(BUCKET);
  return (await store.putBlob({ name, options: { max_chunk_size: 100_000 } }, bytes)).nuid;
}

withServer('the coordinator keeps data and leases; a worker reads the data', async () => {
  const [hub, one] = [await coordinator(), await worker(1)];
  const bytes = Uint8Array.from({ length: 250_000 }, (_, i) => i * 7);
  const chunks = await putObject(hub, 'data', bytes);
  const leases = await new Kvm(hub).create(BUCKET, { ttl: 3000 });
  const revision = await leases.create('leader-r', 'me');
  assert.is(await leases.update('leader-r', 'me again', revision), revision + 1);
  await leases.delete('leader-r');
  const { direct } = await jetstreamManager(one, { checkAPI: false });
  const about = await direct.getMessage(`OBJ_${BUCKET}`, {
    last_by_subj: `$O.${BUCKET}.M.${btoa('data')}`,
  });
  assert.is(about!.json<{ size: number }>().size, bytes.length);
  const found: Uint8Array[] = [];
  for (let seq = 1; ;) {
    const query = { seq, next_by_subj: `$O.${BUCKET}.C.${chunks}` };
    const message = await direct.getMessage(`OBJ_${BUCKET}`, query);
    if (message === null) break;
    found.push(message.data);
    seq = message.seq + 1;
  }
  assert.equal(Buffer.concat(found).equals(bytes), true);
});

withServer('a worker changes nothing that the server keeps', async () => {
  const [hub, one] = [await coordinator(), await worker(1)];
  await putObject(hub, 'kept', Uint8Array.of(1, 2, 3));
  await new Kvm(hub).create(BUCKET, { ttl: 3000 });
  const streams = await jetstreamManager(hub);
  const state = async (): Promise<unknown> => {
    const all = await streams.streams.list().next();
    return all.map(({ config, state: { messages, last_seq: last } }) => [config, messages, last]);
  };
  const before = await state();
  const mine = await jetstreamManager(one, { checkAPI: false });
  const [contents, leases] = [`OBJ_${BUCKET}`, `KV_${BUCKET}`];
  const config = { ack_policy: 'none', deliver_subject: 'lw.call' } as const;
  const attempts: Readonly<Record<string, () => Promise<unknown>>> = {
    'create a stream': () => mine.streams.add({ name: 'X', subjects: ['x.>'] }),
    'capture messages': () => mine.streams.add({ name: 'X', subjects: ['lw.>'] }),
    'change a stream': () => mine.streams.update(contents, { max_msgs: 1 }),
    'purge a stream': () => mine.streams.purge(contents),
    'purge leases': () => mine.streams.purge(leases),
    'delete a stream': () => mine.streams.delete(contents),
    'delete leases': () => mine.streams.delete(leases),
    'delete a message': () => mine.streams.deleteMessage(contents, 1),
    'list streams': () => mine.streams.list().next(),
    'look at a stream': () => mine.streams.info(contents),
    'look at the account': () => mine.getAccountInfo(),
    'read leases': () => mine.direct.getMessage(leases, { seq: 1 }),
    'read leases the other way': () => mine.streams.getMessage(leases, { seq: 1 }),
    'make a consumer': () => mine.consumers.add(contents, config as never),
    'make a durable consumer': () =>
      mine.consumers.add(contents, { ...config, durable_name: 'd' } as never),
    'make a bucket': () => new Objm(one).create('mine'),
    'put an object': () => jetstream(one).publish(`$O.${BUCKET}.C.x`, 'lie'),
    'take a lease': () => jetstream(one).publish(`$KV.${BUCKET}.leader-r`, 'me'),
  };
  for (const [what, attempt] of Object.entries(attempts)) {
    const outcome = await attempt().then(
      () => 'done',
      (error: unknown) => (error as Error).cause ?? error,
    );
    assert.instance(outcome, PermissionViolationError, `${what}: ${String(outcome)}`);
  }
  assert.equal(await state(), before);
});

/** Runs with transports of the coordinator and of both workers, as runs have them. */
async function withTransports(run: (ends: readonly Transport[]) => Promise<void>): Promise<void> {
  const { url } = await read(folder!.coordinator);
  const files = [folder!.coordinator, ...folder!.workers];
  const ends = await Promise.all(
    files.map((credentials) => openTransport('test', { url, credentials })),
  );
  await run(ends).finally(() => Promise.all(ends.map((end) => end.close())));
}

/** Bodies that a transport hears, as texts. */
function bodies(end: Transport, pattern: string): string[] {
  const heard: string[] = [];
  end.subscribe(pattern, ({ subject, body }) => {
    heard.push(`${subject}: ${new TextDecoder().decode(body.subarray(0, 100))}`);
  });
  return heard;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

withServer('the permissions are all that a transport needs', () =>
  withTransports(async ([hub, one]) => {
    const denied: string[] = [];
    for (const end of [hub!, one!]) end.onRefused((reason) => denied.push(reason));
    const up = bodies(hub!, upPattern('r'));
    const down = [CALLS, runSubject('r'), workerSubject('worker-1', 'x')].map((subject) =>
      bodies(one!, subject),
    );
    await Promise.all([hub!.flush(), one!.flush()]);
    for (const subject of [CALLS, runSubject('r'), workerSubject('worker-1', 'x')])
      hub!.publish(subject, bytesOf('go'));
    one!.publish(upSubject('r', 'worker-1', 'x'), bytesOf('hello'));
    await one!.flush();
    await hub!.flush();
    assert.equal(up, ['lw.up.r.worker-1.x: hello']);
    await one!.flush();
    assert.equal(down.flat(), ['lw.call: go', 'lw.run.r: go', 'lw.to.worker-1.x: go']);
    // More than one stored piece.
    const contents = Uint8Array.from({ length: 1_200_000 }, (_, i) => i * 7);
    const hash = await sha256(contents);
    assert.is(await hub!.blobs.has(hash), false);
    await hub!.blobs.put(hash, contents);
    assert.is(await hub!.blobs.has(hash), true);
    assert.equal(await one!.blobs.get(hash, contents.length), contents);
    const lease = await hub!.leases.take('leader-r', 'me', () => {});
    await lease.release();
    const next = await hub!.leases.take('leader-r', 'me', () => {});
    assert.ok(next.epoch > lease.epoch);
    await next.release();
    const none = new Promise<void>((resolve) => hub!.probe('lw.to.worker-2.gone', resolve));
    await none;
    assert.equal(denied, []);
  }),
);

withServer('a worker neither stores contents nor takes the lead', () =>
  withTransports(async ([hub, one]) => {
    const contents = bytesOf('mine');
    const hash = await sha256(contents);
    assert.match(await refused(() => one!.blobs.put(hash, contents)), /does not permit/);
    assert.match(
      await refused(() => one!.leases.take('leader-r', 'me', () => {})),
      /does not permit/,
    );
    assert.is(await hub!.blobs.has(hash), false);
  }),
);

withServer('answers of the server that a worker directs at others are not heard', () =>
  withTransports(async ([hub, one, two]) => {
    const contents = encode({ kind: 'leave', epoch: 1, reason: 'a lie' });
    await hub!.blobs.put(await sha256(contents), contents);
    const heard = [
      bodies(hub!, upPattern('r')),
      bodies(two!, CALLS),
      bodies(two!, runSubject('r')),
    ];
    const raw = await worker(2);
    const really = hear(raw, CALLS);
    await Promise.all([hub!.flush(), two!.flush(), raw.flush()]);
    const liar = await worker(1);
    const { direct } = await jetstreamManager(liar, { checkAPI: false });
    const stored = await direct.getMessage(`OBJ_${BUCKET}`, {
      seq: 1,
      next_by_subj: `$O.${BUCKET}.C.>`,
    });
    const query = JSON.stringify({ seq: stored!.seq });
    for (const reply of [CALLS, runSubject('r'), upSubject('r', 'worker-2', 'x')])
      liar.publish(`$JS.API.DIRECT.GET.OBJ_${BUCKET}`, query, { reply });
    liar.publish('lw.up.r.worker-1.x', 'an own message', { reply: workerSubject('worker-2', 'x') });
    await liar.flush();
    // The server answers one request after another: those before are done.
    await direct.getMessage(`OBJ_${BUCKET}`, { seq: stored!.seq });
    await Promise.all([hub!.flush(), two!.flush(), raw.flush()]);
    assert.is(really.length, 1, 'the server does send them');
    assert.equal(heard.flat(), ['lw.up.r.worker-1.x: an own message']);
    assert.ok(one);
  }),
);

withServer(
  'whose lines are taken out of the configuration is put out, and nobody else',
  async () => {
    const [one, two] = [await worker(1), await worker(2)];
    const whole = await readFile(folder!.configuration, 'utf8');
    const without = whole.replace(/ {6}# worker-2\n[\s\S]*?\n {6}\} \}\n/, '');
    assert.is(whole.length > without.length && without.includes('# worker-1'), true);
    await writeFile(folder!.configuration, without);
    server!.signal('SIGHUP');
    await two.closed();
    assert.match(await refusal(() => worker(2)), /authorization/i);
    await one.flush();
    await writeFile(folder!.configuration, whole);
    server!.signal('SIGHUP');
    // The server reads its configuration in a moment.
    for (let tries = 0; tries < 100; tries++) {
      const isIn = await worker(2).then(
        () => true,
        () => false,
      );
      if (isIn) return;
    }
    throw new Error('worker-2 is not let in again');
  },
);

/** A small run, shared with workers that have their own credentials, or alone. */
const settings = {
  data: digits({ count: 112, seed: 4 }),
  optimizer: momentum({ lr: 0.05 }),
  batch: 32,
  shards: 4,
  epochs: 2,
  seed: 3,
  numerics: 'strict',
  workers: 0,
} as const;

withServer(
  'a run over TLS, with these credentials, ends with the bits of one process',
  async () => {
    const alone = await (await train(lenet5(), settings)).model.sha256();
    const { url } = await read(folder!.coordinator);
    const stop = new AbortController();
    const denied: string[] = [];
    const workers = await Promise.all(
      folder!.workers.map((credentials) => openTransport('test', { url, credentials })),
    );
    const served = workers.map((transport) => {
      transport.onRefused((reason) => denied.push(reason));
      const cache = join(folder!.folder, 'cache');
      return serveWorker(transport, { threads: 1, cache, signal: stop.signal });
    });
    const news: string[] = [];
    const { model } = await train(lenet5(), settings, {
      cluster: { url, credentials: folder!.coordinator, minWorkers: 2 },
      onMachine: ({ machine, change }) => void news.push(`${machine} ${change}`),
      onEpoch: ({ cluster }) => assert.is(cluster?.machines, 3),
    }).finally(() => stop.abort());
    await Promise.all(served);
    await Promise.all(workers.map((end) => end.close()));
    assert.is(await model.sha256(), alone);
    assert.equal(news.slice(0, 2).toSorted(), ['worker-1 joined', 'worker-2 joined']);
    assert.equal(denied, []);
  },
);

withServer('credentials of the other side are refused in a sentence', async () => {
  const { url } = await read(folder!.coordinator);
  const [first] = folder!.workers;
  assert.match(
    await refused(() => train(lenet5(), settings, { cluster: { url, credentials: first! } })),
    /the server does not permit it to this user\na run takes the coordinator's credentials/,
  );
  assert.match(
    await refused(() => serveWorker(url, { threads: 1, credentials: folder!.coordinator })),
    /^serveWorker: the server does not permit this user to listen to lw\..*\nuse a worker's credentials/,
  );
});

test.run();
