/** The least worker: it computes in this thread, at once, what it is asked for. */
import { buildOf } from '../../src/cluster/same-build.js';
import { decodePlan } from '../../src/cluster/plan-wire.js';
import { fromCoordinator } from '../../src/cluster/read-message.js';
import { encode } from '../../src/cluster/encode.js';
import {
  addPiece,
  beginAssembly,
  cutPieces,
  pieceSize,
  type Assembly,
} from '../../src/cluster/message-pieces.js';
import { CALLS, runSubject, upSubject, workerSubject } from '../../src/cluster/subjects.js';
import type { Transport } from '../../src/cluster/transport.js';
import type { FromWorker, StepPiece, Call } from '../../src/cluster/cluster-messages.js';
import { computeRange } from '../../src/crew/shard-ranges.js';
import { createLocalPool } from '../../src/crew/worker-pool.js';
import { openMemory, type RunMemory } from '../../src/step/run-memory.js';
import { STEP_FIGURES } from '../../src/feed/layout.js';
import type { ShardRange } from '../../src/step/jobs.js';
import type { Pool } from '../../src/crew/worker-pool.js';

export function thinWorker(transport: Transport, user: string, id: string) {
  let run: string | undefined,
    epoch = 0;
  let mem: RunMemory | undefined,
    pool: Pool | undefined,
    plan = '';
  let assembly: Assembly | undefined, head: StepPiece | undefined;
  let chain: Promise<unknown> = Promise.resolve();
  const send = (m: FromWorker, ...parts: Uint8Array[]) =>
    transport.publish(upSubject(run!, user, id), encode(m, ...parts));
  const compute = (range: ShardRange, h: StepPiece) => {
    chain = chain
      .then(async () => {
        if (!mem || h !== head) return;
        const started = performance.now();
        const sums = await computeRange(mem, pool!, {
          size: h.size!,
          range,
          step: h.step!,
          key: h.key!,
        });
        const ms = performance.now() - started;
        for (const { node, sum } of sums) {
          const n = node[1] - node[0];
          const fig = mem.viewOf('metrics', node[0] * STEP_FIGURES * 4, n * STEP_FIGURES);
          const bytes = [fig, sum].map((f) => new Uint8Array(f.buffer, f.byteOffset, f.byteLength));
          for (const cut of cutPieces(bytes, pieceSize(transport.maxBody)))
            send(
              {
                kind: 'part',
                epoch,
                serial: h.serial,
                node,
                ms,
                shards: range[1] - range[0],
                ...cut.piece,
              },
              ...cut.bytes,
            );
        }
      })
      .catch((e) => console.error(e));
  };
  const hearRun = (body: Uint8Array) => {
    const { message: m, bytes } = fromCoordinator(body);
    if (m.kind !== 'step' || !mem || m.epoch !== epoch) return;
    if (m.piece === 0) {
      head = m;
      assembly = beginAssembly('c', m, bytes, m.bytes);
    }
    if (addPiece('c', assembly!, m, bytes)) {
      mem.bytesOf('order').set(assembly!.whole.subarray(0, head!.size! * 4));
      mem.bytesOf('parameters').set(assembly!.whole.subarray(head!.size! * 4));
      const range = head!.assignment![`${user}.${id}`];
      if (range) compute(range, head!);
    }
  };
  const hearOwn = async (body: Uint8Array) => {
    const { message: m } = fromCoordinator(body.slice());
    if (m.kind === 'redo') compute(m.range, head!);
    if (m.kind === 'refused') console.log('refused', m);
    if (m.kind !== 'welcome') return;
    plan = m.plan.sha256;
    const p = decodePlan(await transport.blobs.get(m.plan.sha256, m.plan.bytes), {
      maxMemory: 2 ** 31,
    });
    const opened = await openMemory(p, false);
    for (const c of m.contents)
      opened.bytesOf(c.region).set(await transport.blobs.get(c.sha256, c.bytes), c.offset);
    mem = opened;
    pool = createLocalPool(p, mem.module, mem.memory);
    epoch = m.epoch;
    send({ kind: 'ready', epoch, plan });
  };
  const ends = [
    transport.subscribe(
      workerSubject(user, id),
      ({ body }) => void hearOwn(body).catch(console.error),
    ),
    transport.subscribe(CALLS, ({ body }) => {
      const { message } = fromCoordinator(body);
      const call = message as Call;
      if (run !== undefined) return;
      run = call.run;
      ends.push(transport.subscribe(runSubject(run), ({ body }) => hearRun(body)));
      void buildOf(call.numerics).then((b) =>
        send({ kind: 'hello', ...b, threads: 1, engine: 'test' }),
      );
    }),
  ];
  const beat = setInterval(() => run && send({ kind: 'beat', epoch }), 250);
  return () => {
    clearInterval(beat);
    for (const end of ends) end();
  };
}
