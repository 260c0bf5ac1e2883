/**
 * Reverse-mode differentiation (Linnainmaa 1970; Griewank & Walther 2008, ch. 3) from graph to graph. Each op's
 * backward rule returns tensors, and contributions to one tensor are added.
 */
import { LanewiseError } from '../base/errors.js';
import { add } from '../ops/binary.js';
import { constant } from '../ops/constant.js';
import { withLayer, type Give, type Node, type Rule } from '../graph/op.js';
import { showShape, type Application, type Tensor } from '../graph/tensor.js';
import { topologicalOrder } from '../graph/order.js';

/**
 * ∂y/∂t for each t in `wrt`, as tensors of t's shape. Only what they need is ever computed, since a program contains
 * only what its outputs reach.
 * @param y a scalar
 * @throws LanewiseError kind 'argument' if y is not a scalar, does not depend on some t, or the path between them
 * crosses an op without a gradient.
 */
export function gradients(y: Tensor, wrt: readonly Tensor[]): Tensor[] {
  return partials(y, wrt).map((gradient, i) => {
    if (gradient) return gradient;
    const { source } = wrt[i]!;
    const name = source.kind === 'op' ? source.op.name : `'${source.name}'`;
    throw new LanewiseError('argument', `no gradient by ${name}: the result does not depend on it`);
  });
}

/** An op's backward rule, or its refusal. */
export type RuleOf = (source: Application) => Rule;

function ownRule(source: Application): Rule {
  const rule = source.op.backward ?? source.ruleOf?.(source);
  if (rule) return rule;
  const { name } = source.op;
  throw new LanewiseError('argument', `${name} has no gradient, and one is required through it`);
}

/** As `gradients`, but undefined for tensors that y does not depend on, or only through a stopped gradient. */
export function partials(
  y: Tensor,
  wrt: readonly Tensor[],
  ruleOf: RuleOf = ownRule,
): (Tensor | undefined)[] {
  if (y.shape.length !== 0) {
    throw new LanewiseError(
      'argument',
      `gradients of a tensor of shape ${showShape(y.shape)}: expected a scalar`,
    );
  }
  // What depends on one of them was created after it.
  const order = topologicalOrder([y], Math.min(...wrt.map(({ id }) => id)));
  const relevant = dependents(order, wrt);
  const found = new Map<Tensor, Tensor>([[y, constant(1, [])]]);
  const give: Give = (to, part) => {
    const sum = found.get(to);
    if (relevant.has(to)) found.set(to, sum ? add(sum, part) : part);
  };
  for (const output of order.toReversed()) {
    const dy = found.get(output);
    const { source } = output;
    if (!dy || source.kind !== 'op' || !relevant.has(output)) continue;
    const needed = Object.entries(source.inputs).filter(([, input]) => relevant.has(input));
    if (needed.length === 0) continue;
    const node: Node<typeof source.inputs, object> = {
      inputs: source.inputs,
      output,
      attributes: source.attributes,
    };
    const backward = ruleOf(source);
    withLayer(gradientLabel(source.layer), () => {
      const parts = backward(node, dy, give);
      for (const [name, input] of needed) {
        const part = parts[name];
        if (part) give(input, part);
      }
    });
  }
  return wrt.map((t) => found.get(t));
}

const gradientLabel = (layer: string): string => (layer ? `${layer} gradient` : 'gradient');

/** The tensors in `order` that are in `wrt` or depend on one of them. */
function dependents(order: readonly Tensor[], wrt: readonly Tensor[]): Set<Tensor> {
  const set = new Set<Tensor>(wrt);
  for (const t of order) {
    if (t.source.kind === 'op' && Object.values(t.source.inputs).some((input) => set.has(input)))
      set.add(t);
  }
  return set;
}
