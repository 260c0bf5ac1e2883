/**
 * The fusion of activations into the kernels that compute their inputs. An activation of a product, a convolution, a
 * normalisation or a sum that nothing else reads is computed in that kernel's epilogue, on data still in cache.
 * Backward does not need the value before the activation, since gradients are written in terms of its output.
 */
import { apply, withLayer, type Op } from '../graph/op.js';
import { topologicalOrder } from '../graph/order.js';
import type { Application, Tensor } from '../graph/tensor.js';
import { activationOp, type Activation } from '../ops/activation.js';

/** The rewritten graph of `outputs`; returns the outputs in order. Leaves stay the same tensors. */
export function fuse(outputs: readonly Tensor[]): Tensor[] {
  const order = topologicalOrder(outputs);
  const readers = countReaders(order, outputs);
  const rewritten = new Map<Tensor, Tensor>();
  const now = (t: Tensor): Tensor => rewritten.get(t) ?? t;
  for (const t of order) {
    if (t.source.kind !== 'op') continue;
    const producer = fusable(t.source, readers);
    const source = producer ?? t.source;
    const activation = producer && (t.source.attributes as { kind: Activation }).kind;
    const attributes = activation ? { ...source.attributes, activation } : source.attributes;
    const inputs = Object.fromEntries(
      Object.entries(source.inputs).map(([name, input]) => [name, now(input)]),
    );
    const same =
      !producer && Object.entries(inputs).every(([name, input]) => source.inputs[name] === input);
    if (!same)
      rewritten.set(
        t,
        withLayer(source.layer, () => apply(source.op as Op<object>, inputs, attributes)),
      );
  }
  return outputs.map(now);
}

/** The producer that `activation` can be folded into, if there is one. */
function fusable(
  activation: Application,
  readers: ReadonlyMap<Tensor, number>,
): Application | undefined {
  if ((activation.op as unknown) !== activationOp) return undefined;
  const x = activation.inputs['x']!;
  if (x.source.kind !== 'op' || readers.get(x) !== 1 || !x.source.op.appliesActivation)
    return undefined;
  const { activation: already } = x.source.attributes as { activation: Activation };
  return already === 'none' ? x.source : undefined;
}

function countReaders(order: readonly Tensor[], outputs: readonly Tensor[]): Map<Tensor, number> {
  const readers = new Map<Tensor, number>();
  const read = (t: Tensor) => readers.set(t, (readers.get(t) ?? 0) + 1);
  outputs.forEach(read);
  for (const t of order) if (t.source.kind === 'op') Object.values(t.source.inputs).forEach(read);
  return readers;
}
