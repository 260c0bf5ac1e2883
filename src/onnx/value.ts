/**
 * The values of an ONNX file while it is read: tensors that layers compute, numbers that are known, and weights. Each stands
 * once for every probe: the graph is built for several numbers of samples side by side, and what differs depends on it.
 */
import type { Tensor } from '../graph/tensor.js';
import type { Layer } from '../layers/layer.js';
import type { OnnxNode } from './messages.js';
import type { Host } from './rules/rule.js';

/** Where the samples lie in a tensor: index `axis` counts outer × N × inner, so that plain samples are 0, 1 and 1. */
export interface Place {
  readonly axis: number;
  readonly outer: number;
  readonly inner: number;
}

/** A layer of the model to be, before it has its name; or one of the model's inputs. */
export interface Draft {
  readonly layer?: Layer;
  readonly inputs: readonly Wires[];
  /** The name that it gets if that is free. */
  wanted: string;
  /** Its parameters by their names in the layer. */
  readonly weights: Readonly<Record<string, Weight>>;
  /** The draft whose parameters it shares. */
  readonly shares?: Draft | undefined;
}

/** Tensors that a layer computes, or an input. */
export interface Wires {
  readonly kind: 'wires';
  readonly probes: readonly Tensor[];
  readonly draft: Draft;
  /** The element type in the file. */
  readonly type: string;
  /** Absent if it does not depend on samples. */
  readonly place?: Place | undefined;
  /** The node that made it, and what that took. */
  readonly node?: OnnxNode | undefined;
  readonly from: readonly (Value | undefined)[];
  /** What it has the elements of, in order, in another shape. */
  readonly viewOf?: Wires;
  /** What it has the axes of, in another order. */
  readonly turned?: { readonly of: Wires; readonly axes: readonly number[] };
}

/** Numbers that are known while reading. */
export interface Numbers {
  readonly kind: 'numbers';
  readonly probes: readonly Host[];
}

/** A float tensor of the file, or a rearrangement of such. */
export interface Weight {
  readonly kind: 'weight';
  /** The parameter's name, or that of the value in the file. */
  readonly name: string;
  readonly shape: readonly number[];
  values(): Float32Array;
  /** What it is a rearrangement of. */
  readonly arranged?: { readonly node: OnnxNode; readonly from: readonly (Value | undefined)[] };
}

/** A value that a refused node would have given; nothing that follows from it is read. */
export interface Missing {
  readonly kind: 'missing';
}

export type Value = Wires | Numbers | Weight | Missing;

export const MISSING: Missing = { kind: 'missing' };

/** Numbers that are the same for every probe. */
export const numbersOf = (host: Host, probes: readonly unknown[]): Numbers => ({
  kind: 'numbers',
  probes: probes.map(() => host),
});

/** Whether the probes agree. */
export const isFixed = ({ probes }: Numbers): boolean =>
  probes.every(
    ({ shape, values }) =>
      shape.join() === probes[0]!.shape.join() &&
      values.length === probes[0]!.values.length &&
      Array.from(values).every((value, i) => Object.is(value, probes[0]!.values[i])),
  );

/** The one number of a value that is known and has one element. */
export function scalarOf(value: Value | undefined): number | undefined {
  if (value?.kind !== 'numbers' || value.probes[0]!.values.length !== 1 || !isFixed(value))
    return undefined;
  return value.probes[0]!.values[0];
}

/** The value, if a node of one of these ops made it. */
export const madeBy = (value: Value | undefined, ...ops: string[]): Wires | undefined =>
  value?.kind === 'wires' && value.node && ops.includes(value.node.op) ? value : undefined;

/** A float32 number as it was written: 9.99999974e-6 is 1e-5. */
export function asWritten(value: number): number {
  const short = Number(value.toPrecision(7));
  return Math.fround(short) === Math.fround(value) ? short : value;
}
