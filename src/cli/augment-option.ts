/** The option `--augment`, which takes augmentations by name: `--augment digits`. */
import { recipes, type Recipe } from '../data/transforms/transform-recipes.js';
import type { ImageShape, Transform } from '../data/transforms/transform.js';
import { lookUp } from '../base/errors.js';
import { option, type OptionOf } from './options.js';

export const augmentOption = (): OptionOf<string> =>
  option(
    '--augment <names>',
    `random transforms of every training sample: ${Object.keys(recipes).join(', ')}; separate several by commas`,
  );

/** Recipes by name, in their order. @throws LanewiseError kind 'argument' for an unknown name. */
export const augmentations = (names: string): Recipe[] =>
  names.split(',').map((name) => lookUp('augmentation', recipes, name.trim()));

/** The transforms of the recipes for samples of a shape. */
export const transformsOf = (augmentation: readonly Recipe[], shape: ImageShape): Transform[] =>
  augmentation.flatMap((recipe) => recipe(shape));
