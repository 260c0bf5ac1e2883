/** Every layer by its kind: how a model is rebuilt from the architecture in its file. */
import { LanewiseError, nearest } from '../errors.js';
import { batchNorm2d } from './batch-norm.js';
import { chain, residual } from './chain.js';
import { conv2d } from './conv2d.js';
import { flatten, relu, scaledTanh, sigmoid, tanh } from './elementwise.js';
import type { Layer, LayerDescription, Settings } from './layer.js';
import { linear } from './linear.js';
import { avgPool2d, globalAvgPool2d, maxPool2d } from './pool.js';

/** Settings come from outside: each layer's constructor checks what it is given. */
// oxlint-disable-next-line typescript/no-explicit-any
type Unchecked = any;

const constructors: Readonly<Record<string, (settings: Unchecked) => Layer>> = {
  avgPool2d: ({ kernelSize, ...options }) => avgPool2d(kernelSize, options),
  batchNorm2d: ({ features, ...options }) => batchNorm2d(features, options),
  chain: ({ layers }) => chain(createLayers(layers)),
  conv2d: ({ inChannels, outChannels, kernelSize, ...options }) =>
    conv2d(inChannels, outChannels, kernelSize, options),
  flatten,
  globalAvgPool2d,
  linear: ({ inFeatures, outFeatures, ...options }) => linear(inFeatures, outFeatures, options),
  maxPool2d: ({ kernelSize, ...options }) => maxPool2d(kernelSize, options),
  relu,
  residual: ({ body, shortcut, ...options }) =>
    residual(createLayers(body), createLayers(shortcut), options),
  scaledTanh,
  sigmoid,
  tanh,
};

/** @throws LanewiseError kind 'argument' for an unknown kind or settings out of range. */
function createLayer(kind: string, settings: Settings): Layer {
  if (!Object.hasOwn(constructors, kind)) {
    throw new LanewiseError(
      'argument',
      `unknown layer '${kind}'`,
      nearest(kind, Object.keys(constructors)),
    );
  }
  return constructors[kind]!(settings);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The layers of a list that comes from a file, by name.
 * @throws LanewiseError kind 'argument' if it is no list of descriptions with different names, each of a layer
 * that can be.
 */
export function createLayers(list: readonly LayerDescription[]): Record<string, Layer> {
  if (!Array.isArray(list)) throw new LanewiseError('argument', 'there is no list of layers');
  const layers = new Map<string, Layer>();
  for (const description of list as readonly unknown[]) {
    if (
      !isObject(description) ||
      typeof description['name'] !== 'string' ||
      typeof description['kind'] !== 'string' ||
      !isObject(description['settings'])
    ) {
      throw new LanewiseError('argument', 'there is a layer without name, kind and settings');
    }
    const { name, kind, settings } = description;
    if (layers.has(name)) throw new LanewiseError('argument', `it names two layers '${name}'`);
    layers.set(name, createLayer(kind, settings));
  }
  return Object.fromEntries(layers);
}
