/**
 * The compiler from graph to program: fuse, order, plan memory, emit. All decisions are made here; running a program
 * makes none.
 */
import { fuse } from './fuse.js';
import { planMemory } from './plan.js';
import type { Node, Places } from '../graph/op.js';
import { topologicalOrder } from '../graph/order.js';
import { sizeOf, type Tensor } from '../graph/tensor.js';
import { createEmitter } from '../program/emitter.js';
import { address, type Address, type KernelCall, type Program } from '../program/program.js';

export interface Compilation {
  readonly name: string;
  /** The place where each leaf of the graph is fed. */
  readonly leaves: ReadonlyMap<Tensor, Address>;
  /** The tensors to compute, and the places of their values. */
  readonly outputs: readonly { readonly tensor: Tensor; readonly at: Address }[];
}

/** Compiles a graph. Two outputs may be the same tensor, or a leaf, whose value is then copied. */
export function compile({ name, leaves, outputs }: Compilation): Program {
  const fused = fuse(outputs.map((output) => output.tensor));
  const order = topologicalOrder(fused);
  const fixed = new Map<Tensor, Address>(leaves);
  const copies: { from: Tensor; to: Address }[] = [];
  fused.forEach((tensor, i) => {
    const to = outputs[i]!.at;
    const computedInPlace =
      tensor.source.kind === 'op' && tensor.source.op.forward && !fixed.has(tensor);
    if (computedInPlace) fixed.set(tensor, to);
    else copies.push({ from: tensor, to });
  });
  const plan = planMemory(order, fixed, fused);

  const calls: KernelCall[] = [];
  let note = { label: 'copy', flops: 0, bytes: 0 };
  const emitter = createEmitter(calls, () => note);
  let workspaceBytes = 0;
  for (const output of order) {
    const { source } = output;
    if (source.kind !== 'op') {
      if (!fixed.has(output))
        throw new Error(`leaf '${source.name}' of program '${name}' has no place`);
      continue;
    }
    if (!source.op.forward) continue;
    const node: Node<typeof source.inputs, object> = {
      inputs: source.inputs,
      output,
      attributes: source.attributes,
    };
    note = {
      label: source.layer || source.op.name,
      flops: source.op.flops?.(node) ?? 0,
      bytes: bytesOf([...Object.values(source.inputs), output]),
    };
    source.op.forward(emitter, node, placesOf(source.inputs, plan.places, output));
    workspaceBytes = Math.max(workspaceBytes, source.op.workspace?.(node) ?? 0);
  }
  for (const { from, to } of copies) {
    note = { label: 'copy', flops: 0, bytes: bytesOf([from, from]) };
    emitter.activation(0, plan.places.get(from)!, to, sizeOf(from.shape));
  }
  return {
    name,
    calls,
    activationBytes: plan.bytes,
    workspaceBytes,
    unsharedBytes: plan.unsharedBytes,
  };
}

const bytesOf = (tensors: readonly Tensor[]): number =>
  tensors.reduce((sum, { shape }) => sum + sizeOf(shape) * 4, 0);

function placesOf(
  inputs: Readonly<Record<string, Tensor>>,
  places: ReadonlyMap<Tensor, Address>,
  output: Tensor,
): Places<Record<string, Tensor>> {
  const placed = Object.entries(inputs).map(([name, t]) => [name, places.get(t)!] as const);
  return {
    inputs: Object.fromEntries(placed),
    output: places.get(output)!,
    workspace: address('workspace', 0),
  };
}
