/** `--augment digits`: augmentations by name. */
import { Option } from 'commander';
import { transformed } from '../data/transforms/transformed.js';
import { recipes } from '../data/transforms/recipes.js';
import type { ImageShape, Transform } from '../data/transforms/transform.js';
import { lookUp } from '../errors.js';

export const augmentOption = (): Option =>
  new Option(
    '--augment <names>',
    `random transforms of every training sample: ${Object.keys(recipes).join(', ')}; several with commas`,
  );

/** The transforms of all names, in their order. @throws LanewiseError kind 'argument' for an unknown name. */
export const augmentations = (names: string, shape: ImageShape): Transform[] =>
  names.split(',').flatMap((name) => lookUp('augmentation', recipes, name.trim())(shape));

/** The data set with the named augmentations. @throws LanewiseError kind 'argument' for an unknown name. */
export function augmented<D extends { readonly shape: ImageShape }>(
  data: D,
  names: string | undefined,
): D {
  return names === undefined ? data : transformed(data, augmentations(names, data.shape));
}
