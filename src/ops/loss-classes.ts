/**
 * Losses over C classes: of a distribution, of margins, and of penalties (LeNet-5's criterion). Outputs are
 * n×C, results n; targets have no gradient.
 */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Tensor } from '../graph/tensor.js';
import { advance } from '../program/program.js';
import { checkLabels, checkPair } from './loss.js';

/** Bytes of the kernels' scratch: a row. */
const rowBytes = (x: Tensor): number => x.shape[1]! * 4;

interface Smoothing {
  readonly keep: number;
  readonly floor: number;
}

const weightTargetsOp = defineOp<{ target: Tensor; weights: Tensor }, Smoothing>({
  name: 'weightTargets',
  shape({ target, weights }) {
    if (target.shape.length !== 2 || showShape(weights.shape) !== showShape(target.shape.slice(1)))
      throw new ShapeError(
        'weightTargets',
        `weights ${showShape(weights.shape)} do not fit target ${showShape(target.shape)}, expected C and n×C`,
      );
    return { shape: target.shape };
  },
  forward: (k, { inputs: { target }, attributes: { keep, floor } }, { inputs: at, output }) =>
    k.weightTargets(target.shape[0]!, target.shape[1]!, at.target, at.weights, keep, floor, output),
});

/** weights[c] · (keep·target[i, c] + floor); target n×C, weights C. */
export const weightTargets = (
  target: Tensor,
  weights: Tensor,
  keep: number,
  floor: number,
): Tensor => apply(weightTargetsOp, { target, weights }, { keep, floor });

const distributionOp = defineOp<{ logits: Tensor; target: Tensor }, { relative: boolean }>({
  name: 'distributionLosses',
  shape: ({ logits, target }) => ({ shape: [checkPair('distributionLosses', logits, target).n] }),
  forward: (k, { inputs: { logits }, attributes }, { inputs: at, output, workspace }) =>
    k.distributionLosses(
      logits.shape[0]!,
      logits.shape[1]!,
      at.logits,
      at.target,
      attributes.relative ? 1 : 0,
      output,
      workspace,
    ),
  backward: ({ inputs: { logits, target } }, dloss) => ({
    logits: apply(distributionGradientOp, { logits, target, dloss }, {}),
  }),
  workspace: ({ inputs: { logits } }) => rowBytes(logits),
});

const distributionGradientOp = defineOp<{ logits: Tensor; target: Tensor; dloss: Tensor }, object>({
  name: 'distributionLossesGradient',
  shape: ({ logits }) => ({ shape: logits.shape }),
  forward: (k, { inputs: { logits } }, { inputs: at, output }) =>
    k.distributionLossesGradient(
      logits.shape[0]!,
      logits.shape[1]!,
      at.logits,
      at.target,
      at.dloss,
      output,
    ),
});

/** Σ_c −target[c]·log softmax(logits)[c] of each sample, terms of a target of 0 left out. */
export const distributionCrossEntropy = (logits: Tensor, target: Tensor): Tensor =>
  apply(distributionOp, { logits, target }, { relative: false });

/** Σ_c target[c]·(log target[c] − log softmax(logits)[c]) of each sample, terms of a target of 0 left out. */
export const divergence = (logits: Tensor, target: Tensor): Tensor =>
  apply(distributionOp, { logits, target }, { relative: true });

interface Margin {
  readonly margin: number;
  readonly power: 1 | 2;
}

const marginOp = defineOp<{ x: Tensor; labels: Tensor }, Margin>({
  name: 'margins',
  shape: ({ x, labels }) => ({ shape: [checkLabels('margins', x, labels).n] }),
  forward: (k, { inputs: { x }, attributes: { margin, power } }, { inputs: at, output }) =>
    k.marginLosses(x.shape[0]!, x.shape[1]!, at.x, at.labels, margin, power, output),
  backward: ({ inputs: { x, labels }, attributes }, dloss) => ({
    x: apply(marginGradientOp, { x, labels, dloss }, attributes),
  }),
});

const marginGradientOp = defineOp<{ x: Tensor; labels: Tensor; dloss: Tensor }, Margin>({
  name: 'marginsGradient',
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { inputs: { x }, attributes: { margin, power } }, { inputs: at, output }) =>
    k.marginLossesGradient(
      x.shape[0]!,
      x.shape[1]!,
      at.x,
      at.labels,
      margin,
      power,
      at.dloss,
      output,
    ),
});

/** 1/C · Σ_{c ≠ label} max(0, margin − x[label] + x[c])^power of each sample; labels n (i32). */
export const margins = (x: Tensor, labels: Tensor, margin: number, power: 1 | 2): Tensor =>
  apply(marginOp, { x, labels }, { margin, power });

const mapOp = defineOp<{ x: Tensor; labels: Tensor }, { j: number }>({
  name: 'mapLosses',
  shape: ({ x, labels }) => ({ shape: [checkLabels('mapLosses', x, labels).n] }),
  forward: (k, { inputs: { x }, attributes: { j } }, { inputs: at, output, workspace }) =>
    k.mapLosses(x.shape[0]!, x.shape[1]!, at.x, at.labels, j, output, workspace),
  backward: ({ inputs: { x, labels }, attributes }, dloss) => ({
    x: apply(mapGradientOp, { x, labels, dloss }, attributes),
  }),
  workspace: ({ inputs: { x } }) => rowBytes(x),
});

const mapGradientOp = defineOp<{ x: Tensor; labels: Tensor; dloss: Tensor }, { j: number }>({
  name: 'mapLossesGradient',
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { inputs: { x }, attributes: { j } }, { inputs: at, output }) =>
    k.mapLossesGradient(x.shape[0]!, x.shape[1]!, at.x, at.labels, j, at.dloss, output),
});

/** x[label] + log(e^−j + Σ_c e^−x[c]) of each sample's penalties x; labels n (i32). */
export const mapLosses = (x: Tensor, labels: Tensor, j: number): Tensor =>
  apply(mapOp, { x, labels }, { j });

const classesLastOp = defineOp<{ x: Tensor }, object>({
  name: 'classesLast',
  shape({ x }) {
    if (x.shape.length !== 3)
      throw new ShapeError('classesLast', `expected N×C×P, found ${showShape(x.shape)}`);
    const [N, C, P] = x.shape;
    return { shape: [N!, P!, C!] };
  },
  forward: (k, { inputs: { x } }, at) => {
    const [N, C, P] = x.shape;
    k.transposeEach(N!, C!, P!, at.inputs.x, at.output);
  },
  backward: (_, dy) => ({ x: classesLast(dy) }),
});

/** N×C×P to N×P×C: each sample's matrix transposed. */
export const classesLast = (x: Tensor): Tensor => apply(classesLastOp, { x }, {});

const literalOp = defineOp<object, { values: readonly number[] }>({
  name: 'literal',
  shape: (_, { values }) => ({ shape: [values.length] }),
  forward(k, { output, attributes: { values } }, at) {
    for (let from = 0, to; from < sizeOf(output.shape); from = to) {
      to = from + 1;
      while (values[to] === values[from] && to < values.length) to++;
      k.fill(advance(at.output, from * 4), to - from, values[from]!);
    }
  },
});

/** A vector of given values: a kernel call for each run of equal ones, so for short vectors only. */
export const literal = (values: readonly number[]): Tensor => apply(literalOp, {}, { values });
