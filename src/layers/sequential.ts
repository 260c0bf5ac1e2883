/**
 * A model: layers applied one after another to a normalised input. Plain data plus `build`, which makes
 * its graph for a given batch size.
 */
import { LanewiseError } from '../errors.js';
import { withLayer } from '../graph/op.js';
import { input, parameter, showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import type { Initializer } from './initializer.js';
import {
  checkInteger,
  describe,
  namedLayers,
  type Layer,
  type LayerDescription,
  type Layers,
  type Mode,
  type Scope,
} from './layer.js';
import { createLayers } from './registry.js';

/** What goes into the first layer. */
export interface InputSettings {
  /** Of one sample: channels × height × width. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Inputs are (v − mean)/deviation, v in [0, 1] for images in bytes. */
  readonly mean: number;
  readonly deviation: number;
}

/** The JSON in a model file from which the model is rebuilt. */
export interface Architecture {
  readonly input: InputSettings;
  readonly layers: readonly LayerDescription[];
}

/** A value that a model file holds: a trained parameter, or a statistic that training keeps. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: Initializer;
  /** Of a statistic: the share of each minibatch in it. Absent for what the optimizer trains. */
  readonly momentum?: number;
}

/** A model's graph for one batch size. */
export interface ModelGraph {
  readonly samples: Tensor;
  readonly output: Tensor;
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** What the samples say of each statistic, by its name; empty in evaluation. */
  readonly observations: ReadonlyMap<string, Tensor>;
  /** Each layer's output, in order; layers made of layers come after these. */
  readonly activations: readonly {
    readonly layer: string;
    readonly kind: string;
    readonly output: Tensor;
  }[];
}

export interface Model {
  readonly architecture: Architecture;
  /** In the order of the layers: the order of the model file and of the weights' hash. */
  readonly parameters: readonly ParameterSpec[];
  /** Values the model answers with for one sample. */
  readonly outputs: number;
  build(batch: number, mode: Mode): ModelGraph;
}

export interface SequentialOptions {
  readonly input: readonly [channels: number, height: number, width: number];
  /** Default 0. */
  readonly mean?: number;
  /** Default 1. */
  readonly deviation?: number;
}

/**
 * Layers in order: an array (named `0`, `1`, … as in PyTorch) or an object of named layers.
 * @throws LanewiseError if a layer does not fit what comes out of the one before; the message names it.
 */
export function sequential(
  layers: Layers,
  { input: shape, mean = 0, deviation = 1 }: SequentialOptions,
): Model {
  const named = namedLayers('model', layers);
  checkInput(shape, mean, deviation);
  const architecture: Architecture = {
    input: { shape, mean, deviation },
    layers: describe(named),
  };
  const specs: ParameterSpec[] = [];
  const once = build(named, shape, 1, 'evaluation', (spec) => specs.push(spec));
  if (once.output.shape.length !== 2) {
    throw new LanewiseError(
      'shape',
      `the last layer '${named.at(-1)![0]}' gives ${showShape(once.output.shape)}, expected n×outputs`,
      'add flatten() before the dense layers',
    );
  }
  return {
    architecture,
    parameters: specs,
    outputs: once.output.shape[1]!,
    build: (batch, mode) => build(named, shape, batch, mode, () => {}),
  };
}

/** The model a file describes. @throws LanewiseError for unknown layers or settings out of range. */
export const rebuild = ({ input: { shape, mean, deviation }, layers }: Architecture): Model =>
  sequential(createLayers(layers), { input: shape, mean, deviation });

function build(
  layers: readonly [string, Layer][],
  shape: Shape,
  batch: number,
  mode: Mode,
  declare: (spec: ParameterSpec) => void,
): ModelGraph {
  const samples = input('samples', [batch, ...shape]);
  const parameters = new Map<string, Tensor>();
  const observations = new Map<string, Tensor>();
  const activations: { layer: string; kind: string; output: Tensor }[] = [];
  /** Declares `name`, which another layer's dots may have given already. */
  function create(spec: ParameterSpec): Tensor {
    if (parameters.has(spec.name))
      throw new LanewiseError('argument', `two layers have a parameter '${spec.name}'`);
    const tensor = parameter(spec.name, spec.shape);
    parameters.set(spec.name, tensor);
    declare(spec);
    return tensor;
  }
  const scopeOf = (prefix: string): Scope => ({
    mode,
    parameter: (name, shape, initializer) =>
      create({ name: `${prefix}${name}`, shape, initializer }),
    statistic: (name, shape, initializer, momentum) =>
      create({ name: `${prefix}${name}`, shape, initializer, momentum }),
    observe: (name, value) => observations.set(`${prefix}${name}`, value),
    apply(name, layer, x) {
      const full = `${prefix}${name}`;
      const output = withLayer(full, () => layer.build(x, scopeOf(`${full}.`)));
      activations.push({ layer: full, kind: layer.kind, output });
      return output;
    },
  });
  const model = scopeOf('');
  const output = layers.reduce((x, [name, layer]) => model.apply(name, layer, x), samples);
  return { samples, output, parameters, observations, activations };
}

function checkInput(shape: Shape, mean: number, deviation: number): void {
  if (!Array.isArray(shape) || shape.length !== 3) {
    throw new LanewiseError(
      'argument',
      `model input is ${String(shape)}, expected [channels, height, width]`,
    );
  }
  shape.forEach((extent, i) =>
    checkInteger('model input', ['channels', 'height', 'width'][i]!, extent, 1),
  );
  if (!Number.isFinite(mean) || !(deviation > 0) || !Number.isFinite(deviation)) {
    throw new LanewiseError(
      'argument',
      `model input: mean ${mean} and deviation ${deviation}, expected finite numbers and a deviation above 0`,
    );
  }
}

/** Number of trained values. */
export const parameterCount = (model: Model): number =>
  model.parameters
    .filter(({ momentum }) => momentum === undefined)
    .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
