/** The loss of a student that learns from a teacher: Hinton, Vinyals & Dean 2015. */
import { checkOptions, numberAbove, numberFrom, text } from '../base/check.js';
import { crossEntropy, klDivergence } from './classes.js';
import type { WeightedLoss } from './terms.js';

/** Settings of `distillation`. */
export interface DistillationOptions {
  /** T, above 0; a higher one gives the teacher's wrong classes more weight; default 4. */
  readonly temperature?: number;
  /** The teacher's share of the loss, from 0 to 1; default 0.9. */
  readonly alpha?: number;
  /** The target that holds the teacher's logits, as `withTeacher` attaches them; default `teacher`. */
  readonly target?: string;
}

/**
 * (1 − α)·crossEntropy(output, labels) + α·T²·KL(softmax(teacher/T) ‖ softmax(output/T)), as a list of two losses: one
 * against the output's own target, labels, and one against a second target, logits. T² keeps the gradient's size the
 * same at every temperature (§2). At α = 1 labels only count right answers.
 * @throws LanewiseError kind 'argument' for values out of range.
 */
export function distillation(options: DistillationOptions = {}): WeightedLoss[] {
  const {
    temperature = 4,
    alpha = 0.9,
    target = 'teacher',
  } = checkOptions('distillation', options, {
    temperature: numberAbove(0),
    alpha: numberFrom(0, 1),
    target: text,
  });
  return [
    { loss: crossEntropy(), weight: 1 - alpha },
    { loss: klDivergence({ temperature }), weight: alpha, target },
  ];
}
