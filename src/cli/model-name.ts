/** The model that a command takes by name, with the options of its size; for a file, the refusal says what takes it. */
import {
  allRecipes,
  recipeFor,
  type ImageSettings,
  type Recipe,
  type Sized,
} from '../models/recipes.js';
import { LanewiseError } from '../base/errors.js';
import { option, positive, wholeNumber } from './options.js';

const FILE = /\.(safetensors|pt|pth|bin|ckpt|h5|hdf5|keras|onnx|json|npz)$/i;
/** Models of the library that no command trains. */
const LIBRARY = /^(u-?net|srcnn|deepface|seresnet\d*|vgg-?\d+[-_]?bn)$/i;

/** Whether a name is that of a file, ours or another program's. */
export const isFileName = (name: string): boolean => FILE.test(name);

/** @throws LanewiseError kind 'argument' for any other name. */
export function recipeNamed(name: string): Recipe {
  const known = Object.keys(allRecipes()).join(', ');
  if (isFileName(name))
    throw new LanewiseError(
      'argument',
      `'${name}' is the name of a file, expected one of the models ${known}`,
      'train --weights FILE goes on from a file; eval, predict and export take model files (.safetensors)',
    );
  if (LIBRARY.test(name))
    throw new LanewiseError(
      'argument',
      `unknown model '${name}', expected one of ${known}`,
      'the library has more, for programs: docs/zoo.md',
    );
  return recipeFor(name);
}

/** Sizes that a net can have beside those that its data gives it. */
export interface SizeOptions {
  readonly size?: number;
  readonly width?: number;
}

export const sizeOptions = () => [
  option(
    '--size <pixels>',
    'height and width that a net for photographs takes; images of a folder are brought to it (64)',
    wholeNumber(1),
  ),
  option('--width <factor>', 'factor on the channels of a net for photographs (1)', positive),
];

/** The recipe with the sizes asked for. @throws LanewiseError kind 'argument' if the model has none to choose. */
export function sizedRecipe(name: string, recipe: Recipe, { size, width }: SizeOptions): Recipe {
  const [flag, value] = size === undefined ? ['--width', width] : ['--size', size];
  if (value === undefined) return recipe;
  if (!recipe.sized) {
    const others = Object.entries(allRecipes()).filter(([, one]) => one.sized);
    throw new LanewiseError(
      'argument',
      `${flag} ${value} is for the nets for photographs, and the model is ${name}`,
      `${others.map(([other]) => other).join(', ')} take it; --shape is the shape of images of a folder`,
    );
  }
  const sizes = {
    ...(size === undefined ? {} : { size }),
    ...(width === undefined ? {} : { width }),
  };
  return { ...recipe, create: (images) => recipe.create(images && { ...images, ...sizes }) };
}

/** The images of a net's paper, or of the size asked for. */
export const paperImages = (
  { paper }: Sized,
  { size = paper.size, classes = paper.classes }: SizeOptions & { readonly classes?: number } = {},
): ImageSettings => ({
  shape: [3, size, size],
  classes,
});
