/** Buffers of an integer program, in bytes, and their places: each is free again after the last action that reads it. */
import { firstFit, type Block } from '../compiler/plan.js';
import type { Tensor } from '../graph/tensor.js';
import { address, align, type Address } from '../program/program.js';

export interface Buffer {
  readonly bytes: number;
  /** A prescribed place: a sample, a parameter, a result. */
  fixed?: Address;
  /** The leaf whose values it holds, which gets its place when something reads it. */
  readonly leaf?: Tensor;
}

/** Something that a program does, as the plan sees it. */
export interface Access {
  readonly reads: readonly Buffer[];
  readonly writes: readonly Buffer[];
}

export interface Placement {
  readonly places: ReadonlyMap<Buffer, Address>;
  /** Bytes of the activations segment. */
  readonly bytes: number;
  /** The offsets in it, in the order in which buffers are first written. */
  readonly offsets: readonly number[];
}

/**
 * Places the buffers that are not fixed, each in the lowest gap while it is in use; or at `given` offsets, those of a program
 * of the same actions on more samples.
 */
export function placeBuffers(actions: readonly Access[], given: readonly number[] = []): Placement {
  const written = new Set(actions.flatMap(({ writes }) => writes).filter(({ fixed }) => !fixed));
  const known = given.length === written.size ? given : undefined;
  const last = new Map<Buffer, number>();
  actions.forEach(({ reads, writes }, now) => {
    for (const buffer of [...reads, ...writes]) last.set(buffer, now);
  });
  const places = new Map<Buffer, Address>();
  let inUse: (Block & { readonly buffer: Buffer })[] = [];
  let bytes = 0;
  actions.forEach(({ writes }, now) => {
    inUse = inUse.filter(({ buffer }) => last.get(buffer)! >= now);
    for (const buffer of writes) {
      if (buffer.fixed || places.has(buffer)) continue;
      const size = align(buffer.bytes);
      const offset = known?.[places.size] ?? firstFit(inUse, size).offset;
      places.set(buffer, address('activations', offset));
      inUse.push({ buffer, offset, bytes: size });
      bytes = Math.max(bytes, offset + size);
    }
  });
  const offsets = [...places.values()].map(({ offset }) => offset);
  for (const buffer of last.keys()) if (buffer.fixed) places.set(buffer, buffer.fixed);
  return { places, bytes, offsets };
}
