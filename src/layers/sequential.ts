/**
 * A model: layers applied one after another to a normalised input. Plain data plus `build`, which makes
 * its graph for a given batch size.
 */
import { LanewiseError } from '../errors.js';
import { withLayer } from '../graph/op.js';
import { input, parameter, showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import type { Initializer } from './initializer.js';
import { checkInteger, type Layer, type Settings } from './layer.js';
import { createLayer } from './registry.js';

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
  readonly layers: readonly {
    readonly name: string;
    readonly kind: string;
    readonly settings: Settings;
  }[];
}

export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: Initializer;
}

/** A model's graph for one batch size. */
export interface ModelGraph {
  readonly samples: Tensor;
  readonly output: Tensor;
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Each layer's output, in order. */
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
  build(batch: number): ModelGraph;
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
  layers: readonly Layer[] | Readonly<Record<string, Layer>>,
  { input: shape, mean = 0, deviation = 1 }: SequentialOptions,
): Model {
  const named = Object.entries(layers) as [string, Layer][];
  checkInput(shape, mean, deviation, named);
  const architecture: Architecture = {
    input: { shape, mean, deviation },
    layers: named.map(([name, { kind, settings }]) => ({ name, kind, settings })),
  };
  const specs: ParameterSpec[] = [];
  const once = build(named, shape, 1, (spec) => specs.push(spec));
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
    build: (batch) => build(named, shape, batch, () => {}),
  };
}

/** The model a file describes. @throws LanewiseError for unknown layers or settings out of range. */
export function rebuild({ input: { shape, mean, deviation }, layers }: Architecture): Model {
  const named = layers.map(
    ({ name, kind, settings }) => [name, createLayer(kind, settings)] as const,
  );
  return sequential(Object.fromEntries(named), { input: shape, mean, deviation });
}

function build(
  layers: readonly [string, Layer][],
  shape: Shape,
  batch: number,
  declare: (spec: ParameterSpec) => void,
): ModelGraph {
  const samples = input('samples', [batch, ...shape]);
  const parameters = new Map<string, Tensor>();
  const activations: { layer: string; kind: string; output: Tensor }[] = [];
  let x = samples;
  for (const [layer, { kind, build }] of layers) {
    x = withLayer(layer, () =>
      build(x, {
        parameter(short, shape, initializer) {
          const name = `${layer}.${short}`;
          const tensor = parameter(name, shape);
          parameters.set(name, tensor);
          declare({ name, shape, initializer });
          return tensor;
        },
      }),
    );
    activations.push({ layer, kind, output: x });
  }
  return { samples, output: x, parameters, activations };
}

function checkInput(
  shape: Shape,
  mean: number,
  deviation: number,
  layers: readonly unknown[],
): void {
  if (layers.length === 0) throw new LanewiseError('argument', 'a model needs at least one layer');
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
  model.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
