/** What a worker computes with: the plan for its threads, the columns of the data, and parameters that no step changes. */
import { LanewiseError } from '../base/errors.js';
import { sha256 } from '../base/sha256.js';
import type { Columns } from '../feed/columns.js';
import { partPlan } from '../step/part-plan.js';
import type { RunMemory } from '../step/run-memory.js';
import type { BlobRef, Welcome } from './cluster-messages.js';
import { encodePlan } from './plan-wire.js';
import type { Blobs } from './transport.js';

/** Most numbers of threads for which a run is planned: each takes time, and room at the server. */
const MOST_PLANS = 64;

/** Stores contents once, and tells workers where they are. */
export interface Greeter {
  /** The welcome of a machine with so many threads. What fails is tried again at the next call. */
  welcome(threads: number): Promise<Welcome>;
}

export function createGreeter(
  { plan, bytesOf }: RunMemory,
  data: Columns,
  blobs: Blobs,
  epoch: number,
): Greeter {
  const plans = new Map<number, Promise<BlobRef>>();
  let contents: Promise<Welcome['contents']> | undefined;

  async function store(bytes: Uint8Array): Promise<BlobRef> {
    const hash = await sha256(bytes);
    if (!(await blobs.has(hash))) await blobs.put(hash, bytes);
    return { sha256: hash, bytes: bytes.length };
  }

  async function storeContents(): Promise<Welcome['contents']> {
    const found: Welcome['contents'][number][] = [];
    for (const { leaves, values } of data.columns) {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      found.push({ ...(await store(bytes)), region: `${leaves[0]} 0`, offset: 0 });
    }
    const { gradientBytes } = plan.parameters;
    const fixed = bytesOf('parameters').slice(gradientBytes);
    if (fixed.length > 0)
      found.push({ ...(await store(fixed)), region: 'parameters', offset: gradientBytes });
    return found;
  }

  function planFor(threads: number): Promise<BlobRef> {
    const known = plans.get(threads);
    if (known) return known;
    if (plans.size >= MOST_PLANS)
      throw new LanewiseError(
        'data',
        `the run has plans for ${MOST_PLANS} numbers of threads already, and none for ${threads}`,
        `start the worker with ${[...plans.keys()].toSorted((a, b) => a - b)[0]} threads`,
      );
    const stored = Promise.resolve().then(() => store(encodePlan(partPlan(plan, data, threads))));
    plans.set(threads, stored);
    stored.catch(() => plans.delete(threads));
    return stored;
  }

  return {
    async welcome(threads) {
      if (!contents) {
        contents = storeContents();
        contents.catch(() => (contents = undefined));
      }
      return {
        kind: 'welcome',
        epoch,
        plan: await planFor(threads),
        contents: await contents,
      };
    },
  };
}
