/**
 * Updates of leaves within a program: a parameter is updated as soon as nothing reads its old value any more and its
 * gradient is known, whose memory is then free again.
 */
import { topologicalOrder } from '../graph/order.js';
import { sizeOf, type Tensor } from '../graph/tensor.js';
import type { Address, Emitter } from '../program/program.js';
import { rootOf, type Use } from './plan.js';

/** The update of a leaf, or of a part of it, by a tensor. */
export interface Update {
  readonly leaf: Tensor;
  readonly by: Tensor;
  /** Bytes that the update itself reads and writes. */
  readonly bytes: number;
  emit(k: Emitter, by: Address): void;
}

/** The order of ops, and when each update is due: right after the op `after`, a number in the order. */
export interface UpdateOrder {
  readonly order: readonly Tensor[];
  /** Number of the op after which all outputs are computed; no update comes before. */
  readonly computed: number;
  readonly uses: readonly (Use & { readonly update: Update })[];
}

/**
 * The order in which `outputs` are computed, and after them `gradients`, one for each update. What else reads a leaf comes
 * before its gradient, if that is larger than what it is computed from.
 */
export function orderUpdates(
  outputs: readonly Tensor[],
  updates: readonly Update[],
  gradients: readonly Tensor[],
): UpdateOrder {
  if (updates.length === 0) {
    const order = topologicalOrder(outputs);
    return { order, computed: order.length - 1, uses: [] };
  }
  const readers = readersOf(topologicalOrder([...outputs, ...gradients]));
  const order = topologicalOrder([
    ...outputs,
    ...gradients.flatMap((gradient, i) =>
      isLarge(gradient) ? [...(readers.get(updates[i]!.leaf) ?? []), gradient] : [gradient],
    ),
  ]);
  const places = new Map(order.map((t, i) => [t, i]));
  const placeOf = (t: Tensor) => places.get(t)!;
  const computed = Math.max(...outputs.map(placeOf));
  const uses = updates.map((update, i) => ({
    update,
    tensor: gradients[i]!,
    after: Math.max(
      computed,
      placeOf(gradients[i]!),
      ...(readers.get(update.leaf) ?? []).map(placeOf),
    ),
  }));
  return { order, computed, uses };
}

function isLarge({ shape, source }: Tensor): boolean {
  if (source.kind !== 'op') return false;
  const inputs = Object.values(source.inputs);
  return sizeOf(shape) > inputs.reduce((sum, t) => sum + sizeOf(t.shape), 0);
}

/** The ops that read each leaf, also through views. */
function readersOf(order: readonly Tensor[]): Map<Tensor, Tensor[]> {
  const readers = new Map<Tensor, Tensor[]>();
  for (const t of order) {
    if (t.source.kind !== 'op') continue;
    for (const input of Object.values(t.source.inputs)) {
      const root = rootOf(input);
      if (root.source.kind === 'op') continue;
      const known = readers.get(root);
      if (known) known.push(t);
      else readers.set(root, [t]);
    }
  }
  return readers;
}
