/** What goes wrong with a real server, and what a transport makes of it. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect as dialNats } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connect as dial } from 'node:net';
import { sha256 } from '../../src/base/sha256.js';
import { AHEAD } from '../../src/cluster/cluster-messages.js';
import { connect } from '../../src/cluster/connect.js';
import type { Transport } from '../../src/cluster/transport.js';
import { refusal } from '../support/refusal.js';
import {
  NO_SERVER,
  startNatsServer,
  type NatsServer,
  type NatsServerOptions,
} from '../support/nats-server.js';
import { until } from '../support/until.js';

const counted = (length: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, i) => i % 251);

/** A test with a server and connections to it, of users that it does not ask about. */
function withServer(
  name: string,
  options: NatsServerOptions,
  body: (server: NatsServer, join: (user: string) => Promise<Transport>) => Promise<void>,
): void {
  test(name, async () => {
    const server = await startNatsServer(options);
    if (!server) return console.log(NO_SERVER);
    const ends: Transport[] = [];
    const join = async (user: string): Promise<Transport> => {
      const end = await connect('test', { url: server.url.replace('//', `//${user}:x@`) });
      ends.push(end);
      return end;
    };
    try {
      await body(server, join);
    } finally {
      await Promise.all(ends.map((end) => end.close()));
      await server.close();
    }
  });
}

withServer('a server that is killed is waited for, and all goes on', {}, async (server, join) => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  const [ann, bo] = [await join('ann'), await join('bo')];
  const states: string[] = [];
  const lost: string[] = [];
  let heard = 0;
  for (const end of [ann, bo]) end.onLink((state) => states.push(`${end.user} ${state}`));
  bo.subscribe('lw.a', () => heard++);
  await bo.flush();
  const lease = await ann.leases.take('leader', 'ann', (holder) => lost.push(holder));
  const contents = counted(1_000_000);
  const hash = await sha256(contents);
  await ann.blobs.put(hash, contents);
  await server.kill();
  await until(() => states.length === 2, 'cut');
  assert.equal(states.toSorted(), ['ann cut', 'bo cut']);
  // What is published now is lost, and nothing is kept of it.
  for (let i = 0; i < 100; i++) ann.publish('lw.a', contents);
  ann.probe('lw.nobody', () => states.push('a probe without a server'));
  assert.match(await refusal(() => ann.flush()), 'messages may be lost');
  const got = bo.blobs.get(hash, contents.length);
  await server.restart();
  await until(() => states.length === 4, 'restoration');
  assert.equal(states.slice(2).toSorted(), ['ann restored', 'bo restored']);
  assert.is(await sha256(await got), hash, 'a request that was under way is asked again');
  ann.publish('lw.a', counted(3));
  await until(() => heard > 0, 'message');
  assert.is(heard, 1);
  // It is still renewed.
  assert.match(await refusal(() => bo.leases.take('leader', 'bo', () => {})), 'is led by ann');
  await lease.release();
  assert.equal(lost, []);
  process.off('unhandledRejection', note);
  assert.equal(unhandled, []);
});

withServer('a connection to a server that stands still can be ended', {}, async (server, join) => {
  const ann = await join('ann');
  server.signal('SIGSTOP');
  try {
    await ann.close();
  } finally {
    server.signal('SIGCONT');
  }
});

withServer(
  'without JetStream messages go, and storing says what is missing',
  { jetstream: false },
  async (_, join) => {
    const ann = await join('ann');
    let heard = 0;
    ann.subscribe('lw.a', () => heard++);
    ann.publish('lw.a', counted(3));
    await until(() => heard > 0, 'message');
    const hash = await sha256(counted(3));
    for (const refused of [
      () => ann.leases.take('leader', 'ann', () => {}),
      () => ann.blobs.put(hash, counted(3)),
      () => ann.blobs.has(hash),
    ])
      assert.match(await refusal(refused), /the server has no JetStream[^]*start it with -js/);
    assert.match(await refusal(() => ann.blobs.get(hash, 3)), 'are not stored');
  },
);

withServer(
  'a server that takes less is sent less',
  { lines: ['max_payload: 20KB'] },
  async (_, join) => {
    const [ann, bo] = [await join('ann'), await join('bo')];
    assert.is(ann.maxBody, 20 * 1024);
    const contents = counted(100_000);
    const hash = await sha256(contents);
    await ann.blobs.put(hash, contents);
    assert.is(await sha256(await bo.blobs.get(hash, contents.length)), hash);
    const lease = await ann.leases.take('leader', 'ann', () => {});
    await lease.release();
  },
);

/** A receiver that reads nothing until it is told to. */
function idleReceiver(server: NatsServer, subject: string) {
  const socket = dial(server.port, '127.0.0.1');
  let bytes = 0;
  let isClosed = false;
  socket.on('data', (data) => (bytes += data.length));
  socket.on('error', () => {});
  socket.on('close', () => (isClosed = true));
  socket.write(`CONNECT {"verbose":false}\r\nSUB ${subject} 1\r\nPING\r\n`);
  return {
    bytes: () => bytes,
    isClosed: () => isClosed,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => socket.destroy(),
  };
}

const piece = new Uint8Array(900 * 1024);

/** Sends pieces to one that does not read, which is returned. */
async function flood(server: NatsServer, ann: Transport, bytes: number) {
  const receiver = idleReceiver(server, 'lw.run.r');
  await until(() => receiver.bytes() > 0, 'greeting');
  receiver.pause();
  await ann.flush();
  for (let sent = 0; sent < bytes; sent += piece.length) ann.publish('lw.run.r', piece);
  return receiver;
}

withServer(
  'what may be under way to a receiver that is busy waits for it',
  {},
  async (server, join) => {
    const ann = await join('ann');
    const receiver = await flood(server, ann, AHEAD);
    // Nobody is held up: it was all taken.
    await ann.flush();
    receiver.resume();
    await until(() => receiver.bytes() >= AHEAD, 'pieces');
    assert.is(receiver.isClosed(), false);
    receiver.end();
  },
);

const strict = { lines: ['max_pending: 8MB', 'write_deadline: "500ms"'] };
withServer('a receiver that is too far behind is cut off', strict, async (server, join) => {
  const receiver = await flood(server, await join('ann'), AHEAD);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  receiver.resume();
  await until(() => receiver.isClosed(), 'end');
  assert.ok(receiver.bytes() < AHEAD);
});

withServer('contents whose pieces are gone are stored again', {}, async (server, join) => {
  const ann = await join('ann');
  const contents = counted(1_200_000);
  const hash = await sha256(contents);
  await ann.blobs.put(hash, contents);
  const nc = await dialNats({ servers: server.url });
  const manager = await jetstreamManager(nc);
  // As after an answer that came too late: the pieces are removed, and what names them stays.
  await manager.streams.purge('OBJ_LW', { filter: '$O.LW.C.*' });
  await nc.close();
  assert.is(await ann.blobs.has(hash), false);
  assert.match(await refusal(() => ann.blobs.get(hash, contents.length)), 'end after 0 bytes');
  await ann.blobs.put(hash, contents);
  assert.is(await ann.blobs.has(hash), true);
  assert.equal(await ann.blobs.get(hash, contents.length), contents);
});

test.run();
