/**
 * A layer: settings as plain data, and a function that applies it to a tensor. Its parameters are
 * declared through the scope, which names them after the layer: `c1.weight`.
 */
import { LanewiseError, nearest } from '../errors.js';
import type { Shape, Tensor } from '../graph/tensor.js';
import type { Initializer } from './initializer.js';

/** JSON: what a model file keeps of a layer. */
export type Settings = Readonly<Record<string, unknown>>;

export interface Layer {
  /** `conv2d`, `tanh`: the key under which it is rebuilt from a file. */
  readonly kind: string;
  readonly settings: Settings;
  build(x: Tensor, scope: Scope): Tensor;
}

/** Training sees the samples at hand, evaluation what training has kept of all of them. */
export type Mode = 'training' | 'evaluation';

export interface Scope {
  readonly mode: Mode;
  /** A parameter of the layer at hand; `name` is `weight`, `bias`. */
  parameter(name: string, shape: Shape, initializer: Initializer): Tensor;
  /** A value kept beside the parameters: each minibatch moves it by `momentum` towards what was observed. */
  statistic(name: string, shape: Shape, initializer: Initializer, momentum: number): Tensor;
  /** What the samples at hand say of a statistic, in training. */
  observe(name: string, value: Tensor): void;
  /** Applies a layer that the one at hand is made of. */
  apply(name: string, layer: Layer, x: Tensor): Tensor;
}

/** Layers in order: an array (named `0`, `1`, … as in PyTorch) or an object of named ones. */
export type Layers = readonly Layer[] | Readonly<Record<string, Layer>>;

/** @throws LanewiseError kind 'argument' if there are none; `owner` is what is made of them. */
export function namedLayers(owner: string, layers: Layers): [name: string, layer: Layer][] {
  const named = Object.entries(layers) as [string, Layer][];
  if (named.length === 0)
    throw new LanewiseError('argument', `a ${owner} needs at least one layer`);
  return named;
}

/** A layer as a model file keeps it. */
export interface LayerDescription {
  readonly name: string;
  readonly kind: string;
  readonly settings: Settings;
}

export const describe = (layers: readonly (readonly [string, Layer])[]): LayerDescription[] =>
  layers.map(([name, { kind, settings }]) => ({ name, kind, settings }));

/** @throws LanewiseError kind 'argument' unless `value` is a whole number of at least `least`. */
export function checkInteger(layer: string, name: string, value: unknown, least: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least) {
    throw new LanewiseError(
      'argument',
      `${layer}: ${name} is ${String(value)}, expected a whole number of at least ${least}`,
    );
  }
  return value;
}

/** A number or a pair, checked, as a pair [vertical, horizontal]. */
export function checkPair(
  layer: string,
  name: string,
  value: unknown,
  least: number,
): readonly [number, number] {
  if (!Array.isArray(value)) {
    const both = checkInteger(layer, name, value, least);
    return [both, both];
  }
  if (value.length !== 2) {
    throw new LanewiseError(
      'argument',
      `${layer}: ${name} has ${value.length} values, expected one or two`,
    );
  }
  return [checkInteger(layer, name, value[0], least), checkInteger(layer, name, value[1], least)];
}

/** @throws LanewiseError kind 'argument' unless `value` is one of `choices`. */
export function checkChoice<T extends string>(
  layer: string,
  name: string,
  value: unknown,
  choices: readonly T[],
): T {
  if (choices.includes(value as T)) return value as T;
  throw new LanewiseError(
    'argument',
    `${layer}: ${name} is '${String(value)}', expected one of ${choices.join(', ')}`,
    nearest(String(value), choices),
  );
}
