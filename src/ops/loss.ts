/** Losses per sample, and the ops for class labels: one-hot targets, picking by index, and hits. */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Tensor } from '../graph/tensor.js';
import { multiply } from './binary.js';
import { sum } from './reduce.js';
import { reshape } from './reshape.js';

/** Refuses anything but two f32 matrices of equal shape. */
export function checkPair(name: string, y: Tensor, target: Tensor): { n: number; C: number } {
  const [n, C] = y.shape;
  const isMatrix = y.shape.length === 2 && target.dtype === 'f32';
  if (!isMatrix || showShape(y.shape) !== showShape(target.shape)) {
    throw new ShapeError(
      name,
      `output ${showShape(y.shape)} does not fit target ${showShape(target.shape)} (${target.dtype}): expected two n×C matrices (f32)`,
    );
  }
  return { n: n!, C: C! };
}

/** Refuses logits that are not a matrix, and labels that are not one int32 per row. */
export function checkLabels(
  name: string,
  logits: Tensor,
  labels: Tensor,
): { n: number; C: number } {
  const [n, C] = logits.shape;
  if (logits.shape.length !== 2 || labels.shape.length !== 1 || labels.shape[0] !== n) {
    throw new ShapeError(
      name,
      `logits ${showShape(logits.shape)} (n×classes) do not fit labels ${showShape(labels.shape)} (n)`,
    );
  }
  if (labels.dtype !== 'i32')
    throw new ShapeError(name, `labels are ${labels.dtype}, expected i32`);
  return { n: n!, C: C! };
}

const crossEntropyOp = defineOp<{ logits: Tensor; labels: Tensor }, object>({
  name: 'crossEntropy',
  integers: true,
  shape: ({ logits, labels }) => ({ shape: [checkLabels('crossEntropy', logits, labels).n] }),
  forward(k, { inputs: { logits } }, { inputs: at, output, workspace }) {
    k.crossEntropy(logits.shape[0]!, logits.shape[1]!, at.logits, at.labels, output, workspace);
  },
  backward: ({ inputs: { logits, labels } }, dloss) => ({
    logits: apply(crossEntropyGradientOp, { logits, labels, dloss }, {}),
  }),
  workspace: ({ inputs: { logits } }) => logits.shape[1]! * 4,
});

const crossEntropyGradientOp = defineOp<{ logits: Tensor; labels: Tensor; dloss: Tensor }, object>({
  name: 'crossEntropyGradient',
  integers: true,
  shape: ({ logits }) => ({ shape: logits.shape }),
  forward(k, { inputs: { logits } }, { inputs: at, output }) {
    k.crossEntropyGradient(
      logits.shape[0]!,
      logits.shape[1]!,
      at.logits,
      at.labels,
      at.dloss,
      output,
    );
  },
});

/** −log softmax(logits[i])[labels[i]] for each sample i; logits n×C, labels n (i32), result n. */
export const crossEntropy = (logits: Tensor, labels: Tensor): Tensor =>
  apply(crossEntropyOp, { logits, labels }, {});

const squaredErrorsOp = defineOp<{ y: Tensor; target: Tensor }, object>({
  name: 'sumOfSquaredErrors',
  shape: ({ y, target }) => ({ shape: [checkPair('sumOfSquaredErrors', y, target).n] }),
  forward: (k, { inputs: { y } }, { inputs: at, output }) =>
    k.squaredErrors(y.shape[0]!, y.shape[1]!, at.y, at.target, output),
  backward: ({ inputs: { y, target } }, dloss) => ({
    y: apply(squaredErrorsGradientOp, { y, target, dloss }, {}),
    target: apply(squaredErrorsGradientOp, { y: target, target: y, dloss }, {}),
  }),
});

const squaredErrorsGradientOp = defineOp<{ y: Tensor; target: Tensor; dloss: Tensor }, object>({
  name: 'sumOfSquaredErrorsGradient',
  shape: ({ y }) => ({ shape: y.shape }),
  forward: (k, { inputs: { y } }, { inputs: at, output }) =>
    k.squaredErrorsGradient(y.shape[0]!, y.shape[1]!, at.y, at.target, at.dloss, output),
});

/** Σ_c (y[i, c] − target[i, c])² for each sample i; both n×C, result n. */
export const sumOfSquaredErrors = (y: Tensor, target: Tensor): Tensor =>
  apply(squaredErrorsOp, { y, target }, {});

const oneHotOp = defineOp<{ labels: Tensor }, { classes: number }>({
  name: 'oneHot',
  integers: true,
  shape({ labels }, { classes }) {
    if (
      labels.shape.length !== 1 ||
      labels.dtype !== 'i32' ||
      !Number.isInteger(classes) ||
      classes < 1
    ) {
      throw new ShapeError(
        'oneHot',
        `labels ${showShape(labels.shape)} (${labels.dtype}) of ${classes} classes, expected n (i32) of at least one`,
      );
    }
    return { shape: [labels.shape[0]!, classes] };
  },
  forward: (k, { inputs: { labels }, attributes }, at) =>
    k.oneHot(labels.shape[0]!, attributes.classes, at.inputs.labels, at.output),
});

/** 1 at each sample's label, else 0; labels n (i32), result n×classes. A label outside the classes gives zeros. */
export const oneHot = (labels: Tensor, classes: number): Tensor =>
  apply(oneHotOp, { labels }, { classes });

/**
 * x[…, index[…]], such as a label's score or the logarithm of an action's probability. x has finite values, n×C or
 * n×T×C; index (i32) has x's shape without its last axis, as does the result. An index outside the C values gives 0.
 */
export function pick(x: Tensor, index: Tensor): Tensor {
  const shape = x.shape.slice(0, -1);
  const isFor = x.shape.length > 0 && showShape(index.shape) === showShape(shape);
  if (!isFor || index.dtype !== 'i32') {
    const found = `${showShape(index.shape)} (${index.dtype})`;
    throw new ShapeError(
      'pick',
      `x ${showShape(x.shape)} and index ${found}, expected n×C and n, or n×T×C and n×T, the index class indices (i32)`,
    );
  }
  const classes = x.shape.at(-1)!;
  const chosen = oneHot(reshape(index, [sizeOf(shape)]), classes);
  return sum(multiply(x, reshape(chosen, x.shape)), -1);
}

const correctOp = defineOp<{ logits: Tensor; labels: Tensor }, object>({
  name: 'correct',
  integers: true,
  shape: ({ logits, labels }) => ({ shape: [checkLabels('correct', logits, labels).n] }),
  forward: (k, { inputs: { logits } }, { inputs: at, output }) =>
    k.correct(logits.shape[0]!, logits.shape[1]!, at.logits, at.labels, output),
});

/** 1 where the first maximum of logits[i] is at labels[i], else 0; result n. */
export const correct = (logits: Tensor, labels: Tensor): Tensor =>
  apply(correctOp, { logits, labels }, {});

const agreeingOp = defineOp<{ x: Tensor; target: Tensor }, object>({
  name: 'agreeing',
  shape: ({ x, target }) => ({ shape: [checkPair('agreeing', x, target).n] }),
  forward: (k, { inputs: { x } }, { inputs: at, output }) =>
    k.agreeing(x.shape[0]!, x.shape[1]!, at.x, at.target, output),
});

/** 1 where the first maxima of x[i] and target[i] are at the same place, else 0; both n×C, result n. */
export const agreeing = (x: Tensor, target: Tensor): Tensor => apply(agreeingOp, { x, target }, {});

const toFloatsOp = defineOp<{ x: Tensor }, object>({
  name: 'toFloats',
  integers: true,
  shape({ x }) {
    if (x.dtype !== 'i32') throw new ShapeError('toFloats', `expected i32, found ${x.dtype}`);
    return { shape: x.shape };
  },
  forward: (k, { output }, at) => k.toFloats(at.inputs.x, at.output, sizeOf(output.shape)),
});

/** The same numbers as f32; x: i32. */
export const toFloats = (x: Tensor): Tensor => apply(toFloatsOp, { x }, {});
