/** The weights of a Keras file: found by layer and variable, and turned to the layouts that layers have here. */
import { LanewiseError } from '../../base/errors.js';
import { sizeOf, type Shape } from '../../graph/tensor.js';

/** An array of a file. */
export interface KerasArray {
  readonly name: string;
  readonly shape: Shape;
  /** Its numbers, as a new array. */
  values(): Float32Array;
}

/** A layer's place in the net: its own name and class, and those of the models around it, outermost first. */
export interface Place {
  readonly name: string;
  readonly className: string;
  /** The number of earlier layers of the class in the same model. */
  readonly place: number;
}

/** A part of a layer that owns variables: `cell` of a recurrent layer, `forward_layer` of a bidirectional one. */
export interface Part {
  /** Its attribute in Keras 3, by which `.keras` files name it. */
  readonly attribute: string;
  /** What its name begins with, by which other files name it; absent: it has no name there, or any. */
  readonly prefix?: string;
}

/** Where weights come from. */
export interface WeightSource {
  /**
   * The arrays of a layer's variables, which are listed in the order in which Keras makes them; undefined for those that are
   * missing.
   */
  find(
    path: readonly Place[],
    variables: readonly string[],
    parts: readonly Part[],
  ): (KerasArray | undefined)[];
  /** Names of arrays that no layer has asked for. */
  unused(): string[];
}

/** `dense_1/kernel:0` in its parts: a name's slashes, without TensorFlow's number of the output. */
const partsOf = (name: string): string[] => name.replace(/:\d+$/, '').split('/');

/** How many of the path's names are among the parts, in order. */
function agreement(parts: readonly string[], path: readonly Place[]): number {
  let at = 0;
  let found = 0;
  for (const { name } of path) {
    const names = name.split('/');
    const next = parts.findIndex(
      (_, i) => i >= at && names.every((one, k) => parts[i + k] === one),
    );
    if (next < 0) continue;
    at = next + names.length;
    found += 1;
  }
  return found;
}

/**
 * Weights by name, as tfjs and `.h5` files have them: `layer/kernel`, with scopes around and between. `grouped` says that names
 * begin with that of the outermost layer, as in `.h5` files.
 */
export function namedWeights(
  file: string,
  arrays: readonly KerasArray[],
  grouped = false,
): WeightSource {
  const known = arrays.map((array) => ({ array, parts: partsOf(array.name) }));
  const byVariable = new Map<string, typeof known>();
  for (const one of known) {
    const variable = one.parts.at(-1)!;
    const list = byVariable.get(variable);
    if (list) list.push(one);
    else byVariable.set(variable, [one]);
  }
  const used = new Set<string>();
  return {
    find: (path, variables, parts) =>
      variables.map((variable) => {
        const own = path.at(-1)!.name.split('/');
        const outer = grouped ? path[0]!.name.split('/') : [];
        const candidates = (byVariable.get(variable) ?? []).filter(
          ({ parts: names }) =>
            outer.every((one, k) => names[k] === one) &&
            names.some((_, i) => own.every((one, k) => names[i + k] === one)) &&
            parts.every(({ prefix = '' }) => names.some((name) => name.startsWith(prefix))),
        );
        const scores = candidates.map(({ parts: names }) => agreement(names, path));
        const most = Math.max(...scores);
        const best = candidates.filter((_, i) => scores[i] === most);
        // The shortest is the layer's own; longer ones belong to namesakes in other scopes.
        const least = Math.min(...best.map(({ parts: names }) => names.length));
        const [found, other] = best.filter(({ parts: names }) => names.length === least);
        if (found && other)
          throw new LanewiseError(
            'file',
            `'${file}': ${variable} of layer '${path.at(-1)!.name}' could be '${found.array.name}' or '${other.array.name}'`,
          );
        if (found) used.add(found.array.name);
        return found?.array;
      }),
    unused: () => arrays.flatMap(({ name }) => (used.has(name) ? [] : [name])),
  };
}

/** Axis k of the result is axis dims[k] of the array, which has this shape. */
export function permuted(
  values: Float32Array,
  shape: Shape,
  dims: readonly number[],
): Float32Array {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const extents = dims.map((axis) => shape[axis]!);
  const steps = dims.map((axis) => strides[axis]!);
  const result = new Float32Array(values.length);
  const at = extents.map(() => 0);
  let from = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = values[from]!;
    for (let axis = extents.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++at[axis]! < extents[axis]!) break;
      from -= steps[axis]! * extents[axis]!;
      at[axis] = 0;
    }
  }
  return result;
}

/** The rows of a matrix for flat values in the order C×H×W, from those in the order of `flat` = H×W×C. */
export function rowsOfImage(values: Float32Array, columns: number, flat: Shape): Float32Array {
  const axes = flat.length;
  return permuted(values, [...flat, columns], [axes - 1, ...flat.slice(1).map((_, i) => i), axes]);
}
