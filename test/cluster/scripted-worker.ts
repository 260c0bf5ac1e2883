/** The least worker: it computes in this thread what it is asked for, and does on the way what a script says. */
import { buildOf } from '../../src/cluster/same-build.js';
import type { Call, FromWorker, StepPiece } from '../../src/cluster/cluster-messages.js';
import { encode } from '../../src/cluster/encode.js';
import {
  addPiece,
  beginAssembly,
  cutPieces,
  pieceSize,
  type Assembly,
} from '../../src/cluster/message-pieces.js';
import { decodePlan } from '../../src/cluster/plan-wire.js';
import { fromCoordinator } from '../../src/cluster/read-message.js';
import { CALLS, runSubject, upSubject, workerSubject } from '../../src/cluster/subjects.js';
import type { Transport } from '../../src/cluster/transport.js';
import { computeRange } from '../../src/crew/shard-ranges.js';
import { createLocalPool, type Pool } from '../../src/crew/worker-pool.js';
import { STEP_FIGURES } from '../../src/feed/layout.js';
import type { ShardRange } from '../../src/step/jobs.js';
import { openMemory, type RunMemory } from '../../src/step/run-memory.js';

/** What it does otherwise than a worker. Steps are counted from 1. */
export interface Script {
  /** Before it computes; it computes nothing if this is false. */
  before?(step: number, range: ShardRange): boolean | Promise<boolean>;
  /** Changes a part, its figures and then its sum, before it is sent. */
  change?(step: number, part: Float32Array, node: ShardRange): void;
  /** Headers of parts full of ones that are sent before a part. */
  forged?(header: PartHeader): readonly PartHeader[];
  /** Another version than this one. */
  readonly version?: string;
}

type PartHeader = Omit<Extract<FromWorker, { kind: 'part' }>, 'piece' | 'pieces' | 'bytes'>;

interface Worker {
  readonly transport: Transport;
  readonly user: string;
  readonly script: Script;
  run: string;
  epoch: number;
  memory: RunMemory | undefined;
  pool: Pool | undefined;
  head: StepPiece | undefined;
  assembly: Assembly | undefined;
  /** The reasons for which it was refused. */
  readonly refusals: string[];
}

const ID = 'x';

const send = (
  { transport, run, user }: Worker,
  message: FromWorker,
  ...parts: readonly Uint8Array[]
): void => transport.publish(upSubject(run, user, ID), encode(message, ...parts));

/** Starts a worker; its function ends it without a word. `refusals` are the reasons that it was told. */
export function scriptedWorker(
  transport: Transport,
  user: string,
  script: Script = {},
): { readonly end: () => void; readonly refusals: readonly string[] } {
  const worker: Worker = {
    transport,
    user,
    script,
    run: '',
    epoch: 0,
    memory: undefined,
    pool: undefined,
    head: undefined,
    assembly: undefined,
    refusals: [],
  };
  const ends = [
    transport.subscribe(workerSubject(user, ID), ({ body }) => {
      // Handlers only note: the body is gone when they return.
      void hearOwn(worker, body.slice());
    }),
    transport.subscribe(CALLS, ({ body }) => {
      const { run, numerics } = fromCoordinator(body).message as Call;
      if (worker.run !== '') return;
      worker.run = run;
      ends.push(transport.subscribe(runSubject(run), (delivery) => hearRun(worker, delivery.body)));
      void buildOf(numerics).then((build) =>
        send(worker, {
          kind: 'hello',
          ...build,
          version: script.version ?? build.version,
          threads: 1,
          engine: 'a test',
        }),
      );
    }),
  ];
  const beats = setInterval(() => {
    if (worker.memory) send(worker, { kind: 'beat', epoch: worker.epoch });
  }, 250);
  return {
    refusals: worker.refusals,
    end() {
      clearInterval(beats);
      for (const end of ends) end();
    },
  };
}

async function hearOwn(worker: Worker, body: Uint8Array): Promise<void> {
  const { transport } = worker;
  const { message } = fromCoordinator(body);
  if (message.kind === 'redo') return compute(worker, worker.head!, message.range);
  if (message.kind === 'refused') worker.refusals.push(message.reason);
  if (message.kind !== 'welcome') return;
  const { plan, contents, epoch } = message;
  const { sha256, bytes } = plan;
  const planned = decodePlan(await transport.blobs.get(sha256, bytes), { maxMemory: 2 ** 31 });
  const memory = await openMemory(planned, false);
  for (const one of contents)
    memory.bytesOf(one.region).set(await transport.blobs.get(one.sha256, one.bytes), one.offset);
  const pool = createLocalPool(planned, memory.module, memory.memory);
  Object.assign(worker, { memory, pool, epoch });
  send(worker, { kind: 'ready', epoch, plan: sha256 });
}

function hearRun(worker: Worker, body: Uint8Array): void {
  const { message, bytes } = fromCoordinator(body);
  const { memory, epoch } = worker;
  if (message.kind !== 'step' || message.epoch !== epoch || !memory) return;
  if (message.piece === 0) {
    worker.head = message;
    worker.assembly = beginAssembly('the coordinator', message, bytes, message.bytes);
  }
  if (!addPiece('the coordinator', worker.assembly!, message, bytes)) return;
  const { head, assembly, user } = worker;
  const places = head!.size! * 4;
  memory.bytesOf('order').set(assembly!.whole.subarray(0, places));
  memory.bytesOf('parameters').set(assembly!.whole.subarray(places));
  const range = head!.assignment![`${user}.${ID}`];
  if (range) setImmediate(() => void compute(worker, head!, range));
}

async function compute(worker: Worker, head: StepPiece, range: ShardRange): Promise<void> {
  const { memory, pool, script, epoch } = worker;
  const [number, { serial, size, key }] = [head.step! + 1, head];
  if ((await script.before?.(number, range)) === false) return;
  const request = { size: size!, range, step: head.step!, key: key! };
  const started = performance.now();
  const sums = await computeRange(memory!, pool!, request);
  const ms = performance.now() - started;
  for (const { node, sum } of sums) {
    const [first, end] = node;
    const figures = (end - first) * STEP_FIGURES;
    const part = new Float32Array(figures + sum.length);
    part.set(memory!.viewOf('metrics', first * STEP_FIGURES * 4, figures));
    part.set(sum, figures);
    script.change?.(number, part, node);
    const shards = range[1] - range[0];
    const header = { kind: 'part', epoch, serial, node, ms, shards } as const;
    for (const one of script.forged?.(header) ?? [])
      sendPart(
        worker,
        one,
        part.map(() => 1),
      );
    sendPart(worker, header, part);
  }
}

function sendPart(worker: Worker, header: PartHeader, { buffer }: Float32Array): void {
  const size = pieceSize(worker.transport.maxBody);
  for (const { piece, bytes } of cutPieces([new Uint8Array(buffer)], size))
    send(worker, { ...header, ...piece }, ...bytes);
}
