/**
 * Writes a model's graph as ONNX nodes, op by op. An op's rule (export-rules.ts) gives the nodes that compute it, so that
 * layers of any kind, also one's own, are written, however they are nested.
 */
import { LanewiseError } from '../base/errors.js';
import type { Application, Shape, Tensor } from '../graph/tensor.js';
import type { OnnxTensor } from './messages.js';

/** The name of a value in the file. */
export type Value = string;

/**
 * The number of samples that the graph is built for: a prime that no model has as an extent, by which those that contain
 * the samples are known.
 */
export const SAMPLES = 1_000_003;

/** Whether an extent depends on the number of samples. */
export const isOpen = (extent: number): boolean => extent !== 0 && extent % SAMPLES === 0;

/** A node's attributes; which numbers are floats, their names say (write-onnx.ts). */
export type Attributes = Readonly<
  Record<string, number | string | OnnxTensor | readonly number[] | readonly string[]>
>;

/** A node whose outputs have provisional names. */
export interface Draft {
  readonly op: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
  /** The layer that it belongs to; empty for constants. */
  readonly layer: string;
}

/** What rules write with. */
export interface Writer {
  /** The value of a tensor, whose nodes are written first. */
  of(tensor: Tensor): Value;
  /** Says which value a tensor is, before it is asked for. */
  know(tensor: Tensor, value: Value): void;
  /** Writes a node; absent inputs are undefined. The result is its output, or that with the index `at`. */
  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes?: Attributes,
    at?: number,
  ): Value;
  /** A constant of floats; without a shape, a number is a scalar and a list a vector. */
  floats(values: number | ArrayLike<number>, shape?: Shape): Value;
  /** A constant of whole numbers, see `floats`. */
  ints(values: number | ArrayLike<number>, shape?: Shape): Value;
  /** A shape's extents as a vector, with the number of samples that the file is given. */
  shape(shape: Shape): Value;
  /** `x` under another shape: `Reshape`, or `Flatten` where that is all. */
  reshape(x: Value, from: Shape, to: Shape): Value;
}

/**
 * The nodes of an op, from its inputs' values by name (written when they are read), its attributes, and the application.
 * Undefined: with these attributes it has none.
 */
export type Rule = (
  w: Writer,
  values: Readonly<Record<string, Value>>,
  attributes: Unchecked,
  node: Application & { readonly output: Tensor },
) => Value | undefined;

/** Attributes of an op of the graph, which only the op's own rule reads. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Unchecked = any;

/** A rule for nodes that stand for tensors of the graph itself; undefined: the op's rule applies. */
export type Special = (w: Writer, tensor: Tensor) => Value | undefined;

/** Nodes and constants as they are written. */
function recorder() {
  const [drafts, constants]: [Draft[], Draft[]] = [[], []];
  const seen = new Map<string, Value>();
  const place = { layer: '' };
  const node: Writer['node'] = (op, inputs, attributes = {}, at = 0) => {
    const given = inputs.map((one) => one ?? '');
    while (given.at(-1) === '') given.pop();
    const outputs = Array.from({ length: at + 1 }, (_, i) => `%${drafts.length}.${i}`);
    drafts.push({ op, inputs: given, outputs, attributes, layer: place.layer });
    return outputs[at]!;
  };
  const constant =
    (type: 'float' | 'int64'): Writer['floats'] =>
    (given, shape) => {
      const list = typeof given === 'number' ? [given] : given;
      const values = type === 'float' ? Float32Array.from(list) : Float64Array.from(list);
      const dims = shape ?? (typeof given === 'number' ? [] : [values.length]);
      const key = `${type} ${dims.join()}: ${values.join()}`;
      const found = seen.get(key);
      if (found !== undefined) return found;
      const name = `%c${constants.length}`;
      const value = { name: '', type, shape: dims, values: () => values } as const;
      const attributes = { value };
      constants.push({ op: 'Constant', inputs: [], outputs: [name], attributes, layer: '' });
      seen.set(key, name);
      return name;
    };
  return { drafts, constants, place, node, floats: constant('float'), ints: constant('int64') };
}

/** Shapes as constants, or computed where they contain the number of samples, which is that of the value `first`. */
function shaping(
  { node, ints }: Pick<Writer, 'node' | 'ints'>,
  first: Value,
): Pick<Writer, 'shape' | 'reshape'> {
  let samples: Value | undefined;
  const shapeOf: Writer['shape'] = (shape) => {
    if (!shape.some(isOpen)) return ints(shape);
    samples ??= node('Shape', [first], { start: 0, end: 1 });
    const parts = shape.map((extent) => {
      if (!isOpen(extent)) return ints([extent]);
      return extent === SAMPLES ? samples! : node('Mul', [samples!, ints([extent / SAMPLES])]);
    });
    return parts.length === 1 ? parts[0]! : node('Concat', parts, { axis: 0 });
  };
  return {
    shape: shapeOf,
    reshape(x, from, to) {
      if (from.join() === to.join()) return x;
      if (to.length === 2 && from.length > 2 && from[0] === to[0])
        return node('Flatten', [x], { axis: 1 });
      const open = to.map((extent, axis) =>
        isOpen(extent) ? (extent === from[axis] ? 0 : -1) : extent,
      );
      const single = open.filter((extent) => extent === -1).length < 2;
      return node('Reshape', [x, single ? ints(open) : shapeOf(to)]);
    },
  };
}

/**
 * Writes nodes for tensors as they are asked for. `leaves` are the names of inputs and parameters; the number of samples is
 * taken from the value `first`.
 * @throws LanewiseError kind 'argument' for an op that has no rule, naming the layer.
 */
export function draftNodes(
  leaves: ReadonlyMap<Tensor, Value>,
  first: Value,
  rules: Readonly<Record<string, Rule>>,
  special: Special,
): Writer & { readonly drafts: readonly Draft[]; readonly constants: readonly Draft[] } {
  const known = new Map(leaves);
  const record = recorder();
  const of = (tensor: Tensor): Value => {
    const found = known.get(tensor);
    if (found !== undefined) return found;
    const outer = record.place.layer;
    record.place.layer = '';
    const value = special(writer, tensor) ?? applied(tensor);
    record.place.layer = outer;
    known.set(tensor, value);
    return value;
  };
  function applied(tensor: Tensor): Value {
    const { source } = tensor;
    if (source.kind !== 'op') throw refusal(source.name, 'draws random numbers');
    record.place.layer = source.layer;
    const rule = Object.hasOwn(rules, source.op.name) ? rules[source.op.name]! : () => undefined;
    const values: Record<string, Value> = {};
    for (const [name, input] of Object.entries(source.inputs))
      Object.defineProperty(values, name, { get: () => of(input), enumerable: true });
    const value = rule(writer, values, source.attributes, { ...source, output: tensor });
    if (value === undefined) throw refusal(source.layer, `computes ${source.op.name}`);
    return value;
  }
  const know = (tensor: Tensor, value: Value): void => void known.set(tensor, value);
  const writer = { of, know, ...record, ...shaping(record, first) };
  return writer;
}

const refusal = (layer: string, what: string): LanewiseError =>
  new LanewiseError(
    'argument',
    `writeOnnx: layer '${layer}' ${what}, for which there are no ONNX nodes`,
    'end the model before that layer, or replace it',
  );
