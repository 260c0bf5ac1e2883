/**
 * The compiler from graph to program: fuse, order, plan memory, emit. All decisions are made here; running a program
 * makes none.
 */
import { fuse } from './fuse.js';
import { planMemory, usesByPlace } from './plan.js';
import { orderUpdates, type Update } from './updates.js';
import type { Node, Places } from '../graph/op.js';
import { sizeOf, type Tensor } from '../graph/tensor.js';
import { createEmitter } from '../program/emitter.js';
import { address, type Address, type KernelCall, type Program } from '../program/program.js';

export interface Compilation {
  readonly name: string;
  /** The place where each leaf of the graph is fed. */
  readonly leaves: ReadonlyMap<Tensor, Address>;
  /** The tensors to compute, and the places of their values. */
  readonly outputs: readonly { readonly tensor: Tensor; readonly at: Address }[];
  /** Updates of leaves, which come after all outputs. */
  readonly updates?: readonly Update[];
}

/** Compiles a graph. Two outputs may be the same tensor, or a leaf, whose value is then copied. */
export function compile({ name, leaves, outputs, updates = [] }: Compilation): Program {
  const found = fuse([...outputs.map(({ tensor }) => tensor), ...updates.map(({ by }) => by)]);
  const fused = found.slice(0, outputs.length);
  const { order, computed, uses } = orderUpdates(fused, updates, found.slice(outputs.length));
  const fixed = new Map<Tensor, Address>(leaves);
  const copies: { from: Tensor; to: Address }[] = [];
  fused.forEach((tensor, i) => {
    const to = outputs[i]!.at;
    const computedInPlace =
      tensor.source.kind === 'op' && tensor.source.op.forward && !fixed.has(tensor);
    if (computedInPlace) fixed.set(tensor, to);
    else copies.push({ from: tensor, to });
  });
  const plan = planMemory(order, fixed, fused, uses);

  const calls: KernelCall[] = [];
  let note = { label: 'copy', flops: 0, bytes: 0 };
  const emitter = createEmitter(calls, () => note);
  let workspaceBytes = 0;
  const compute = (output: Tensor) => {
    const { source } = output;
    if (source.kind !== 'op') {
      if (!fixed.has(output))
        throw new Error(`leaf '${source.name}' of program '${name}' has no place`);
      return;
    }
    if (!source.op.forward) return;
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
  };
  const copyOutputs = () => {
    for (const { from, to } of copies) {
      note = { label: 'copy', flops: 0, bytes: bytesOf([from, from]) };
      emitter.activation(0, plan.places.get(from)!, to, sizeOf(from.shape));
    }
  };
  const update = ({ tensor, update: { bytes, emit } }: (typeof uses)[number]) => {
    note = { label: 'update', flops: 0, bytes: bytes + bytesOf([tensor]) };
    emit(emitter, plan.places.get(tensor)!);
  };

  const due = usesByPlace(uses);
  let updatesFrom = 0;
  order.forEach((tensor, i) => {
    compute(tensor);
    if (i === computed) {
      copyOutputs();
      updatesFrom = calls.length;
    }
    due.get(i)?.forEach(update);
  });
  return {
    name,
    calls,
    ...(uses.length > 0 ? { updatesFrom } : {}),
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
