/** The kinds of tasks, a row each: the usual net, its recipe, and how its results are scored and shown. */
import type { Model } from '../layers/index.js';
import type { Recipe } from '../models/recipes.js';
import type { Part } from '../train/events.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { classesKind } from './classes-task.js';
import { rowsKind } from './rows-task.js';
import type { ScoringOptions } from './classifiers.js';
import type { ExportOptions } from './export-command.js';
import type { DataSets } from './data-sources.js';
import type { TaskName } from './task.js';
import { seriesKind } from './series-task.js';
import { textKind } from './text-task.js';
import { textsKind } from './texts-task.js';
import type { TrainOptions } from './train-options.js';
import type { TrainOptions as TrainOptionsOfRun } from '../train/train.js';

/** Where the results of a run are, and the words that name its data again. */
export interface RunPlaces {
  /** The model's name. */
  readonly model: string;
  /** The name or path of the data. */
  readonly data: string;
  /** The options that name the data. */
  readonly dataWords: readonly string[];
  /** The path of the report, if there is one. */
  readonly report?: string | undefined;
}

/** A trained model's figures on the last part of the data, for the end of a run. */
export interface Scores {
  /** The lines that show them after a run of `seconds`, the most important last. */
  lines(part: Part, places: RunPlaces, seconds: number): readonly string[];
  /** The record that `--json` prints; `names` identify the model. */
  record(names: object, part: Part): object;
  /** The next command to try with the model's file. */
  hint(file: string, places: RunPlaces): string;
  /** The last line: that a baseline is not beaten, or that the lead may be chance. */
  readonly verdict?: string | undefined;
  /** What the run's folder keeps of the score, its interval and its baselines, for reports. */
  readonly judgement?: object | undefined;
}

/** The options of a command that scores and reads samples. */
export interface ReadingOptions {
  readonly workers?: number | undefined;
  readonly decoders?: number | undefined;
}

/** What the commands need to know about a kind of task. */
export interface TaskKind {
  /** The name of the model that is trained if none is given. */
  usual(data: DataSets): string;
  /** @throws LanewiseError for data from which nothing can be learned, and options that do not apply to it. */
  check(data: DataSets, options: TrainOptions): void;
  /** @throws LanewiseError kind 'argument' for a model that does not take such data. */
  recipe(name: string, data: DataSets): Recipe;
  /** The model for the training samples, and notes on what a user may not expect. */
  build(name: string, recipe: Recipe, data: DataSets): Promise<BuiltModel>;
  /** What is done to a trained model before it is saved; absent for nothing. */
  finish?(data: DataSets): TrainOptionsOfRun['finish'];
  /** Scores a model on the last part of its data. */
  score(model: TrainedModel, data: DataSets, options: ReadingOptions): Promise<Scores>;
  /** `lanewise eval` of models of this kind. */
  eval(
    files: readonly string[],
    models: readonly TrainedModel[],
    options: EvalOptions,
  ): Promise<void>;
  /** `lanewise export` of predictions for test samples. */
  export(
    files: readonly string[],
    models: readonly TrainedModel[],
    options: ExportOptions,
  ): Promise<void>;
}

export interface BuiltModel {
  readonly model: Model;
  readonly notes: readonly string[];
}

export interface EvalOptions extends ScoringOptions {
  readonly json?: boolean;
}

/** The kinds that the command line knows so far, by name. */
const KINDS: { readonly [name in TaskName]?: TaskKind } = {
  classes: classesKind,
  text: textKind,
  texts: textsKind,
  series: seriesKind,
  values: rowsKind,
  labels: rowsKind,
  several: rowsKind,
};

export const kindOf = (name: TaskName): TaskKind => KINDS[name] ?? classesKind;

/** The kind of task that a trained model was made for, by what its file says of its data. */
export const kindOfModel = (model: TrainedModel): TaskKind => kindOf(taskOfModel(model));

function taskOfModel({ vocabulary, text, table, series }: TrainedModel): TaskName {
  if (series) return 'series';
  if (vocabulary) return text?.by ? 'texts' : 'text';
  const types = (table?.targets ?? []).map(({ type }) => type);
  if (types.length > 1) return types.every((type) => type === 'number') ? 'values' : 'several';
  return types[0] === 'number' ? 'values' : types[0] === 'labels' ? 'labels' : 'classes';
}
