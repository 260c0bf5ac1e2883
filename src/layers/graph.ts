/** Builds a net's graph for one batch size, in a scope that names parameters and records what layers declare. */
import { LanewiseError, show } from '../base/errors.js';
import { withLayer } from '../graph/op.js';
import { input, isTensor, parameter, showShape, type Shape, type Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import { drawingFor, type Initializer } from './initializer.js';
import type { Layer, Mode, Scope } from './layer.js';
import { runNet, type Net } from './net.js';
import type { InputSettings } from './wire.js';

/** A value that a model file holds. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: Initializer;
  /** How it changes: by the optimizer, by each minibatch, or never. */
  readonly role: 'trained' | 'statistic' | 'fixed';
  /** For statistics: the share of each minibatch. */
  readonly momentum?: number;
}

/** A model's graph for one batch size. */
export interface ModelGraph {
  /** Inputs by name, with the batch as first axis. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** The samples' values of each statistic, by name; empty in evaluation. */
  readonly observations: ReadonlyMap<string, Tensor>;
  /** The leaf from which random layers draw (see Randomness), if there are any. */
  readonly randomness?: Tensor;
  /** Each layer's output, in order; layers made of layers come after these. */
  readonly activations: readonly {
    readonly layer: string;
    readonly kind: string;
    readonly output: Tensor;
  }[];
}

/**
 * Builds the graph; `isFrozen` says which values a run keeps constant.
 * @throws LanewiseError if a layer does not fit the output of the one before; the message names it.
 */
export function buildGraph(
  net: Net,
  settings: Readonly<Record<string, InputSettings>>,
  batch: number,
  mode: Mode,
  isFrozen: (name: string) => boolean = () => false,
): ModelGraph & { readonly specs: readonly ParameterSpec[] } {
  const inputs = new Map(
    Object.entries(settings).map(([name, { shape, vocabulary, lengths }]) => [
      name,
      input(name, [batch, ...shape], vocabulary === undefined ? 'f32' : 'i32', lengths),
    ]),
  );
  const table = declarations();
  const seen = sightings();
  const scopeOf = (prefix: string, layer?: Layer): Scope => ({
    mode,
    ...declaring((spec) => table.declare(layer, spec), prefix),
    isFrozen: (name) => isFrozen(`${prefix}${name}`),
    observe: (name, value) => seen.observe(`${prefix}${name}`, value),
    randomness: seen.randomness,
    apply(name, inner, ...xs) {
      const full = `${prefix}${name}`;
      const output = withLayer(full, () =>
        inner.build(scopeOf(name ? `${full}.` : prefix, inner), ...xs),
      );
      if (!isTensor(output)) {
        throw new LanewiseError(
          'argument',
          `layer '${full}' (${inner.kind}) gives ${show(output)}, expected a tensor`,
        );
      }
      seen.activations.push({ layer: full, kind: inner.kind, output });
      return output;
    },
  });
  const outputs = runNet(net, [...inputs.values()], scopeOf(''));
  const observations = new Map([...seen.observed].map(([name, values]) => [name, mean(values)]));
  return {
    inputs,
    outputs,
    parameters: table.parameters,
    observations,
    ...seen.random(),
    activations: seen.activations,
    specs: table.specs,
  };
}

/** The values that layers declare, in order. */
function declarations() {
  const specs: ParameterSpec[] = [];
  const parameters = new Map<string, Tensor>();
  const declaredBy = new Map<string, Layer | undefined>();
  /** Declares a value of `layer`, or finds it if the layer is applied again. */
  function declare(layer: Layer | undefined, spec: ParameterSpec): Tensor {
    const known = parameters.get(spec.name);
    if (known) {
      if (declaredBy.get(spec.name) !== layer)
        throw new LanewiseError('argument', `two layers have a parameter '${spec.name}'`);
      checkShared(spec, known);
      return known;
    }
    // An initialiser that does not suit the shape is refused where the model is made.
    drawingFor(spec.initializer, spec.name, spec.shape);
    const tensor = parameter(spec.name, spec.shape);
    parameters.set(spec.name, tensor);
    declaredBy.set(spec.name, layer);
    specs.push(spec);
    return tensor;
  }
  return { specs, parameters, declare };
}

/** A scope's three kinds of values, with names starting with `prefix`. */
function declaring(
  declare: (spec: ParameterSpec) => Tensor,
  prefix: string,
): Pick<Scope, 'parameter' | 'fixed' | 'statistic'> {
  const of =
    (role: ParameterSpec['role']) => (name: string, shape: Shape, initializer: Initializer) =>
      declare({ name: `${prefix}${name}`, shape, initializer, role });
  return {
    parameter: of('trained'),
    fixed: of('fixed'),
    statistic: (name, shape, initializer, momentum) =>
      declare({ name: `${prefix}${name}`, shape, initializer, role: 'statistic', momentum }),
  };
}

/** The layers' outputs and statistics, and the random numbers that they request. */
function sightings() {
  const observed = new Map<string, Tensor[]>();
  const activations: { layer: string; kind: string; output: Tensor }[] = [];
  let state: Tensor | undefined;
  let streams = 0;
  return {
    observed,
    activations,
    observe(name: string, value: Tensor): void {
      observed.set(name, [...(observed.get(name) ?? []), value]);
    },
    randomness() {
      state ??= input('randomness', [4], 'i32');
      return { state, stream: streams++ };
    },
    /** The input with the random numbers' state, if a layer needs one. */
    random: () => state && { randomness: state },
  };
}

/** A layer that is applied several times makes as many observations; the statistic moves towards their mean. */
const mean = (values: readonly Tensor[]): Tensor =>
  values.length === 1
    ? values[0]!
    : ops.scale(
        values.reduce((a, b) => ops.add(a, b)),
        1 / values.length,
      );

function checkShared({ name, shape }: ParameterSpec, known: Tensor): void {
  if (showShape(shape) === showShape(known.shape)) return;
  throw new LanewiseError(
    'shape',
    `'${name}' is shared by inputs that need it as ${showShape(known.shape)} and as ${showShape(shape)}`,
  );
}
