/**
 * Symbolic tensors: the nodes of a graph. A tensor has a shape and a source: fed from outside (`input`, `parameter`) or
 * computed by an op from other tensors. It holds no numbers.
 */
import type { Op, Rule } from './op.js';

/** Extents, outermost first; images are N×C×H×W. A scalar is `[]`. */
export type Shape = readonly number[];
export type DType = 'f32' | 'i32';

/** A value in a graph: its shape and its source. */
export interface Tensor {
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly source: Source;
}

export type Source =
  /** With `lengths`, it holds the number of each sample's own steps, from 1 to that. */
  | { readonly kind: 'input'; readonly name: string; readonly lengths?: number }
  | { readonly kind: 'parameter'; readonly name: string }
  | Application;

/** An op applied to tensors. `inputs` has the op's own input names; absent ones are left out. */
export interface Application {
  readonly kind: 'op';
  readonly op: Op;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly attributes: object;
  /** The layer that applied it: `c1`, or `c1 gradient`. Empty outside layers. */
  readonly layer: string;
  /** The rule of an op that computes gradients and has none of its own, where these may be differentiated again. */
  readonly ruleOf?: ((source: Application) => Rule) | undefined;
}

export const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' && value !== null && 'source' in value && 'dtype' in value;

let created = 0;

export function tensor(shape: Shape, dtype: DType, source: Source): Tensor {
  return { id: created++, shape, dtype, source };
}

/** A leaf fed for every shard: samples, labels. */
export const input = (name: string, shape: Shape, dtype: DType = 'f32', lengths?: number): Tensor =>
  tensor(shape, dtype, { kind: 'input', name, lengths });

/** A leaf that training changes. */
export const parameter = (name: string, shape: Shape): Tensor =>
  tensor(shape, 'f32', { kind: 'parameter', name });

/** Number of elements; 1 for a scalar. */
export const sizeOf = (shape: Shape): number => shape.reduce((size, extent) => size * extent, 1);

/** `64×1×32×32`, as error messages and listings write a shape; `scalar` for none. */
export const showShape = (shape: Shape): string => (shape.length ? shape.join('×') : 'scalar');
