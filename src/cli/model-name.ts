/** The model that a command takes by name; for a file, or a model of the library alone, the refusal says what takes it. */
import { recipeFor, recipes, type Recipe } from '../models/recipes.js';
import { LanewiseError } from '../base/errors.js';

const FILE = /\.(safetensors|pt|pth|bin|ckpt|h5|hdf5|keras|onnx|json)$/i;
/** The models of the zoo, of which the command line trains only a few by name. */
const ZOO =
  /^(resnet(18|34|50|101|152)|vgg-?(11|13|16|19)|alexnet|googlenet|zfnet|u-?net|gpt|nin)$/i;

/** Whether a name is that of a file, ours or another program's. */
export const isFileName = (name: string): boolean => FILE.test(name);

/** @throws LanewiseError kind 'argument' for any other name. */
export function recipeNamed(name: string): Recipe {
  const known = Object.keys(recipes).join(', ');
  if (isFileName(name))
    throw new LanewiseError(
      'argument',
      `'${name}' is the name of a file, expected one of the models ${known}`,
      'eval, predict and export take model files (.safetensors); a program can train one further: docs/fine-tuning.md',
    );
  if (ZOO.test(name))
    throw new LanewiseError(
      'argument',
      `unknown model '${name}', expected one of ${known}`,
      'the library has more, for programs: docs/zoo.md',
    );
  return recipeFor(name);
}
