/** The map of a run's memory: named regions in sequence, each starting at a cache line. */
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

/**
 * The places of programs' inputs and results, shared by compiler and worker: offsets in the batch and results segments.
 */
export interface IoLayout {
  /** Offset of each gathered leaf. */
  readonly leaves: ReadonlyMap<LeafName, number>;
  /** Offset of the four words that seed random layers. */
  readonly randomness: number;
  readonly batchBytes: number;
  /** Training results: the shard's share of the loss, its hits, the number of answers, and how much counts at all. */
  readonly loss: number;
  readonly hits: number;
  readonly answers: number;
  readonly counting: number;
  /** Evaluation results: each sample's loss, share of hits, and scores. */
  readonly losses: number;
  readonly shares: number;
  readonly scores: number;
  readonly resultBytes: number;
}

/** Number of a shard's figures in `metrics`: its loss, hits, answers, and how much counts. */
export const STEP_FIGURES = 4;

/** Bytes after the last region: vector loads may read slightly past a buffer. */
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
