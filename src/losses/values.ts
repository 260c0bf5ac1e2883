/**
 * Losses that compare values, over all values of a sample in any shape. Targets are values (f32) of the output's shape,
 * whole numbers (i32) of that shape, or class indices (i32: n for n×C, n×T for n×T×C), which are compared as one-hot
 * vectors.
 */
import { checkKeys, checkOptions, notNegative, numberAbove, oneOf } from '../base/check.js';
import type { Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import type { ByAnswer, Loss, Takes } from './define.js';
import { SCALE, scaled, scaleSetting, type Scale, type ScaleOption } from './target-scale.js';
import { byPosition, compared, isOneHot, labelled, meanOverPositions } from './targets.js';

/** 1 at positions where the highest output is at the label, with their classes; undefined without class indices. */
function highest(loss: string, output: Tensor, target: Tensor) {
  if (!isOneHot(output, target)) return undefined;
  const { rows, rowLabels, ...classes } = labelled(loss, output, target);
  return [ops.correct(rows, rowLabels), classes] as const;
}

/** A function of matrices y and t with `size` values per row to one value per row. */
type OfRows = (y: Tensor, target: Tensor, size: number) => Tensor;

/** Output and target as matrices of `size` values a sample, in units of the scale. */
function measured(loss: string, output: Tensor, target: Tensor, scale: Scale | undefined) {
  const pair = compared(loss, output, target);
  return scale === undefined ? pair : { ...pair, ...scaled(loss, pair, scale) };
}

/** The function applied to each answer by itself, n×answers: a value, or a position where classes are one-hot vectors. */
function ofAnswers(
  loss: string,
  ofRows: OfRows,
  output: Tensor,
  target: Tensor,
  scale?: Scale,
): Tensor {
  const { y, target: t, size } = measured(loss, output, target, scale);
  const n = y.shape[0]!;
  const values = isOneHot(output, target) ? output.shape.at(-1)! : 1;
  const rows = (x: Tensor) => ops.reshape(x, [(n * size) / values, values]);
  return ops.reshape(ofRows(rows(y), rows(t), values), [n, size / values]);
}

/** Properties of a loss of values besides its kind and settings. */
interface Traits {
  readonly takes?: Takes;
  /** How a sample's loss is computed from its values' losses; `whole`: it is not. Default `mean`. */
  readonly reduction?: ByAnswer['reduction'] | 'whole';
  /** Thresholds above which an output, and a target, mean yes. */
  readonly thresholds?: readonly [output: number, target: number];
  /** What differences are divided by first. */
  readonly scale?: Scale;
}

const ANY: Takes = { output: 'any', values: 'any' };

/** A loss of matrices y and t, n×size; scores are the outputs. */
function ofValues(
  kind: string,
  settings: Loss['settings'],
  perSample: OfRows,
  { takes = ANY, reduction = 'mean', thresholds, scale }: Traits = {},
): Loss {
  const sides: OfRows | undefined =
    thresholds && ((y, target) => ops.sameSide(y, target, ...thresholds));
  return {
    kind,
    settings,
    gives: 'figures',
    finds: thresholds ? { sides: thresholds } : 'values',
    takes,
    perSample(output, target) {
      const { y, target: t, size } = measured(kind, output, target, scale);
      return perSample(y, t, size);
    },
    scores: (output) => output,
    hits(output, target) {
      const classes = highest(kind, output, target);
      if (classes) return meanOverPositions(...classes);
      if (!sides) return undefined;
      const { y, target: t, size } = compared(kind, output, target);
      return sides(y, t, size);
    },
    ...(reduction === 'whole'
      ? {}
      : {
          byAnswer: {
            reduction,
            losses: (output, target) => ofAnswers(kind, perSample, output, target, scale),
            hits(output, target) {
              const classes = highest(kind, output, target);
              if (classes) return byPosition(...classes);
              return sides && ofAnswers(kind, sides, output, target);
            },
          },
        }),
  };
}

/** Σ (output − target)². */
export function squaredError(options: Readonly<Record<string, never>> = {}): Loss {
  checkKeys('squaredError', options, []);
  return ofValues('squaredError', {}, ops.sumOfSquaredErrors, { reduction: 'sum' });
}

/**
 * The mean of ((output − target)/scale)² over a sample's values; without a scale PyTorch's MSELoss. With the targets'
 * deviation for a scale the loss of always the mean is 1, in whatever unit the targets are.
 */
export function meanSquaredError(options: ScaleOption = {}): Loss {
  const { scale } = checkOptions('meanSquaredError', options, { scale: SCALE });
  return ofValues(
    'meanSquaredError',
    scaleSetting(scale),
    (y, target, size) => ops.scale(ops.sumOfSquaredErrors(y, target), 1 / size),
    scaleSetting(scale),
  );
}

/** |output − target|/scale, its mean or sum over a sample's values; without a scale PyTorch's L1Loss. */
export function l1(
  options: {
    /** Over a sample's values; default `mean`. */
    readonly reduction?: 'mean' | 'sum';
  } & ScaleOption = {},
): Loss {
  const { reduction = 'mean', scale } = checkOptions('l1', options, {
    reduction: oneOf(['mean', 'sum']),
    scale: SCALE,
  });
  return ofValues(
    'l1',
    { reduction, ...scaleSetting(scale) },
    (y, target, size) => ops.absoluteErrors(y, target, reduction === 'mean' ? 1 / size : 1),
    { reduction, ...scaleSetting(scale) },
  );
}

/**
 * The mean over a sample's values of ½d² for |d| ≤ delta, else delta·(|d| − ½delta), d = (output − target)/scale;
 * without a scale PyTorch's HuberLoss.
 */
export function huber(
  options: {
    /** Above 0; default 1. */
    readonly delta?: number;
  } & ScaleOption = {},
): Loss {
  const { delta = 1, scale } = checkOptions('huber', options, {
    delta: numberAbove(0),
    scale: SCALE,
  });
  return ofValues(
    'huber',
    { delta, ...scaleSetting(scale) },
    (y, target, size) => ops.huberErrors(y, target, delta, 1 / size),
    scaleSetting(scale),
  );
}

/**
 * The mean over a sample's values of ½d²/beta for |d| < beta, else |d| − ½beta, d = (output − target)/scale;
 * without a scale PyTorch's SmoothL1Loss.
 */
export function smoothL1(
  options: {
    /** Above 0; default 1. */
    readonly beta?: number;
  } & ScaleOption = {},
): Loss {
  const { beta = 1, scale } = checkOptions('smoothL1', options, {
    beta: numberAbove(0),
    scale: SCALE,
  });
  return ofValues(
    'smoothL1',
    { beta, ...scaleSetting(scale) },
    (y, target, size) => ops.huberErrors(y, target, beta, 1 / (beta * size)),
    scaleSetting(scale),
  );
}

/**
 * The mean over a sample's values of −t·log y − (1 − t)·log(1 − y), y the output, a probability, t the
 * target; logarithms are at least −100: PyTorch's BCELoss. Hits: y > ½ where t > ½.
 */
export function binaryCrossEntropy(options: Readonly<Record<string, never>> = {}): Loss {
  checkKeys('binaryCrossEntropy', options, []);
  return ofValues(
    'binaryCrossEntropy',
    {},
    (y, target, size) => ops.binaryCrossEntropy(y, target, 1 / size),
    { takes: { output: 'probabilities', values: 'shares' }, thresholds: [0.5, 0.5] },
  );
}

/**
 * The mean over a sample's values of −posWeight·t·log σ(y) − (1 − t)·log(1 − σ(y)), y the output, t the
 * target, σ the sigmoid: PyTorch's BCEWithLogitsLoss. Scores are σ(y). Hits: y > 0 where t > ½.
 */
export function binaryCrossEntropyWithLogits(
  options: {
    /** Weight of positive targets, at least 0; default 1. */
    readonly posWeight?: number;
  } = {},
): Loss {
  const { posWeight = 1 } = checkOptions('binaryCrossEntropyWithLogits', options, {
    posWeight: notNegative,
  });
  const kind = 'binaryCrossEntropyWithLogits';
  return {
    ...ofValues(
      kind,
      { posWeight },
      (y, target, size) => ops.binaryCrossEntropyWithLogits(y, target, posWeight, 1 / size),
      { takes: { output: 'logits', values: 'shares' }, thresholds: [0, 0.5] },
    ),
    scores: ops.sigmoid,
    // σ(0)
    finds: { sides: [0.5, 0.5] },
  };
}

/**
 * The mean over a sample's values of max(0, margin − s·output), s = 1 for targets above 0 and −1 for others
 * (so −1 and 1, or 0 and 1): Keras' Hinge. Hits: output > 0 where target > 0.
 */
export function binaryHinge(
  options: {
    /** At least 0; default 1. */
    readonly margin?: number;
  } = {},
): Loss {
  const { margin = 1 } = checkOptions('binaryHinge', options, { margin: notNegative });
  const kind = 'binaryHinge';
  return ofValues(
    kind,
    { margin },
    (y, target, size) => ops.binaryHinges(y, target, margin, 1 / size),
    { takes: { output: 'any', values: 'sides' }, thresholds: [0, 0] },
  );
}

/**
 * 1 − cos of the angle between a sample's output and target, each taken as one vector: PyTorch's
 * CosineEmbeddingLoss of similar pairs. A zero vector has no direction: loss 1, no gradient.
 */
export function cosine(options: Readonly<Record<string, never>> = {}): Loss {
  checkKeys('cosine', options, []);
  return ofValues('cosine', {}, ops.cosineDistances, { reduction: 'whole' });
}
