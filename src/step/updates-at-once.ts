/**
 * Updates within the program of gradients. If a minibatch is one shard, which one worker computes, it updates each parameter
 * as soon as its gradient is known: the gradients are never in memory all at once, and are still in cache. The arithmetic
 * is that of an update afterwards.
 */
import type { Update } from '../compiler/updates.js';
import { withLayer } from '../graph/op.js';
import { sizeOf, type Tensor } from '../graph/tensor.js';
import { partOfProduct } from '../ops/matmul.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { advance } from '../program/program.js';
import type { ShardGraph } from './graphs.js';
import { trainedEntries, type ParameterEntry, type ParameterLayout } from './parameters.js';
import { emitUpdate } from './update.js';

/** Bytes above which a dense layer's gradient is computed in parts of some rows, and rows of a part, at least. */
const PART_BYTES = 2 ** 22;
const PART_ROWS = 64;

/** Values of a vector, of which kernels of updates take whole ones. */
const LANES = 4;

/** The updates of all trained parameters, the last layer's first. */
export function updatesAtOnce(
  { graph, gradients }: ShardGraph,
  parameters: ParameterLayout,
  optimizer: Optimizer,
): Update[] {
  return trainedEntries(parameters)
    .toReversed()
    .flatMap((entry) =>
      partsOf(gradients.get(entry.name)!).map(({ by, first }) =>
        updateOf(graph.parameters.get(entry.name)!, entry, by, first, parameters, optimizer),
      ),
    );
}

/** The update of the values of a parameter from the one numbered `first`, as many as its gradient `by` has. */
function updateOf(
  leaf: Tensor,
  { group, offset }: ParameterEntry,
  by: Tensor,
  first: number,
  parameters: ParameterLayout,
  optimizer: Optimizer,
): Update {
  const count = sizeOf(by.shape);
  const over = -count & (LANES - 1);
  return {
    leaf,
    by,
    // The parameter and its state.
    bytes: count * 4 * (1 + optimizer.stateArrays),
    emit(k, at) {
      // Between parameters there are zeros.
      if (over > 0) k.fill(advance(at, count * 4), over, 0);
      emitUpdate(k, { optimizer, parameters }, group, offset + first * 4, count + over, at);
    },
  };
}

/** A gradient in parts, and the number of each one's first value. */
function partsOf(gradient: Tensor): readonly { readonly by: Tensor; readonly first: number }[] {
  const { source, shape } = gradient;
  const [rows, columns] = shape as [number, number];
  const product = partOfProduct(gradient);
  if (source.kind !== 'op' || !product || rows * columns * 4 <= PART_BYTES)
    return [{ by: gradient, first: 0 }];
  const most = Math.max(PART_ROWS, Math.floor(PART_BYTES / (columns * 4)));
  return withLayer(source.layer, () =>
    Array.from({ length: Math.ceil(rows / most) }, (_, i) => {
      const from = i * most;
      return { by: product(from, Math.min(rows, from + most)), first: from * columns };
    }),
  );
}
