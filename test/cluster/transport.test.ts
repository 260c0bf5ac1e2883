/** What a cluster needs of a network, in memory and on a real server. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sha256 } from '../../src/base/sha256.js';
import { connect } from '../../src/cluster/connect.js';
import { createMemoryHub } from '../../src/cluster/memory-transport.js';
import type { Transport } from '../../src/cluster/transport.js';
import { NO_SERVER, hasNatsServer, startNatsServer } from '../support/nats-server.js';
import { refusal } from '../support/refusal.js';
import { until } from '../support/until.js';

/** What the tests need of a network: its ends, and what can happen to the first of them. */
interface Net {
  readonly ends: readonly Transport[];
  die(end: number): Promise<void>;
  close(): Promise<void>;
}

const nets: Record<string, () => Promise<Net>> = {
  async memory() {
    const link = createMemoryHub({ leaseMs: 300 });
    const links = ['ann', 'bo', 'cy'].map((user) => link(user));
    return {
      ends: links.map(({ transport }) => transport),
      die: async (end) => links[end]!.die(),
      async close() {
        for (const { transport } of links) await transport.close();
      },
    };
  },
};
if (hasNatsServer())
  nets['NATS'] = async () => {
    const server = await startNatsServer();
    const { url } = server!;
    const ends = await Promise.all(
      ['ann', 'bo', 'cy'].map((user) =>
        connect('test', { url: url.replace('//', `//${user}:x@`) }),
      ),
    );
    return {
      ends,
      die: (end) => ends[end]!.close(),
      async close() {
        await Promise.all(ends.map((end) => end.close()));
        await server!.close();
      },
    };
  };
else console.log(NO_SERVER);

const counted = (length: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, i) => i % 251);

/** A test on every net. */
function onEach(name: string, body: (net: Net) => Promise<void>): void {
  for (const [kind, open] of Object.entries(nets))
    test(`${kind}: ${name}`, async () => {
      const net = await open();
      try {
        await body(net);
      } finally {
        await net.close();
      }
    });
}

onEach(
  'messages reach those who listen, in order, and their bodies are as sent',
  async ({ ends }) => {
    const [ann, bo, cy] = ends as [Transport, Transport, Transport];
    const heard: string[] = [];
    const listen = (end: Transport, pattern: string) =>
      end.subscribe(pattern, ({ subject, body }) =>
        heard.push(`${end.user} ${subject} ${body.join(' ')}`),
      );
    const stop = listen(bo, 'lw.a.*');
    listen(cy, 'lw.a.>');
    listen(cy, 'lw.b');
    await Promise.all([bo.flush(), cy.flush()]);
    for (let i = 1; i <= 50; i++) ann.publish('lw.a.x', Uint8Array.of(i, 255 - i));
    ann.publish('lw.a.x.y', Uint8Array.of(7));
    ann.publish('lw.b', Uint8Array.of(8));
    await until(() => heard.length >= 102, 'messages');
    const of = (user: string) => heard.filter((line) => line.startsWith(user));
    const fifty = Array.from({ length: 50 }, (_, i) => ` lw.a.x ${i + 1} ${254 - i}`);
    assert.equal(
      of('bo'),
      fifty.map((line) => `bo${line}`),
    );
    assert.equal(of('cy'), [...fifty.map((line) => `cy${line}`), 'cy lw.a.x.y 7', 'cy lw.b 8']);
    stop();
    await bo.flush();
    ann.publish('lw.a.x', Uint8Array.of(9));
    await until(() => heard.length === 103, 'message');
    assert.is(of('bo').length, 50);
  },
);

onEach('the largest body passes, a larger one is refused', async ({ ends }) => {
  const [ann, bo] = ends as [Transport, Transport];
  let found: Uint8Array | undefined;
  bo.subscribe('lw.a', ({ body }) => (found = body.slice()));
  await bo.flush();
  const body = counted(ann.maxBody);
  ann.publish('lw.a', body);
  await until(() => found !== undefined, 'message');
  assert.is(await sha256(found!), await sha256(body));
  try {
    ann.publish('lw.a', counted(ann.maxBody + 1));
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, `has ${ann.maxBody + 1} bytes, expected at most`);
  }
});

onEach('a probe says who is gone, and nothing of who is there', async ({ ends, die }) => {
  const [ann, bo] = ends as [Transport, Transport];
  let gone: string[] = [];
  let messages = 0;
  bo.subscribe('lw.to.bo.1', () => messages++);
  await bo.flush();
  for (let i = 0; i < 5; i++) ann.probe('lw.to.bo.1', () => gone.push('bo'));
  ann.probe('lw.to.dan.1', () => gone.push('dan'));
  await until(() => gone.length > 0, 'answer');
  assert.equal(gone, ['dan']);
  gone = [];
  await die(1);
  await until(() => {
    ann.probe('lw.to.bo.1', () => gone.push('bo'));
    return gone.length > 0;
  }, 'answer');
  assert.is(messages, 0, 'a probe is no message');
});

onEach('contents are stored once, by their hash, and checked', async ({ ends }) => {
  const [ann, bo] = ends as [Transport, Transport];
  const bytes = counted(2_500_000);
  const hash = await sha256(bytes);
  assert.is(await ann.blobs.has(hash), false);
  await ann.blobs.put(hash, bytes);
  await ann.blobs.put(hash, bytes);
  assert.is(await bo.blobs.has(hash), true);
  assert.is(await sha256(await bo.blobs.get(hash, bytes.length)), hash);
  const empty = await sha256(new Uint8Array(0));
  await ann.blobs.put(empty, new Uint8Array(0));
  assert.is((await bo.blobs.get(empty, 0)).length, 0);
  const other = await sha256(counted(3));
  assert.match(await refusal(() => ann.blobs.put(other, bytes)), 'have another SHA-256');
  assert.is(await bo.blobs.has(other), false);
  assert.match(await refusal(() => bo.blobs.get(other, 3)), 'are not stored, expected 3 bytes');
  assert.match(await refusal(() => bo.blobs.get(hash, 7)), 'have 2500000 bytes, expected 7');
});

onEach('a lease has one holder, and each taking a larger epoch', async ({ ends, die }) => {
  const [ann, bo, cy] = ends as [Transport, Transport, Transport];
  const lost: string[] = [];
  const first = await ann.leases.take('leader-1', 'ann', (holder) => lost.push(`1 to ${holder}`));
  const refused = await refusal(() => bo.leases.take('leader-1', 'bo', () => {}));
  assert.match(refused, "'leader-1' is led by ann");
  const other = await bo.leases.take('leader-2', 'bo', () => {});
  // The same holder again, started anew: at once.
  const again = await cy.leases.take('leader-1', 'ann', (holder) => lost.push(`2 to ${holder}`));
  assert.ok(again.epoch > first.epoch);
  await until(() => lost.length > 0, 'loss');
  assert.equal(lost, ['1 to ann']);
  // Released: at once. Dead: after a while.
  await again.release();
  const third = await bo.leases.take('leader-1', 'bo', () => {});
  assert.ok(third.epoch > again.epoch);
  await die(1);
  const fourth = await ann.leases.take('leader-1', 'ann', () => {});
  assert.ok(fourth.epoch > third.epoch && other.epoch > 0);
  await fourth.release();
  assert.equal(lost, ['1 to ann']);
});

test('memory: a link that is cut loses messages, and holds again', async () => {
  const link = createMemoryHub();
  const [ann, bo] = [link('ann'), link('bo')];
  const states: string[] = [];
  const heard: number[] = [];
  bo.transport.onLink((state) => states.push(state));
  bo.transport.subscribe('a', ({ body }) => heard.push(body[0]!));
  ann.transport.publish('a', Uint8Array.of(1));
  bo.cut();
  ann.transport.publish('a', Uint8Array.of(2));
  assert.match(await refusal(() => bo.transport.flush()), 'the link is cut');
  ann.transport.probe('a', () => states.push('none'));
  bo.restore();
  bo.delay(20);
  ann.transport.publish('a', Uint8Array.of(3));
  bo.delay(0);
  ann.transport.publish('a', Uint8Array.of(4));
  await until(() => heard.length >= 2, 'messages');
  assert.equal(heard, [3, 4]);
  assert.equal(states, ['cut', 'restored']);
});

test.run();
