/**
 * The layer kind `onnx`: one op of an ONNX file by its rule, or a leaf, a parameter or constant of the file. It is JSON
 * all through, so that model files with it are read again wherever `lanewise/onnx` is loaded.
 */
import {
  checkOptions,
  isList,
  isObject,
  list,
  natural,
  object,
  oneOf,
  refuse,
  text,
  wholeFrom,
  type Checks,
} from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { sizeOf, type Tensor } from '../graph/tensor.js';
import { constantly, fanInUniform } from '../layers/initializer.js';
import { defineLayer, type Layer, type Scope } from '../layers/layer.js';
import { registerLayer } from '../layers/registry.js';
import * as ops from '../ops/index.js';
import { applyRule } from './rules/index.js';
import type { Host, Operand } from './rules/rule.js';

/** A number in a file: `[a, b]` is a·N + b for a minibatch of N samples; texts are what JSON has no number for. */
export type Entry = number | readonly [a: number, b: number] | 'NaN' | 'Infinity' | '-Infinity';

/** Known numbers in settings. */
export interface StoredHost {
  readonly type: string;
  readonly shape: readonly Entry[];
  readonly values: readonly Entry[];
}

/** Settings of an `onnx` layer. */
export interface OnnxSettings {
  /** The op in domain '', or the leaf `Parameter` or `Constant`. */
  readonly op: string;
  /** The file's opset. */
  readonly version: number;
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** Null: left out. */
  readonly operands?: readonly (null | { readonly wire: number } | StoredHost)[];
  /** The operands' element types in the file. */
  readonly types?: readonly (string | null)[];
  readonly output?: number;
  readonly outputs?: number;
  /** Whether axis 0 of wires is the samples', or each sample is a whole tensor of the file. */
  readonly batch?: 'first' | 'none';
  /** Wires without an axis of samples: parameters, constants and what follows from them. */
  readonly whole?: readonly number[];
  /** Number of wires, where there is one more than operands take: it tells the number of samples. */
  readonly wires?: number;
  /** For leaves. */
  readonly name?: string;
  readonly shape?: readonly number[];
  /** A constant's values; without them they stand beside the parameters. */
  readonly values?: readonly Entry[];
}

const SETTINGS: Checks<OnnxSettings> = {
  op: text,
  version: natural,
  attributes: object,
  operands: list,
  types: list,
  output: natural,
  outputs: natural,
  batch: oneOf(['first', 'none']),
  whole: list,
  wires: wholeFrom(1),
  name: text,
  shape: list,
  values: list,
};

/** One op or leaf of an ONNX file; see `OnnxSettings`. @throws LanewiseError kind 'argument' for wrong settings. */
export function onnx(settings: OnnxSettings): Layer {
  checkOptions('onnx', settings, SETTINGS);
  const { op, operands = [], wires: given } = settings;
  if (op === 'Parameter' || op === 'Constant')
    return defineLayer('onnx', { ...settings }, (scope) => leaf(scope, settings));
  const used = operands.map((operand, i) => checkOperand(operand, i));
  const wires = Math.max(given ?? 1, ...used.map((wire) => wire + 1));
  return defineLayer('onnx', { ...settings }, (_, ...xs) => build(settings, xs), wires);
}

/** The operand's wire, −1 if it has none. */
function checkOperand(operand: unknown, i: number): number {
  if (operand === null) return -1;
  const found = isObject(operand) ? operand : {};
  if (isList(found['shape']) && isList(found['values'])) return -1;
  const wire = found['wire'];
  if (Number.isSafeInteger(wire) && Number(wire) >= 0 && Number(wire) < 1000) return Number(wire);
  return refuse('onnx', `operands[${i}]`, operand, 'null, { wire } or { type, shape, values }');
}

/** A parameter, or a constant. */
function leaf(scope: Scope, { op, name, shape = [], values }: OnnxSettings): Tensor {
  if (op === 'Parameter') {
    const fanIn = sizeOf(shape.slice(1));
    const initializer = shape.length > 1 ? fanInUniform(fanIn) : constantly(0);
    return scope.parameter(name ?? 'weight', shape, initializer);
  }
  if (!values) return scope.fixed(name ?? 'value', shape, constantly(0));
  const numbers = values.map((value) => numberOf(value));
  if (numbers.length !== sizeOf(shape)) refuse('onnx', 'values', values, `${sizeOf(shape)} values`);
  return numbers.every((value) => value === numbers[0])
    ? ops.constant(numbers[0]!, shape)
    : ops.reshape(ops.literal(numbers), shape);
}

/** An entry's value for N samples. */
function numberOf(entry: Entry, N?: number): number {
  if (typeof entry === 'string') return Number(entry);
  if (typeof entry === 'number') return entry;
  const [a, b] = isList(entry) ? entry : [NaN, NaN];
  if (N !== undefined && Number.isFinite(a * N + b)) return a * N + b;
  return refuse('onnx', 'an operand', entry, 'numbers, or pairs where wires have samples');
}

const hostOf = ({ type, shape, values }: StoredHost, N?: number): Host => ({
  type,
  shape: shape.map((extent) => numberOf(extent, N)),
  values: values.map((value) => numberOf(value, N)),
});

function build(settings: OnnxSettings, xs: readonly Tensor[]): Tensor {
  const { batch = 'first', whole = [], operands = [] } = settings;
  const empty = xs.find(({ shape }) => shape.includes(0));
  if (empty) throw new LanewiseError('file', `${settings.op} has an input without elements`);
  const first = xs.findIndex((_, i) => !whole.includes(i));
  const N = first < 0 ? undefined : xs[first]!.shape[0]!;
  const apply = (wires: readonly Tensor[], count?: number): Tensor => {
    const { op, version, attributes = {}, types, output = 0, outputs = output + 1 } = settings;
    const given = operands.map((operand): Operand => {
      if (operand === null) return undefined;
      return 'wire' in operand ? wires[operand.wire]! : hostOf(operand, count);
    });
    const samples = batch === 'first';
    return applyRule({ op, version, attributes, operands: given, types, output, outputs, samples });
  };
  if (batch === 'first' || N === undefined) return apply(xs, N);
  return bySample(xs, whole, N, apply);
}

/** A rule applied to each sample's tensors, and the results joined. */
function bySample(
  xs: readonly Tensor[],
  whole: readonly number[],
  N: number,
  apply: (wires: readonly Tensor[]) => Tensor,
): Tensor {
  const results = Array.from({ length: N }, (_, n) => {
    const own = xs.map((x, i) => {
      if (whole.includes(i)) return x;
      const shape = x.shape.slice(1);
      return ops.reshape(N === 1 ? x : ops.slice(x, [[n, n + 1]]), shape);
    });
    const y = apply(own);
    return ops.reshape(y, [1, ...y.shape]);
  });
  return N === 1 ? results[0]! : ops.concat(results, 0);
}

registerLayer('onnx', onnx);
