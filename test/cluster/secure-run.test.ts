/** Transports and runs over TLS, with the credentials of `lanewise cluster init`: they may do all that they need, and no more. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { sha256 } from '../../src/base/sha256.js';
import { connect as openTransport } from '../../src/cluster/connect.js';
import { encode } from '../../src/cluster/encode.js';
import { serveWorker } from '../../src/cluster/serve-worker.js';
import {
  BUCKET,
  CALLS,
  runSubject,
  upPattern,
  upSubject,
  workerSubject,
} from '../../src/cluster/subjects.js';
import type { Transport } from '../../src/cluster/transport.js';
import { digits } from '../../src/data/digits/index.js';
import { lenet5 } from '../../src/models/index.js';
import { momentum } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { refusal } from '../support/refusal.js';
import { folder, hear, read, withServer, worker } from './guarded-server.js';

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
    assert.match(await refusal(() => one!.blobs.put(hash, contents)), /does not permit/);
    assert.match(
      await refusal(() => one!.leases.take('leader-r', 'me', () => {})),
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
      cluster: { url, credentials: folder!.coordinator, minWorkers: 2, share: 'always' },
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
    await refusal(() => train(lenet5(), settings, { cluster: { url, credentials: first! } })),
    /the server does not permit it to this user\na run takes the coordinator's credentials/,
  );
  assert.match(
    await refusal(() => serveWorker(url, { threads: 1, credentials: folder!.coordinator })),
    /^serveWorker: the server does not permit this user to listen to lw\..*\nuse a worker's credentials/,
  );
});

test.run();
