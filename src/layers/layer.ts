/**
 * Layers: settings as plain data, with a function that applies them to tensors. A layer declares its parameters through
 * the scope, which names them after the layer: `c1.weight`. Calling a layer on wires (see wire.ts) connects it:
 * `conv(x)`.
 */
import { checkKeys, checkObject, refuse } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Shape, Tensor } from '../graph/tensor.js';
import type { Initializer } from './initializer.js';
import { checkLayer, connect, isWire, showPart, type Wire } from './wire.js';

/** A layer's settings in a model file; JSON. */
export type Settings = Readonly<Record<string, unknown>>;

/** A layer: how it is built, and its settings; applied to wires, it becomes part of a graph. */
export interface Layer {
  (...inputs: Wire[]): Wire;
  /** `conv2d`, `tanh`: the key under which it is rebuilt from a file. */
  readonly kind: string;
  readonly settings: Settings;
  /** The number of tensors it takes, least and most. */
  readonly inputs: readonly [least: number, most: number];
  readonly build: Build;
}

/** Computes the layer's output for its inputs. */
export type Build = (scope: Scope, ...xs: Tensor[]) => Tensor;

/** Makes a layer of its parts. `inputs` is the number of tensors it takes; default one. */
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

/** Makes layers, or applies one at once: `relu()` is a layer, and `relu(x)` equals `relu()(x)`. */
export interface Direct<Options> {
  (...inputs: [Wire, ...Wire[]]): Wire;
  (options?: Options): Layer;
}

/* @__NO_SIDE_EFFECTS__ */
export function direct<Options = Record<never, never>>(
  create: (options?: Options) => Layer,
): Direct<Options> {
  return ((first?: Options | Wire, ...more: Wire[]) => {
    // As in Keras, except that several wires are several arguments.
    if (Array.isArray(first) && first.some(isWire)) return create()(first as unknown as Wire);
    return isWire(first) || more.length > 0
      ? create()(first as Wire, ...more)
      : create(first as Options | undefined);
  }) as Direct<Options>;
}

/** Makes a layer without settings and parameters. */
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

/** Training uses the present samples' statistics, evaluation those that training has kept. */
export type Mode = 'training' | 'evaluation';

/** A layer's source of random numbers; see ops/dropout.ts. */
export interface Randomness {
  /** i32, 4 values fed with each shard: the key's two words, the step, and the first sample's place in its minibatch. */
  readonly state: Tensor;
  /** A number that differs from layer to layer. */
  readonly stream: number;
}

/** The scope in which a layer builds itself. */
export interface Scope {
  readonly mode: Mode;
  /** A parameter of this layer; `name` is `weight`, `bias`. */
  parameter(name: string, shape: Shape, initializer: Initializer): Tensor;
  /** A value kept beside the parameters: each minibatch moves it by `momentum` towards what was observed. */
  statistic(name: string, shape: Shape, initializer: Initializer, momentum: number): Tensor;
  /** Records the samples' value of a statistic, in training. */
  observe(name: string, value: Tensor): void;
  /** Whether the run keeps a value of this layer constant (`freeze`). */
  isFrozen(name: string): boolean;
  /** A value that the model file holds beside the parameters and that is never trained. */
  fixed(name: string, shape: Shape, initializer: Initializer): Tensor;
  /** The layer's own source of random numbers. */
  randomness(): Randomness;
  /**
   * Applies a layer that is part of this one. The same layer under the same name shares its parameters; under the name ''
   * they are called as if they were this layer's.
   */
  apply(name: string, layer: Layer, ...xs: Tensor[]): Tensor;
}

/** Constructors of layers from a file's settings; each checks its own. */
export type Constructors = Readonly<Record<string, (settings: Unchecked) => Layer>>;

// oxlint-disable-next-line typescript/no-explicit-any
type Unchecked = any;

/** Layers in order: an array (named `0`, `1`, … as in PyTorch) or an object of named layers. */
export type Layers = readonly Layer[] | Readonly<Record<string, Layer>>;

/** @throws LanewiseError kind 'argument' for no layers, or anything else; `owner` is what is made of them. */
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

/** A layer as a model file describes it. In nets other than plain sequences it names its inputs. */
export interface LayerDescription {
  readonly name: string;
  readonly kind: string;
  readonly settings: Settings;
  /** Names of inputs and layers; absent: the layer before. */
  readonly inputs?: readonly string[];
  /** An earlier layer whose parameters this one shares; '' if its own have no layer's name in front of theirs. */
  readonly shares?: string;
}

export const describe = (layers: readonly (readonly [string, Layer])[]): LayerDescription[] =>
  layers.map(([name, { kind, settings }]) => ({ name, kind, settings }));
