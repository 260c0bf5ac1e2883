/** The interface of losses, as training uses them. */
import { listOf, notNegative, type Check } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Spread } from '../base/spread.js';
import type { Tensor } from '../graph/tensor.js';

/** A loss's requirements, against which training checks outputs and targets before the first step. */
export interface Takes {
  /**
   * The required kind of output: `scores` of at least two classes; `logits`, which the loss turns into probabilities
   * itself, of at least two classes (`classes`) or of a yes or no; `probabilities`; or anything.
   */
  readonly output: 'scores' | 'logits of classes' | 'logits' | 'probabilities' | 'any';
  /** The required kind of values in targets: distributions over the classes, values from 0 to 1, −1, 0 and 1, or anything. */
  readonly values: 'distributions' | 'shares' | 'sides' | 'any' | 'none';
}

/**
 * A loss as training sees it: graphs of the model's output and the target. A minibatch's loss is always the mean of its
 * samples' losses. Targets are class indices (i32) or values (f32), as each constructor says.
 */
export interface Loss {
  readonly kind: string;
  /** The constructor's options, with defaults filled in; JSON. */
  readonly settings: Readonly<Record<string, unknown>>;
  /**
   * The loss of each sample: n values for an output n×….
   * @throws ShapeError naming both shapes if they do not fit.
   */
  perSample(output: Tensor, target: Tensor): Tensor;
  /** The scores that a prediction shows for an output, in its shape: with classes, the highest is the predicted class. */
  scores(output: Tensor): Tensor;
  /** Share of right answers in each sample, n values in [0, 1]; undefined where the target has no right answer. */
  hits?(output: Tensor, target: Tensor): Tensor | undefined;
  /** The kind of `scores`: probabilities, one per class, or figures of which only the largest has a meaning, the answer. */
  readonly gives: 'probabilities' | 'figures';
  /** What outputs are trained to find where targets are values; metrics choose by it what they compare. */
  readonly finds: Finds;
  /** The meaning of `scores`, if there are several for each value of the target. */
  readonly spread?: Spread;
  /** If absent, nothing is known and nothing checked. */
  readonly takes?: Takes;
  /** Weights of the labels, if the loss is a sum over weighted classes alone; labels of weight 0 do not count. */
  readonly labelWeights?: readonly number[];
  /** The label of positions that do not count. */
  readonly ignoreIndex?: number;
  /** The losses of single answers (positions or values), each of which counts; absent if samples are scored as a whole. */
  readonly byAnswer?: ByAnswer;
  /** In place of the functions above: one loss of all outputs and targets together (function.ts). */
  readonly whole?: WholeLoss;
  /** The text of the function, if a user wrote the loss. */
  readonly source?: string;
}

/** One of several classes; the side of a middle for each value, of scores and of targets; or values. */
export type Finds =
  'classes' | 'values' | { readonly sides: readonly [score: number, target: number] };

/** A loss of a whole model. */
export interface WholeLoss {
  /** Names of the targets that it reads. */
  readonly targets: readonly string[];
  /** The loss of each sample, n values. */
  losses(outputs: ReadonlyMap<string, Tensor>, targetOf: (name: string) => Tensor): Tensor;
}

/** Losses and hits of a sample's answers, n×answers each. */
export interface ByAnswer {
  losses(output: Tensor, target: Tensor): Tensor;
  hits?(output: Tensor, target: Tensor): Tensor | undefined;
  /** How a sample's loss is computed from them. */
  readonly reduction: 'mean' | 'sum';
}

/** A check for one number of at least 0 per class, at least one of them above 0. */
export const weightsOfClasses: Check = (loss, name, value) => {
  listOf(notNegative)(loss, name, value);
  if ((value as readonly number[]).some((weight) => weight > 0)) return;
  throw new LanewiseError(
    'argument',
    `${loss}: ${name} are all 0, so that nothing counts`,
    'at least one class must count',
  );
};
