/**
 * Losses that compare values one by one, the cosine of a sample's two vectors, and hits by a threshold. The former are
 * summed over a sample's C values with a weight. Outputs and targets are n×C; targets have no gradient.
 */
import { apply, defineOp } from '../graph/op.js';
import type { Tensor } from '../graph/tensor.js';
import { checkPair } from './loss.js';

/** Codes of assembly/loss-values.ts. */
const codes = {
  absolute: 0,
  huber: 1,
  binaryCrossEntropy: 2,
  binaryCrossEntropyWithLogits: 3,
  binaryHinge: 4,
} as const;

interface Attributes {
  readonly kind: keyof typeof codes;
  /** The function's parameter: Huber's δ, the weight of positive targets, the hinge's margin; otherwise unused. */
  readonly parameter: number;
  readonly weight: number;
}

const valueLossesOp = defineOp<{ y: Tensor; target: Tensor }, Attributes>({
  name: 'valueLosses',
  shape: ({ y, target }, { kind }) => ({ shape: [checkPair(kind, y, target).n] }),
  forward: (
    k,
    { inputs: { y }, attributes: { kind, parameter, weight } },
    { inputs: at, output },
  ) =>
    k.valueLosses(
      codes[kind],
      y.shape[0]!,
      y.shape[1]!,
      at.y,
      at.target,
      parameter,
      weight,
      output,
    ),
  backward: ({ inputs: { y, target }, attributes }, dloss) => ({
    y: apply(gradientOp, { y, target, dloss }, attributes),
  }),
});

const gradientOp = defineOp<{ y: Tensor; target: Tensor; dloss: Tensor }, Attributes>({
  name: 'valueLossesGradient',
  shape: ({ y }) => ({ shape: y.shape }),
  forward: (
    k,
    { inputs: { y }, attributes: { kind, parameter, weight } },
    { inputs: at, output },
  ) =>
    k.valueLossesGradient(
      codes[kind],
      y.shape[0]!,
      y.shape[1]!,
      at.y,
      at.target,
      parameter,
      weight,
      at.dloss,
      output,
    ),
});

const valueLosses = (y: Tensor, target: Tensor, attributes: Attributes): Tensor =>
  apply(valueLossesOp, { y, target }, attributes);

/** weight · Σ_c |y − target|. */
export const absoluteErrors = (y: Tensor, target: Tensor, weight: number): Tensor =>
  valueLosses(y, target, { kind: 'absolute', parameter: 0, weight });

/** weight · Σ_c h(y − target), h(d) = ½d² for |d| ≤ delta, else delta·(|d| − ½delta). */
export const huberErrors = (y: Tensor, target: Tensor, delta: number, weight: number): Tensor =>
  valueLosses(y, target, { kind: 'huber', parameter: delta, weight });

/** weight · Σ_c −t·log y − (1 − t)·log(1 − y), logarithms of at least −100. */
export const binaryCrossEntropy = (y: Tensor, target: Tensor, weight: number): Tensor =>
  valueLosses(y, target, { kind: 'binaryCrossEntropy', parameter: 0, weight });

/** weight · Σ_c −posWeight·t·log σ(y) − (1 − t)·log(1 − σ(y)), σ the sigmoid. */
export const binaryCrossEntropyWithLogits = (
  y: Tensor,
  target: Tensor,
  posWeight: number,
  weight: number,
): Tensor =>
  valueLosses(y, target, { kind: 'binaryCrossEntropyWithLogits', parameter: posWeight, weight });

/** weight · Σ_c max(0, margin − s·y), s = 1 where target > 0, else −1. */
export const binaryHinges = (y: Tensor, target: Tensor, margin: number, weight: number): Tensor =>
  valueLosses(y, target, { kind: 'binaryHinge', parameter: margin, weight });

const cosineOp = defineOp<{ y: Tensor; target: Tensor }, object>({
  name: 'cosineDistances',
  shape: ({ y, target }) => ({ shape: [checkPair('cosineDistances', y, target).n] }),
  forward: (k, { inputs: { y } }, { inputs: at, output }) =>
    k.cosineLosses(y.shape[0]!, y.shape[1]!, at.y, at.target, output),
  backward: ({ inputs: { y, target } }, dloss) => ({
    y: apply(cosineGradientOp, { y, target, dloss }, {}),
  }),
});

const cosineGradientOp = defineOp<{ y: Tensor; target: Tensor; dloss: Tensor }, object>({
  name: 'cosineDistancesGradient',
  shape: ({ y }) => ({ shape: y.shape }),
  forward: (k, { inputs: { y } }, { inputs: at, output }) =>
    k.cosineLossesGradient(y.shape[0]!, y.shape[1]!, at.y, at.target, at.dloss, output),
});

/** 1 − y·target/(‖y‖·‖target‖); 1 for a zero vector, without a gradient. */
export const cosineDistances = (y: Tensor, target: Tensor): Tensor =>
  apply(cosineOp, { y, target }, {});

interface Thresholds {
  readonly threshold: number;
  readonly targetThreshold: number;
}

const sameSideOp = defineOp<{ y: Tensor; target: Tensor }, Thresholds>({
  name: 'sameSide',
  shape: ({ y, target }) => ({ shape: [checkPair('sameSide', y, target).n] }),
  forward: (k, { inputs: { y }, attributes }, { inputs: at, output }) =>
    k.sameSide(
      y.shape[0]!,
      y.shape[1]!,
      at.y,
      at.target,
      attributes.threshold,
      attributes.targetThreshold,
      output,
    ),
});

/** Share of a sample's values where y > threshold agrees with target > targetThreshold; result n. */
export const sameSide = (
  y: Tensor,
  target: Tensor,
  threshold: number,
  targetThreshold: number,
): Tensor => apply(sameSideOp, { y, target }, { threshold, targetThreshold });
