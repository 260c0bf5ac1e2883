/**
 * Sums, differences, products, quotients, maxima and minima of two tensors, element by element. Different shapes are
 * broadcast as in NumPy: aligned at the last axis, an extent of 1 or a missing axis repeats.
 */
import { apply, defineOp, ShapeError, type Node, type Op } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { advance, type Address, type Emitter } from '../program/program.js';
import { activationCodes, type Activation } from './activation.js';
import { broadcastStrides, sumTo } from './reduce.js';
import { scale } from './scale.js';
import { denseStrides, emitWalk } from './strided.js';

interface Operands {
  readonly a: Tensor;
  readonly b: Tensor;
}

const sameShape = ({ a, b }: Operands): boolean => showShape(a.shape) === showShape(b.shape);

/** The shape that both are broadcast to. */
function broadcastShape(name: string, { a, b }: Operands): Shape {
  const rank = Math.max(a.shape.length, b.shape.length);
  const extent = (shape: Shape, axis: number): number => shape[axis - rank + shape.length] ?? 1;
  return Array.from({ length: rank }, (_, axis) => {
    const [p, q] = [extent(a.shape, axis), extent(b.shape, axis)];
    if (p !== q && p !== 1 && q !== 1) {
      throw new ShapeError(
        name,
        `shapes ${showShape(a.shape)} and ${showShape(b.shape)} differ along axis ${axis - rank} (${p} and ${q}), and neither is 1 there`,
      );
    }
    return p === 1 ? q : p;
  });
}

function emit(k: Emitter, code: number, { inputs, output }: Node<Operands, object>, at: Places) {
  const { shape } = output;
  const strides = [
    broadcastStrides(inputs.a.shape, shape),
    broadcastStrides(inputs.b.shape, shape),
    denseStrides(shape),
  ];
  emitWalk({ extents: shape, strides }, 4, (piece, [a, b, y]) => {
    type Four = [number, number, number, number];
    k.binary(
      code,
      ...(piece.extents as Four),
      ...(piece.strides[0] as Four),
      ...(piece.strides[1] as Four),
      advance(at.inputs.a, a!),
      advance(at.inputs.b, b!),
      advance(at.output, y!),
    );
  });
}

interface Places {
  readonly inputs: { readonly a: Address; readonly b: Address };
  readonly output: Address;
}

/** Gradients by a and b in the result's shape, of those that have one. */
type Slopes = (node: Node<Operands, object>, dy: Tensor) => { a?: Tensor; b?: Tensor };

/**
 * The function with this code in assembly/binary.ts: for operands of equal shape, whose memory it may reuse, and for all
 * others.
 */
/* @__NO_SIDE_EFFECTS__ */
export function defineBinary(name: string, code: number, slopes?: Slopes) {
  const op: Op<Operands, object> = {
    name,
    shape: (inputs) => ({ shape: broadcastShape(name, inputs) }),
    forward: (k, node, at) => emit(k, code, node, at),
    ...(slopes && {
      backward(node: Node<Operands, object>, dy: Tensor) {
        const { inputs } = node;
        const { a, b } = slopes(node, dy);
        return {
          ...(a && { a: sumTo(a, inputs.a.shape) }),
          ...(b && { b: sumTo(b, inputs.b.shape) }),
        };
      },
    }),
    flops: ({ output }) => sizeOf(output.shape),
  };
  const [same, broadcast] = [defineOp({ ...op, inPlace: ['a', 'b'] }), defineOp(op)];
  return (a: Tensor, b: Tensor): Tensor =>
    apply(sameShape({ a, b }) ? same : broadcast, { a, b }, {});
}

/** a + b of equal shapes. `activation` is applied to the sum; set by the compiler's fusion. */
const addOp = defineOp<Operands, { readonly activation: Activation }>({
  name: 'add',
  appliesActivation: true,
  shape: (inputs) => ({ shape: broadcastShape('add', inputs) }),
  forward(k, { output, attributes: { activation } }, { inputs: { a, b }, output: y }) {
    const count = sizeOf(output.shape);
    if (activation === 'none') k.add(a, b, y, count);
    else k.addActivation(a, b, y, count, activationCodes[activation]);
  },
  backward: (_, dy) => ({ a: dy, b: dy }),
  inPlace: ['a', 'b'],
  flops: ({ output }) => sizeOf(output.shape),
});

const addBroadcast = defineBinary('add', 0, (_, dy) => ({ a: dy, b: dy }));

/** a + b. @throws ShapeError naming both shapes and the axis along which they do not fit. */
export const add = (a: Tensor, b: Tensor): Tensor =>
  sameShape({ a, b }) ? apply(addOp, { a, b }, { activation: 'none' }) : addBroadcast(a, b);

/** a − b, see `add`. */
export const subtract = defineBinary('subtract', 1, (_, dy) => ({ a: dy, b: scale(dy, -1) }));

/** a·b element by element, see `add`. */
export const multiply: (a: Tensor, b: Tensor) => Tensor = defineBinary(
  'multiply',
  2,
  ({ inputs: { a, b } }, dy) => ({ a: multiply(dy, b), b: multiply(dy, a) }),
);

/** a / b, see `add`. */
export const divide: (a: Tensor, b: Tensor) => Tensor = defineBinary(
  'divide',
  3,
  ({ inputs: { b }, output }, dy) => {
    const share = divide(dy, b);
    return { a: share, b: scale(multiply(share, output), -1) };
  },
);

/** 1 where a > b, ½ where they are equal, else 0. */
const exceeds = defineBinary('exceeds', 6);

/** max(a, b), see `add`; NaN if one of them is NaN. Where they are equal, each gets half of the gradient. */
export const maximum = defineBinary('maximum', 4, ({ inputs: { a, b } }, dy) => ({
  a: multiply(dy, exceeds(a, b)),
  b: multiply(dy, exceeds(b, a)),
}));

/** min(a, b), see `maximum`. */
export const minimum = defineBinary('minimum', 5, ({ inputs: { a, b } }, dy) => ({
  a: multiply(dy, exceeds(b, a)),
  b: multiply(dy, exceeds(a, b)),
}));
