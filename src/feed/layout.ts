/** The map of a run's memory: named regions one after another, each starting at a cache line. */
import { FIRST_FREE_BYTE, checkMemorySize } from '../engine/memory.js';
import { align } from '../program/program.js';
import type { LeafName } from './column.js';

export interface Region {
  readonly name: string;
  readonly base: number;
  readonly bytes: number;
}

export interface MemoryMap {
  readonly regions: readonly Region[];
  readonly bytes: number;
}

/** What programs read and answer with, shared by compiler and worker: offsets in batch and results segments. */
export interface IoLayout {
  /** Of each leaf that is gathered. */
  readonly leaves: ReadonlyMap<LeafName, number>;
  /** Of the four words that random layers draw by. */
  readonly randomness: number;
  readonly batchBytes: number;
  /** Training results: the shard's share of the loss, its number of hits, what they are of, and how much counts at all. */
  readonly loss: number;
  readonly hits: number;
  readonly answers: number;
  readonly counting: number;
  /** Evaluation results: a loss and a share of hits for each sample, and its scores. */
  readonly losses: number;
  readonly shares: number;
  readonly scores: number;
  readonly resultBytes: number;
}

/** Figures of a shard in `metrics`: its loss, hits, what they are of, and how much counts. */
export const STEP_FIGURES = 4;

/** Bytes behind the last region: vector loads may read a little past a buffer. */
const SLACK_BYTES = 64;

/**
 * Lays out `sizes` (region → bytes) in their order.
 * @throws LanewiseError kind 'memory' if all together exceed what WebAssembly addresses.
 */
export function layoutMemory(sizes: Readonly<Record<string, number>>): MemoryMap {
  let end = FIRST_FREE_BYTE;
  const regions = Object.entries(sizes).map(([name, bytes]) => {
    const region = { name, base: end, bytes };
    end += align(bytes);
    return region;
  });
  checkMemorySize(end + SLACK_BYTES, sizes);
  return { regions, bytes: end + SLACK_BYTES };
}

/** First byte of a region. */
export function baseOf(map: MemoryMap, name: string): number {
  const region = map.regions.find((candidate) => candidate.name === name);
  if (!region) throw new Error(`no memory region '${name}'`);
  return region.base;
}

/** Regions by name, with copies of their bytes. */
export type Contents = readonly (readonly [name: string, bytes: Uint8Array<ArrayBuffer>])[];

const bytesAt = (map: MemoryMap, memory: WebAssembly.Memory, name: string): Uint8Array => {
  const { base, bytes } = map.regions.find((region) => region.name === name)!;
  return new Uint8Array(memory.buffer, base, bytes);
};

export const copyRegions = (
  map: MemoryMap,
  memory: WebAssembly.Memory,
  names: readonly string[],
): Contents => names.map((name) => [name, Uint8Array.from(bytesAt(map, memory, name))]);

export function writeRegions(map: MemoryMap, memory: WebAssembly.Memory, contents: Contents): void {
  for (const [name, bytes] of contents) bytesAt(map, memory, name).set(bytes);
}
