/**
 * Inspects a trained model on test data. The report shows its accuracy class by class, the samples it is worst on, its first
 * layer's filters, and its layers' outputs for one sample (Zeiler & Fergus 2014 show both).
 */
import { machineParallelism } from '#platform/threads';
import { checkOptions } from '../../base/check.js';
import { intervalReader } from '../../base/spread.js';
import { matchClasses } from '../../data/class-names.js';
import { takeFirst } from '../../data/chosen.js';
import type { AnyDataset, Dataset } from '../../data/dataset.js';
import { samplesOf } from '../../data/forms.js';
import { labelsIn, type Samples } from '../../data/samples.js';
import { relaxedMaddIsFused } from '../../engine/features.js';
import { sizeOf } from '../../graph/tensor.js';
import { createLayerwise } from '../../look/layerwise.js';
import { createSession, type Evaluation as Scores } from '../../crew/session.js';
import { confusionMatrix, type ConfusionMatrix } from '../../metrics/confusion.js';
import { namesKnown } from '../../trained/data-description.js';
import { givesProbabilities } from '../../metrics/score-averaging.js';
import { predictedClasses, summarize } from '../../metrics/summary.js';
import { checkTrained, workerCount } from '../../trained/check-weights.js';
import { READING, type ReadingSettings } from '../../crew/reading.js';
import type { TrainedModel } from '../../trained/trained-model.js';
import {
  calibrationSeen,
  classShares,
  constantSeen,
  labelsSeen,
  numbersOf,
  valuesSeen,
} from './answers-seen.js';
import type { ClassFigures, Evaluation, FarMiss, Mistake, Pictures } from './evaluation.js';
import { importanceOf } from './importance.js';
import { seriesViewOf } from './series-view.js';
import { mapPicture, samplePicture, weightPicture } from './pictures.js';
import { samplesSeen } from './sample-seen.js';

const MAX_MISTAKES = 24;
const MAX_FILTERS = 64;
/** Most maps of one layer, and most layers. */
const MAX_MAPS = 16;
const MAX_MAP_LAYERS = 6;

export interface InspectOptions extends ReadingSettings {
  /** Threads; default the machine's parallelism. */
  readonly workers?: number;
}

/**
 * The report's view of a model at the end of a run.
 * @throws LanewiseError kind 'data' if model and data do not fit.
 */
export async function inspectRun(
  trained: TrainedModel,
  given: AnyDataset,
  options: InspectOptions = {},
): Promise<Evaluation> {
  checkTrained('inspectRun', trained);
  return inspect(trained, samplesOf(given), options);
}

/** As `inspectRun`, for samples; `train` are those that the model was trained on, for baselines. */
export async function inspect(
  trained: TrainedModel,
  samples: Samples,
  options: InspectOptions,
  train?: Samples,
): Promise<Evaluation> {
  const data = matchClasses(samples, namesKnown(trained, trained.terms), 'the model');
  const checks = { workers: workerCount, ...READING } as const;
  const { workers = machineParallelism(), ...reading } = checkOptions(
    'inspectRun',
    options,
    checks,
  );
  const found = await score(trained, data, workers, reading);
  const { loss, accuracy } = summarize(found, data);
  const labels = labelsIn(data);
  const series = seriesViewOf(data, found.scores);
  const importance = await importanceOf(trained, data);
  const first = importance?.map(({ column }) => column);
  const classes =
    labels && found.hits ? await classification(trained, data, labels, found, first) : {};
  const sides = labelsSeen(data, found.scores);
  const values = labels || series ? undefined : valuesSeen(trained, data, found.scores);
  const baseline = series ? undefined : train && constantSeen(trained, train, data, labels);
  const filters = firstFilters(trained);
  const maps = await featureMaps(trained, data);
  return {
    version: 1,
    data: data.name,
    samples: data.count,
    loss,
    ...(accuracy === undefined ? {} : { accuracy }),
    ...classes,
    ...(sides ? { classes: sides } : {}),
    ...(baseline ? { baselines: [baseline] } : {}),
    ...(values ? { values, misses: await misses(trained, data, found, first) } : {}),
    ...(importance ? { importance } : {}),
    ...(series ? { series } : {}),
    ...(filters ? { filters } : {}),
    ...(maps ? { featureMaps: maps } : {}),
  };
}

async function score(
  { model, terms, numerics, weights }: TrainedModel,
  data: Samples,
  workers: number,
  reading: ReadingSettings,
): Promise<Scores> {
  const session = await createSession({
    model,
    terms,
    numerics: numerics === 'fused' && !relaxedMaddIsFused() ? 'strict' : numerics,
    workers,
    ...reading,
    datasets: [data],
  });
  try {
    session.writeWeights(weights);
    return await session.evaluate(0, true);
  } finally {
    await session.close();
  }
}

/** Figures that exist where each sample has a class and the model a score for each class. */
async function classification(
  { terms }: TrainedModel,
  data: Samples,
  labels: Dataset['labels'],
  { scores, losses }: Scores,
  first: readonly string[] | undefined,
): Promise<Pick<Evaluation, 'confusion' | 'classes' | 'mistakes' | 'calibration'>> {
  const classes = data.classes as readonly string[];
  const width = scores.length / labels.length;
  if (width < classes.length) return {};
  const predictions = predictedClasses(scores, width);
  const known = [...labels.keys()].filter((i) => labels[i]! >= 0);
  const confusion = confusionMatrix(
    known.map((i) => labels[i]!),
    known.map((i) => predictions[i]!),
    classes,
  );
  const isWrong = (i: number) => labels[i]! >= 0 && predictions[i] !== labels[i];
  const isProbability = terms[0]?.loss.scores !== undefined;
  const order = Array.from(labels.keys())
    .filter(isWrong)
    .toSorted((a, b) => losses![b]! - losses![a]! || a - b)
    .slice(0, MAX_MISTAKES);
  const seen = await samplesSeen(data, order, first);
  const mistakes = order.map((index, i): Mistake => {
    const predicted = predictions[index]!;
    return {
      ...seen[i]!,
      truth: confusion.classes[labels[index]!]!,
      predicted: confusion.classes[predicted]!,
      ...(isProbability
        ? {
            probability: scores[index * width + predicted]!,
            truthProbability: scores[index * width + labels[index]!]!,
          }
        : {}),
      loss: losses![index]!,
    };
  });
  return {
    confusion,
    classes: classFigures(confusion),
    mistakes,
    ...(givesProbabilities(terms) && known.length === labels.length && known.length > 0
      ? { calibration: calibrationSeen(labels, scores) }
      : {}),
  };
}

/** The samples whose values were predicted worst, by their loss. */
async function misses(
  trained: TrainedModel,
  data: Samples,
  { scores, losses }: Scores,
  first: readonly string[] | undefined,
): Promise<FarMiss[]> {
  const { values, spread } = numbersOf(trained, data)!;
  if (values.length !== data.count) return [];
  const size = scores.length / data.count;
  const read = spread ? intervalReader(spread) : undefined;
  const order = Array.from(losses!.keys())
    .toSorted((a, b) => losses![b]! - losses![a]! || a - b)
    .slice(0, MAX_MISTAKES);
  const seen = await samplesSeen(data, order, first);
  return order.map((index, i) => ({
    ...seen[i]!,
    truth: values[index]!,
    value: read ? read(scores, index * size).value : scores[index * size]!,
  }));
}

/** The figures of each class. */
export const classFigures = ({ classes, counts }: ConfusionMatrix): ClassFigures[] =>
  classes.map((name, c) => {
    const samples = counts[c]!.reduce((a, b) => a + b, 0);
    const taken = counts.reduce((sum, row) => sum + row[c]!, 0);
    return { name, samples, ...classShares(counts[c]![c]!, samples, taken) };
  });

/**
 * The first weights as pictures: kernels out × in × height × width, or rows of a dense layer in the shape of the image
 * that it reads.
 */
function firstFilters({ model, weights }: TrainedModel): Pictures | undefined {
  const spec = model.parameters.find(({ shape, role }) => role === 'trained' && shape.length >= 2);
  if (!spec) return undefined;
  const { name, shape } = spec;
  const image = Object.values(model.architecture.inputs)[0]!.shape;
  const isDense = shape.length === 2 && image.length === 3 && shape[1] === sizeOf(image);
  if (shape.length !== 4 && !isDense) return undefined;
  const [C, H, W] = (isDense ? image : shape.slice(1)) as [number, number, number];
  // Rows of a table have many channels and one place.
  if (H * W === 1) return undefined;
  const values = weights.get(name)!;
  const most = values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const count = Math.min(shape[0]!, MAX_FILTERS);
  const pictures = Array.from({ length: count }, (_, i) => {
    const filter = values.subarray(i * C * H * W, (i + 1) * C * H * W);
    return C === 3
      ? samplePicture(filter, [C, H, W])
      : weightPicture(filter.subarray(0, H * W), H, W, most);
  });
  const plane = C === 1 || C === 3 ? '' : `, the first of ${C} channels`;
  return { name, about: `${count} of ${shape[0]}, ${H}×${W}${plane}`, pictures };
}

/** The first sample's outputs in layers that give images. */
async function featureMaps(
  { model, weights, numerics }: TrainedModel,
  data: Samples,
): Promise<Evaluation['featureMaps']> {
  const one = await takeFirst(data, 1);
  const [field] = Object.values(one.inputs);
  if (field?.shape.length !== 3) return undefined;
  const layerwise = await createLayerwise(model, [], one, {
    mode: 'evaluation',
    withGradients: false,
    isWanted: (shape) => shape.length === 4 && shape[2]! * shape[3]! > 1,
    numerics: numerics === 'fused' && !relaxedMaddIsFused() ? 'strict' : numerics,
  });
  const images = layerwise.run(weights).layers;
  if (images.length === 0) return undefined;
  const every = Math.ceil(images.length / MAX_MAP_LAYERS);
  const layers = images
    .filter((_, i) => i % every === 0)
    .map(({ name, shape, output }) => {
      const [, C, H, W] = shape as [number, number, number, number];
      const count = Math.min(C, MAX_MAPS);
      const pictures = Array.from({ length: count }, (_, c) =>
        mapPicture(output.subarray(c * H * W, (c + 1) * H * W), H, W),
      );
      return { name, about: `${count} of ${C}, ${H}×${W}`, pictures };
    });
  const shape = field.shape as readonly [number, number, number];
  const labels = labelsIn(one);
  const classes = one.classes as readonly string[];
  return {
    picture: samplePicture(field.values.subarray(0, sizeOf(shape)), shape),
    label: labels ? `sample 0, ${classes[labels[0]!] ?? 'of no class'}` : 'sample 0',
    layers,
  };
}
