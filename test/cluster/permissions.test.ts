/** Who may do what at a real nats-server with the configuration and the credentials of `lanewise cluster init`. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect as connectPlainly } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { Objm } from '@nats-io/obj';
import { connect, PermissionViolationError, type NatsConnection } from '@nats-io/transport-node';
import { createCertificates } from '../../src/cluster/init-certificates.js';
import { initCluster } from '../../src/cluster/init-folder.js';
import { BUCKET, inboxPrefix } from '../../src/cluster/subjects.js';
import {
  coordinator,
  enter,
  folder,
  hear,
  read,
  refusal,
  refusals,
  server,
  withServer,
  worker,
} from './guarded-server.js';

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

test.run();
