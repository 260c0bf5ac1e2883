/**
 * The state of reading a file, and how the model to be grows: drafts of layers, built at once for every probe, so that
 * shapes are Lanewise's own.
 */
import { LanewiseError } from '../base/errors.js';
import { parameter, showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import type { Layer, Scope } from '../layers/layer.js';
import { attributesOf, type Attributes } from './attributes.js';
import type { OnnxNode, OnnxTensor } from './messages.js';
import { onnx, type Entry, type StoredHost } from './onnx-layer.js';
import { outputType, ruleFor } from './rules/index.js';
import type { Host } from './rules/rule.js';
import { placeOf, SAMPLES } from './sample-place.js';
import {
  isFixed,
  numbersOf,
  type Draft,
  type Numbers,
  type Place,
  type Value,
  type Weight,
  type Wires,
} from './value.js';

/** What is known while a file is read. */
export interface Reader {
  readonly opsets: ReadonlyMap<string, number>;
  readonly batch: 'first' | 'none';
  /** Numbers of samples for which the graph is built side by side. */
  readonly sizes: readonly number[];
  /** The number of samples that the file is written for, if it is fixed. */
  readonly written: number | undefined;
  /** The input that leaves and shapes hang on. */
  readonly first: Wires;
  readonly drafts: Draft[];
  readonly values: Map<string, Value>;
  /** Weights that several layers take in different ways, which stand in leaves of their own. */
  readonly leaves: ReadonlySet<string>;
  /** Who has a parameter. */
  readonly claims: Map<string, Draft>;
  readonly leafOf: Map<string, Wires>;
  /** Names for layers, by node. */
  readonly names: (node: OnnxNode) => string;
  /** Names of values that a node or an output of the file takes, as often as they are taken. */
  readonly uses: ReadonlyMap<string, number>;
  readonly notes: Map<string, string[]>;
  /** How many numbers were computed while reading. */
  readonly known: { count: number };
  outside(tensor: OnnxTensor): Uint8Array | undefined;
}

/** A weight has to become a leaf: reading begins anew. */
export class LeafNeeded extends Error {
  constructor(readonly weight: string) {
    super(weight);
  }
}

/** Adds a fact that ends in a warning, with an example. */
export function note({ notes }: Reader, kind: string, example: string): void {
  notes.set(kind, [...(notes.get(kind) ?? []), example]);
}

/** A tensor's shape in the file: without the axis of samples if the file has none. */
export const fileShape = (
  { batch }: Pick<Reader, 'batch'>,
  { place }: Pick<Wires, 'place'>,
  { shape }: Tensor,
): Shape => (batch === 'none' && place ? shape.slice(1) : shape);

/** A layer to be added. */
export interface Addition {
  readonly layer: Layer;
  readonly inputs: readonly Wires[];
  readonly weights?: Readonly<Record<string, Weight>>;
  /** Default: the node's. */
  readonly wanted?: string | undefined;
  readonly node: OnnxNode;
  /** What the result follows from, for patterns; default: the inputs. */
  readonly from?: readonly (Value | undefined)[];
  /** Default: that of the first input. */
  readonly place?: Place | undefined;
  readonly type?: string;
}

/** Adds a layer. @throws LanewiseError if it does not fit its inputs or weights. */
export function add(reader: Reader, addition: Addition): Wires {
  const { layer, inputs, weights = {}, node, from = inputs, type = 'float' } = addition;
  const declared = new Map<string, Shape>();
  const scope = probing(declared);
  const probes = reader.sizes.map((_, i) =>
    layer.build(scope, ...inputs.map((one) => one.probes[i]!)),
  );
  for (const [name, shape] of declared) {
    const weight = weights[name];
    if (weight && sizeOf(weight.shape) === sizeOf(shape)) continue;
    const found = weight ? `has the shape ${showShape(weight.shape)}` : 'is missing';
    throw new LanewiseError(
      'file',
      `${layer.kind}: ${name} ${found}, expected ${showShape(shape)}`,
    );
  }
  const draft: Draft = {
    layer,
    inputs,
    weights,
    wanted: addition.wanted ?? reader.names(node),
    shares: claim(reader, layer, weights),
  };
  if (!draft.shares) for (const { name } of Object.values(weights)) reader.claims.set(name, draft);
  reader.drafts.push(draft);
  return {
    kind: 'wires',
    probes,
    draft,
    type,
    place: 'place' in addition ? addition.place : inputs[0]?.place,
    node,
    from,
  };
}

/**
 * The draft with the same settings and parameters, which is then shared.
 * @throws LeafNeeded if another layer has one of the parameters.
 */
function claim(
  reader: Reader,
  layer: Layer,
  weights: Readonly<Record<string, Weight>>,
): Draft | undefined {
  const names = Object.values(weights).map(({ name }) => name);
  const owners = names
    .map((name) => reader.claims.get(name))
    .filter((owner) => owner !== undefined);
  const [owner] = owners;
  if (!owner) return undefined;
  const sameNames = (a: Draft) =>
    Object.entries(weights).every(([key, { name }]) => a.weights[key]?.name === name);
  const isSame =
    owner.layer?.kind === layer.kind &&
    JSON.stringify(owner.layer.settings) === JSON.stringify(layer.settings) &&
    Object.keys(owner.weights).length === names.length &&
    sameNames(owner);
  if (isSame) return owner;
  throw new LeafNeeded(names.find((name) => reader.claims.has(name))!);
}

/** Gives a draft's parameters free, for a layer that takes its place. */
export function release(reader: Reader, { draft }: Wires): void {
  for (const { name } of Object.values(draft.weights))
    if (reader.claims.get(name) === draft) reader.claims.delete(name);
}

/** A scope in which layers are built to learn shapes. */
function probing(declared: Map<string, Shape>, prefix = ''): Scope {
  const declare = (name: string, shape: Shape): Tensor => {
    declared.set(`${prefix}${name}`, shape);
    return parameter(`${prefix}${name}`, shape);
  };
  return {
    mode: 'evaluation',
    parameter: declare,
    fixed: declare,
    statistic: declare,
    observe: () => undefined,
    isFrozen: () => false,
    randomness: () => {
      throw new LanewiseError('argument', 'nothing is drawn in evaluation');
    },
    apply: (name, layer, ...xs) => layer.build(probing(declared, `${prefix}${name}.`), ...xs),
  };
}

/** The version of a node's ops. */
export const versionOf = ({ opsets }: Reader, { domain }: OnnxNode): number =>
  opsets.get(domain) ?? 1;

/** An application of a rule. */
export interface Application {
  readonly op: string;
  readonly attributes?: Attributes;
  readonly operands: readonly (Value | undefined)[];
  readonly output?: number;
  readonly outputs?: number;
}

/** Known numbers of more elements stand beside the parameters. */
const FEW = 64;

/** Adds a layer of kind `onnx`. @throws LanewiseError for what its rule refuses, and if it mixes samples. */
export function applyOp(reader: Reader, node: OnnxNode, application: Application): Wires {
  const { op, operands, output = 0, outputs = 1 } = application;
  const attributes = application.attributes ?? attributesOf(node);
  const version = versionOf(reader, node);
  const rule = ruleFor(op, version);
  const wires: Wires[] = [];
  const wire = (value: Wires): { wire: number } => {
    if (!wires.includes(value)) wires.push(value);
    return { wire: wires.indexOf(value) };
  };
  const types = operands.map((value) => (value ? typeOf(value) : null));
  const values = operands.map((value, i) => {
    const isRead = value?.kind === 'numbers' && !rule.host?.includes(i);
    const same = isRead ? sameForSamples(reader, value, node) : undefined;
    if (same) return same;
    if (isRead && value.probes[0]!.values.length > FEW) return asWires(reader, value, node);
    if (value?.kind !== 'weight') return value;
    // Factors and the like are numbers, though floats of a file are weights at first.
    if (rule.host?.includes(i))
      return numbersOf({ type: 'float', shape: value.shape, values: value.values() }, reader.sizes);
    return asWires(reader, value, node);
  });
  const stored = values.map((value) => {
    if (!value || value.kind === 'missing') return null;
    return value.kind === 'numbers' ? storedHost(reader, value) : wire(value as Wires);
  });
  const grows = stored.some(
    (one) =>
      one &&
      'values' in one &&
      [one.shape, one.values].flat().some((entry) => Array.isArray(entry)),
  );
  if (grows || wires.length === 0) wire(reader.first);
  const teller = wires.indexOf(reader.first);
  const whole = [...wires.keys()].filter((i) =>
    reader.batch === 'none' ? !wires[i]!.place : grows ? i !== teller : false,
  );
  const layer = onnx({
    op,
    version,
    ...(Object.keys(attributes).length > 0 ? { attributes } : {}),
    operands: stored,
    ...(types.some((type) => type && type !== 'float') ? { types } : {}),
    ...(outputs > 1 ? { output, outputs } : {}),
    ...(reader.batch === 'none' ? { batch: 'none' as const } : {}),
    ...(whole.length > 0 ? { whole } : {}),
    ...(wires.length > 1 || grows ? { wires: wires.length } : {}),
  });
  const type = outputType({ op, attributes, types, operands: [], output });
  const made = add(reader, { layer, inputs: wires, node, from: operands, type, place: undefined });
  if (reader.batch === 'none')
    return {
      ...made,
      place:
        wires.some(({ place }) => place) &&
        values.some((value) => value?.kind === 'wires' && value.place)
          ? SAMPLES
          : undefined,
    };
  const shapes = made.probes.map(({ shape }) => shape);
  return {
    ...made,
    place: placeOf({ op, version, attributes, operands: values, shapes, sizes: reader.sizes }),
  };
}

export const typeOf = (value: Value): string =>
  value.kind === 'wires' ? value.type : value.kind === 'numbers' ? value.probes[0]!.type : 'float';

const entryOf = (value: number): Entry =>
  Number.isFinite(value) ? value : (String(value) as 'NaN' | 'Infinity' | '-Infinity');

/** The numbers of the probes as a·N + b. @throws LanewiseError if they are not. */
function entries({ sizes }: Reader, each: readonly ArrayLike<number>[]): Entry[] {
  const [first] = each as [ArrayLike<number>];
  return Array.from(first, (value, i) => {
    if (each.every((one) => Object.is(one[i], value))) return entryOf(value);
    const a = (each[1]![i]! - value) / (sizes[1]! - sizes[0]!);
    const b = value - a * sizes[0]!;
    if (each.every((one, k) => one[i] === a * sizes[k]! + b)) return [a, b] as const;
    throw new LanewiseError(
      'file',
      'mixes samples: a number in it depends on how many there are, other than in proportion',
    );
  });
}

function storedHost(reader: Reader, { probes }: Numbers): StoredHost {
  const rank = probes[0]!.shape.length;
  const counts = new Set(probes.map(({ values }) => values.length));
  if (counts.size > 1 || probes.some(({ shape }) => shape.length !== rank))
    throw new LanewiseError(
      'file',
      'mixes samples: as many numbers as there are samples are made without them',
    );
  return {
    type: probes[0]!.type,
    shape: entries(
      reader,
      probes.map(({ shape }) => shape),
    ),
    values: entries(
      reader,
      probes.map(({ values }) => values),
    ),
  };
}

/** Numbers of which there are more with more samples, the same for each, such as zeros for states: one sample's, expanded. */
function sameForSamples(reader: Reader, { probes }: Numbers, node: OnnxNode): Wires | undefined {
  const [{ shape, values, type }] = probes as [Host];
  const axis = shape.findIndex((extent, k) => probes.some((one) => one.shape[k] !== extent));
  if (axis < 0 || probes.some((one) => one.shape.length !== shape.length)) return undefined;
  const inner = sizeOf(shape.slice(axis + 1));
  const each = sizeOf(shape.slice(0, axis)) * inner;
  const placeIn = (extent: number, i: number): number =>
    Math.floor(i / (extent * inner)) * inner + (i % inner);
  const single = new Float64Array(each);
  for (let i = 0; i < values.length; i++) single[placeIn(shape[axis]!, i)] = values[i]!;
  const isSame = probes.every((one, k) => {
    const rest = one.shape.toSpliced(axis, 1).join() === shape.toSpliced(axis, 1).join();
    const isOf = one.shape[axis] === reader.sizes[k];
    const at = (i: number): number => single[placeIn(one.shape[axis]!, i)]!;
    return rest && isOf && Array.from(one.values).every((value, i) => Object.is(value, at(i)));
  });
  if (!isSame) return undefined;
  const one = { type, shape: shape.with(axis, 1), values: single };
  const targets = probes.map((probe) => ({
    type: 'int64',
    shape: [shape.length],
    values: probe.shape,
  }));
  return applyOp(reader, node, {
    op: 'Expand',
    attributes: {},
    operands: [
      constantLeaf(reader, numbersOf(one, reader.sizes), node),
      { kind: 'numbers', probes: targets },
    ],
  });
}

/** A weight, or known numbers, as tensors: a leaf, and what the file rearranges of it. */
export function asWires(reader: Reader, value: Value, node: OnnxNode): Wires {
  if (value.kind === 'wires') return value;
  if (value.kind === 'numbers') return constantLeaf(reader, value, node);
  if (value.kind === 'missing') throw new LanewiseError('file', 'takes a value that is not read');
  const known = reader.leafOf.get(value.name);
  if (known) return known;
  if (value.arranged) {
    const { node: made, from } = value.arranged;
    const output = made.outputs.indexOf(value.name);
    const result = applyOp(reader, made, {
      op: made.op,
      operands: from,
      output,
      outputs: made.outputs.length,
    });
    reader.leafOf.set(value.name, result);
    return result;
  }
  if (reader.claims.has(value.name)) throw new LeafNeeded(value.name);
  const wires = leaf(reader, 'Parameter', value, node);
  reader.leafOf.set(value.name, wires);
  return wires;
}

function leaf(reader: Reader, op: 'Parameter' | 'Constant', weight: Weight, node: OnnxNode): Wires {
  const key = op === 'Parameter' ? 'weight' : 'value';
  const layer = onnx({ op, version: 1, name: key, shape: weight.shape });
  return add(reader, {
    layer,
    inputs: [reader.first],
    weights: { [key]: weight },
    wanted: weight.name,
    node,
    place: undefined,
    from: [weight],
  });
}

function constantLeaf(reader: Reader, value: Numbers, node: OnnxNode): Wires {
  const [{ shape, values, type }] = value.probes as [Host];
  if (!isFixed(value))
    throw new LanewiseError('file', 'mixes samples: numbers in it depend on how many there are');
  if (values.length === 0) throw new LanewiseError('file', 'takes a tensor without elements');
  if (values.length <= FEW) {
    const layer = onnx({ op: 'Constant', version: 1, shape, values: Array.from(values, entryOf) });
    return add(reader, {
      layer,
      inputs: [reader.first],
      node,
      place: undefined,
      from: [value],
      type,
    });
  }
  const weight: Weight = {
    kind: 'weight',
    name: `${reader.names(node)}.constant${reader.drafts.length}`,
    shape,
    values: () => Float32Array.from(values),
  };
  return { ...leaf(reader, 'Constant', weight, node), type };
}
