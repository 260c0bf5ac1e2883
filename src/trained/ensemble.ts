/** An ensemble: several trained models that answer as one, by the mean of their scores. */
import { matchClasses } from '../data/class-names.js';
import type { LabelledDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { labelsIn, type Samples } from '../data/samples.js';
import { tableTools } from '../data/table-tools.js';
import { LanewiseError, show } from '../base/errors.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';
import { averageRounds, givesProbabilities, meanOf } from '../metrics/score-averaging.js';
import { namesKnown, type DataDescription } from './data-description.js';
import { predictedClasses } from '../metrics/summary.js';
import type { Classifier, TrainedModel } from './trained-model.js';
import { checkTrained } from './check-weights.js';

/** Several models that predict and evaluate as one. */
export interface Ensemble extends Classifier {
  /** The models, in the order in which their scores are added. */
  readonly models: readonly TrainedModel[];
}

/** Fields of a description that an ensemble has where all its models that have them agree. */
const SHARED = ['classes', 'targetClasses', 'samples', 'table', 'vocabulary', 'text'] as const;

/**
 * An ensemble of the models: its probabilities are the mean of theirs. Models are run one after another.
 * @throws LanewiseError kind 'argument' for an empty list, or models that differ in their classes (their order may differ),
 * in the samples they take, in the number of their scores, or in whether these are probabilities.
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
      let isOfRows = false;
      const scores = await meanOf(
        list.map((model) => async () => {
          const { scores, answers } = await model.predict(values, shape, output);
          isOfRows = answers !== undefined;
          const isFirst = output === undefined || output === [...model.model.outputs.keys()][0];
          return isFirst ? inOrderOf(classes, model, scores, outputOf(model).at(-1)!) : scores;
        }),
      );
      const each = outputOf(list[0]!, output);
      const prediction = {
        classes: each.length === 1 ? predictedClasses(scores, each[0]!) : new Uint32Array(),
        scores,
      };
      if (!isOfRows || (description.table?.targets?.length ?? 0) > 1) return prediction;
      const name = output ?? [...list[0]!.model.outputs.keys()][0]!;
      const { loss } = list[0]!.terms.find((term) => term.output === name) ?? {};
      const one = { name, scores, spread: loss?.spread };
      const count = scores.length / sizeOf(each);
      const answers = await tableTools().answer(description, one, [], count, async () => one);
      return { ...prediction, answers };
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

/** @throws LanewiseError kind 'data' unless it is a data set of labelled samples, which is what several models can score. */
function labelled(data: LabelledDataset): Samples {
  const samples = samplesOf(data);
  if (labelsIn(samples)) return samples;
  throw new LanewiseError(
    'data',
    `ensemble: data set '${samples.name}' has ${samples.source ? 'a stream of samples' : 'inputs and targets'}, expected samples with labels`,
    'the mean of predict(…) over the models is there for any data',
  );
}

/** Shape of a sample's scores, from the first output unless named. */
const outputOf = ({ model }: TrainedModel, name?: string): Shape =>
  model.outputs.get(name ?? [...model.outputs.keys()][0]!)!;

/** Refuses models whose scores have no meaningful mean. */
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
  // Scores after those of the named classes keep their places.
  const sorted = scores.slice();
  for (let at = 0; at < scores.length; at += width)
    places.forEach((place, c) => (sorted[at + c] = scores[at + place]!));
  return sorted;
}
