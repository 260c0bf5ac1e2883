/**
 * Values between layers. Keras has channels last (H×W×C, T×F), and images here are C×H×W: a value knows its shape in Keras'
 * order and how it is laid out. Axes are moved only where a layer needs the other order.
 */
import type { Shape, Tensor } from '../../graph/tensor.js';
import { sizeOf } from '../../graph/tensor.js';
import { permute, reshape, type Layer, type Wire } from '../../layers/index.js';

/** The output of a layer, for one sample. */
export interface Value {
  readonly wire: Wire;
  /** Its tensor for one batch, from which later layers take extents. */
  readonly tensor: Tensor;
  /** The sample's shape in Keras' order. */
  readonly shape: Shape;
  /** Whether Keras' last axis comes first: C×H×W, F×T. */
  readonly moved: boolean;
  /** The shape in Keras' order of an image whose elements a flat value has in the order C×H×W. */
  readonly flat?: Shape;
  /** Whether Keras would pass on a mask with it. */
  readonly masked?: boolean;
  /** The input that it is. */
  readonly input?: string;
}

/** Applies a layer without parameters to a value; the result's shape is that of the tensor. */
export type ApplyPlain = (layer: Layer, ...values: readonly Value[]) => Value;

const first = (shape: Shape): Shape => [shape.at(-1)!, ...shape.slice(0, -1)];
const last = (shape: Shape): Shape => [...shape.slice(1), shape[0]!];

/** Whether moving the last axis to the front leaves the order of the elements as it is. */
const isFree = (shape: Shape): boolean => shape.at(-1) === 1 || sizeOf(shape.slice(0, -1)) === 1;

/** The value with its axes in Keras' order. */
export function asKeras(value: Value, apply: ApplyPlain): Value {
  if (value.flat) {
    const { flat, ...rest } = value;
    if (isFree(flat)) return rest;
    const image = apply(reshape(first(flat)), value);
    const turned = apply(permute([0, ...flat.slice(1).map((_, i) => i + 2), 1]), image);
    return { ...apply(reshape(value.shape), turned), shape: value.shape, moved: false };
  }
  if (!value.moved) return value;
  const { shape } = value;
  const layer = isFree(shape)
    ? reshape(shape)
    : permute([0, ...shape.slice(1).map((_, i) => i + 2), 1]);
  return { ...value, ...partsOf(apply(layer, value)), moved: false };
}

/** The value with its channels (features) first. */
export function asMoved(given: Value, apply: ApplyPlain): Value {
  const value = given.flat ? asKeras(given, apply) : given;
  if (value.moved || value.shape.length < 2) return value;
  const { shape } = value;
  const layer = isFree(shape)
    ? reshape(first(shape))
    : permute([0, shape.length, ...shape.slice(1).map((_, i) => i + 1)]);
  return { ...value, ...partsOf(apply(layer, value)), moved: true };
}

const partsOf = ({ wire, tensor }: Value) => ({ wire, tensor, input: undefined });

/** Values of one layout, for a layer that takes several: that of the first which has a layout of its own. */
export function alike(values: readonly Value[], apply: ApplyPlain): readonly Value[] {
  const [one] = values;
  if (values.every(({ flat }) => flat?.join() === one!.flat?.join()) && one!.flat) return values;
  const moved = values.some((value) => value.moved);
  const ranks = new Set(values.map(({ shape }) => shape.length));
  return values.map((value) =>
    moved && ranks.size === 1 ? asMoved(value, apply) : asKeras(value, apply),
  );
}

/** The value that a tensor and a wire are, laid out as `like`. */
export function likeValue(like: Pick<Value, 'moved'>, wire: Wire, tensor: Tensor): Value {
  const shape = tensor.shape.slice(1);
  const moved = like.moved && shape.length > 1;
  return { wire, tensor, moved, shape: moved ? last(shape) : shape };
}

/** What an elementwise layer makes of a value, in the order that the value had. */
export const inOrderOf = ({ flat }: Value, result: Value): Value =>
  flat ? { ...result, flat } : result;
