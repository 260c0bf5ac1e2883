/**
 * A layer: settings as plain data, and a function that applies it to tensors. Its parameters are
 * declared through the scope, which names them after the layer: `c1.weight`. Calling a layer on wires
 * (see wire.ts) connects it: `conv(x)`.
 */
import { checkKeys, checkObject, refuse } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Shape, Tensor } from '../graph/tensor.js';
import type { Initializer } from './initializer.js';
import { checkLayer, connect, isWire, showPart, type Wire } from './wire.js';

/** JSON: what a model file keeps of a layer. */
export type Settings = Readonly<Record<string, unknown>>;

/** A layer: how it is built, and what it was made with; applied to wires, it is part of a graph. */
export interface Layer {
  (...inputs: Wire[]): Wire;
  /** `conv2d`, `tanh`: the key under which it is rebuilt from a file. */
  readonly kind: string;
  readonly settings: Settings;
  /** How many tensors it takes, least and most. */
  readonly inputs: readonly [least: number, most: number];
  readonly build: Build;
}

/** The layer's output for its inputs. */
export type Build = (scope: Scope, ...xs: Tensor[]) => Tensor;

/** Makes a layer of its parts. `inputs` says how many tensors it takes; default one. */
/* @__NO_SIDE_EFFECTS__ */
export function defineLayer(
  kind: string,
  settings: Settings,
  build: Build,
  inputs: number | readonly [least: number, most: number] = 1,
): Layer {
  if (typeof kind !== 'string' || kind === '')
    refuse('defineLayer', 'kind', kind, 'a name: defineLayer(kind, settings, build)');
  checkObject(kind, settings, []);
  if (typeof build !== 'function')
    refuse(kind, 'build', build, 'a function: defineLayer(kind, settings, build)');
  const taken = typeof inputs === 'number' ? ([inputs, inputs] as const) : inputs;
  const layer: Layer = Object.assign((...wires: Wire[]) => connect(layer, wires), {
    kind,
    settings,
    inputs: taken,
    build,
  });
  return layer;
}

/** Makes layers, or applies one at once: `relu()` is a layer, `relu(x)` the same as `relu()(x)`. */
export interface Direct<Options> {
  (...inputs: [Wire, ...Wire[]]): Wire;
  (options?: Options): Layer;
}

/* @__NO_SIDE_EFFECTS__ */
export function direct<Options = Record<never, never>>(
  create: (options?: Options) => Layer,
): Direct<Options> {
  return ((first?: Options | Wire, ...more: Wire[]) => {
    // As in Keras; here several wires are several arguments.
    if (Array.isArray(first) && first.some(isWire)) return create()(first as unknown as Wire);
    return isWire(first) || more.length > 0
      ? create()(first as Wire, ...more)
      : create(first as Options | undefined);
  }) as Direct<Options>;
}

/** A layer without settings and parameters. */
/* @__NO_SIDE_EFFECTS__ */
export function plain(
  kind: string,
  op: (...xs: Tensor[]) => Tensor,
  inputs: number | readonly [least: number, most: number] = 1,
): Direct<Record<never, never>> {
  return direct((options = {}) => {
    checkKeys(kind, options, []);
    return defineLayer(kind, {}, (_, ...xs) => op(...xs), inputs);
  });
}

/** Training sees the samples at hand, evaluation what training has kept of all of them. */
export type Mode = 'training' | 'evaluation';

/** What a layer draws random numbers by; see ops/dropout.ts. */
export interface Randomness {
  /** i32, 4 values fed with each shard: the key's two words, the step, and the first sample's place in its minibatch. */
  readonly state: Tensor;
  /** Differs from layer to layer. */
  readonly stream: number;
}

/** What a layer is given to build itself in. */
export interface Scope {
  readonly mode: Mode;
  /** A parameter of the layer at hand; `name` is `weight`, `bias`. */
  parameter(name: string, shape: Shape, initializer: Initializer): Tensor;
  /** A value kept beside the parameters: each minibatch moves it by `momentum` towards what was observed. */
  statistic(name: string, shape: Shape, initializer: Initializer, momentum: number): Tensor;
  /** What the samples at hand say of a statistic, in training. */
  observe(name: string, value: Tensor): void;
  /** Whether the run keeps a value of the layer at hand as it is: `freeze`. */
  isFrozen(name: string): boolean;
  /** A value that stands in the model file beside the parameters and is never trained. */
  fixed(name: string, shape: Shape, initializer: Initializer): Tensor;
  /** A source of random numbers of the layer's own. */
  randomness(): Randomness;
  /** Applies a layer that the one at hand is made of. The same layer under the same name shares its parameters. */
  apply(name: string, layer: Layer, ...xs: Tensor[]): Tensor;
}

/** From settings out of a file to layers; each constructor checks what it is given. */
export type Constructors = Readonly<Record<string, (settings: Unchecked) => Layer>>;

// oxlint-disable-next-line typescript/no-explicit-any
type Unchecked = any;

/** Layers in order: an array (named `0`, `1`, … as in PyTorch) or an object of named ones. */
export type Layers = readonly Layer[] | Readonly<Record<string, Layer>>;

/** @throws LanewiseError kind 'argument' if there are none, or others; `owner` is what is made of them. */
export function namedLayers(owner: string, layers: Layers): [name: string, layer: Layer][] {
  if (typeof layers !== 'object' || layers === null) {
    throw new LanewiseError(
      'argument',
      `a ${owner} is made of ${showPart(layers)}, expected an array or an object of layers`,
    );
  }
  const named = Object.entries(layers) as [string, Layer][];
  for (const [name, layer] of named) checkLayer(`layer '${name}' of a ${owner}`, layer);
  if (named.length === 0)
    throw new LanewiseError('argument', `a ${owner} needs at least one layer`);
  return named;
}

/** A layer as a model file keeps it. In nets that are no plain sequence it names what it is applied to. */
export interface LayerDescription {
  readonly name: string;
  readonly kind: string;
  readonly settings: Settings;
  /** Names of inputs and layers; absent: the layer before. */
  readonly inputs?: readonly string[];
  /** The layer before whose parameters this one uses. */
  readonly shares?: string;
}

export const describe = (layers: readonly (readonly [string, Layer])[]): LayerDescription[] =>
  layers.map(([name, { kind, settings }]) => ({ name, kind, settings }));
