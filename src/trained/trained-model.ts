/** A trained model, as training returns it and a model file holds it: it predicts, evaluates and hashes its weights. */
import { machineParallelism } from '#platform/threads';
import { checkScale } from '../data/pixel-scale.js';
import { checkOptions, isList, isObject, quote, refuse, type Checks } from '../base/check.js';
import { sha256 } from '../base/sha256.js';
import type { AnyDataset, Field, LabelledDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { labelsIn, pixelsOf, UNNAMED, type Samples } from '../data/samples.js';
import type { Views } from '../data/transforms/views.js';
import { matchClasses } from '../data/class-names.js';
import type { Answer, Output } from '../data/answers.js';
import type { Rows } from '../data/encode-rows.js';
import { textRows } from '../data/bag-tools.js';
import { encodedRows, tableTools, withColumnsOf } from '../data/table-tools.js';
import { LanewiseError, show } from '../base/errors.js';
import { relaxedMaddIsFused, type Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import { sizeOf, type Shape } from '../graph/tensor.js';
import type { LossTerm } from '../losses/terms.js';
import { scoreSamples } from '../crew/kept-sessions.js';
import { createSession, type Evaluation, type Weights } from '../crew/session.js';
import { suggest } from '../base/suggest.js';
import { namesKnown, type DataDescription } from './data-description.js';
import { averageRounds, givesProbabilities } from '../metrics/score-averaging.js';
import {
  classify,
  predictedClasses,
  summarize,
  type ClassificationSummary,
  type EvaluationSummary,
} from '../metrics/summary.js';
import { checkScores, workerCount } from './check-weights.js';
import { READING, type ReadingSettings } from '../crew/reading.js';
import { checkFiniteSamples, samplesField, type NestedNumbers } from './samples-given.js';

/** Scores of samples, and the classes that they favour. */
export interface Prediction {
  /** Class index of each sample; empty where an output is not one score per class. */
  readonly classes: Uint32Array;
  /** n×…; probabilities for outputs trained with cross-entropy, else the outputs themselves. */
  readonly scores: Float32Array;
  /** The predictions for rows of a table, one object a row, in the names of the targets. */
  readonly answers?: readonly Answer[];
}

/** Options of `evaluate`: how samples are read and viewed. */
export interface EvaluateOptions extends ReadingSettings {
  readonly workers?: number;
  /**
   * Views of each sample, as lists of transforms (`tenCrop(24)`), after those of the data set: scores are averaged
   * over them. Default the sample as it is.
   */
  readonly views?: Views;
}

/** Anything that scores classes: a model, or several as one. */
export interface Classifier extends DataDescription {
  /** Whether scores are probabilities; otherwise only their order has a meaning. */
  readonly givesProbabilities: boolean;
  /**
   * Scores samples of one shape (default the input's), one after another in one array, or rows of the model's table, by the
   * named output or the first.
   */
  predict(
    samples: Field['values'] | Uint8ClampedArray | NestedNumbers | Rows,
    shape?: Shape,
    output?: string,
  ): Promise<Prediction>;
  /**
   * Mean loss, accuracy and predictions over a data set. Labels mean the model's classes of the same name, if it has names;
   * predictions are indices into the model's classes.
   * @throws LanewiseError kind 'data' for samples of a class that the model does not know.
   */
  evaluate(data: LabelledDataset, options?: EvaluateOptions): Promise<ClassificationSummary>;
}

/** A model with weights, which can predict, be evaluated, saved and trained further. */
export interface TrainedModel extends Classifier {
  readonly model: Model;
  /** The loss it was trained with, one term for each output. */
  readonly terms: readonly LossTerm[];
  /** The rounding of its training, used for predictions unless the engine cannot. */
  readonly numerics: Numerics;
  readonly weights: Weights;
  /** SHA-256 of all weights (float32, little-endian) in the order of the layers, in hexadecimal. */
  sha256(): Promise<string>;
  /**
   * Scores samples of one shape (default the input's): one array with one sample after another, lists of numbers, one list
   * a sample, or a field for each input. A model of a table takes rows too: objects by the names of columns, lists in their
   * order, or all columns by name; `answers` has its predictions of them, for all targets. A model of texts with classes takes texts.
   * @param output the output to compute; default the first.
   * @throws LanewiseError kind 'data' unless they are whole samples that fit the model's inputs, or rows that fit its table,
   * naming row and column.
   */
  predict(
    samples:
      | Field['values']
      | Uint8ClampedArray
      | NestedNumbers
      | Readonly<Record<string, Field>>
      | Rows
      | readonly string[],
    shape?: Shape,
    output?: string,
  ): Promise<Prediction>;
  /** Mean loss, accuracy and predictions over a data set. Default workers: the machine's parallelism. */
  evaluate(data: LabelledDataset, options?: EvaluateOptions): Promise<ClassificationSummary>;
  evaluate(data: AnyDataset, options?: EvaluateOptions): Promise<EvaluationSummary>;
}

const EVALUATE: Checks<EvaluateOptions> = {
  workers: workerCount,
  views: true,
  ...READING,
};

/** The parts of a model that predictions need. */
interface Known extends DataDescription {
  readonly model: Model;
  readonly terms: readonly LossTerm[];
  readonly numerics: Numerics;
  readonly weights: Weights;
}

export function createTrainedModel(
  model: Model,
  terms: readonly LossTerm[],
  numerics: Numerics,
  weights: Weights,
  description: DataDescription = {},
): TrainedModel {
  const known: Known = { model, terms, numerics, weights, ...description };
  return {
    ...known,
    givesProbabilities: givesProbabilities(terms),
    sha256: () =>
      sha256(
        ...[...weights.values()].map(
          ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
        ),
      ),
    predict: (samples, shape, output) => predictWith(known, samples, shape, output),
    evaluate: ((data: AnyDataset, options?: EvaluateOptions) =>
      evaluateWith(known, data, options)) as TrainedModel['evaluate'],
  };
}

/** The numerics of training, where this engine has them. */
const usable = ({ numerics }: Known): Numerics =>
  numerics === 'fused' && !relaxedMaddIsFused() ? 'strict' : numerics;

async function predictWith(
  known: Known,
  ...[samples, shape, output = [...known.model.outputs.keys()][0]!]: Parameters<
    TrainedModel['predict']
  >
): Promise<Prediction> {
  const { model, terms, weights } = known;
  const scored = model.outputs.get(output);
  if (typeof output !== 'string') refuse('predict', 'output', output, 'the name of an output');
  if (!scored) {
    throw new LanewiseError(
      'argument',
      `the model has no output '${output}', expected one of ${[...model.outputs.keys()].join(', ')}`,
    );
  }
  const [input, { shape: taken }] = Object.entries(model.architecture.inputs)[0]!;
  const names = Object.keys(model.architecture.inputs);
  const rows = encodedRows(known, samples, names, sizeOf(taken));
  const values = rows?.values ?? textRows(known, samples);
  const inputs = values ? { [input]: { shape: taken, values } } : inputsOf(known, samples, shape);
  for (const { values } of Object.values(inputs))
    checkScale(known.samples?.type, values, 'samples', 'the model was trained on');
  const data = samplesOf({ name: 'samples to predict', inputs, targets: {} });
  const scoresOf = async (name: string): Promise<Output> => {
    const loss = terms.find((term) => term.output === name)?.loss;
    const scores = await scoreSamples({
      model,
      weights,
      scored: { output: name, loss },
      numerics: usable(known),
      data,
    });
    checkScores(scores, weights, inputs);
    return { name, scores, spread: loss?.spread };
  };
  const answered = await scoresOf(output);
  const { scores } = answered;
  const classes = scored.length === 1 ? predictedClasses(scores, scored[0]!) : new Uint32Array();
  if (!rows) return { classes, scores };
  const outputs = [...model.outputs.keys()];
  const answers = await tableTools().answer(known, answered, outputs, rows.count, scoresOf);
  return { classes, scores, answers };
}

async function evaluateWith(
  known: Known,
  given: AnyDataset,
  options: EvaluateOptions = {},
): Promise<EvaluationSummary> {
  const {
    workers: threads = machineParallelism(),
    views,
    ...reading
  } = checkOptions('evaluate', options, EVALUATE);
  const { terms } = known;
  const data = matchClasses(samplesOf(given), namesKnown(known, terms), 'the model');
  checkScale(
    known.samples?.type,
    pixelsOf(data),
    `samples of data set '${data.name}'`,
    'the model was trained on',
  );
  if (views !== undefined) {
    const seen = viewsOf(data, views);
    const rounds = seen.map(
      (view) => async () => classify(await score(known, view, threads, true, reading), view),
    );
    return averageRounds(rounds, seen[0]!, givesProbabilities(terms));
  }
  if (!labelsIn(data)) return summarize(await score(known, data, threads, false, reading), data);
  return classify(await score(known, data, threads, true, reading), data);
}

async function score(
  known: Known,
  data: Samples,
  workers: number,
  withScores: boolean,
  reading: ReadingSettings,
): Promise<Evaluation> {
  const { model, terms, weights, table } = known;
  const session = await createSession({
    model,
    terms,
    ...reading,
    numerics: usable(known),
    workers,
    datasets: [withColumnsOf(data, table, 'the model')],
  });
  try {
    session.writeWeights(weights);
    const evaluation = await session.evaluate(0, withScores);
    checkScores(withScores ? evaluation.scores : evaluation.losses!, weights);
    return evaluation;
  } finally {
    await session.close();
  }
}

/** The data set in each of the views. @throws LanewiseError kind 'argument' or 'data' if it cannot have any. */
function viewsOf(data: Samples, views: Views): Samples[] {
  if (!Array.isArray(views) || views.length === 0 || !views.every(Array.isArray)) {
    throw new LanewiseError(
      'argument',
      `views are ${Array.isArray(views) ? 'not a list of lists of transforms' : show(views)}, expected one made by tenCrop or fiveCrop, or like it`,
    );
  }
  if (!labelsIn(data)) {
    throw new LanewiseError(
      'data',
      `data set '${data.name}' has no labelled images, which views need`,
    );
  }
  const image = data.inputs[UNNAMED]!;
  const { transforms = [] } = image;
  return views.map((view) => ({
    ...data,
    inputs: { [UNNAMED]: { ...image, transforms: [...transforms, ...view] } },
  }));
}

/** A field for each input: those given, or the only one made from samples. */
function inputsOf(
  { model: { architecture }, series }: Known,
  samples: unknown,
  shape?: Shape,
): Readonly<Record<string, Field>> {
  const [name, input] = Object.entries(architecture.inputs)[0]!;
  if (!isObject(samples)) return { [name]: samplesField(samples, input, shape) };
  const fields = samples as Readonly<Record<string, Field>>;
  const known = Object.keys(architecture.inputs);
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new LanewiseError(
      'data',
      `predict: the model has no input ${quote(unknown)}, expected ${known.join(', ')}`,
      'samples' in fields || 'inputs' in fields
        ? 'predict takes a data set’s samples: predict(data.samples, data.shape), or predict(data.inputs)'
        : series
          ? 'forecast(model, rows) takes the rows of a series'
          : suggest(unknown, known),
    );
  }
  for (const [key, field] of Object.entries(fields)) {
    if (isList(field)) {
      throw new LanewiseError(
        'data',
        `predict: input '${key}' is an array, expected { shape, values }`,
        `${key}: { shape: [${architecture.inputs[key]!.shape.join(', ')}], values }`,
      );
    }
    if (ArrayBuffer.isView(field?.values) && Array.isArray(field.shape))
      checkFiniteSamples(field.values, sizeOf(field.shape), `input '${key}'`);
  }
  return fields;
}
