/** What a run begins with: a model for its data, with drawn weights or those of a file. */
import { LanewiseError } from '../base/errors.js';
import { showShape } from '../graph/tensor.js';
import type { Recipe } from '../models/recipes.js';
import type { DataSets } from './data-sources.js';
import { sizedRecipe } from './model-name.js';
import {
  carefulRecipe,
  classCount,
  differ,
  keepingScale,
  knowsClasses,
  matched,
  openWeights,
  startNamed,
  startOf,
  type Start,
  type WeightsFile,
} from './pretrained.js';
import type { BuiltModel, TaskKind } from './task-kinds.js';
import type { TrainOptions } from './train-options.js';

/** The file of `--weights`. @throws LanewiseError kind 'argument' if neither it nor the command line names a model. */
export async function weightsOf(
  options: TrainOptions,
  given: string | undefined,
): Promise<WeightsFile | undefined> {
  const { weights } = options;
  if (weights === undefined) return undefined;
  const file = await openWeights(weights, given !== undefined);
  if (given === undefined) checkOwnSize(file, options);
  if (file.trained || given !== undefined) return file;
  throw new LanewiseError(
    'argument',
    `'${weights}' holds weights alone, and does not say of which model`,
    'name the model: lanewise train resnet18 --weights …',
  );
}

/** @throws LanewiseError kind 'argument' for a size other than that of the file's model, which is taken as it is. */
function checkOwnSize({ path, trained }: WeightsFile, { size, width }: TrainOptions): void {
  if (!trained || (size === undefined && width === undefined)) return;
  const [input] = Object.values(trained.model.architecture.inputs);
  const shape = input?.shape ?? [];
  if (width === undefined && shape.length === 3 && shape[1] === size && shape[2] === size) return;
  const flag = width === undefined ? `--size ${size}` : `--width ${width}`;
  throw new LanewiseError(
    'argument',
    `${flag} is for models by name, and the model of '${path}' takes ${showShape(shape)}`,
    `leave ${width === undefined ? '--size' : '--width'} out: images are brought to what the model takes`,
  );
}

/** What a run begins with: data, recipe and model, and a file's weights if they are given. */
export async function beginning(
  kind: TaskKind,
  { given, name, file }: { given: string | undefined; name: string; file: WeightsFile | undefined },
  data: DataSets,
  options: TrainOptions,
): Promise<BuiltModel & { data: DataSets; recipe: Recipe; start?: Start }> {
  if (file && given === undefined) {
    const keepsHead = options.head === undefined && knowsClasses(data, file);
    const own = matched(data, file, keepsHead);
    const start = startOf(file, options, keepsHead ? undefined : classCount(own));
    // A file that does not say its loss was taken for a classifier's.
    const keepsLoss = file.knowsLoss !== false || 'labels' in own.train;
    const recipe = carefulRecipe(kind.recipe(kind.usual(own), own), file, keepsLoss);
    return { data: own, recipe, start, ...start };
  }
  const recipe = sizedRecipe(name, kind.recipe(name, data), options);
  if (!file) return { data, recipe, ...(await kind.build(name, recipe, data)) };
  const { model, notes } = await kind.build(name, keepingScale(recipe, file), data);
  const start = startNamed(model, file, options, options.head !== undefined || differ(data, file));
  const careful = carefulRecipe(recipe, file, false);
  const known = file.trained || recipe.weightsNote === undefined ? [] : [recipe.weightsNote];
  return { data, recipe: careful, start, model, notes: [...start.notes, ...known, ...notes] };
}
