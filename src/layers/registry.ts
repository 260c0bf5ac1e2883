/** Every layer by its kind: how a model is rebuilt from the architecture in its file. */
import { LanewiseError, nearest } from '../errors.js';
import { conv2d } from './conv2d.js';
import { flatten, relu, scaledTanh, sigmoid, tanh } from './elementwise.js';
import type { Layer, Settings } from './layer.js';
import { linear } from './linear.js';
import { avgPool2d, maxPool2d } from './pool.js';

/** Settings come from outside: each layer's constructor checks what it is given. */
// oxlint-disable-next-line typescript/no-explicit-any
type Unchecked = any;

const constructors: Readonly<Record<string, (settings: Unchecked) => Layer>> = {
  avgPool2d: ({ kernelSize, ...options }) => avgPool2d(kernelSize, options),
  conv2d: ({ inChannels, outChannels, kernelSize, ...options }) =>
    conv2d(inChannels, outChannels, kernelSize, options),
  flatten,
  linear: ({ inFeatures, outFeatures, ...options }) => linear(inFeatures, outFeatures, options),
  maxPool2d: ({ kernelSize, ...options }) => maxPool2d(kernelSize, options),
  relu,
  scaledTanh,
  sigmoid,
  tanh,
};

/** @throws LanewiseError kind 'argument' for an unknown kind or settings out of range. */
export function createLayer(kind: string, settings: Settings): Layer {
  if (!Object.hasOwn(constructors, kind)) {
    throw new LanewiseError(
      'argument',
      `unknown layer '${kind}'`,
      nearest(kind, Object.keys(constructors)),
    );
  }
  return constructors[kind]!(settings);
}
