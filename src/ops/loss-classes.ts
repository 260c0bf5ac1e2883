/**
 * Losses over C classes: cross-entropy with distributions, margins, and penalties (LeNet-5's criterion). Outputs are
 * n×C, results n; targets have no gradient.
 */
import { apply, defineOp } from '../graph/op.js';
import type { Tensor } from '../graph/tensor.js';
import { checkLabels, checkPair } from './loss.js';

/** Bytes of the kernels' scratch: one row. */
const rowBytes = (x: Tensor): number => x.shape[1]! * 4;

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

/** Σ_c −target[c]·log softmax(logits)[c] for each sample, without terms whose target is 0. */
export const distributionCrossEntropy = (logits: Tensor, target: Tensor): Tensor =>
  apply(distributionOp, { logits, target }, { relative: false });

/** Σ_c target[c]·(log target[c] − log softmax(logits)[c]) for each sample, without terms whose target is 0. */
export const divergence = (logits: Tensor, target: Tensor): Tensor =>
  apply(distributionOp, { logits, target }, { relative: true });

interface Margin {
  readonly margin: number;
  readonly power: 1 | 2;
}

const marginOp = defineOp<{ x: Tensor; labels: Tensor }, Margin>({
  name: 'margins',
  integers: true,
  shape: ({ x, labels }) => ({ shape: [checkLabels('margins', x, labels).n] }),
  forward: (k, { inputs: { x }, attributes: { margin, power } }, { inputs: at, output }) =>
    k.marginLosses(x.shape[0]!, x.shape[1]!, at.x, at.labels, margin, power, output),
  backward: ({ inputs: { x, labels }, attributes }, dloss) => ({
    x: apply(marginGradientOp, { x, labels, dloss }, attributes),
  }),
});

const marginGradientOp = defineOp<{ x: Tensor; labels: Tensor; dloss: Tensor }, Margin>({
  name: 'marginsGradient',
  integers: true,
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

/** 1/C · Σ_{c ≠ label} max(0, margin − x[label] + x[c])^power for each sample; labels n (i32). */
export const margins = (x: Tensor, labels: Tensor, margin: number, power: 1 | 2): Tensor =>
  apply(marginOp, { x, labels }, { margin, power });

const mapOp = defineOp<{ x: Tensor; labels: Tensor }, { j: number }>({
  name: 'mapLosses',
  integers: true,
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
  integers: true,
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { inputs: { x }, attributes: { j } }, { inputs: at, output }) =>
    k.mapLossesGradient(x.shape[0]!, x.shape[1]!, at.x, at.labels, j, at.dloss, output),
});

/** x[label] + log(e^−j + Σ_c e^−x[c]) for each sample's penalties x; labels n (i32). */
export const mapLosses = (x: Tensor, labels: Tensor, j: number): Tensor =>
  apply(mapOp, { x, labels }, { j });
