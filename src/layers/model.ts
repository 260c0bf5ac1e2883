/**
 * Models: nets with descriptions of their inputs. A model is plain data with `graph`, which builds its graph for a
 * given batch size. It is also a layer, so models can be made of models.
 */
import { checkOptions, extent, isFloat, isList, type Checks } from '../base/check.js';
import { LanewiseError, show } from '../base/errors.js';
import type { PerChannel } from '../graph/input-scale.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';
import { buildGraph, type ModelGraph, type ParameterSpec } from './graph.js';
import {
  defineLayer,
  namedLayers,
  type Layer,
  type LayerDescription,
  type Layers,
  type Mode,
} from './layer.js';
import { chainNet, describeNet, runNet, traceNet, type LayerTree, type Net } from './net.js';
import { isLayer, isWire, showPart, type InputSettings, type Wire } from './wire.js';

/** A model's description in its file, from which it is rebuilt; JSON. */
export interface Architecture {
  readonly inputs: Readonly<Record<string, InputSettings>>;
  readonly layers: readonly LayerDescription[];
  /** Output name → the layer it comes from. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** A model: its layers, parameters and outputs, without weights. */
export interface Model extends Layer {
  readonly architecture: Architecture;
  /** Parameters in the order of the layers, which is that of the model file and of the weights' hash. */
  readonly parameters: readonly ParameterSpec[];
  /** Each output's shape for one sample; the first is what predictions show. */
  readonly outputs: ReadonlyMap<string, Shape>;
  /** Bytes of all layers' outputs for one sample. */
  readonly activationBytes: number;
  /** `isFrozen` says which parameters and statistics keep their values; default none. */
  graph(batch: number, mode: Mode, isFrozen?: (name: string) => boolean): ModelGraph;
}

/** An input's kind of values, and their scaling before the first layer: (x − mean) / deviation. */
export interface InputOptions {
  /** One number, or a list with one for each channel (each feature of a vector); default 0. */
  readonly mean?: number | ArrayLike<number>;
  /** One number or a list, as `mean`; default 1. */
  readonly deviation?: number | ArrayLike<number>;
  /** For an input of whole numbers, such as tokens: all are below this. */
  readonly vocabulary?: number;
  /**
   * For an input of lengths: the number of each sample's own steps, from 1 to this, the steps of the sequence; one
   * number per sample: `input([], { lengths: 20 })`.
   */
  readonly lengths?: number;
}

/**
 * An input of a model, to be wired: `shape` is that of one sample, channels × height × width for images.
 * @throws LanewiseError kind 'argument' for impossible extents or scales.
 */
export function input(shape: Shape, options: InputOptions = {}): Wire {
  checkOptions('input', options, INPUT);
  return { kind: 'wire', from: checkInput(shape, options), inputs: [] };
}

/** Settings of `sequential`. */
export interface SequentialOptions extends InputOptions {
  readonly input: Shape;
}

/** Checks of inputs, whose values `checkInput` examines. */
const INPUT: Checks<InputOptions> = {
  mean: true,
  deviation: true,
  vocabulary: true,
  lengths: true,
};

/**
 * A model of layers in order: an array (named `0`, `1`, … as in PyTorch) or an object of named layers; or layers as
 * arguments, with the settings last.
 * @throws LanewiseError if a layer does not fit the output of the one before; the message names it.
 */
export function sequential(layers: Layers, settings: SequentialOptions): Model;
export function sequential(
  ...given: readonly [...layers: Layer[], settings: SequentialOptions]
): Model;
export function sequential(...given: readonly unknown[]): Model {
  const last = given.length > 1 && !isLayer(given.at(-1)) ? given.at(-1) : undefined;
  const before = last === undefined ? given : given.slice(0, -1);
  const layers = (isLayer(given[0]) ? before : given[0]) as Layers;
  // Layers first, to report swapped or missing arguments.
  const named = namedLayers('model', layers);
  if (last === undefined) {
    throw new LanewiseError(
      'argument',
      'sequential: input is missing, the shape of one sample',
      `write sequential([…layers], { input: ${exampleInput(named[0]![1])} })`,
    );
  }
  if (!isLayer(given[0]) && given.length > 2) {
    throw new LanewiseError(
      'argument',
      `sequential: ${given.length} arguments, expected the layers and { input }`,
      'write sequential([…layers], { input }) or sequential(layer, layer, …, { input })',
    );
  }
  const settings = last as SequentialOptions;
  checkOptions('sequential', settings, { input: true, ...INPUT });
  const { input: shape, ...options } = settings;
  const input = checkInput(shape, options);
  return modelOf(chainNet(named), { input });
}

/** An input that could suit a layer, for a hint. */
function exampleInput({ settings }: Layer): string {
  const { inFeatures, inChannels } = settings;
  if (inFeatures !== undefined) return `[${String(inFeatures)}]`;
  return `[${String(inChannels ?? 1)}, 28, 28]`;
}

export interface Wiring {
  /** Inputs by name, or a single one, which is then named `input`. */
  readonly inputs: Wire | Readonly<Record<string, Wire>>;
  /** Outputs by name, or a single one, which is then named `output`; the first is what predictions show. */
  readonly outputs: Wire | Readonly<Record<string, Wire>>;
  /** Layers by name, nested to any depth; others are named by their kind. */
  readonly layers?: LayerTree;
}

const WIRING: Checks<Wiring> = { inputs: true, outputs: true, layers: true };

/**
 * A model of wires: `const x = input([8]); functional({ inputs: x, outputs: relu(add(dense(x), x)), layers: { dense }
 * })`. A layer that is applied more than once shares its parameters.
 * @throws LanewiseError for unused inputs or named layers, and for layers that do not fit.
 */
export function functional(wiring: Wiring): Model {
  const { inputs, outputs, layers = {} } = checkOptions('functional', wiring, WIRING);
  const from = byName('inputs', 'input', inputs);
  const to = byName('outputs', 'output', outputs);
  const settings = Object.entries(from).map(([name, wire]) => {
    if (isWire(wire) && typeof wire.from === 'object') return [name, wire.from] as const;
    throw new LanewiseError('argument', `input '${name}' of a model was not made by input()`);
  });
  for (const [name, wire] of Object.entries(to)) {
    if (!isWire(wire))
      throw new LanewiseError(
        'argument',
        `output '${name}' of a model is ${showPart(wire)}, expected a wire`,
      );
  }
  if (settings.length === 0 || Object.keys(to).length === 0)
    throw new LanewiseError('argument', 'a model needs at least one input and one output');
  return modelOf(traceNet('model', from, to, layers), Object.fromEntries(settings));
}

/** Wires by name; a single one is named `single`. @throws LanewiseError kind 'argument' for anything else. */
function byName(
  what: string,
  single: string,
  wires: Wire | Readonly<Record<string, Wire>>,
): Readonly<Record<string, Wire>> {
  if (isWire(wires)) return { [single]: wires };
  if (typeof wires === 'object' && wires !== null) return wires;
  throw new LanewiseError(
    'argument',
    `${what} of a model are ${showPart(wires)}, expected a wire or an object of wires`,
  );
}

/** The model of a net whose inputs are described. */
export function modelOf(net: Net, inputs: Readonly<Record<string, InputSettings>>): Model {
  const architecture = { inputs, layers: describeNet(net), outputs: net.outputs };
  const once = buildGraph(net, inputs, 1, 'evaluation');
  const layer = defineLayer(
    'model',
    architecture as unknown as Layer['settings'],
    (scope, ...xs) => {
      const outputs = [...runNet(net, xs, scope).values()];
      if (outputs.length !== 1) {
        throw new LanewiseError(
          'argument',
          `a model of ${outputs.length} outputs is used as a layer, expected one output`,
        );
      }
      return outputs[0]!;
    },
    net.inputs.length,
  );
  const untrained = (): never => {
    throw new LanewiseError(
      'argument',
      'the model is not trained',
      'use the model that train(…) resolves to, or withWeights(model, weights)',
    );
  };
  for (const name of ['predict', 'evaluate'])
    Object.defineProperty(layer, name, { value: untrained });
  return Object.assign(layer, {
    architecture,
    parameters: once.specs,
    outputs: new Map([...once.outputs].map(([name, { shape }]) => [name, shape.slice(1)])),
    activationBytes: once.activations.reduce(
      (sum, { output }) => sum + sizeOf(output.shape) * 4,
      0,
    ),
    graph: (batch: number, mode: Mode, isFrozen?: (name: string) => boolean) =>
      buildGraph(net, inputs, batch, mode, isFrozen),
  });
}

/** The least number above all lengths. */
function above(lengths: number | undefined): number | undefined {
  if (lengths === undefined) return undefined;
  extent('model input', 'lengths', lengths);
  return lengths + 1;
}

/** @throws LanewiseError kind 'argument' for impossible extents or scales. */
export function checkInput(
  shape: Shape,
  { mean = 0, deviation = 1, lengths, vocabulary = above(lengths) }: InputOptions,
): InputSettings {
  // A sample of whole numbers, such as tokens and lengths, may be a single one.
  if (!Array.isArray(shape) || (shape.length === 0 && vocabulary === undefined)) {
    throw new LanewiseError(
      'argument',
      `model input is ${show(shape)}, expected the shape of one sample: [channels, height, width] for images`,
    );
  }
  const image = ['channels', 'height', 'width'];
  (shape as Shape).forEach((one, i) =>
    extent('model input', shape.length === 3 ? image[i]! : `axis ${i}`, one),
  );
  const scale = {
    mean: checkScale(shape, 'mean', mean, isFloat),
    // A smaller deviation would turn float32 numbers into infinities.
    deviation: checkScale(shape, 'deviation', deviation, (d) => d >= 1e-30 && isFloat(d)),
  };
  if (vocabulary === undefined) return { shape, ...scale };
  extent('model input', 'vocabulary', vocabulary);
  if (mean !== 0 || deviation !== 1)
    throw new LanewiseError(
      'argument',
      'model input: mean or deviation beside a vocabulary, expected one or the other: whole numbers are not scaled',
    );
  if (lengths === undefined) return { shape, ...scale, vocabulary };
  if (shape.length > 0 || vocabulary !== above(lengths))
    throw new LanewiseError(
      'argument',
      `model input: lengths beside ${shape.length > 0 ? `the shape ${showShape(shape)}` : `a vocabulary of ${vocabulary}`}, expected one number a sample: input([], { lengths: ${lengths} })`,
    );
  return { shape, ...scale, vocabulary, lengths };
}

/** One number, or a list with one for each index of axis 0; typed arrays become lists, as in a model file. */
function checkScale(
  shape: Shape,
  name: 'mean' | 'deviation',
  value: unknown,
  fits: (one: number) => boolean,
): PerChannel {
  const above = name === 'mean' ? '' : ' above 0';
  if (typeof value === 'number' && fits(value)) return value;
  const [count] = shape as readonly [number];
  const each = `${count} ${shape.length === 1 ? 'features' : `indices of axis 0 of ${showShape(shape)}`}`;
  const refuse = (found: string) =>
    new LanewiseError(
      'argument',
      `model input: ${name}${found}, expected a finite number${above}, or a list of one for each of the ${each}`,
      name === 'deviation' && found.endsWith('is 0')
        ? 'what does not vary can have a deviation of 1'
        : undefined,
    );
  if (!isList(value)) throw refuse(` is ${show(value)}`);
  const list = Array.from(value as ArrayLike<number>);
  if (list.length !== count) throw refuse(` has ${list.length} numbers`);
  const wrong = list.findIndex((one) => typeof one !== 'number' || !fits(one));
  if (wrong >= 0) throw refuse(`[${wrong}] is ${show(list[wrong])}`);
  return list;
}

/** Number of trained values. */
export const parameterCount = (model: Model): number =>
  checkModel(model)
    .parameters.filter(({ role }) => role === 'trained')
    .reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** @throws LanewiseError kind 'argument' for anything but a model, such as a layer. */
export function checkModel(model: Model): Model {
  if (typeof model?.graph === 'function') return model;
  throw new LanewiseError(
    'argument',
    `model is ${showPart(model)}, expected one made by sequential, functional or lenet5()`,
    typeof model === 'function' && !isLayer(model)
      ? 'models are made by calls: lenet5(), not lenet5'
      : (model as { model?: Model } | null | undefined)?.model
        ? 'it is a trained one, or a result of train: its model is in it (.model), and the setting weights trains on from its .weights'
        : undefined,
  );
}
