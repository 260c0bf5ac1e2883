/**
 * A run as a worker has it: the plan, a memory with the data's columns, and threads. It stays when its coordinator goes, so
 * that the next one who sends the same finds it loaded. Nothing is taken before the plan and all sizes have been checked.
 */
import { LanewiseError } from '../base/errors.js';
import {
  computeRange,
  prepareRange,
  type NodeSum,
  type RangeRequest,
} from '../crew/shard-ranges.js';
import { createThreadPool, WorkerFailure, type Pool } from '../crew/worker-pool.js';
import { orderAt } from '../crew/session.js';
import { releaseMemory } from '../engine/memory.js';
import { openMemory, type RunMemory } from '../step/run-memory.js';
import type { RunPlan } from '../step/run-plan.js';
import { keepBlob, readBlob, type BlobCache } from './blob-cache.js';
import type { BlobRef, Welcome } from './cluster-messages.js';
import { decodePlan, MOST_PLAN_BYTES } from './plan-wire.js';
import type { Blobs } from './transport.js';

/** Where a worker gets contents from, and what it may take. */
export interface LoadRequest {
  readonly blobs: Blobs;
  readonly cache: BlobCache;
  readonly threads: number;
  /** Bytes of memory for a run. */
  readonly maxMemory: number;
  /** Contents could not be kept on the disk: they will be sent again for the next run. */
  readonly onUnkept: (error: LanewiseError) => void;
}

export interface LoadedRun {
  /** The SHA-256 of the plan. */
  readonly hash: string;
  readonly plan: RunPlan;
  readonly run: RunMemory;
  readonly pool: Pool;
  /** The SHA-256 of what has been written, by its place. */
  readonly written: Map<string, string>;
}

/**
 * Reads the plan that a coordinator's welcome names.
 * @throws LanewiseError for a plan that will not do or cannot be had; kind 'memory' for one that needs too much.
 */
export async function readPlan(ref: BlobRef, request: LoadRequest): Promise<RunPlan> {
  const { maxMemory, threads } = request;
  if (ref.bytes > MOST_PLAN_BYTES) {
    throw new LanewiseError(
      'data',
      `the plan has ${ref.bytes} bytes, expected at most ${MOST_PLAN_BYTES}`,
    );
  }
  return decodePlan(await contentsOf(ref, request), { maxMemory, workers: threads });
}

/** Takes the memory and starts the threads of a plan, whose hash names it. */
export async function openRun(hash: string, plan: RunPlan): Promise<LoadedRun> {
  const run = await openMemory(plan, true);
  const pool = await createThreadPool(plan, run.module, run.memory);
  return { hash, plan, run, pool, written: new Map() };
}

/**
 * Writes contents to their places, apart from those that are there already; no job may be running.
 * @throws LanewiseError for contents that do not fit or cannot be had.
 */
export async function writeContents(
  { plan, run, written }: LoadedRun,
  contents: Welcome['contents'],
  request: LoadRequest,
): Promise<void> {
  const bases = contents.map((one) => placeOf(plan, one));
  for (const [i, one] of contents.entries()) {
    const place = `${one.region} ${one.offset}`;
    if (written.get(place) === one.sha256) continue;
    written.delete(place);
    new Uint8Array(run.memory.buffer).set(await contentsOf(one, request), bases[i]!);
    written.set(place, one.sha256);
  }
}

/** Ends the threads, whatever they are doing, and gives the memory back. */
export async function unloadRun({ pool, run }: LoadedRun): Promise<void> {
  await pool.close();
  releaseMemory(run.memory);
}

/** The contents, from the disk if they are there. */
async function contentsOf(
  { sha256, bytes }: BlobRef,
  { blobs, cache, onUnkept }: LoadRequest,
): Promise<Uint8Array<ArrayBuffer>> {
  const kept = await readBlob(cache, sha256, bytes);
  if (kept) return kept;
  const sent = await blobs.get(sha256, bytes);
  await keepBlob(cache, sha256, sent).catch((error: unknown) => {
    if (!(error instanceof LanewiseError)) throw error;
    onUnkept(error);
  });
  return sent;
}

/**
 * The place of contents: a column's or among the parameters.
 * @throws LanewiseError kind 'data' for any other, and for contents that do not fit.
 */
function placeOf(
  { memory, datasets }: RunPlan,
  { region: name, offset, bytes }: Welcome['contents'][number],
): number {
  const region = memory.regions.find((one) => one.name === name);
  const isColumn = datasets.some(({ columns }) =>
    columns.some(({ values }) => values === region?.base),
  );
  if (!region || !(isColumn || name === 'parameters')) {
    throw new LanewiseError(
      'data',
      `contents are for the region '${name}', expected a column of the data or 'parameters'`,
    );
  }
  if (offset + bytes > region.bytes) {
    throw new LanewiseError(
      'data',
      `contents of ${bytes} bytes at ${offset} of '${name}', expected at most its ${region.bytes}`,
    );
  }
  return region.base + offset;
}

/** Bytes of a step of `size` samples: their places, and the weights. */
export const stepBytes = ({ plan }: LoadedRun, size: number): number =>
  size * 4 + plan.parameters.trainedBytes;

/**
 * Writes a step's places and weights to where jobs read them; no job may be running.
 * @throws LanewiseError kind 'data' for a place beyond the data.
 */
export function writeStep({ plan, run }: LoadedRun, whole: Uint8Array, size: number): void {
  const order = orderAt(plan, run.memory, size);
  const bytes = new Uint8Array(run.memory.buffer, order.byteOffset, size * 4);
  bytes.set(whole.subarray(0, size * 4));
  const { slots } = plan.datasets[0]!;
  const wrong = order.findIndex((place) => place >= slots);
  if (wrong >= 0) {
    throw new LanewiseError(
      'data',
      `a step's sample ${wrong} is number ${order[wrong]} of the data, expected one below ${slots}`,
    );
  }
  run.bytesOf('parameters').set(whole.subarray(size * 4));
}

/** A range's sums, and the milliseconds that they took. */
export interface Computed {
  readonly nodes: readonly NodeSum[];
  readonly ms: number;
}

/**
 * Computes a range of shards, once more if a thread dies.
 * @throws WorkerFailure if one dies both times.
 */
export async function computeTwice(loaded: LoadedRun, range: RangeRequest): Promise<Computed> {
  const compute = async () => {
    await prepareRange(loaded.run, loaded.pool, range.size, range.range);
    const started = performance.now();
    const nodes = await computeRange(loaded.run, loaded.pool, range);
    return { nodes, ms: performance.now() - started };
  };
  try {
    return await compute();
  } catch (error) {
    if (!(error instanceof WorkerFailure)) throw error;
    return await compute();
  }
}
