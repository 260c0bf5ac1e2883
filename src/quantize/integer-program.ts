/** The compiler from a walk's steps to a program of kernel calls on bytes, and on floats where steps stay float. */
import type { Node } from '../graph/op.js';
import { sizeOf, type Application, type Tensor } from '../graph/tensor.js';
import { activationCodes } from '../ops/activation.js';
import { createEmitter } from '../program/emitter.js';
import { address, type Address, type KernelCall, type Operand } from '../program/program.js';
import type { IntegerStep, Layout, Step } from './byte-steps.js';
import type { Walk } from './byte-walk.js';
import { placeBuffers, type Access, type Buffer } from './buffers.js';
import { emitStep, type Integers } from './integer-calls.js';
import type { PlaceRange, QuantizedPlaces } from './quantized-graph.js';

/** A call of a kernel of either kind. */
export interface Call {
  readonly kernel: string;
  readonly operands: readonly Operand[];
}

/** What programs are compiled from, besides the steps. */
export interface Sources {
  /** The place of a leaf: a sample's input, or a parameter that a float step reads. */
  leafAt(leaf: Tensor): Address;
  /** The tensors that are read afterwards, and their places. */
  readonly outputs: readonly { readonly tensor: Tensor; readonly at: Address }[];
  readonly ranges: QuantizedPlaces['ranges'];
  /** The integers of products and lookups, by the step's name. */
  readonly integers: ReadonlyMap<string, Integers>;
  /** The places of the same program of more samples. */
  readonly offsets?: readonly number[] | undefined;
}

export interface IntegerProgram {
  readonly calls: readonly Call[];
  readonly activationBytes: number;
  readonly workspaceBytes: number;
  readonly offsets: readonly number[];
}

interface Action extends Access {
  readonly workspace: number;
  emit(at: (buffer: Buffer) => Address): readonly Call[];
}

/** The scale of each tensor of bytes: its own, or that of the tensor that it is a part or a view of. */
export function scalesIn(
  { steps, bytes }: Walk,
  ranges: QuantizedPlaces['ranges'],
): (tensor: Tensor) => PlaceRange {
  const by = new Map<Tensor, Step>(steps.map((step) => [step.output, step]));
  const find = (tensor: Tensor): PlaceRange => {
    const step = by.get(tensor);
    if (step?.is === 'maxPool' || step?.is === 'view') return find(step.x);
    const name = step ? step.name : (tensor.source as { name: string }).name;
    const range = ranges[name];
    if (!range) throw new Error(`no range of '${name}' was calibrated`);
    return range;
  };
  const found = new Map([...bytes.keys()].map((tensor) => [tensor, find(tensor)]));
  return (tensor) => found.get(tensor)!;
}

const WORKSPACE = address('workspace', 0);

export function compileSteps(walked: Walk, sources: Sources): IntegerProgram {
  const { steps, bytes, floats } = walked;
  const scaleAt = scalesIn(walked, sources.ranges);
  const held = new Map<Tensor, Buffer>();
  const values = new Map<Tensor, Buffer>();
  const actions: Action[] = [];
  const layoutAt = (tensor: Tensor): Layout => bytes.get(tensor)!;
  const sizeIn = ({ rows, channels, area }: Layout): number => rows * channels * area;
  const openFloats = (tensor: Tensor): Buffer => {
    const buffer = values.get(tensor) ?? { bytes: sizeOf(tensor.shape) * 4 };
    values.set(tensor, buffer);
    return buffer;
  };
  const openBytes = (tensor: Tensor): Buffer => {
    const buffer = { bytes: sizeIn(layoutAt(tensor)) };
    held.set(tensor, buffer);
    return buffer;
  };
  const planes = ({ rows, channels, area }: Layout) => [rows, channels, area] as const;
  /** Adds the other form of a tensor's value, if something reads that. */
  const convert = (tensor: Tensor, from: 'bytes' | 'floats'): void => {
    if (!bytes.has(tensor) || !(floats.has(tensor) || from === 'floats')) return;
    const { scale, zero } = scaleAt(tensor);
    const leading = planes(layoutAt(tensor));
    const isFromFloats = from === 'floats';
    const x = isFromFloats ? values.get(tensor)! : held.get(tensor)!;
    const y = isFromFloats ? openBytes(tensor) : openFloats(tensor);
    const [kernel, factor] = isFromFloats
      ? ['quantizePlanes', Math.fround(1 / scale)]
      : ['dequantizePlanes', scale];
    actions.push({
      reads: [x],
      writes: [y],
      workspace: 0,
      emit: (at) => [{ kernel, operands: [...leading, factor, zero, at(x), at(y)] }],
    });
  };
  const leaf = (tensor: Tensor): void => {
    if (values.has(tensor) || tensor.source.kind === 'op') return;
    values.set(tensor, { bytes: sizeOf(tensor.shape) * 4, leaf: tensor });
    convert(tensor, 'floats');
  };
  for (const step of steps) {
    if (step.is === 'float') {
      for (const input of Object.values(step.source.inputs)) leaf(input);
      floatStep(step.output, step.source, openFloats, values, actions);
      convert(step.output, 'floats');
      continue;
    }
    const inputs =
      step.is === 'sum' ? [step.a, step.b] : step.is === 'concat' ? step.parts : [step.x];
    inputs.forEach(leaf);
    if (step.is === 'view') {
      held.set(step.output, held.get(step.x)!);
      convert(step.output, 'bytes');
      continue;
    }
    const isFloats = step.is === 'product' && step.gives === 'floats';
    const reads = inputs.map((input) => held.get(input)!);
    const y = isFloats ? openFloats(step.output) : openBytes(step.output);
    actions.push(
      integerAction(step, [reads, y], layoutAt, scaleAt, sources.integers.get(step.name)),
    );
    convert(step.output, isFloats ? 'floats' : 'bytes');
  }
  const copies = fixOutputs(sources.outputs, values, leaf);
  actions.push(...copies);
  const wanted = new Set(sources.outputs.map(({ tensor }) => values.get(tensor)!));
  for (const { writes } of copies) wanted.add(writes[0]!);
  return finish(needed(actions, wanted), sources);
}

/** Places the outputs, which are copied where they are not computed by a kernel of their own. */
function fixOutputs(
  outputs: Sources['outputs'],
  values: ReadonlyMap<Tensor, Buffer>,
  leaf: (tensor: Tensor) => void,
): readonly Action[] {
  return outputs.flatMap(({ tensor, at }): Action[] => {
    leaf(tensor);
    const from = values.get(tensor)!;
    // A view may be the first part of what it looks at.
    const isWhole = from.bytes === sizeOf(tensor.shape) * 4;
    if (isWhole && !from.fixed && !from.leaf) {
      from.fixed = at;
      return [];
    }
    const count = sizeOf(tensor.shape);
    const to: Buffer = { bytes: count * 4, fixed: at };
    return [
      {
        reads: [from],
        writes: [to],
        workspace: 0,
        emit: (placeOf) => [
          { kernel: 'activation', operands: [activationCodes.none, placeOf(from), at, count] },
        ],
      },
    ];
  });
}

function integerAction(
  step: Exclude<IntegerStep, { is: 'view' }>,
  [reads, y]: readonly [readonly Buffer[], Buffer],
  layoutAt: (tensor: Tensor) => Layout,
  scaleAt: (tensor: Tensor) => PlaceRange,
  integers: Integers | undefined,
): Action {
  const emitted = emitStep(step, layoutAt, scaleAt, integers);
  return {
    reads,
    writes: [y],
    workspace: emitted.workspace,
    emit: (at) => emitted.calls(reads.map(at), at(y), WORKSPACE),
  };
}

function floatStep(
  output: Tensor,
  source: Application,
  openFloats: (tensor: Tensor) => Buffer,
  values: Map<Tensor, Buffer>,
  actions: Action[],
): void {
  const { op, inputs, attributes } = source;
  const places = Object.entries(inputs).map(
    ([name, tensor]) => [name, values.get(tensor)!] as const,
  );
  if (!op.forward) {
    values.set(output, places[0]![1]);
    return;
  }
  const y = openFloats(output);
  const node: Node<typeof inputs, object> = { inputs, output, attributes };
  actions.push({
    reads: places.map(([, buffer]) => buffer),
    writes: [y],
    workspace: op.workspace?.(node) ?? 0,
    emit(at) {
      const calls: KernelCall[] = [];
      op.forward!(
        createEmitter(calls, () => ({ label: source.layer, flops: 0 })),
        node,
        {
          inputs: Object.fromEntries(places.map(([name, buffer]) => [name, at(buffer)])),
          output: at(y),
          workspace: WORKSPACE,
        },
      );
      return calls;
    },
  });
}

/** The actions that outputs depend on: others only prepare what another output reads. */
function needed(actions: readonly Action[], outputs: ReadonlySet<Buffer>): readonly Action[] {
  const wanted = new Set(outputs);
  const kept = actions.toReversed().filter(({ reads, writes }) => {
    if (!writes.some((buffer) => wanted.has(buffer))) return false;
    for (const buffer of reads) wanted.add(buffer);
    return true;
  });
  return kept.toReversed();
}

function finish(actions: readonly Action[], { leafAt, offsets: given }: Sources): IntegerProgram {
  for (const { reads } of actions)
    for (const buffer of reads) if (buffer.leaf) buffer.fixed ??= leafAt(buffer.leaf);
  const { places, bytes, offsets } = placeBuffers(actions, given);
  return {
    calls: actions.flatMap((action) => action.emit((buffer) => places.get(buffer)!)),
    activationBytes: bytes,
    offsets,
    workspaceBytes: Math.max(0, ...actions.map(({ workspace }) => workspace)),
  };
}
