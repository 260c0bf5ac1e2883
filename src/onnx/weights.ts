/**
 * The weights of a file: initialisers, and what nodes rearrange of them. A rearrangement is traced to the parameter that it
 * is of, so that a transposed or stacked weight stays a parameter under its own name.
 */
import { LanewiseError } from '../base/errors.js';
import { sizeOf, type Shape } from '../graph/tensor.js';
import { attributesOf } from './attributes.js';
import { moving } from './host-moves.js';
import { compute } from './host-ops.js';
import type { OnnxNode } from './messages.js';
import type { Host } from './rules/rule.js';
import type { Value, Weight } from './value.js';

/** Whether people have given a name, rather than an exporter. */
export const isNamed = (name: string): boolean =>
  name.includes('.') && !/^(onnx::|\/)|_output_\d+$/.test(name);

/** A weight whose values are read when they are asked for, once. */
export function weightOf(name: string, shape: Shape, read: () => ArrayLike<number>): Weight {
  let values: Float32Array | undefined;
  return {
    kind: 'weight',
    name,
    shape,
    values() {
      const found = values ?? read();
      return (values = found instanceof Float32Array ? found : Float32Array.from(found));
    },
  };
}

/** The weight with its values in another order of axes or shape, under the same name. */
export const withShape = (weight: Weight, shape: Shape): Weight =>
  sizeOf(shape) === sizeOf(weight.shape)
    ? ({ ...weight, shape, arranged: undefined } as Weight)
    : weight;

/** The results of a node that only moves elements, if its inputs are weights and known numbers. */
export function rearranged(
  node: OnnxNode,
  version: number,
  from: readonly (Value | undefined)[],
): Weight[] | undefined {
  if (!Object.hasOwn(moving, node.op) || node.domain !== '') return undefined;
  if (!from.every((value) => !value || value.kind === 'weight' || value.kind === 'numbers'))
    return undefined;
  const call = {
    op: node.op,
    version,
    attributes: attributesOf(node),
    outputs: node.outputs.length,
  };
  const inputs = from.map((value) => hostOf(value, (weight) => weight.values()));
  const results = compute({ ...call, inputs }, moving);
  return results?.map(({ shape, values }, i) => ({
    ...weightOf(node.outputs[i]!, shape, () => values),
    arranged: { node, from },
  }));
}

/** A value's numbers, with those of parameters by `valuesOf`. */
function hostOf(
  value: Value | undefined,
  valuesOf: (parameter: Weight) => ArrayLike<number>,
): Host | undefined {
  if (value?.kind === 'numbers') return value.probes[0];
  if (value?.kind !== 'weight') return undefined;
  return { type: 'float', shape: value.shape, values: valuesOf(value) };
}

/** The index of each element of a weight in the parameters that it is made of, each of which begins at its own number. */
export function indicesOf(weight: Weight, starts: Map<Weight, number>): Host {
  if (!weight.arranged) {
    const next = [...starts].reduce(
      (end, [one, start]) => Math.max(end, start + sizeOf(one.shape)),
      0,
    );
    const start = starts.get(weight) ?? next;
    starts.set(weight, start);
    return {
      type: 'float',
      shape: weight.shape,
      values: Float64Array.from({ length: sizeOf(weight.shape) }, (_, i) => start + i),
    };
  }
  const { node, from } = weight.arranged;
  const inputs = from.map((value) =>
    value?.kind === 'weight' ? indicesOf(value, starts) : hostOf(value, () => []),
  );
  const call = {
    op: node.op,
    version: 13,
    attributes: attributesOf(node),
    inputs,
    outputs: node.outputs.length,
  };
  const results = compute(call, moving) ?? compute({ ...call, version: 9 }, moving);
  const found = results?.[node.outputs.indexOf(weight.name)];
  if (!found) throw new LanewiseError('file', `'${weight.name}' cannot be traced`);
  return found;
}

/** The parameter whose elements these are, all and in order. */
export function parameterOf(
  indices: ArrayLike<number>,
  starts: ReadonlyMap<Weight, number>,
): Weight | undefined {
  const found = [...starts].find(
    ([weight, start]) => start === indices[0] && sizeOf(weight.shape) === indices.length,
  );
  return found && Array.from(indices).every((index, i) => index === found[1] + i)
    ? found[0]
    : undefined;
}

/** The parameter of which this has the same elements in order, in its own shape. */
export function unshaped(weight: Weight): Weight | undefined {
  if (!weight.arranged) return weight;
  const { node, from } = weight.arranged;
  const [inner] = from;
  if (!/^(Identity|Reshape|Unsqueeze|Squeeze|Flatten)$/.test(node.op) || inner?.kind !== 'weight')
    return undefined;
  const found = unshaped(inner);
  return found && withShape(found, weight.shape);
}

/** The transposed matrix: the parameter itself where the file transposes one. */
export function transposed(weight: Weight): Weight | undefined {
  const { arranged, shape } = weight;
  const [inner] = arranged?.from ?? [];
  if (arranged)
    return arranged.node.op === 'Transpose' && inner?.kind === 'weight'
      ? unshaped(inner)
      : undefined;
  const [rows, columns] = shape as [number, number];
  return weightOf(weight.name, [columns, rows], () => {
    const values = weight.values();
    return Float32Array.from(
      { length: values.length },
      (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!,
    );
  });
}

/** The layer that a parameter's name says, if the name ends in the parameter's there. */
export function layerNamed(weights: Readonly<Record<string, Weight>>): string | undefined {
  for (const [key, { name }] of Object.entries(weights))
    if (isNamed(name) && name.endsWith(`.${key}`)) return name.slice(0, -key.length - 1);
  return undefined;
}

/** Whether a parameter's own name would be lost in a layer that calls it `key`: in_proj_weight is not weight. */
export const losesName = ({ name }: Weight, key: string): boolean =>
  isNamed(name) && !name.endsWith(`.${key}`) && /(weight|bias)[^.]*$/.test(name);

/** Whether a matrix of a PyTorch module would stand transposed under its own name in a dense layer. */
export const losesBits = ({ arranged, name }: Weight): boolean =>
  !arranged && isNamed(name) && /weight[^.]*$/.test(name);
