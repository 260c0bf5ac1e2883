/** What a loss is. */
import { listOf, notNegative, type Check } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Tensor } from '../graph/tensor.js';

/** What a loss takes: training holds outputs and targets against it before the first step. */
export interface Takes {
  /**
   * What an output is to be: `scores` of two classes or more; `logits`, from which the loss makes probabilities
   * itself, of two classes or more (`classes`) or of a yes or no; `probabilities`; or anything.
   */
  readonly output: 'scores' | 'logits of classes' | 'logits' | 'probabilities' | 'any';
  /** What a target of values is to be: distributions over the classes, values from 0 to 1, −1, 0 and 1, or anything. */
  readonly values: 'distributions' | 'shares' | 'sides' | 'any' | 'none';
}

/**
 * A loss as training sees it: graphs of the model's output and the target. A minibatch's loss is the mean of
 * its samples', whatever the loss. Targets are class indices (i32) or values (f32); each constructor says
 * which it takes.
 */
export interface Loss {
  readonly kind: string;
  /** What the constructor was given, defaults filled in; JSON. */
  readonly settings: Readonly<Record<string, unknown>>;
  /**
   * One value a sample: n, of an output n×….
   * @throws ShapeError naming both shapes if they do not fit.
   */
  perSample(output: Tensor, target: Tensor): Tensor;
  /** What a prediction shows of an output, in its shape: highest for the predicted class, if there are classes. */
  scores(output: Tensor): Tensor;
  /** Share of right answers of each sample, n values in [0, 1]; undefined where the target has no right answer. */
  hits?(output: Tensor, target: Tensor): Tensor | undefined;
  /** What `scores` gives: probabilities, one a class, or figures of which no more is known than that the largest is the answer. */
  readonly gives: 'probabilities' | 'figures';
  /** What outputs are trained to find, where targets are values: by it metrics choose what they compare. */
  readonly finds: Finds;
  /** Absent: nothing is known, and nothing checked. */
  readonly takes?: Takes;
  /** What the labels weigh, if the loss is a sum over weighted classes alone: 0 counts for nothing. */
  readonly labelWeights?: readonly number[];
  /** The label of places that count for nothing. */
  readonly ignoreIndex?: number;
  /** The same where each answer, a position or a value, counts on its own; absent for losses of a sample as a whole. */
  readonly byAnswer?: ByAnswer;
  /** In place of the functions above: a loss of all outputs and targets together (function.ts). */
  readonly whole?: WholeLoss;
  /** The text of the function that it is, if a user wrote one. */
  readonly source?: string;
}

/** One of several classes; on which side of a middle each value is, of scores and of targets; or values. */
export type Finds =
  'classes' | 'values' | { readonly sides: readonly [score: number, target: number] };

/** A loss of a whole model. */
export interface WholeLoss {
  /** Names of the targets it reads. */
  readonly targets: readonly string[];
  /** One value a sample, n. */
  losses(outputs: ReadonlyMap<string, Tensor>, targetOf: (name: string) => Tensor): Tensor;
}

/** Losses and hits of a sample's answers, n×answers each. */
export interface ByAnswer {
  losses(output: Tensor, target: Tensor): Tensor;
  hits?(output: Tensor, target: Tensor): Tensor | undefined;
  /** How a sample's loss is made of them. */
  readonly reduction: 'mean' | 'sum';
}

/** One number of at least 0 a class; one class at least is to count. */
export const weightsOfClasses: Check = (loss, name, value) => {
  listOf(notNegative)(loss, name, value);
  if ((value as readonly number[]).some((weight) => weight > 0)) return;
  throw new LanewiseError(
    'argument',
    `${loss}: ${name} are all 0, so that nothing counts`,
    'one class at least is to count',
  );
};
