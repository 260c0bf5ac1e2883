/**
 * The memory plan of a program: the buffer of each tensor, and its offset in the activations. A buffer is free again
 * after its last reader, and the next one takes the lowest gap that fits (first fit).
 */
import type { Application, Tensor } from '../graph/tensor.js';
import { sizeOf } from '../graph/tensor.js';
import { address, align, type Address } from '../program/program.js';

export interface MemoryPlan {
  readonly places: ReadonlyMap<Tensor, Address>;
  /** Bytes of the activations segment. */
  readonly bytes: number;
  /** Bytes without reuse. */
  readonly unsharedBytes: number;
}

/** A reading of a tensor after the op of this number in the order, beside those by ops. */
export interface Use {
  readonly tensor: Tensor;
  readonly after: number;
}

/** A piece of the activations segment while it is in use. */
export interface Block {
  readonly offset: number;
  readonly bytes: number;
}

const bytesOf = (t: Tensor): number => align(sizeOf(t.shape) * 4);
const isView = (source: Application): boolean => !source.op.forward;

/**
 * Places every tensor of `order` (topological, fused). `fixed` holds the places of leaves and of outputs with a
 * prescribed place; `keep` are tensors that are read after the program has run, and `used` those that are read once more
 * right after some op.
 */
export function planMemory(
  order: readonly Tensor[],
  fixed: ReadonlyMap<Tensor, Address>,
  keep: readonly Tensor[],
  used: readonly Use[] = [],
): MemoryPlan {
  const lastUse = lastUses(order, keep);
  // Half a step later than an op's own reading: it may not take the buffer over.
  for (const { tensor, after } of used) {
    const root = rootOf(tensor);
    lastUse.set(root, Math.max(lastUse.get(root) ?? 0, after + 0.5));
  }
  const usedAfter = usesByPlace(used);
  const places = new Map<Tensor, Address>(fixed);
  const owned = new Map<Tensor, Block>();
  /** Rising in offset. */
  const inUse: Block[] = [];
  let bytes = 0;
  let unsharedBytes = 0;

  const free = (block: Block) => {
    const at = inUse.indexOf(block);
    if (at >= 0) inUse.splice(at, 1);
  };
  const place = (t: Tensor, now: number) => {
    const { source } = t;
    if (source.kind !== 'op') return;
    const inputs = Object.entries(source.inputs);
    if (isView(source)) {
      const base = inputs[0]![1];
      places.set(t, places.get(base)!);
      const block = owned.get(base);
      if (block) owned.set(t, block);
      return;
    }
    if (!places.has(t)) {
      const size = bytesOf(t);
      unsharedBytes += size;
      const taken = inputs.find(
        ([name, input]) =>
          source.op.inPlace?.includes(name) &&
          owned.get(input)?.bytes === size &&
          lastUse.get(rootOf(input)) === now &&
          inputs.every(([other, tensor]) => other === name || rootOf(tensor) !== rootOf(input)),
      );
      const block = taken ? owned.get(taken[1])! : occupy(inUse, size);
      owned.set(t, block);
      places.set(t, address('activations', block.offset));
      bytes = Math.max(bytes, block.offset + block.bytes);
    }
    // A buffer read here for the last time is free, unless this op's output is in it now.
    const mine = owned.get(t);
    for (const [, input] of inputs) {
      const block = owned.get(input);
      if (block && block !== mine && lastUse.get(rootOf(input)) === now) free(block);
    }
    if (mine && !lastUse.has(rootOf(t))) free(mine);
  };
  order.forEach((t, now) => {
    place(t, now);
    for (const { tensor } of usedAfter.get(now) ?? []) {
      const block = owned.get(tensor);
      if (block && lastUse.get(rootOf(tensor)) === now + 0.5) free(block);
    }
  });
  return { places, bytes, unsharedBytes };
}

/** Uses by the op that they come after. */
export function usesByPlace<T extends Use>(uses: readonly T[]): Map<number, T[]> {
  const found = new Map<number, T[]>();
  for (const use of uses) found.set(use.after, [...(found.get(use.after) ?? []), use]);
  return found;
}

/** The tensor whose memory a chain of views refers to. */
export function rootOf(t: Tensor): Tensor {
  let root = t;
  while (root.source.kind === 'op' && isView(root.source))
    root = Object.values(root.source.inputs)[0]!;
  return root;
}

/** Position in `order` of the last reader of each buffer; ∞ for kept tensors. */
function lastUses(order: readonly Tensor[], keep: readonly Tensor[]): Map<Tensor, number> {
  const last = new Map<Tensor, number>();
  order.forEach((t, now) => {
    if (t.source.kind !== 'op' || isView(t.source)) return;
    for (const input of Object.values(t.source.inputs)) last.set(rootOf(input), now);
  });
  for (const t of keep) last.set(rootOf(t), Infinity);
  return last;
}

/** Takes the lowest gap of `bytes` between the blocks in use, which rise in offset. */
function occupy(inUse: Block[], bytes: number): Block {
  let offset = 0;
  let at = 0;
  for (const next of inUse) {
    if (offset + bytes <= next.offset) break;
    offset = Math.max(offset, next.offset + next.bytes);
    at++;
  }
  const block = { offset, bytes };
  inUse.splice(at, 0, block);
  return block;
}

/** The lowest gap of `bytes` between the blocks in use. */
export const firstFit = (inUse: readonly Block[], bytes: number): Block =>
  occupy(
    inUse.toSorted((a, b) => a.offset - b.offset),
    bytes,
  );
