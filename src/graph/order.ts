/** The topological order in which a graph is computed. */
import type { Tensor } from './tensor.js';

/**
 * All tensors that `outputs` reach, each after its inputs; a pure function of the graph and the order of outputs.
 * @param since an id: without what was created before the tensor that has it
 */
export function topologicalOrder(outputs: readonly Tensor[], since = 0): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  // An explicit stack, because recursion would overflow on graphs some thousand ops deep.
  const stack = outputs.toReversed().map((t) => ({ t, expanded: false }));
  for (let item = stack.pop(); item; item = stack.pop()) {
    const { t, expanded } = item;
    if (expanded) {
      order.push(t);
      continue;
    }
    if (seen.has(t) || t.id < since) continue;
    seen.add(t);
    stack.push({ t, expanded: true });
    if (t.source.kind !== 'op') continue;
    for (const input of Object.values(t.source.inputs).toReversed()) {
      if (!seen.has(input)) stack.push({ t: input, expanded: false });
    }
  }
  return order;
}
