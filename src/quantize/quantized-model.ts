/** A quantised model, which predicts and is evaluated like the trained one that it was made from. */
import { checkOptions, isObject, refuse, type Checks } from '../base/check.js';
import { sha256 } from '../base/sha256.js';
import { textRows } from '../data/bag-tools.js';
import { matchClasses } from '../data/class-names.js';
import type { AnyDataset, Field, LabelledDataset, TensorDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { checkScale } from '../data/pixel-scale.js';
import { labelsIn, pixelsOf, type Fields, type Samples } from '../data/samples.js';
import { withColumnsOf } from '../data/table-tools.js';
import { READING } from '../crew/reading.js';
import { readAll } from '../crew/load.js';
import type { Samples as Values } from '../inference/feed.js';
import type { ProgramFile } from '../inference/read.js';
import { programOf, type InferenceProgram } from '../inference/run-program.js';
import { placeQuantized } from '../inference/run-quantized.js';
import { functional, input, type Model } from '../layers/index.js';
import type { LossTerm } from '../losses/terms.js';
import { givesProbabilities } from '../metrics/score-averaging.js';
import {
  classifyScores,
  type ClassificationSummary,
  type EvaluationSummary,
} from '../metrics/summary.js';
import { workerCount } from '../trained/check-weights.js';
import { namesKnown, type DataDescription } from '../trained/data-description.js';
import { samplesField } from '../trained/samples-given.js';
import {
  createTrainedModel,
  type Classifier,
  type EvaluateOptions,
  type Prediction,
} from '../trained/trained-model.js';
import { rawOutputs } from './raw-outputs.js';

/** How a layer is computed, and how far its values are from those of the trained model. */
export interface LayerReport {
  /** The layer's name: `c1`. */
  readonly name: string;
  /** What it computes: `conv2d`, `linear`, `maxPool2d`. */
  readonly kind: string;
  readonly computed: 'int8' | 'float';
  /** Why it stays float. */
  readonly reason?: string;
  /** Root of the mean squared difference from the float layer's values over that of these values, over samples of the calibration. */
  readonly error?: number;
  /** Bytes of its weights, as stored. */
  readonly bytes: number;
}

/** A model that predicts on integers. */
export interface QuantizedModel extends Classifier {
  /** The loss it was trained with, one term for each output that it has. */
  readonly terms: readonly LossTerm[];
  /** Layers in order, with what became of them; of a model read from a file, those with integer weights. */
  readonly report: readonly LayerReport[];
  /** SHA-256 of the file of the model, in hexadecimal. */
  sha256(): Promise<string>;
  /** As a trained model's, in the calling thread; without `views`. */
  evaluate(data: LabelledDataset, options?: EvaluateOptions): Promise<ClassificationSummary>;
  evaluate(data: AnyDataset, options?: EvaluateOptions): Promise<EvaluationSummary>;
}

/** What a quantised model is made of. */
export interface QuantizedParts {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly file: ProgramFile;
  readonly terms: readonly LossTerm[];
  readonly description: DataDescription;
  readonly report: readonly LayerReport[];
}

const EVALUATE: Checks<EvaluateOptions> = {
  workers: workerCount,
  views: (owner, name, value) => {
    if (value !== undefined) refuse(owner, name, value, 'none for a quantised model');
  },
  ...READING,
};

export function createQuantized(parts: QuantizedParts): QuantizedModel {
  const { bytes, file, name, terms, description, report } = parts;
  let opened: Promise<InferenceProgram> | undefined;
  const program = () =>
    (opened ??= placeQuantized(file, { name }).then((placed) =>
      programOf(file, name, 'strict', placed),
    ));
  return {
    ...description,
    terms,
    report,
    givesProbabilities: givesProbabilities(terms),
    sha256: () => sha256(bytes),
    predict: (samples, shape, output) => predictWith(parts, program, samples, shape, output),
    evaluate: ((data: AnyDataset, options?: EvaluateOptions) =>
      evaluateWith(parts, data, options)) as QuantizedModel['evaluate'],
  };
}

async function predictWith(
  { file, description }: QuantizedParts,
  program: () => Promise<InferenceProgram>,
  ...[samples, shape, output]: Parameters<Classifier['predict']>
): Promise<Prediction> {
  const [first] = file.outputs;
  if (output !== undefined && output !== first!.output.name)
    refuse('predict', 'output', output, `'${first!.output.name}', the output of a quantised model`);
  const rows = textRows(description, samples);
  const isRows = description.table !== undefined && !ArrayBuffer.isView(samples);
  const values = rows ?? (isRows ? samples : valuesOf(file, samples, shape));
  checkScale(description.samples?.type, values, 'samples', 'the model was trained on');
  return (await program()).predict(values as Values, isRows ? undefined : shape);
}

/** Samples as the program takes them: a typed array, or one for each input. */
function valuesOf(
  { inputs }: ProgramFile,
  samples: unknown,
  shape: readonly number[] | undefined,
): Values | Readonly<Record<string, Values>> {
  if (!isObject(samples)) return samplesField(samples, inputs[0]!, shape).values as Values;
  const fields = samples as Readonly<Record<string, Field | undefined>>;
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [
      name,
      (field && 'values' in field ? field.values : field) as Values,
    ]),
  );
}

async function evaluateWith(
  { file, name, terms, description }: QuantizedParts,
  given: AnyDataset,
  options: EvaluateOptions = {},
): Promise<EvaluationSummary> {
  const reading = checkOptions('evaluate', options, EVALUATE);
  const data = matchClasses(samplesOf(given), namesKnown(description, terms), 'the model');
  checkScale(
    description.samples?.type,
    pixelsOf(data),
    `samples of data set '${data.name}'`,
    'the model was trained on',
  );
  const known = await readAll(withColumnsOf(data, description.table, 'the model'));
  const inputs = Object.fromEntries(file.inputs.map((one) => [one.name, one]));
  // All that is asked of a model here are its inputs.
  const model = { architecture: { inputs } } as unknown as Model;
  const raw = await rawOutputs(file, await placeQuantized(file, { name }), model, known);
  const { classes, targetClasses } = description;
  const scoring = createTrainedModel(identity(file), terms, 'strict', new Map(), {
    ...(classes ? { classes } : {}),
    ...(targetClasses ? { targetClasses } : {}),
  });
  const summary = await scoring.evaluate(tensorsOf(known, raw, terms), reading);
  if (!labelsIn(known)) return summary;
  const { scores } = await scoring.predict(raw);
  return { ...classifyScores(scores, known), ...summary };
}

/** A model whose outputs are its inputs, which computes scores and losses. */
function identity({ outputs }: ProgramFile): Model {
  const wires = Object.fromEntries(outputs.map(({ output }) => [output.name, input(output.shape)]));
  return functional({ inputs: wires, outputs: wires });
}

/** A data set of outputs, with the targets of `samples`; labels become the first output's targets. */
function tensorsOf(
  { name, targets, weights, classes }: Samples,
  inputs: Fields,
  [first]: readonly LossTerm[],
): TensorDataset {
  const output = first ? (first.target ?? first.output) : Object.keys(inputs)[0]!;
  return {
    name,
    inputs,
    targets: Object.fromEntries(
      Object.entries(targets).map(([key, field]) => [key || output, field]),
    ),
    ...(weights ? { weights } : {}),
    ...(classes ? { classes } : {}),
  };
}
