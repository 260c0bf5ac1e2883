/** The walk over a file's nodes, from values to values: known numbers, weights, patterns, and rules for the rest. */
import { LanewiseError } from '../base/errors.js';
import { sizeOf } from '../graph/tensor.js';
import { attributesOf, graphAt } from './attributes.js';
import { inputsOf, ordered } from './graph-order.js';
import { compute, hostOps } from './host-ops.js';
import { FLOAT_TYPES, type OnnxGraph, type OnnxNode, type OnnxTensor } from './messages.js';
import { anywherePatterns } from './extent-patterns.js';
import { viewed } from './moving-patterns.js';
import type { Call, Pattern } from './pattern.js';
import { patterns } from './patterns.js';
import { applyOp, asWires, LeafNeeded, note, versionOf, type Reader } from './reader.js';
import { rules } from './rules/index.js';
import { isPlain } from './sample-place.js';
import {
  isFixed,
  MISSING,
  numbersOf,
  scalarOf,
  type Numbers,
  type Value,
  type Weight,
} from './value.js';
import { isNamed, rearranged, weightOf } from './weights.js';

/** A node that is not read, and why. */
export interface Refusal {
  readonly node: OnnxNode;
  readonly why: string;
  /** Whether there is neither pattern nor rule for the op. */
  readonly unknown: boolean;
}

/** A name that an exporter makes for what is a constant of the program. */
const isAutomatic = (name: string): boolean =>
  /const|^\d*$|^onnx::|^\/|p2o|_output_\d+$/i.test(name);

/**
 * A tensor of the file: a weight, or known numbers, as whole numbers, single numbers without a name of their own and what
 * is not finite, such as a mask.
 */
export function stored(
  reader: Reader,
  name: string,
  tensor: OnnxTensor,
  isInitializer: boolean,
): Value {
  const read = () => tensor.values(reader.outside(tensor));
  const { shape, type } = tensor;
  const size = sizeOf(shape);
  const isConstant =
    size <= 1 &&
    (isInitializer ? /^(onnx::|\/|\d*$)/.test(name) : shape.length === 0 || isAutomatic(name));
  if (FLOAT_TYPES.has(type) && size > 0 && !isConstant) {
    const values = read() as Float32Array;
    if (values.every((value) => Number.isFinite(value)))
      return weightOf(name, shape, () => values.slice());
    return numbersOf({ type: 'float', shape, values }, reader.sizes);
  }
  return numbersOf(
    { type: FLOAT_TYPES.has(type) ? 'float' : type, shape, values: read().map(clamped) },
    reader.sizes,
  );
}

/** The ends of slices are often the largest whole number there is. */
const clamped = (value: number): number =>
  Number.isInteger(value) ? Math.max(-(2 ** 53 - 1), Math.min(2 ** 53 - 1, value)) : value;

/** A Constant node's value. */
function constant(reader: Reader, node: OnnxNode): Value {
  const [attribute] = node.attributes.values();
  const { name, type, value } = attribute ?? {};
  if (name === 'value' && type === 'tensor' && value)
    return stored(reader, node.outputs[0]!, value as OnnxTensor, false);
  const known = /^value_(int|float)(s?)$/.exec(name ?? '');
  if (!known)
    throw new LanewiseError(
      'file',
      `has ${name ? `the attribute ${name}` : 'no value'}, which is not read`,
    );
  const values = [value].flat() as number[];
  return numbersOf(
    {
      type: known[1] === 'int' ? 'int64' : 'float',
      shape: known[2] ? [values.length] : [],
      values,
    },
    reader.sizes,
  );
}

/** The values of the nodes, each read if its inputs are; what is refused is listed. */
export function walk(reader: Reader, nodes: readonly OnnxNode[]): Refusal[] {
  const refusals: Refusal[] = [];
  for (const node of nodes) {
    const inputs = node.inputs.map((name) => (name === '' ? undefined : reader.values.get(name)));
    const unknown = !isKnown(node);
    if (unknown) refusals.push({ node, unknown, why: 'Lanewise has no op for it' });
    const isBlocked = unknown || inputs.some((value) => value?.kind === 'missing');
    const results = isBlocked ? [] : attempt(reader, node, inputs, refusals);
    node.outputs.forEach((name, i) => {
      if (name !== '') reader.values.set(name, results[i] ?? MISSING);
    });
  }
  return refusals;
}

/** Whether there is a pattern or a rule for the op. */
const isKnown = ({ op, domain }: OnnxNode): boolean =>
  domain === '' &&
  [patterns, anywherePatterns, rules, hostOps, { Constant: 1, If: 1 }].some((table) =>
    Object.hasOwn(table, op),
  );

function attempt(
  reader: Reader,
  node: OnnxNode,
  inputs: readonly (Value | undefined)[],
  refusals: Refusal[],
): readonly (Value | undefined)[] {
  try {
    return read(reader, node, inputs, refusals);
  } catch (error) {
    if (error instanceof LeafNeeded || !(error instanceof LanewiseError)) throw error;
    const why = error.message.replace(new RegExp(`^${node.op} (\\(opset \\d+\\) )?`), '');
    refusals.push({ node, unknown: false, why });
    return [];
  }
}

/** Ops whose operands are bounds, exponents and thresholds, which are not trained. */
const BOUNDED = /^(Clip|Equal|Greater|GreaterOrEqual|Less|LessOrEqual|Max|Min|Mod|Pow)$/;

function read(
  reader: Reader,
  node: OnnxNode,
  given: readonly (Value | undefined)[],
  refusals: Refusal[],
): readonly (Value | undefined)[] {
  const host = Object.hasOwn(rules, node.op) ? rules[node.op]!.host : undefined;
  const inputs = given.map((value, i) =>
    BOUNDED.test(node.op) || host?.includes(i) ? asNumbers(reader, value) : value,
  );
  if (node.op === 'Constant') return [constant(reader, node)];
  if (node.op === 'If') return branch(reader, node, inputs, refusals);
  if (node.op === 'Identity') return [identity(reader, node, inputs[0])];
  const version = versionOf(reader, node);
  const known = onNumbers(reader, node, version, inputs) ?? rearranged(node, version, inputs);
  if (known) return known;
  const call: Call = {
    reader,
    node,
    version,
    attributes: attributesOf(node),
    inputs: inputs.map((value) => asLeaf(reader, value, node)),
  };
  const tables = reader.batch === 'first' ? [anywherePatterns, patterns] : [anywherePatterns];
  for (const table of tables) {
    const found = Object.hasOwn(table, node.op) ? layersOf(table[node.op]!, call) : undefined;
    if (found) return found;
  }
  return node.outputs.map((name, output) => {
    if (name === '' || !reader.uses.get(name)) return undefined;
    return applyOp(reader, node, {
      op: node.op,
      operands: inputs,
      output,
      outputs: node.outputs.length,
    });
  });
}

/** A pattern's layers; none for what they refuse, as the op's rule may take it. */
function layersOf(pattern: Pattern, call: Call): readonly Value[] | undefined {
  try {
    return pattern(call);
  } catch (error) {
    if (error instanceof LanewiseError) return undefined;
    throw error;
  }
}

/** A weight as known numbers. */
const asNumbers = (reader: Reader, value: Value | undefined): Value | undefined =>
  value?.kind === 'weight'
    ? numbersOf({ type: 'float', shape: value.shape, values: value.values() }, reader.sizes)
    : value;

/** A weight that must be a leaf of its own, as it. */
const asLeaf = (reader: Reader, value: Value | undefined, node: OnnxNode): Value | undefined =>
  value?.kind === 'weight' && isLeaf(reader, value) ? asWires(reader, value, node) : value;

const isLeaf = (reader: Reader, { name, arranged }: Weight): boolean =>
  reader.leaves.has(name) ||
  (arranged?.from.some((value) => value?.kind === 'weight' && isLeaf(reader, value)) ?? false);

/** More numbers are not computed while a file is read. */
const MOST_KNOWN = 2 ** 25;

/** The node's results if all that it takes is known. */
function onNumbers(
  reader: Reader,
  node: OnnxNode,
  version: number,
  inputs: readonly (Value | undefined)[],
): Value[] | undefined {
  if (!inputs.every((value) => !value || value.kind === 'numbers') || inputs.length === 0)
    return undefined;
  const known = inputs as readonly (Numbers | undefined)[];
  const call = {
    op: node.op,
    version,
    attributes: attributesOf(node),
    outputs: node.outputs.length,
  };
  const each = known.every((value) => !value || isFixed(value))
    ? reader.sizes.slice(0, 1)
    : reader.sizes;
  const results = each.map((_, i) =>
    compute({ ...call, inputs: known.map((value) => value?.probes[i]) }),
  );
  if (results.some((result) => !result)) return undefined;
  reader.known.count += results.reduce(
    (sum, result) => sum + result!.reduce((all, { values }) => all + values.length, 0),
    0,
  );
  if (reader.known.count > MOST_KNOWN)
    throw new LanewiseError('file', `computes more than ${MOST_KNOWN} constants while it is read`);
  return node.outputs.map((_, output) => ({
    kind: 'numbers',
    probes: reader.sizes.map((_, i) => (results[i] ?? results[0]!)![output]!),
  }));
}

/**
 * The same value; but exporters put an Identity where two parameters had equal values, under the name of the one that is
 * gone, which is a parameter again here.
 */
function identity(reader: Reader, node: OnnxNode, value: Value | undefined): Value | undefined {
  const [name] = node.outputs as [string];
  if (value?.kind !== 'weight' || value.arranged || !isNamed(name)) return value;
  note(reader, 'merged', name);
  return weightOf(name, value.shape, () => value.values().slice());
}

/** The branch of a condition that is known. */
function branch(
  reader: Reader,
  node: OnnxNode,
  [condition]: readonly (Value | undefined)[],
  refusals: Refusal[],
): readonly (Value | undefined)[] {
  const is = scalarOf(condition);
  const branches = ['then_branch', 'else_branch'].map((name) => graphAt(node, name));
  const [yes, no] = branches;
  if (!yes || !no) throw new LanewiseError('file', 'has no branch');
  if (is !== undefined) return inside(reader, node, is ? yes : no, refusals);
  // A condition of each sample, as files for one sample have it: both branches are computed, and each sample has its own.
  const perSample =
    condition?.kind === 'wires' && isPlain(condition.place) && reader.batch === 'first';
  if (!perSample || condition.probes.some(({ shape }) => sizeOf(shape) !== shape[0]))
    throw new LanewiseError(
      'file',
      'has a condition that is computed while running, expected one known while reading or one of each sample',
    );
  const [a, b] = [inside(reader, node, yes, refusals), inside(reader, node, no, refusals)];
  return a.map((value, i) => {
    const other = b[i];
    if (value?.kind !== 'wires' || other?.kind !== 'wires') return MISSING;
    const rank = value.probes[0]!.shape.length;
    const shapes = reader.sizes.map((N) => [N, ...Array<number>(rank - 1).fill(1)]);
    const call: Call = {
      reader,
      node,
      version: versionOf(reader, node),
      attributes: {},
      inputs: [condition],
    };
    const chosen = viewed(call, condition, shapes, condition.place);
    return applyOp(reader, node, { op: 'Where', attributes: {}, operands: [chosen, value, other] });
  });
}

/** The outputs of a graph inside a node. */
function inside(
  reader: Reader,
  node: OnnxNode,
  graph: OnnxGraph,
  refusals: Refusal[],
): readonly (Value | undefined)[] {
  const outer = new Set(reader.values.keys());
  for (const [name, tensor] of graph.initializers)
    reader.values.set(name, stored(reader, name, tensor, true));
  const outputs = graph.outputs.map(({ name }) => name);
  const inner = ordered(node.name, graph.nodes, new Set(reader.values.keys()), outputs);
  // What is taken from outside is counted there.
  const uses = reader.uses as Map<string, number>;
  for (const name of [...inner.flatMap(inputsOf), ...outputs])
    if (!outer.has(name)) uses.set(name, (uses.get(name) ?? 0) + 1);
  refusals.push(...walk(reader, inner));
  return outputs.map((name) => reader.values.get(name));
}
