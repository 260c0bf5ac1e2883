/** Losses over classes, which are on axis 1 of images (N×C×H×W, as in PyTorch) and otherwise on the last axis. */
import { checkOptions, notNegative, numberAbove, numberFrom, oneOf, whole } from '../base/check.js';
import { ShapeError } from '../graph/op.js';
import { showShape, type Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import { weightsOfClasses, type ByAnswer, type Loss } from './define.js';
import {
  byPosition,
  distributed,
  fromRows,
  labelled,
  meanOverPositions,
  toRows,
  type Classes,
} from './targets.js';

const softmax = (output: Tensor): Tensor => fromRows(ops.softmax(toRows(output)), output);

/** A value for each of n·positions positions, and the classes they belong to. */
type OfPositions = (output: Tensor, target: Tensor) => readonly [values: Tensor, of: Classes];

/** 1 where the highest output is at the label, or at the target's highest value, else 0. */
const highest =
  (loss: string): OfPositions =>
  (output, target) => {
    if (target.dtype === 'i32') {
      const { rows, rowLabels, ...classes } = labelled(loss, output, target);
      return [ops.correct(rows, rowLabels), classes];
    }
    const { rows, rowTargets, ...classes } = distributed(loss, output, target);
    return [ops.agreeing(rows, rowTargets), classes];
  };

/** A sample's losses and hits, as means over those of its positions. */
function overPositions(
  losses: OfPositions,
  hits: OfPositions,
): Pick<Loss, 'perSample' | 'hits'> & { readonly byAnswer: ByAnswer } {
  return {
    perSample: (output, target) => meanOverPositions(...losses(output, target)),
    hits: (output, target) => meanOverPositions(...hits(output, target)),
    byAnswer: {
      losses: (output, target) => byPosition(...losses(output, target)),
      hits: (output, target) => byPosition(...hits(output, target)),
      reduction: 'mean',
    },
  };
}

/** The label to ignore, as a setting and as a property, if there is one. */
const ignored = (ignoreIndex: number | undefined) =>
  ignoreIndex === undefined ? {} : { ignoreIndex };

/**
 * −Σ_c w_c·q_c·log softmax(output)_c, PyTorch's CrossEntropyLoss. Targets are class indices (i32: n for n×C,
 * n×T for n×T×C, N×H×W for N×C×H×W; t is their one-hot vector) or distributions t (f32, in the output's
 * shape); q = (1 − labelSmoothing)·t + labelSmoothing/C, w are the class weights. A sample's loss is the mean
 * over its positions. Scores are probabilities.
 *
 * A minibatch's loss is divided by the number of samples, as in Keras; PyTorch divides by the sum of the
 * labels' weights.
 */
export function crossEntropy(
  options: {
    /** From 0 to 1; default 0. */
    readonly labelSmoothing?: number;
    /** One number a class; default 1 each. */
    readonly classWeights?: readonly number[];
    /** The label of positions that do not count, such as -100 for padding; the loss is the mean over the others. */
    readonly ignoreIndex?: number;
  } = {},
): Loss {
  const {
    labelSmoothing = 0,
    classWeights,
    ignoreIndex,
  } = checkOptions('crossEntropy', options, {
    labelSmoothing: numberFrom(0, 1),
    classWeights: weightsOfClasses,
    ignoreIndex: whole,
  });
  const kind = 'crossEntropy';
  const isPlain = labelSmoothing === 0 && !classWeights;

  /** w·q of targets in rows. */
  function weighted(output: Tensor, rowTargets: Tensor, C: number): Tensor {
    if (isPlain) return rowTargets;
    if (classWeights && classWeights.length !== C) {
      throw new ShapeError(
        kind,
        `output ${showShape(output.shape)} has ${C} classes, classWeights has ${classWeights.length} values`,
      );
    }
    const rest = ops.constant(labelSmoothing / C, [1]);
    const smoothed = ops.add(ops.scale(rowTargets, 1 - labelSmoothing), rest);
    return classWeights ? ops.multiply(smoothed, ops.literal(classWeights)) : smoothed;
  }

  const losses: OfPositions = (output, target) => {
    if (target.dtype === 'f32') {
      const { rows, rowTargets, ...classes } = distributed(kind, output, target);
      const q = weighted(output, rowTargets, classes.C);
      return [ops.distributionCrossEntropy(rows, q), classes];
    }
    const { rows, rowLabels, ...classes } = labelled(kind, output, target);
    if (isPlain) return [ops.crossEntropy(rows, rowLabels), classes];
    const q = weighted(output, ops.oneHot(rowLabels, classes.C), classes.C);
    return [ops.distributionCrossEntropy(rows, q), classes];
  };
  return {
    kind,
    settings: {
      labelSmoothing,
      ...(classWeights ? { classWeights: [...classWeights] } : {}),
      ...ignored(ignoreIndex),
    },
    gives: 'probabilities',
    finds: 'classes',
    takes: { output: 'logits of classes', values: 'distributions' },
    ...(classWeights && labelSmoothing === 0 ? { labelWeights: classWeights } : {}),
    ...ignored(ignoreIndex),
    ...overPositions(losses, highest(kind)),
    scores: softmax,
  };
}

/**
 * T²·Σ_c p_c·(log p_c − log softmax(output/T)_c), for distillation (Hinton et al. 2015): the output is a
 * student's logits, T the temperature. `from: 'logits'`: the target is the teacher's logits and
 * p = softmax(target/T); `from: 'probabilities'`: the target is p. Targets are f32 in the output's shape.
 * Scores are the student's probabilities at temperature 1.
 */
export function klDivergence(
  options: {
    /** Above 0; default 1. */
    readonly temperature?: number;
    /** The meaning of targets; default `logits`. */
    readonly from?: 'logits' | 'probabilities';
  } = {},
): Loss {
  const { temperature = 1, from = 'logits' } = checkOptions('klDivergence', options, {
    temperature: numberAbove(0),
    from: oneOf(['logits', 'probabilities']),
  });
  const kind = 'klDivergence';
  const cooled = (x: Tensor): Tensor => (temperature === 1 ? x : ops.scale(x, 1 / temperature));
  const losses: OfPositions = (output, target) => {
    const { rows, rowTargets, ...classes } = distributed(kind, output, target);
    const p = from === 'logits' ? ops.softmax(cooled(rowTargets)) : rowTargets;
    const divergence = ops.divergence(cooled(rows), p);
    const scaled =
      temperature === 1 ? divergence : ops.scale(divergence, temperature * temperature);
    return [scaled, classes];
  };
  return {
    kind,
    settings: { temperature, from },
    gives: 'probabilities',
    finds: 'classes',
    takes: { output: 'logits of classes', values: from === 'logits' ? 'any' : 'distributions' },
    ...overPositions(losses, highest(kind)),
    scores: softmax,
  };
}

/**
 * 1/C · Σ_{c ≠ label} max(0, margin − output[label] + output[c])^p, the hinge of several classes: PyTorch's
 * MultiMarginLoss. Targets are class indices (i32). Scores are the outputs.
 */
export function hinge(
  options: {
    /** 1 or 2; default 1. */
    readonly p?: 1 | 2;
    /** At least 0; default 1. */
    readonly margin?: number;
    /** As in `crossEntropy`. */
    readonly ignoreIndex?: number;
  } = {},
): Loss {
  const {
    p = 1,
    margin = 1,
    ignoreIndex,
  } = checkOptions('hinge', options, { p: oneOf([1, 2]), margin: notNegative, ignoreIndex: whole });
  const kind = 'hinge';
  const losses: OfPositions = (output, target) => {
    const { rows, rowLabels, ...classes } = labelled(kind, output, target);
    return [ops.margins(rows, rowLabels, margin, p), classes];
  };
  return {
    kind,
    settings: { p, margin, ...ignored(ignoreIndex) },
    gives: 'figures',
    finds: 'classes',
    takes: { output: 'scores', values: 'none' },
    ...ignored(ignoreIndex),
    ...overPositions(losses, highest(kind)),
    scores: (output) => output,
  };
}

/**
 * output[label] + log(e^−j + Σ_c e^−output[c]): LeNet-5's discriminative criterion (LeCun et al. 1998, eq. 9), for
 * outputs that are penalties, such as those of an `rbf` layer, where the smallest is the answer. It raises the
 * penalties of wrong classes until they are well above j, as if there were one more class, "none of these", with
 * penalty j. The paper gives no value of j. Targets are class indices (i32). Scores are the penalties' negatives.
 */
export function mapCriterion(
  options: {
    /** Above 0; default 1. */
    readonly j?: number;
    /** As in `crossEntropy`. */
    readonly ignoreIndex?: number;
  } = {},
): Loss {
  const { j = 1, ignoreIndex } = checkOptions('mapCriterion', options, {
    j: numberAbove(0),
    ignoreIndex: whole,
  });
  const kind = 'mapCriterion';
  const negative = (output: Tensor): Tensor => ops.scale(output, -1);
  const losses: OfPositions = (output, target) => {
    const { rows, rowLabels, ...classes } = labelled(kind, output, target);
    return [ops.mapLosses(rows, rowLabels, j), classes];
  };
  const hits: OfPositions = (output, target) => {
    const { rows, rowLabels, ...classes } = labelled(kind, output, target);
    return [ops.correct(negative(rows), rowLabels), classes];
  };
  return {
    kind,
    settings: { j, ...ignored(ignoreIndex) },
    gives: 'figures',
    finds: 'classes',
    takes: { output: 'scores', values: 'none' },
    ...ignored(ignoreIndex),
    ...overPositions(losses, hits),
    scores: negative,
  };
}
