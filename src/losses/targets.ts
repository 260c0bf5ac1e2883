/** Matches outputs of a loss with targets, and turns both into the matrices that the ops take. */
import { ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';

const sameShape = (a: Shape, b: Shape): boolean => showShape(a) === showShape(b);

/** The shape and type, `4×10 (i32)`, which tell indices from values. */
const show = ({ shape, dtype }: Tensor): string =>
  dtype === 'f32' ? showShape(shape) : `${showShape(shape)} (${dtype})`;

/** @throws ShapeError */
function refuse(loss: string, output: Tensor, target: Tensor, expected: string): never {
  throw new ShapeError(
    loss,
    `output ${show(output)} does not fit target ${show(target)}: expected ${expected}`,
    undefined,
    hintOf(output.shape, target),
  );
}

/** A hint for the shape; `checkTarget` examines whole numbers. */
const hintOf = (output: Shape, { shape, dtype }: Tensor): string | undefined =>
  dtype === 'f32' && output.length === 2 && shape.length === 2
    ? `give the last layer ${shape[1]} outputs, or the target ${output[1]} values`
    : undefined;

const reshaped = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : ops.reshape(x, shape);

/** Whether outputs are images, N×C×H×W, with their classes on axis 1, as in PyTorch; others have them on the last axis. */
const isImages = ({ length }: Shape): boolean => length === 4;

/** The classes of an output. */
export interface Classes {
  readonly n: number;
  readonly C: number;
  /** The output's shape without its classes: one label each. */
  readonly labels: Shape;
  /** Number of answers in one sample. */
  readonly positions: number;
}

/** Undefined for outputs that have no classes: fewer than two axes. */
function classesOf({ shape }: Tensor): Classes | undefined {
  if (shape.length < 2) return undefined;
  const axis = isImages(shape) ? 1 : shape.length - 1;
  const labels = shape.toSpliced(axis, 1);
  const n = shape[0]!;
  return { n, C: shape[axis]!, labels, positions: sizeOf(labels.slice(1)) };
}

/** Rows of C values, one for each position of each sample: (n·positions)×C. */
export function toRows(x: Tensor): Tensor {
  const { n, C, positions } = classesOf(x)!;
  const matrix = [n * positions, C];
  if (!isImages(x.shape)) return reshaped(x, matrix);
  return ops.reshape(ops.transpose(ops.reshape(x, [n, C, positions]), 1, 2), matrix);
}

/** The rows of a tensor of `like`'s shape, back in that shape. */
export function fromRows(rows: Tensor, like: Tensor): Tensor {
  const { n, C, positions } = classesOf(like)!;
  if (!isImages(like.shape)) return reshaped(rows, like.shape);
  return ops.reshape(ops.transpose(ops.reshape(rows, [n, positions, C]), 1, 2), like.shape);
}

/** n·positions values as n rows. */
export const byPosition = (values: Tensor, { n, positions }: Classes): Tensor =>
  reshaped(values, [n, positions]);

/** The mean over each sample's positions: n·positions values to n. */
export function meanOverPositions(values: Tensor, { n, positions }: Classes): Tensor {
  if (positions === 1) return values;
  return ops.mean(ops.reshape(values, [n, positions]), 1);
}

/** An output as rows, with a label for each. */
export interface Labelled extends Classes {
  readonly rows: Tensor;
  /** n·positions, i32. */
  readonly rowLabels: Tensor;
}

/** @throws ShapeError unless the target is class indices, one for each position of the output. */
export function labelled(loss: string, output: Tensor, target: Tensor): Labelled {
  const classes = classesOf(output);
  const expected = 'class indices (i32) n for n×C, n×T for n×T×C, N×H×W for N×C×H×W';
  if (!classes || target.dtype !== 'i32' || !sameShape(classes.labels, target.shape)) {
    return refuse(loss, output, target, expected);
  }
  if (classes.C < 2) return refuse(loss, output, target, 'two classes at least');
  const rowLabels = reshaped(target, [classes.n * classes.positions]);
  return { ...classes, rows: toRows(output), rowLabels };
}

/** An output as rows, with a distribution, or another output, for each. */
export interface Distributed extends Classes {
  readonly rows: Tensor;
  readonly rowTargets: Tensor;
}

/** @throws ShapeError unless the target is values (f32) in the output's shape. */
export function distributed(loss: string, output: Tensor, target: Tensor): Distributed {
  const classes = classesOf(output);
  if (!classes || target.dtype !== 'f32' || !sameShape(output.shape, target.shape)) {
    return refuse(loss, output, target, `values (f32) of the output's shape, n×C at least`);
  }
  return { ...classes, rows: toRows(output), rowTargets: toRows(target) };
}

/** Outputs and targets of a loss that compares values, as matrices with one row per sample. */
export interface Compared {
  readonly y: Tensor;
  readonly target: Tensor;
  /** Number of values per sample. */
  readonly size: number;
}

/** Whether two shapes are equal, with n and n×1 the same: one value per sample. */
const isSame = (a: Shape, b: Shape): boolean =>
  sameShape(a, b) || (sizeOf(a) === a[0] && sizeOf(b) === a[0] && a[0] === b[0]);

/** Whether the target is class indices of several classes, which are compared as one-hot vectors. */
export const isOneHot = (output: Tensor, target: Tensor): boolean =>
  target.dtype === 'i32' && !isSame(output.shape, target.shape);

/**
 * The target as values (f32) of the output's shape; or whole numbers (i32), compared as numbers if they have the
 * output's shape, and as one-hot vectors if they are class indices: n for n×C, n×T for n×T×C.
 * @throws ShapeError for other targets.
 */
export function compared(loss: string, output: Tensor, target: Tensor): Compared {
  const n = output.shape[0] ?? 0;
  const size = sizeOf(output.shape.slice(1));
  const matrix = [n, size];
  const y = output.shape.length ? reshaped(output, matrix) : output;
  if (output.shape.length && isSame(output.shape, target.shape)) {
    const values = target.dtype === 'f32' ? target : ops.toFloats(target);
    return { y, size, target: reshaped(values, matrix) };
  }
  const classes = classesOf(output);
  const isIndices = target.dtype === 'i32' && !isImages(output.shape);
  if (!classes || !isIndices || !sameShape(classes.labels, target.shape)) {
    return refuse(
      loss,
      output,
      target,
      `values (f32) of the output's shape or class indices (i32) n for n×C, n×T for n×T×C`,
    );
  }
  const oneHot = ops.oneHot(reshaped(target, [n * classes.positions]), classes.C);
  return { y, size, target: reshaped(oneHot, matrix) };
}
