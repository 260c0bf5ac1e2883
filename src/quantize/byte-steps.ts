/** The steps of a quantised model: what of its evaluation graph is computed on bytes, and what stays float. */
import type { Application, Tensor } from '../graph/tensor.js';

/** A function applied value by value: a clamp of the bytes themselves, or one that is looked up. */
export type Pointwise =
  | { readonly kind: 'clamp'; readonly low: number; readonly high: number }
  | { readonly kind: 'table'; of(x: Tensor): Tensor };

/** How a tensor of bytes lies in memory, rows × area × channels, of values that are rows × channels × area. */
export interface Layout {
  readonly rows: number;
  readonly channels: number;
  readonly area: number;
}

/** A convolution's extents as its kernel takes them; a dense layer is a 1×1 one of an image of one pixel. */
export interface Geometry {
  readonly N: number;
  readonly C: number;
  readonly H: number;
  readonly W: number;
  readonly O: number;
  readonly kh: number;
  readonly kw: number;
  readonly sh: number;
  readonly sw: number;
  readonly ph: number;
  readonly pw: number;
  readonly dilationH: number;
  readonly dilationW: number;
  readonly groups: number;
  readonly P: number;
  readonly Q: number;
}

interface Named {
  /** Unique among the steps: the layer's name, and `c1 (2)` where it is applied again. */
  readonly name: string;
  /** What it computes, as reports call it. */
  readonly kind: string;
  /** The value that it computes. */
  readonly output: Tensor;
}

/** A normalisation by constants, which becomes part of the weights and biases. */
export interface Norm {
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly epsilon: number;
}

/** A convolution or dense layer, with the normalisation and the function after it; without a weight, the normalisation alone. */
export interface ProductStep extends Named {
  readonly is: 'product';
  readonly x: Tensor;
  readonly geometry: Geometry;
  readonly weight?: Tensor | undefined;
  readonly bias?: Tensor | undefined;
  readonly norm?: Norm | undefined;
  /** The value before the function. */
  readonly raw: Tensor;
  readonly pointwise?: Pointwise | undefined;
  /** Whether its kernel gives floats, as for outputs; there is no function then. */
  readonly gives?: 'floats' | undefined;
  /** The applications of which `raw` and, with a function, `output` are the last. */
  readonly applied: readonly Tensor[];
}

export interface SumStep extends Named {
  readonly is: 'sum';
  readonly a: Tensor;
  readonly b: Tensor;
  readonly clamp?: { readonly low: number; readonly high: number } | undefined;
}

/** Windows of an image. */
export interface PoolStep extends Named {
  readonly is: 'maxPool' | 'averagePool';
  readonly x: Tensor;
  readonly windows: readonly number[];
  /** Whether means count the padding. */
  readonly counted: boolean;
}

export interface ConcatStep extends Named {
  readonly is: 'concat';
  readonly parts: readonly Tensor[];
}

export interface LookupStep extends Named {
  readonly is: 'lookup';
  readonly x: Tensor;
  readonly pointwise: Pointwise;
}

/** The same bytes under another shape. */
export interface ViewStep extends Named {
  readonly is: 'view';
  readonly x: Tensor;
}

export interface FloatStep extends Named {
  readonly is: 'float';
  readonly source: Application;
  readonly reason: string;
}

export type IntegerStep = ProductStep | SumStep | PoolStep | ConcatStep | LookupStep | ViewStep;
export type Step = IntegerStep | FloatStep;

/** The tensors of bytes that a step reads. */
export function inputsOf(step: IntegerStep): readonly Tensor[] {
  switch (step.is) {
    case 'sum':
      return [step.a, step.b];
    case 'concat':
      return step.parts;
    default:
      return [step.x];
  }
}

/** The form of a product: its kernel, of which only the dense one can give floats. */
export function formOf({ groups, C, O, dilationW }: Geometry): 'dense' | 'grouped' | 'depthwise' {
  if (groups > 1 && groups === C && O === C) return 'depthwise';
  return groups > 1 || dilationW > 1 ? 'grouped' : 'dense';
}
