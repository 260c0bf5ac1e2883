/** Scores models on test samples, for `eval` and `export`: one model, or an ensemble of several. */
import { Argument, Command, Option } from 'commander';
import { withNames } from '../data/class-names.js';
import type { IndexedDataset, LabelledDataset } from '../data/dataset.js';
import { fiveCrop, randomHorizontalFlip, tenCrop, type Views } from '../data/transforms/index.js';
import { LanewiseError } from '../base/errors.js';
import { ensemble, type Ensemble } from '../trained/ensemble.js';
import type { ClassificationSummary } from '../metrics/summary.js';
import type { TrainedModel } from '../trained/trained-model.js';
import {
  lastPart,
  loadData,
  type DataRequest,
  type DataSets,
  type ImageShape,
  type PartsOf,
} from './data-sources.js';
import { asKnown } from './gaps.js';
import { choose, examine, trainedPart, type Choice, type KnownModel } from './held-out.js';
import {
  addOptions,
  dataDetailOptions,
  dataDirOption,
  dataOption,
  dataRequest,
  choice,
  decodersOption,
  holdoutOption,
  wholeNumber,
  workersOption,
  type DataOptions,
} from './options.js';
import { openScorer } from './int8-model.js';
import { checkUses } from './setting-options.js';
import { labelledSets } from './task.js';

import { formatCount, note } from './terminal.js';

export interface ScoringOptions extends DataOptions {
  readonly all?: boolean;
  readonly workers?: number;
  readonly decoders?: number;
  readonly views?: keyof typeof viewsByName;
  readonly crop?: number;
}

/** Views of each sample; those that are crops have a size. */
const viewsByName = {
  'ten-crop': tenCrop,
  'five-crop': fiveCrop,
  flip: (): Views => [[], [randomHorizontalFlip(1)]],
} as const;

/** A command with the arguments and options that choose models and samples. */
export const scoringCommand = (name: string): Command =>
  addOptions(new Command(name), dataDetailOptions())
    .addArgument(
      new Argument(
        '<model.safetensors...>',
        'files written by train; several are an ensemble: their scores are averaged',
      ),
    )
    .addOption(dataOption())
    .addOption(dataDirOption())
    .addOption(holdoutOption('; --all scores every sample'))
    .addOption(
      new Option('--all', 'score every sample, also those of the training part').conflicts(
        'holdout',
      ),
    )
    .addOption(workersOption())
    .addOption(decodersOption())
    .addOption(
      choice(
        '--views <which>',
        'average the scores of several views of each sample',
        Object.keys(viewsByName),
      ),
    )
    .option('--crop <size>', 'size of the views in pixels (the model’s input)', wholeNumber(1));

export interface Scored extends Choice<LabelledDataset> {
  readonly classifier: Ensemble;
  readonly summary: ClassificationSummary;
  /** How many views of each sample were scored. */
  readonly views: number;
}

/** @throws LanewiseError for files that do not hold a model. */
export async function loadModels(files: readonly string[]): Promise<TrainedModel[]> {
  const models: TrainedModel[] = [];
  for (const file of files) models.push(await openScorer(file));
  return models;
}

/** The data that options name, read as the samples that the first model was trained on. */
export async function knownData(
  models: readonly TrainedModel[],
  options: ScoringOptions,
): Promise<DataSets> {
  const asked = { ...dataRequest(options), whole: true };
  const found = await loadData(options.data, asked, knownSamples(models[0]!));
  checkUses({ decoders: options.decoders }, found, options.data);
  return found;
}

/** Scores classifiers, several as an ensemble. @throws LanewiseError for models and data that do not fit. */
export async function scoreModels(
  files: readonly string[],
  models: readonly TrainedModel[],
  options: ScoringOptions,
): Promise<Scored> {
  const classifier = ensemble(models);
  const choice = choiceOf(
    labelledSets(await knownData(models, options), 'a classifier'),
    models.map(({ origin }, i) => ({ file: files[i]!, origin })),
    options,
  );
  // In the model's order, so that the output names the classes that the data lacks, too.
  const named = <D extends LabelledDataset>(part: D): D => {
    const known = asKnown(part, models[0]!.table);
    return classifier.classes ? withNames(known, classifier.classes, 'the model') : known;
  };
  const test = named(choice.test);
  const views = viewsOf(options, models[0]!);
  const { workers, decoders } = options;
  const summary = await classifier.evaluate(test, { workers, decoders, views });
  const outputs = summary.scores.length / test.labels.length;
  if (!classifier.classes && outputs !== test.classes.length)
    note(
      `'${files[0]}' does not name its ${formatCount(outputs)} classes, and ${test.name} has ${formatCount(test.classes.length)}: the first scores are taken for these; train --weights gives it a head of their number`,
    );
  return {
    ...choice,
    ...(choice.train ? { train: named(choice.train) } : {}),
    classifier,
    test,
    summary,
    views: views?.length ?? 1,
  };
}

/** The model's file describes the samples it was trained on; those it is scored on are read in the same way. */
function knownSamples({
  samples,
  table,
  classes,
  vocabulary,
  text,
}: TrainedModel): Pick<DataRequest, 'shape' | 'type' | 'fit' | 'known'> {
  if (text?.by) return { known: { classes, vocabulary: vocabulary!, text } };
  if (samples?.shape.length === 1 && table) return { known: { table, classes } };
  if (samples?.shape.length !== 3 || samples.type === 'int32') return {};
  const { shape, type, fit } = samples;
  return { shape: shape as unknown as ImageShape, type, fit, known: { table, classes } };
}

/** @throws LanewiseError kind 'argument' for `--all` on data that has test samples of its own; otherwise as `choose`. */
export function choiceOf<D extends IndexedDataset>(
  data: PartsOf<D>,
  models: readonly KnownModel[],
  options: ScoringOptions,
): Choice<D> {
  const { train, test, isWhole } = data;
  if (isWhole) return choose(test, models, options);
  if (!options.all) {
    const known = trainedPart(train, models[0]!);
    return { ...examine(test, models, lastPart(data)), ...(known ? { train: known } : {}) };
  }
  throw new LanewiseError(
    'argument',
    `--all is for data that is not divided, and '${options.data}' has ${lastPart(data)} samples of its own`,
    'leave it out, or give --data the path of one part',
  );
}

/** @throws LanewiseError kind 'argument' for a crop size without views that are crops. */
function viewsOf(
  { views, crop }: ScoringOptions,
  { model, samples }: TrainedModel,
): Views | undefined {
  if (views === undefined || views === 'flip') {
    if (crop === undefined) return views && viewsByName[views]();
    throw new LanewiseError(
      'argument',
      `--crop ${crop} is the size of crops, and --views is ${views ?? 'not given'}`,
      'add --views ten-crop or --views five-crop',
    );
  }
  const { shape } = samples ?? Object.values(model.architecture.inputs)[0]!;
  return viewsByName[views](crop ?? (shape.slice(1) as [height: number, width: number]));
}
