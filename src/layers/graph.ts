/** From a net to the graph of one batch size: the scope that names parameters and remembers what was declared. */
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
  /** What the optimizer trains, what each minibatch moves along, or what never changes. */
  readonly role: 'trained' | 'statistic' | 'fixed';
  /** Of a statistic: the share of each minibatch in it. */
  readonly momentum?: number;
}

/** A model's graph for one batch size. */
export interface ModelGraph {
  /** By name, with the batch as first axis. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** What the samples say of each statistic, by its name; empty in evaluation. */
  readonly observations: ReadonlyMap<string, Tensor>;
  /** The leaf that random layers draw by (see Randomness), if there are any. */
  readonly randomness?: Tensor;
  /** Each layer's output, in order; layers made of layers come after these. */
  readonly activations: readonly {
    readonly layer: string;
    readonly kind: string;
    readonly output: Tensor;
  }[];
}

/**
 * `isFrozen` says which values a run keeps as they are.
 * @throws LanewiseError if a layer does not fit what comes out of the one before; the message names it.
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
      const output = withLayer(full, () => inner.build(scopeOf(`${full}.`, inner), ...xs));
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

/** The values that layers declare, in their order. */
function declarations() {
  const specs: ParameterSpec[] = [];
  const parameters = new Map<string, Tensor>();
  const declaredBy = new Map<string, Layer | undefined>();
  /** Declares a value of `layer`, or finds it if the layer is applied once more. */
  function declare(layer: Layer | undefined, spec: ParameterSpec): Tensor {
    const known = parameters.get(spec.name);
    if (known && declaredBy.get(spec.name) !== layer)
      throw new LanewiseError('argument', `two layers have a parameter '${spec.name}'`);
    if (known) {
      checkShared(spec, known);
      return known;
    }
    // Refuses an initialiser that the shape does not suit where the model is made.
    drawingFor(spec.initializer, spec.name, spec.shape);
    const tensor = parameter(spec.name, spec.shape);
    parameters.set(spec.name, tensor);
    declaredBy.set(spec.name, layer);
    specs.push(spec);
    return tensor;
  }
  return { specs, parameters, declare };
}

/** A scope's three kinds of values, their names behind `prefix`. */
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

/** What layers let see, and the random numbers that they asked for. */
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
    /** The input of the random numbers' state, where a layer wants one. */
    random: () => (state ? { randomness: state } : {}),
  };
}

/** A layer that is applied several times observes as often; the statistic moves towards the mean. */
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
