/**
 * The definition of ops: a shape rule, a forward rule that emits kernel calls, and a backward rule. The backward rule
 * returns graph. Each op is one record, so that a missing piece is a type error.
 */
import { quote, type Check } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Address, Emitter } from '../program/program.js';
import {
  isTensor,
  tensor,
  type Application,
  type DType,
  type Shape,
  type Tensor,
} from './tensor.js';

/** An op's inputs by name; optional ones may be absent. */
type Inputs = Readonly<Record<string, Tensor | undefined>>;

/** An application of an op as its rules see it. */
export interface Node<I, A> {
  readonly inputs: I;
  readonly output: Tensor;
  readonly attributes: A;
}

/** The compiler's places for an application's operands; absent optional inputs have none. */
export interface Places<I> {
  readonly inputs: { readonly [Name in keyof I]: Address };
  readonly output: Address;
  readonly workspace: Address;
}

export interface Op<I = Inputs, A = object> {
  readonly name: string;
  /** Checks shapes and returns the output's. Throws `shapeError`. */
  shape(inputs: I, attributes: A): { shape: Shape; dtype?: DType };
  /** Emits the kernel calls. Absent for a view: its output is the first input's memory. */
  readonly forward?: (k: Emitter, node: Node<I, A>, at: Places<I>) => void;
  /** Gradients by the inputs, as graph, given the gradient by the output. Absent if the op is not differentiable. */
  readonly backward?: (node: Node<I, A>, dy: Tensor) => { readonly [Name in keyof I]?: Tensor };
  /** Bytes of scratch that forward's kernels use. */
  readonly workspace?: (node: Node<I, A>) => number;
  /** Inputs whose memory the output may reuse when nothing else reads them later. */
  readonly inPlace?: readonly (keyof I & string)[];
  /** Whether it has an attribute `activation`, which fusion sets and its kernel applies to the result. */
  readonly appliesActivation?: true;
  /** Whether inputs may be i32; its shape rule says which. Other ops accept only f32. */
  readonly integers?: true;
  /** The range of its results, where known; losses check the outputs they are applied to against it. */
  readonly gives?: Gives | ((attributes: A) => Gives | undefined);
  /** Multiplications and additions of one application. */
  readonly flops?: (node: Node<I, A>) => number;
}

/** Adds to the gradient by a tensor that is none of an op's inputs, but what one of them was made of. */
export type Give = (to: Tensor, part: Tensor) => void;

/** The backward rule of any op, also of one that computes gradients. */
export type Rule = (
  node: Node<Inputs, object>,
  dy: Tensor,
  give: Give,
) => Readonly<Record<string, Tensor | undefined>>;

/** Values from 0 to 1, as probabilities are; unbounded values; or the inputs' values in other places. */
export type Gives = 'shares' | 'reals' | 'inputs';

/** Declares an op; the inferred types tie the three rules to the same inputs and attributes. */
/* @__NO_SIDE_EFFECTS__ */
export function defineOp<I, A extends object>(op: Op<I, A>): Op<I, A> {
  return op;
}

let currentLayer = '';

/** Runs `build`; ops applied in it carry the layer's name, in listings and in shape errors. */
export function withLayer<T>(layer: string, build: () => T): T {
  const outer = currentLayer;
  currentLayer = layer;
  try {
    return nameRefusals(layer, build);
  } finally {
    currentLayer = outer;
  }
}

let currentRules: Application['ruleOf'];

/** Runs `build`; the ops applied in it that have no backward rule get one of `ruleOf` if they are differentiated. */
export function withRules<T>(ruleOf: Application['ruleOf'], build: () => T): T {
  const outer = currentRules;
  currentRules = ruleOf;
  try {
    return build();
  } finally {
    currentRules = outer;
  }
}

/** Runs `build`; shape errors that name no layer get the name of what it builds. */
export function nameRefusals<T>(name: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (error instanceof ShapeError && !error.layer && name)
      throw new ShapeError(error.op, error.detail, name, error.hint);
    throw error;
  }
}

/** Checks an operand of an op. Numbers and wires have messages of their own, as they mean something else here. */
export const tensorOperand: Check = (op, name, value) => {
  if (isTensor(value)) return;
  const isWire = (value as { readonly kind?: unknown } | null | undefined)?.kind === 'wire';
  throw new LanewiseError(
    'argument',
    `${op}: ${name} is ${isWire ? 'a wire' : quote(value)}, expected a tensor`,
    isWire
      ? 'layers are applied to wires, relu(x); ops compute with the tensors that a layer of one’s own is built of'
      : Number.isFinite(value)
        ? `ops.constant(${value}, [1]) is one of this number; ops.scale(x, ${value}) multiplies by it`
        : undefined,
  );
};

/**
 * Applies an op: checks shapes and returns the output tensor.
 * @throws LanewiseError for a value that is not a tensor.
 */
export function apply<I extends object, A extends object>(
  op: Op<I, A>,
  inputs: I,
  attributes: A,
): Tensor {
  for (const [name, value] of Object.entries(inputs)) {
    if (value === undefined) continue;
    tensorOperand(op.name, name, value);
    if (value.dtype !== 'f32' && !op.integers)
      throw new ShapeError(op.name, `${name} is ${value.dtype}, such as tokens are; expected f32`);
  }
  const { shape, dtype = 'f32' } = op.shape(inputs, attributes);
  const present = Object.fromEntries(Object.entries(inputs).filter(([, value]) => value));
  const source: Application = {
    kind: 'op',
    op: op as unknown as Op,
    inputs: present as Record<string, Tensor>,
    attributes,
    layer: currentLayer,
    ...(currentRules && { ruleOf: currentRules }),
  };
  return tensor(shape, dtype, source);
}

/** A shape rule's refusal, which names the op, what was found and what was expected. */
export class ShapeError extends LanewiseError {
  constructor(
    readonly op: string,
    readonly detail: string,
    /** The layer that applied the op, if one did. */
    readonly layer?: string,
    hint?: string,
  ) {
    super('shape', `${op}${layer ? ` '${layer}'` : ''}: ${detail}`, hint);
  }
}
