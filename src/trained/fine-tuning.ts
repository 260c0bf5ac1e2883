/**
 * Fine-tuning: a trained model with another head, or cut off at a layer, with the weights of the layers that remain.
 */
import { checkOptions, extent, quote, required, text } from '../base/check.js';
import { LanewiseError, show } from '../base/errors.js';
import { rebuild, type Architecture, type Layer, type Model } from '../layers/index.js';
import { headOf, layerNamed, replaced, truncated, type Head } from '../layers/surgery.js';
import type { Weights } from '../crew/session.js';
import { checkModel, checkWeights } from './check-weights.js';

/** A model with all or some of its weights, such as a trained model; `train(model, { weights })` goes on from it. */
export interface Pretrained {
  readonly model: Model;
  readonly weights: Weights;
}

/** A model alone has no weights to pass on. @throws LanewiseError kind 'argument' for anything else. */
export function pretrainedOf(given: Model | Pretrained): Pretrained {
  if (typeof given === 'function') {
    checkModel(given);
    return { model: given, weights: new Map() };
  }
  if (typeof given !== 'object' || given === null)
    throw new LanewiseError(
      'argument',
      `model is ${quote(given)}, expected a model or a trained model`,
    );
  checkModel(given.model);
  checkWeights(given.model, given.weights);
  return given;
}

/** The architecture's model with the weights that it still has. Layers keep their names, and so do weights. */
export function carry(
  weights: Weights,
  architecture: Architecture,
  isNew: (parameter: string) => boolean = () => false,
): Pretrained {
  const model = rebuild(architecture);
  const names = new Set(model.parameters.map(({ name }) => name));
  const kept = [...weights].filter(([name]) => names.has(name) && !isNew(name));
  return { model, weights: new Map(kept) };
}

/**
 * The model with `layer` in place of the layer named `name`, as its parameters are (`fc`, `features.6`), and the weights
 * of all others. `train` draws the new layer's weights unless they are added. A layer of one's own must be registered
 * (`registerLayer`), as for reading it from a file.
 * @throws LanewiseError kind 'argument' if there is no such layer; kind 'shape' if the new one does not fit.
 */
export function replaceLayer(from: Model | Pretrained, name: string, layer: Layer): Pretrained {
  text('replaceLayer', 'name', name);
  const { model, weights } = pretrainedOf(from);
  if (typeof layer !== 'function' || !('build' in layer)) {
    throw new LanewiseError(
      'argument',
      `layer '${name}' is replaced by ${show(layer)}, expected a layer`,
    );
  }
  return exchange(model, weights, name, layer);
}

const exchange = (
  { architecture }: Model,
  weights: Weights,
  name: string,
  layer: Pick<Layer, 'kind' | 'settings'>,
): Pretrained =>
  carry(weights, replaced(architecture, name, layer), (parameter) =>
    parameter.startsWith(`${name}.`),
  );

/** Options of a new head. */
export interface HeadOptions {
  /** Number of values in the new output: the number of classes. */
  readonly classes: number;
  /** The output whose head is replaced; default the first. */
  readonly output?: string;
  /** The layer that is the head, by the name of its parameters; default the last with parameters. */
  readonly layer?: string;
}

const headAt = (model: Model, output: string): Head =>
  headOf(model.architecture, output, (layer) =>
    model.parameters.some(({ name }) => name.startsWith(`${layer}.`)),
  );

/** The name of the first output's head. @throws LanewiseError kind 'argument' as `replaceHead`. */
export const headName = (model: Model): string => headAt(model, [...model.outputs.keys()][0]!).name;

/** The names of all outputs' heads, the first output's first; outputs without one are left out. */
export const headNames = (model: Model): string[] =>
  [...model.outputs.keys()].flatMap((output) => {
    try {
      return [headAt(model, output).name];
    } catch {
      return [];
    }
  });

/** The setting of each kind of head that holds its number of values. */
const widths: Readonly<Record<string, string>> = {
  linear: 'outFeatures',
  conv2d: 'outChannels',
  conv1d: 'outChannels',
};

/**
 * The model with a new head (the last layer with parameters before an output) and the weights of everything before it.
 * `{ classes }` makes a head of the same kind, a dense layer or a convolution, for that many classes; a layer takes the
 * old head's place and name.
 * @throws LanewiseError kind 'argument' if there is no such layer or it is of another kind.
 */
export function replaceHead(from: Model | Pretrained, head: Layer | HeadOptions): Pretrained {
  const { model, weights } = pretrainedOf(from);
  const find = (output: string): Head => headAt(model, output);
  const [first] = model.outputs.keys();
  if (typeof head === 'function') return replaceLayer({ model, weights }, find(first!).name, head);
  if (typeof head !== 'object' || head === null)
    throw new LanewiseError('argument', `head is ${show(head)}, expected { classes } or a layer`);
  const {
    classes,
    output = first!,
    layer,
  } = checkOptions('replaceHead', head, {
    classes: required(extent),
    output: text,
    layer: text,
  });
  const { name, description } =
    layer === undefined
      ? find(output)
      : { name: layer, description: layerNamed(model.architecture, layer) };
  const { kind, settings } = description;
  const width = widths[kind];
  if (!width) {
    throw new LanewiseError(
      'argument',
      `the head '${name}' is a ${kind}, expected ${Object.keys(widths).join(', ')}`,
      'replaceHead takes a layer too',
    );
  }
  return exchange(model, weights, name, { kind, settings: { ...settings, [width]: classes } });
}

/**
 * The model up to layer `name`, whose output becomes the only one, with its weights: for features (see `encode`). Layers
 * that do not lead there are left out. `name` may be in a chain: `features.6`.
 * @throws LanewiseError kind 'argument' if there is no such layer, or it is inside a block.
 */
export function featuresOf(from: Model | Pretrained, name: string): Pretrained {
  text('featuresOf', 'name', name);
  const { model, weights } = pretrainedOf(from);
  return carry(weights, truncated(model.architecture, name));
}
