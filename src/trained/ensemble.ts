/** Several trained models that answer as one, by the mean of their scores. */
import { matchClasses } from '../data/class-names.js';
import type { LabelledDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { labelsIn, type Samples } from '../data/samples.js';
import { LanewiseError, show } from '../base/errors.js';
import { showShape, type Shape } from '../graph/tensor.js';
import { averageRounds, givesProbabilities, meanOf } from '../metrics/score-averaging.js';
import { namesKnown, type DataDescription } from './data-description.js';
import { predictedClasses } from '../metrics/summary.js';
import type { Classifier, TrainedModel } from './trained-model.js';
import { checkTrained } from './check-weights.js';

/** Predicts and evaluates as a model does. */
export interface Ensemble extends Classifier {
  /** In the order in which their scores are added. */
  readonly models: readonly TrainedModel[];
}

/** What an ensemble knows of its models' data: what all of them say that say it. */
const SHARED = ['classes', 'targetClasses', 'samples', 'table', 'vocabulary'] as const;

/**
 * The models as one: probabilities are the mean of theirs. They are run one after another.
 * @throws LanewiseError kind 'argument' if there are none, or if they disagree: in their classes (another order is
 * none), in the samples they take, in how many scores they give, or in whether these are probabilities.
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
  const first = (key: keyof DataDescription) => list.find((model) => model[key])?.[key];
  const description: DataDescription = Object.fromEntries(
    SHARED.flatMap((key) => (first(key) ? [[key, first(key)]] : [])),
  );
  const { classes } = description;
  return {
    models: list,
    ...description,
    givesProbabilities: list[0]!.givesProbabilities,
    async predict(values, shape, output) {
      const scores = await meanOf(
        list.map((model) => async () => {
          const { scores } = await model.predict(values, shape, output);
          const isFirst = output === undefined || output === [...model.model.outputs.keys()][0];
          return isFirst ? inOrderOf(classes, model, scores, outputOf(model).at(-1)!) : scores;
        }),
      );
      const each = outputOf(list[0]!, output);
      return {
        classes: each.length === 1 ? predictedClasses(scores, each[0]!) : new Uint32Array(),
        scores,
      };
    },
    evaluate: async (data, options) =>
      list.length === 1
        ? list[0]!.evaluate(data, options)
        : averageRounds(
            list.map((model) => async () => {
              const summary = await model.evaluate(data, options);
              const width = summary.scores.length / summary.predictions.length;
              return { ...summary, scores: inOrderOf(classes, model, summary.scores, width) };
            }),
            matchClasses(labelled(data), namesKnown(description, list[0]!.terms), 'the ensemble'),
            givesProbabilities(list[0]!.terms),
          ),
  };
}

/** @throws LanewiseError kind 'data' for what is no data set of samples with labels, whose scores several models give. */
function labelled(data: LabelledDataset): Samples {
  const samples = samplesOf(data);
  if (labelsIn(samples)) return samples;
  throw new LanewiseError(
    'data',
    `ensemble: data set '${samples.name}' has ${samples.source ? 'a stream of samples' : 'inputs and targets'}, expected samples with labels`,
    'the mean of predict(…) over the models is there for any data',
  );
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
  const [own, known] = [model.classes, first.classes];
  if (!own || !known) return;
  const extra = own.find((name) => !known.includes(name));
  const missing = known.find((name) => !own.includes(name));
  const isSame = own.every((name, c) => known[c] === name);
  if (extra !== undefined) throw refuse('has class', `'${extra}'`, 'has none of that name');
  if (missing !== undefined) throw refuse('has no class', `'${missing}'`, 'has one');
  if (!isSame && outputOf(model).length !== 1)
    throw refuse('has classes in the order', own.join(', '), `in the order ${known.join(', ')}`);
  if (!isSame && (new Set(own).size < own.length || own.length !== known.length))
    throw refuse('has two classes of one name among', own.join(', '), 'too');
}

/** The scores of a model whose classes have another order than `classes`, in that order. */
function inOrderOf(
  classes: readonly string[] | undefined,
  { classes: own }: TrainedModel,
  scores: Float32Array,
  width: number,
): Float32Array {
  if (!classes || !own || classes.every((name, c) => own[c] === name)) return scores;
  const places = classes.map((name) => own.indexOf(name));
  // Scores behind those of named classes keep their places.
  const sorted = scores.slice();
  for (let at = 0; at < scores.length; at += width)
    places.forEach((place, c) => (sorted[at + c] = scores[at + place]!));
  return sorted;
}
