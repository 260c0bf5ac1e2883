/** What training commands share: data in its parts by the options, and the model and settings of a run on it. */
import { LanewiseError } from '../base/errors.js';
import type { TrainSettings } from '../train/settings.js';
import type { TrainOptions as RunOptions } from '../train/train.js';
import { withoutGaps } from './gaps.js';
import { loadData, type DataSets } from './data-sources.js';
import { loadedIfSmall } from './loading.js';
import { recipeNamed } from './model-name.js';
import { dataRequest } from './options.js';
import {
  checkPretrained,
  classCount,
  knownOf,
  nameOfFile,
  type WeightsFile,
} from './pretrained.js';
import { beginning, weightsOf } from './run-start.js';
import { rangesOf } from './quantization-ranges.js';
import { seriesRequest } from './series-options.js';
import { checkUses, trainSettings } from './setting-options.js';
import type { Fold } from './split-rule.js';
import { taskOf, type Task } from './task.js';
import { kindOf, type BuiltModel, type TaskKind } from './task-kinds.js';
import type { TrainOptions } from './train-options.js';
import { withValidation } from './validation.js';

/** Data with what is to be learned from it. */
export interface FoundData {
  /** The model's name on the command line, if it is there. */
  readonly given: string | undefined;
  /** The name given, that of the file of weights, or the usual one. */
  readonly name: string;
  readonly file: WeightsFile | undefined;
  readonly task: Task;
  readonly kind: TaskKind;
  readonly parts: DataSets;
  /** The option for which training samples were set aside for validation, if they were. */
  readonly setAside: string | undefined;
}

/**
 * The data that the options name, with a validation part if the run chooses by one; `chooser` says why, for commands that
 * always do, and a `fold` is tested instead of a share. Samples of files may not be in memory yet.
 * @throws LanewiseError for data that cannot be read, and options that do not apply to it.
 */
export async function findData(
  given: string | undefined,
  options: TrainOptions,
  chooser?: string,
  fold?: Fold,
): Promise<FoundData> {
  const usual = given === undefined ? undefined : recipeNamed(given);
  checkPretrained(options);
  const file = await weightsOf(options, given);
  const asked = {
    ...dataRequest(options),
    ...seriesRequest(options),
    seed: options.seed,
    ...(fold ? { fold } : {}),
    size: options.size ?? usual?.sized?.usual,
  };
  const known = file && options.size === undefined ? knownOf(file) : {};
  const found = await loadData(options.data, asked, known);
  const task = taskOf(found);
  const kind = kindOf(task.kind);
  const name = given ?? (file ? nameOfFile(file.path) : kind.usual(found));
  checkUses(options, found, options.data);
  checkClassCount(options, found);
  const { setAside, ...parts } = withoutGaps(withValidation(found, options, chooser));
  return { given, name, file, task, kind, parts, setAside };
}

/** @throws LanewiseError kind 'argument' for data with another number of classes than the command line says. */
function checkClassCount({ classes, data }: TrainOptions, found: DataSets): void {
  const own = classCount(found);
  if (classes === undefined || classes === own) return;
  throw new LanewiseError(
    'argument',
    `--classes ${classes}: ${data} has ${own === undefined ? 'no classes' : `${own} classes`}, and a model gets as many as its data has`,
    'leave --classes out, or take other data',
  );
}

/** The data with its samples in memory, if they fit. */
export async function inMemory(found: FoundData, options: TrainOptions): Promise<FoundData> {
  const { maxMemory, decoders } = options;
  return { ...found, parts: await loadedIfSmall(found.parts, { maxMemory, decoders }) };
}

/** A run, ready to begin. */
export interface PreparedRun extends BuiltModel {
  /** The data as the model takes it: with a file of weights, in its classes and columns. */
  readonly data: DataSets;
  readonly settings: TrainSettings;
  /** What is done to the trained model before it is saved. */
  readonly finish?: RunOptions['finish'];
}

/** What a run begins with; for tables the net may have been chosen by training some, which takes seconds. */
type Begun = Awaited<ReturnType<typeof beginning>>;

const begin = ({ given, name, file, kind, parts }: FoundData, options: TrainOptions) =>
  beginning(kind, { given, name, file }, parts, options);

async function runOf(
  { kind, parts }: FoundData,
  { data, recipe, model, notes, start }: Begun,
  options: TrainOptions,
): Promise<PreparedRun> {
  kind.check(parts, options);
  const finish = kind.finish?.(data);
  const ranges = options.quantization ? await rangesOf(model, recipe, data, start) : undefined;
  const settings = trainSettings(recipe, options, data, start, ranges);
  return { data, model, notes, settings, ...(finish ? { finish } : {}) };
}

/** The model and the settings of a run. @throws LanewiseError for a model or options that do not apply to the data. */
export async function preparedRun(found: FoundData, options: TrainOptions): Promise<PreparedRun> {
  found.kind.check(found.parts, options);
  return runOf(found, await begin(found, options), options);
}

/** As `preparedRun`, for runs that differ in some options: what only depends on data and the model's size is made once. */
export function preparedRuns(found: FoundData): (options: TrainOptions) => Promise<PreparedRun> {
  const begun = new Map<string, Promise<Begun>>();
  return async (options) => {
    // With a file of weights more options have a say in the beginning.
    const { width, size } = options;
    const key = JSON.stringify(found.file ? options : { width, size });
    if (!begun.has(key)) begun.set(key, begin(found, options));
    return runOf(found, await begun.get(key)!, options);
  };
}
