/** A registry of layers by kind, with which a model is rebuilt from the architecture in its file. */
import { checkObject, isObject } from '../base/check.js';
import { LanewiseError, nearest } from '../base/errors.js';
import { activationLayers } from './activations.js';
import { attentionLayers } from './attention.js';
import { blockOf, chain, residual } from './compose.js';
import { convolutionLayers } from './conv2d.js';
import { elementwiseLayers } from './elementwise.js';
import { embeddingLayers } from './embedding.js';
import { encodingLayers } from './encodings.js';
import { gateLayers } from './gates.js';
import type { Constructors, Layer, LayerDescription } from './layer.js';
import { denseLayers } from './linear.js';
import { checkInput, modelOf, type Architecture, type Model } from './model.js';
import { readNet, type Net } from './net.js';
import { normalizationLayers } from './norm.js';
import { poolingLayers } from './pool.js';
import { rbfLayers } from './rbf.js';
import { shapeLayers } from './shapes.js';
import { unsharedLayers } from './unshared.js';
import { reductionLayers } from './reductions.js';
import { resamplingLayers } from './resample.js';
import { rescaleLayers } from './rescale.js';
import { recurrentLayers } from './recurrent.js';
import type { InputSettings } from './wire.js';

// A call can be left out of bundles, unlike spreads: code that reads no files does not need all layers.
const constructors: Record<string, Constructors[string]> = /* @__PURE__ */ Object.assign(
  {},
  activationLayers,
  attentionLayers,
  convolutionLayers,
  denseLayers,
  elementwiseLayers,
  embeddingLayers,
  encodingLayers,
  gateLayers,
  normalizationLayers,
  poolingLayers,
  rbfLayers,
  shapeLayers,
  unsharedLayers,
  reductionLayers,
  resamplingLayers,
  rescaleLayers,
  recurrentLayers,
  {
    block: ({ inputs, layers, output }) => blockOf(createNet(inputs, layers, { output })),
    chain: ({ layers }) => chain(createLayers(layers)),
    model: (architecture) => rebuild(architecture),
    residual: ({ body, shortcut, ...options }) =>
      residual(createLayers(body), createLayers(shortcut), options),
  } satisfies Constructors,
);

/**
 * Registers a layer of one's own, so that files with it can be read: `create` makes it from the settings that
 * `defineLayer` was given.
 * @throws LanewiseError kind 'argument' if the kind is taken, or `create` is not a function.
 */
export function registerLayer(kind: string, create: Constructors[string]): void {
  if (Object.hasOwn(constructors, kind))
    throw new LanewiseError('argument', `there is a layer '${kind}' already`);
  if (typeof create !== 'function')
    throw new LanewiseError(
      'argument',
      `layer '${kind}' is made by ${String(create)}, expected a function`,
    );
  constructors[kind] = create;
}

/** The kinds of layers that files may have. */
export const layerKinds = (): string[] => Object.keys(constructors);

/** @throws LanewiseError kind 'argument' for an unknown kind or settings out of range. */
function createLayer({ kind, settings }: LayerDescription): Layer {
  if (!Object.hasOwn(constructors, kind)) {
    throw new LanewiseError(
      'argument',
      `unknown layer '${kind}'`,
      nearest(kind, layerKinds()) ?? 'registerLayer registers a layer of your own',
    );
  }
  return constructors[kind]!(settings);
}

const isNames = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string');

/** @throws LanewiseError kind 'argument' unless `list` is a list of descriptions with different names. */
function checkDescriptions(list: unknown): readonly LayerDescription[] {
  if (!Array.isArray(list)) throw new LanewiseError('argument', 'there is no list of layers');
  const names = new Set<string>();
  for (const description of list as readonly unknown[]) {
    if (
      !isObject(description) ||
      typeof description['name'] !== 'string' ||
      typeof description['kind'] !== 'string' ||
      !isObject(description['settings'])
    ) {
      throw new LanewiseError('argument', 'there is a layer without name, kind and settings');
    }
    const { name, inputs, shares } = description;
    if (names.has(name)) throw new LanewiseError('argument', `it names two layers '${name}'`);
    if (
      (inputs !== undefined && !isNames(inputs)) ||
      (shares !== undefined && typeof shares !== 'string')
    ) {
      throw new LanewiseError('argument', `layer '${name}': its inputs are not a list of names`);
    }
    names.add(name);
  }
  return list as readonly LayerDescription[];
}

/** The layers of a list from a file, by name. @throws LanewiseError as `createNet`. */
function createLayers(list: readonly LayerDescription[]): Record<string, Layer> {
  const layers = checkDescriptions(list).map((one) => [one.name, createLayer(one)] as const);
  return Object.fromEntries(layers);
}

/**
 * The net of a list from a file.
 * @throws LanewiseError kind 'argument' unless it is a list of possible layers, each after its inputs.
 */
function createNet(
  inputs: readonly string[],
  layers: readonly LayerDescription[],
  outputs: Readonly<Record<string, string>>,
): Net {
  if (!isNames(inputs) || !isObject(outputs) || !isNames(Object.values(outputs)))
    throw new LanewiseError('argument', 'there are no names of inputs and outputs');
  return readNet(inputs, checkDescriptions(layers), outputs, createLayer);
}

/** The model that a file describes. @throws LanewiseError for unknown layers or settings out of range. */
export function rebuild(architecture: Architecture): Model {
  checkObject('rebuild', architecture, ['inputs', 'layers', 'outputs']);
  const { inputs, layers, outputs } = architecture;
  if (!isObject(inputs) || !Object.values(inputs).every(isObject))
    throw new LanewiseError('argument', 'there are no inputs');
  const settings = Object.entries(inputs).map(([name, input]) => {
    const { shape, ...options } = input as InputSettings;
    return [name, checkInput(shape, options)] as const;
  });
  return modelOf(createNet(Object.keys(inputs), layers, outputs), Object.fromEntries(settings));
}
