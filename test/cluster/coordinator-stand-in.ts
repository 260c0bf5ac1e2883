/** A coordinator that a test is: it says what it is told to, and notes what workers say. */
import { encodePlan } from '../../src/cluster/plan-wire.js';
import { encode } from '../../src/cluster/encode.js';
import { cutPieces } from '../../src/cluster/message-pieces.js';
import {
  AHEAD,
  type Call,
  type FromWorker,
  type Welcome,
} from '../../src/cluster/cluster-messages.js';
import { fromWorker } from '../../src/cluster/read-message.js';
import { buildOf } from '../../src/cluster/same-build.js';
import { CALLS, runSubject, upPattern, workerSubject } from '../../src/cluster/subjects.js';
import type { Transport } from '../../src/cluster/transport.js';
import { sha256 } from '../../src/base/sha256.js';
import { samplesOf } from '../../src/data/forms.js';
import { digits } from '../../src/data/digits/index.js';
import { columnsOf } from '../../src/feed/columns.js';
import { writeColumns } from '../../src/feed/dataset-plan.js';
import { lossTerms } from '../../src/losses/terms.js';
import { lenet5 } from '../../src/models/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { computeRange } from '../../src/crew/shard-ranges.js';
import { createLocalPool, type Pool } from '../../src/crew/worker-pool.js';
import { orderAt } from '../../src/crew/session.js';
import { sessionWeights } from '../../src/crew/session-weights.js';
import { partPlan } from '../../src/step/part-plan.js';
import { openMemory, type RunMemory } from '../../src/step/run-memory.js';
import { planRun, type RunPlan } from '../../src/step/run-plan.js';
import type { ShardRange } from '../../src/step/jobs.js';

export const BATCH = 24;
export const SHARDS = 6;
const KEY = [7, 9] as const;

/** A run that can be shared, in this thread. */
export interface Own {
  readonly plan: RunPlan;
  readonly run: RunMemory;
  readonly pool: Pool;
  readonly columns: ReturnType<typeof columnsOf>;
}

/** LeNet-5 on a few digits, with its initial weights. */
export async function openOwn(): Promise<Own> {
  const model = lenet5();
  const terms = lossTerms('crossEntropy', ['output']);
  const columns = columnsOf(model, terms, samplesOf(digits({ count: 2 * BATCH })));
  const plan = planRun({
    model,
    terms,
    numerics: 'strict',
    workers: 1,
    datasets: [columns],
    training: { optimizer: sgd({ lr: 0.1 }), batch: BATCH, shards: SHARDS },
    isShared: true,
  });
  const run = await openMemory(plan, false);
  writeColumns(plan.memory, run.memory, [columns]);
  sessionWeights(run, model.parameters).initialize(1);
  orderAt(plan, run.memory, BATCH).forEach((_, i, order) => (order[i] = 2 * i + 1));
  return { plan, run, pool: createLocalPool(plan, run.module, run.memory), columns };
}

/** Puts what a worker needs into the blobs. */
export async function welcomeOf(
  { plan, columns }: Own,
  { blobs }: Transport,
  threads: number,
  epoch: number,
): Promise<Welcome> {
  const store = async (bytes: Uint8Array) => {
    const hash = await sha256(bytes);
    await blobs.put(hash, bytes);
    return { sha256: hash, bytes: bytes.length };
  };
  const contents: Welcome['contents'][number][] = [];
  for (const { leaves, values } of columns.columns) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    contents.push({ ...(await store(bytes)), region: `${leaves[0]} 0`, offset: 0 });
  }
  const sent = await store(encodePlan(partPlan(plan, columns, threads)));
  return { kind: 'welcome', epoch, plan: sent, contents };
}

export type Heard = FromWorker & { readonly body: Uint8Array; readonly from: string };

/** Says things to workers, and hears what they say. */
export function createStandIn(own: Own, transport: Transport, name: string, epoch: number) {
  const heard: Heard[] = [];
  let worker: { user: string; id: string } | undefined;
  const end = transport.subscribe(upPattern(name), ({ subject, body }) => {
    const [, , , user, id] = subject.split('.');
    worker = { user: user!, id: id! };
    const { message, bytes } = fromWorker(body, 'a worker');
    heard.push({ ...message, body: bytes.slice(), from: `${user}.${id}` });
  });
  const find = <K extends FromWorker['kind']>(kind: K): (Heard & { kind: K })[] =>
    heard.filter((one) => one.kind === kind) as (Heard & { kind: K })[];
  const tell = (message: object, ...bytes: Uint8Array[]) =>
    transport.publish(workerSubject(worker!.user, worker!.id), encode(message, ...bytes));
  const tellAll = (message: object, ...bytes: Uint8Array[]) =>
    transport.publish(runSubject(name), encode(message, ...bytes));

  return {
    heard,
    find,
    tell,
    tellAll,
    end,
    worker: () => `${worker!.user}.${worker!.id}`,
    async call(change: Partial<Call> = {}) {
      const build = await buildOf('strict');
      const call: Call = { kind: 'call', ...build, run: name, epoch, ...change };
      transport.publish(CALLS, encode(call));
    },
    /** Waits until a worker has said `count` messages of a kind, calling meanwhile. */
    async until<K extends FromWorker['kind']>(
      kind: K,
      count = 1,
    ): Promise<(Heard & { kind: K })[]> {
      for (let i = 0; i < 400 && find(kind).length < count; i++) {
        if (i % 10 === 0) await this.call();
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      return find(kind);
    },
    /** Takes in the worker that says hello. */
    async takeIn(change: Partial<Welcome> = {}): Promise<void> {
      const [hello] = await this.until('hello');
      tell({ ...(await welcomeOf(own, transport, hello!.threads, epoch)), ...change });
      await this.until('ready');
    },
    /** Sends a step to all, in pieces. */
    step(serial: number, range: ShardRange, pieceBytes = 100_000, change: object = {}) {
      const order = orderAt(own.plan, own.run.memory, BATCH);
      const weights = own.run.bytesOf('parameters').subarray(0, own.plan.parameters.trainedBytes);
      const places = new Uint8Array(order.buffer, order.byteOffset, BATCH * 4);
      for (const { piece, bytes } of cutPieces([places, weights], pieceBytes)) {
        const head = {
          step: 3,
          key: KEY,
          size: BATCH,
          assignment: { [this.worker()]: range },
          room: AHEAD,
        };
        const named = piece.piece === 0 ? { ...head, ...change } : {};
        tellAll({ kind: 'step', epoch, serial, ...piece, ...named }, ...bytes);
      }
    },
    /** The bytes of each node's part that a range consists of, as this machine computes them. */
    async partsOf(range: ShardRange): Promise<Map<string, Buffer>> {
      const { run, pool } = own;
      const nodes = await computeRange(run, pool, { size: BATCH, range, step: 3, key: KEY });
      return new Map(
        nodes.map(({ node, sum }) => {
          const [first, end] = node;
          const figures = run.viewOf('metrics', first * 16, (end - first) * 4);
          const bytes = [figures, sum].map((one) =>
            Buffer.from(one.buffer, one.byteOffset, one.byteLength),
          );
          return [node.join('–'), Buffer.concat(bytes)];
        }),
      );
    },
    /** The parts of a serial that have been heard, put together. */
    partsHeard(serial: number): Map<string, Buffer> {
      const parts = new Map<string, Buffer[]>();
      for (const part of find('part')) {
        if (part.serial !== serial) continue;
        const name = part.node.join('–');
        parts.set(name, [...(parts.get(name) ?? []), Buffer.from(part.body)]);
      }
      return new Map([...parts].map(([node, pieces]) => [node, Buffer.concat(pieces)]));
    },
  };
}
