/** What a layer of the file is built with: the values it takes, its weights, and the model that it becomes a part of. */
import { LanewiseError } from '../../base/errors.js';
import { parameter, type Shape } from '../../graph/tensor.js';
import type { Layer } from '../../layers/index.js';
import type { Scope } from '../../layers/layer.js';
import type { Making } from './keras-making.js';
import type { KerasLayer } from './keras-topology.js';
import { likeValue, type Value } from './keras-values.js';
import type { Part, Place } from './keras-weights.js';

/** The model in the making, as one layer of the file sees it. */
export interface Site {
  /** Whether the layer is called more than once, so that its weights must not depend on what it takes. */
  readonly isShared: boolean;
  /** Applies a layer without parameters, such as one that moves axes. */
  apply(layer: Layer, ...values: readonly Value[]): Value;
  /**
   * Applies the file's layer, made by `make` when it is called first. `suffix` names one of several that it becomes:
   * `.depthwise`, `_relu`.
   */
  own(suffix: string, make: () => Layer, ...values: readonly Value[]): Value;
  /** Gives a parameter of the layer (`weight`, `depthwise.weight`) its values. */
  set(parameter: string, values: Float32Array): void;
  /**
   * The values of the layer's variables, which are listed in the order in which Keras makes them, by their shapes.
   * @throws LanewiseError unless the file has each of them, in its shape.
   */
  arrays(
    shapes: Readonly<Record<string, Shape>>,
    parts?: readonly Part[],
  ): Readonly<Record<string, Float32Array>>;
  /** The shapes of variables, for those that follow from the file alone. */
  shapes(variables: readonly string[], parts?: readonly Part[]): readonly (Shape | undefined)[];
  /** Says that an input of the model holds whole numbers below this; the model is then built once more. */
  tokens(value: Value, vocabulary: number): void;
}

/** A layer of the file whose settings have been read: builds it on values. */
export type Build = (site: Site, ...values: readonly Value[]) => Value;

/** Notes that end the building of one layer; others go on. */
export function unfit(what: string): never {
  throw new LanewiseError('file', what);
}

/** A scope in which shapes are found: parameters have no values. */
const SCOPE: Scope = {
  mode: 'evaluation',
  parameter: (name, shape) => parameter(name, shape),
  statistic: (name, shape) => parameter(name, shape),
  fixed: (name, shape) => parameter(name, shape),
  observe: () => undefined,
  isFrozen: () => false,
  randomness: () => unfit('it draws random numbers in evaluation'),
  apply: (_, layer, ...tensors) => layer.build(SCOPE, ...tensors),
};

/** A layer on values, laid out as the first of them. */
export function applied(layer: Layer, values: readonly Value[]): Value {
  const tensor = layer.build(SCOPE, ...values.map((value) => value.tensor));
  return likeValue(values[0]!, layer(...values.map(({ wire }) => wire)), tensor);
}

/** The name in the model of a name in the file: slashes separate as dots do. */
export const plainName = (name: string): string => name.replaceAll('/', '.');

/** The site of a layer that is at `path` in the file. */
export function siteOf(
  making: Making,
  layer: KerasLayer,
  path: readonly Place[],
  isShared: boolean,
): Site {
  const name = plainName([...path, layer].map((one) => one.name).join('/'));
  const places = [...path, layer];
  const find = (variables: readonly string[], parts: readonly Part[] = []) =>
    making.source.find(places, variables, parts);
  return {
    isShared,
    apply: (one, ...values) => applied(one, values),
    own(suffix, make, ...values) {
      let key = `${name}${suffix}`;
      // Two layers of the file may be named `conv` with an activation and `conv_relu`.
      if (suffix !== '') while (making.names.has(key)) key += '_';
      const [known, owner] = making.layers.get(key) ?? [make(), layer];
      if (owner !== layer) unfit(`its name, '${key}', is also that of '${owner.name}'`);
      making.layers.set(key, [known, owner]);
      return applied(known, values);
    },
    set(parameterName, values) {
      making.weights.set(`${name}.${parameterName}`, values);
    },
    arrays(shapes, parts) {
      const names = Object.keys(shapes);
      const found = find(names, parts);
      return Object.fromEntries(
        names.map((variable, i) => {
          const array = found[i] ?? unfit(`the file has no weight '${variable}' of it`);
          if (array.shape.join() !== shapes[variable]!.join())
            unfit(
              `weight '${array.name}' is ${array.shape.join('×')}, expected ${shapes[variable]!.join('×')}`,
            );
          return [variable, array.values()];
        }),
      );
    },
    shapes: (variables, parts) => find(variables, parts).map((array) => array?.shape),
    tokens(value, vocabulary) {
      if (value.tensor.dtype === 'i32') return;
      if (value.input === undefined)
        unfit('it takes what a layer computes, expected tokens from an input');
      making.vocabularies.set(value.input, vocabulary);
      unfit('its input holds tokens');
    },
  };
}
