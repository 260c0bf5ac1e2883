/** Several trained models that answer as one, by the mean of their scores. */
import { LanewiseError, show } from '../errors.js';
import { showShape, type Shape } from '../graph/tensor.js';
import { averageRounds, givesProbabilities, meanOf } from './averaging.js';
import { predictedClasses } from './evaluate.js';
import type { Classifier, TrainedModel } from './trained-model.js';
import { checkTrained } from './checks.js';

/** Predicts and evaluates as a model does. */
export interface Ensemble extends Classifier {
  /** In the order in which their scores are added. */
  readonly models: readonly TrainedModel[];
}

/**
 * The models as one: probabilities are the mean of theirs. They are run one after another.
 * @throws LanewiseError kind 'argument' if there are none, or if they disagree: in their classes, in the samples
 * they take, in how many scores they give, or in whether these are probabilities.
 */
export function ensemble(models: readonly TrainedModel[]): Ensemble {
  if (!Array.isArray(models) || models.length === 0) {
    throw new LanewiseError(
      'argument',
      `ensemble: models are ${Array.isArray(models) ? 'an empty list' : show(models)}, expected at least one trained model`,
    );
  }
  const list = models as readonly TrainedModel[];
  list.forEach((model, i) => checkTrained(`ensemble: model ${i + 1}`, model));
  list.forEach((model, i) => checkAgreement(list[0]!, model, i));
  const classes = list.find((model) => model.classes)?.classes;
  const samples = list.find((model) => model.samples)?.samples;
  return {
    models: list,
    ...(classes ? { classes } : {}),
    ...(samples ? { samples } : {}),
    givesProbabilities: list[0]!.givesProbabilities,
    async predict(values, shape, output) {
      const scores = await meanOf(
        list.map((model) => async () => (await model.predict(values, shape, output)).scores),
      );
      const each = outputOf(list[0]!, output);
      return {
        classes: each.length === 1 ? predictedClasses(scores, each[0]!) : new Uint32Array(),
        scores,
      };
    },
    evaluate: (data, options) =>
      list.length === 1
        ? list[0]!.evaluate(data, options)
        : averageRounds(
            list.map((model) => () => model.evaluate(data, options)),
            data,
            givesProbabilities(list[0]!.terms),
          ),
  };
}

/** Shape of a sample's scores; of the first output unless named. */
const outputOf = ({ model }: TrainedModel, name?: string): Shape =>
  model.outputs.get(name ?? [...model.outputs.keys()][0]!)!;

/** Everything that would make a mean of scores mean nothing. */
function checkAgreement(first: TrainedModel, model: TrainedModel, i: number): void {
  const refuse = (what: string, found: string, expected: string) =>
    new LanewiseError(
      'argument',
      `ensemble: model ${i + 1} ${what} ${found}, the first ${expected}`,
    );
  const outputs = [model, first].map((one) => showShape(outputOf(one)));
  if (outputs[0] !== outputs[1]) throw refuse('gives scores of shape', outputs[0]!, outputs[1]!);
  const losses = [model, first].map(({ terms }) => terms[0]?.loss.kind ?? 'none');
  if (givesProbabilities(model.terms) !== givesProbabilities(first.terms))
    throw refuse('was trained on the loss', losses[0]!, losses[1]!);
  if (model.samples && first.samples) {
    const [found, expected] = [model.samples, first.samples].map(
      ({ shape, type }) => `${showShape(shape)} of ${type}`,
    );
    if (found !== expected) throw refuse('was trained on samples', found!, expected!);
  }
  if (!model.classes || !first.classes) return;
  const length = Math.max(model.classes.length, first.classes.length);
  for (let c = 0; c < length; c++) {
    const [found, expected] = [model.classes[c], first.classes[c]];
    if (found !== expected) {
      throw refuse(`has class ${c}`, `'${found ?? 'none'}'`, `'${expected ?? 'none'}'`);
    }
  }
}
