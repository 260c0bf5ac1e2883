/** The form of patterns, and what they share. */
import { pairOf } from '../base/check.js';
import type { Layer } from '../layers/layer.js';
import type { Attributes } from './attributes.js';
import type { OnnxNode } from './messages.js';
import { add, type Addition, type Reader } from './reader.js';
import { isPlain } from './sample-place.js';
import { isFixed, type Value, type Weight, type Wires } from './value.js';

/** A node with what it takes. */
export interface Call {
  readonly reader: Reader;
  readonly node: OnnxNode;
  readonly version: number;
  readonly attributes: Attributes;
  readonly inputs: readonly (Value | undefined)[];
}

/** The node's outputs, as many as there are; undefined if it is no such layer. */
export type Pattern = (call: Call) => readonly Value[] | undefined;
export type Patterns = Readonly<Record<string, Pattern>>;

/** Input `i` if it is tensors. */
export const wiresAt = ({ inputs }: Call, i: number): Wires | undefined => {
  const value = inputs[i];
  return value?.kind === 'wires' ? value : undefined;
};

/** Input `i` if it is tensors of floats with samples on axis 0 and nothing else there. */
export const samplesAt = (call: Call, i: number): Wires | undefined => {
  const value = wiresAt(call, i);
  return value && isPlain(value.place) && value.probes[0]!.dtype === 'f32' ? value : undefined;
};

/** Input `i` if it is a weight. */
export const weightAt = ({ inputs }: Call, i: number): Weight | undefined => {
  const value = inputs[i];
  return value?.kind === 'weight' ? value : undefined;
};

export const rankOf = ({ probes }: Wires): number => probes[0]!.shape.length;

/** Known whole numbers that do not depend on samples: an attribute, or input `i` in later opsets. */
export function listAt(
  { attributes, inputs }: Call,
  name: string,
  i?: number,
): number[] | undefined {
  const value = i === undefined ? undefined : inputs[i];
  if (value?.kind === 'numbers')
    return isFixed(value) ? Array.from(value.probes[0]!.values) : undefined;
  return value ? undefined : (attributes[name] as number[] | undefined);
}

/** An axis counted from the start. */
export const axisFrom = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** One result, of a layer that takes the node's first input. */
export const one = (
  { reader, node, inputs: from }: Call,
  layer: Layer,
  inputs: readonly Wires[],
  more: Partial<Addition> = {},
): Wires[] => [add(reader, { layer, inputs, node, from, ...more })];

/** A pair as settings have it: one number if both are equal. */
export const shortPair = (pair: readonly number[]): number | readonly [number, number] =>
  pair[0] === pair[1] ? pair[0]! : pairOf(pair as readonly [number, number]);
