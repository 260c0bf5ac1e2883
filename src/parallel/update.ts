/** The update phase of a step: which kernels a worker calls on its slice of the parameters. */
import type { Optimizer } from '../optimizers/optimizer.js';
import { address, align, createEmitter, type KernelCall } from '../program/program.js';
import { sliceOf, type ParameterLayout } from './parameters.js';

/** The optimizer on what is trained, and running statistics, both within the worker's slice. */
export function updateCalls(
  optimizer: Optimizer,
  { entries, trainedBytes, gradientBytes }: ParameterLayout,
  rank: number,
  workers: number,
): readonly KernelCall[] {
  const slice = sliceOf(gradientBytes, rank, workers);
  const calls: KernelCall[] = [];
  const k = createEmitter(calls, () => ({ label: 'update', flops: 0 }));
  /** Calls `update` on the part of [offset, offset + size) in the slice, if there is one. */
  const within = (
    offset: number,
    size: number,
    update: (from: number, count: number) => void,
  ): void => {
    const from = Math.max(offset, slice.from);
    const end = Math.min(offset + size, slice.from + slice.bytes);
    if (from < end) update(from, (end - from) / 4);
  };
  within(0, trainedBytes, (from, count) =>
    optimizer.update(k, {
      parameters: address('parameters', from),
      gradients: address('gradients', from),
      state: Array.from({ length: optimizer.stateArrays }, (_, i) =>
        address('state', from + i * trainedBytes),
      ),
      rates: address('rates', 0),
      count,
    }),
  );
  for (const { offset, count, momentum } of entries) {
    if (momentum === undefined) continue;
    within(offset, align(count * 4), (from, values) =>
      k.moveTowards(address('parameters', from), address('gradients', from), values, momentum),
    );
  }
  return calls;
}
