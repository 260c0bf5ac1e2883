/** What a model predicts for rows, in the form in which figures and files show it: numbers with intervals, classes, labels. */
import { widthOfSpread, type Spread } from '../base/spread.js';
import { LanewiseError } from '../base/errors.js';
import type { Field } from '../data/dataset.js';
import { intervalsOf } from '../metrics/intervals.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { answersIn, rowOutputs, type RowOutput, type TargetRows } from './row-outputs.js';

/** The predictions of an output for all rows. */
export interface OutputScores {
  readonly output: RowOutput;
  /** Numbers (the expected ones), or scores of classes or labels: rows of `width`. */
  readonly values: Float32Array;
  readonly width: number;
  /** Bounds of the numbers' intervals. */
  readonly interval?: { readonly low: Float32Array; readonly high: Float32Array };
  readonly spread?: Spread;
  /** The true answers: numbers, 0 and 1 for labels, or a class index a row. */
  readonly truth: Field['values'];
}

/** Scores rows by models, whose scores are averaged. @throws LanewiseError for models that predict something else. */
export async function scoreRows(
  models: readonly TrainedModel[],
  rows: TargetRows,
): Promise<OutputScores[]> {
  const found: OutputScores[] = [];
  for (const output of rowOutputs(rows)) {
    const truth = rows.targets[output.name]!.values;
    const spread = spreadOf(models[0]!, output);
    const scores = await meanScores(models, rows, output.name);
    const each = spread && output.type === 'number' ? widthOfSpread(spread) : 1;
    const width = answersIn(output);
    const count = truth.length / (output.type === 'class' ? 1 : width);
    if (scores.length !== count * width * each) {
      throw new LanewiseError(
        'data',
        `the model's output '${output.name}' has ${scores.length / count} values, expected ${width * each} for ${output.targets.map(({ name }) => name).join(', ')}`,
      );
    }
    if (!spread || output.type !== 'number') {
      found.push({ output, values: scores, width, truth });
      continue;
    }
    const { values, low, high } = intervalsOf({ spread, scores });
    found.push({ output, values, width, interval: { low, high }, spread, truth });
  }
  return found;
}

/** The meaning of a model's scores, if they describe distributions. */
export const spreadOf = (
  { terms }: TrainedModel,
  { name }: Pick<RowOutput, 'name'>,
): Spread | undefined => terms.find((term) => term.output === name)?.loss.spread;

async function meanScores(
  models: readonly TrainedModel[],
  { inputs }: TargetRows,
  output: string,
): Promise<Float32Array> {
  const [{ values }] = Object.values(inputs) as [Field];
  let sum: Float32Array | undefined;
  for (const model of models) {
    const [name, { shape }] = Object.entries(model.model.architecture.inputs)[0]!;
    const { scores } = await model.predict({ [name]: { shape, values } }, undefined, output);
    if (sum && sum.length !== scores.length)
      throw new LanewiseError(
        'argument',
        `the models have ${sum.length} and ${scores.length} scores, expected models with the same outputs`,
      );
    sum = sum ? sum.map((value, i) => value + scores[i]!) : scores;
  }
  return models.length === 1 ? sum! : sum!.map((value) => value / models.length);
}
