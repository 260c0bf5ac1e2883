/**
 * The form of op rules: what an ONNX op is in terms of Lanewise's ops. A rule declares its attributes with their
 * defaults, which are checked before it builds, and the inputs whose values must be known while the file is read.
 */
import { quote } from '../../base/check.js';
import { LanewiseError } from '../../base/errors.js';
import { showShape, sizeOf, type Tensor } from '../../graph/tensor.js';
import * as ops from '../../ops/index.js';

/** Numbers known while reading: constants, shapes, and what follows from them. */
export interface Host {
  /** The element type in the file: `float`, `int64`, `bool`. */
  readonly type: string;
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** An input of an op; undefined if it is optional and left out. */
export type Operand = Tensor | Host | undefined;

/** An application of an op. */
export interface RuleCall {
  readonly op: string;
  /** The opset of the node's domain. */
  readonly version: number;
  /** Numbers, texts, lists of them, and tensors as `Host`, by name. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly operands: readonly Operand[];
  /** The operands' element types in the file; absent: `float`. */
  readonly types?: readonly (string | null | undefined)[] | undefined;
  /** The output that is wanted, from 0, of so many. */
  readonly output: number;
  readonly outputs: number;
  /** Whether axis 0 may be the samples', so that nothing goes along it; default true. */
  readonly samples?: boolean;
}

export interface Rule {
  /** The opsets whose definition it follows. */
  readonly since: number;
  readonly until?: number;
  /** Inputs that must be known while reading: axes, shapes, pads. */
  readonly host?: readonly number[];
  /** The element type of an output, if it is not that of the first input. */
  readonly type?: (call: Pick<RuleCall, 'attributes' | 'types' | 'output'>) => string;
  /** The output's tensor. @throws LanewiseError saying what is not supported. */
  build(call: RuleCall): Tensor;
}

/** A table of rules by op. */
export type Rules = Readonly<Record<string, Rule>>;

/** The reading of an attribute: its value, or the default for one that is absent; undefined for a wrong one. */
export interface Attribute<T> {
  readonly expected: string;
  read(value: unknown): T | undefined;
}

type Values<A> = { readonly [Name in keyof A]: A[Name] extends Attribute<infer T> ? T : never };

/* @__NO_SIDE_EFFECTS__ */
const attribute =
  <T>(expected: string, fits: (value: unknown) => boolean) =>
  <D extends T | undefined>(absent: D): Attribute<T | D> => ({
    expected,
    read: (value) => (value === undefined ? absent : fits(value) ? (value as T) : undefined),
  });

const isNumber = (value: unknown): boolean => typeof value === 'number';
const isWhole = Number.isInteger;
/* @__NO_SIDE_EFFECTS__ */
const listOf =
  (fits: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every(fits);

/** Attributes by kind; each takes its default. */
export const whole = /* @__PURE__ */ attribute<number>('a whole number', isWhole);
export const flag = /* @__PURE__ */ attribute<number>('0 or 1', (v) => v === 0 || v === 1);
export const real = /* @__PURE__ */ attribute<number>('a number', isNumber);
export const wholes = /* @__PURE__ */ attribute<readonly number[]>(
  'whole numbers',
  /* @__PURE__ */ listOf(isWhole),
);
export const reals = /* @__PURE__ */ attribute<readonly number[]>(
  'numbers',
  /* @__PURE__ */ listOf(isNumber),
);
export const text = /* @__PURE__ */ attribute<string>('a text', (v) => typeof v === 'string');
export const texts = /* @__PURE__ */ attribute<readonly string[]>(
  'texts',
  /* @__PURE__ */ listOf((v) => typeof v === 'string'),
);
/** One of some texts, the first of which is the default. */
/* @__NO_SIDE_EFFECTS__ */
export const oneOf = <T extends string>(first: T, ...others: readonly T[]): Attribute<T> =>
  attribute<T>(`one of ${[first, ...others].join(', ')}`, (v) =>
    [first, ...others].includes(v as T),
  )(first);
/** An attribute without effect here, of any value. */
export const ignored: Attribute<unknown> = { expected: '', read: (value) => value ?? null };

const isHost = (value: unknown): value is Host =>
  typeof value === 'object' && value !== null && 'values' in value && 'shape' in value;
/** A tensor of known values. */
export const known = /* @__PURE__ */ attribute<Host>('a tensor', isHost);

type Attributes = Readonly<Record<string, Attribute<unknown>>>;

/** A rule whose attributes are read by a table before it builds. */
/* @__NO_SIDE_EFFECTS__ */
export function rule<A extends Attributes>(
  attributes: A,
  build: (call: RuleCall, values: Values<A>) => Tensor,
  more: { since?: number; until?: number; host?: readonly number[]; type?: Rule['type'] } = {},
): Rule {
  return {
    since: 1,
    ...more,
    build: (call) => build(call, read(call, attributes)),
  };
}

function read<A extends Attributes>(call: RuleCall, table: A): Values<A> {
  const unknown = Object.keys(call.attributes).find((name) => !Object.hasOwn(table, name));
  if (unknown !== undefined) fail(call, `has an attribute ${quote(unknown)} that is not supported`);
  const values = Object.entries(table).map(([name, { expected, read }]) => {
    const found = call.attributes[name];
    const value = read(found);
    if (value === undefined && found !== undefined)
      fail(call, `has ${name} ${quote(found)}, expected ${expected}`);
    return [name, value];
  });
  return Object.fromEntries(values) as Values<A>;
}

/** @throws LanewiseError that names the op. */
export function fail({ op, version }: Pick<RuleCall, 'op' | 'version'>, what: string): never {
  throw new LanewiseError('file', `${op} (opset ${version}) ${what}`);
}

export const isTensor = (operand: Operand): operand is Tensor =>
  operand !== undefined && 'source' in operand;

/** Input `i` as a tensor of any type. @throws LanewiseError if it is left out. */
export function raw(call: RuleCall, i: number): Tensor {
  const operand = call.operands[i];
  if (operand === undefined) fail(call, `has no input ${i}`);
  return isTensor(operand) ? operand : constantOf(operand);
}

/** Input `i` as float32. */
export function at(call: RuleCall, i: number): Tensor {
  const x = raw(call, i);
  return x.dtype === 'i32' ? ops.toFloats(x) : x;
}

/** Optional input `i` as float32. */
export const optional = (call: RuleCall, i: number): Tensor | undefined =>
  call.operands[i] === undefined ? undefined : at(call, i);

/** All inputs as float32. */
export const all = (call: RuleCall): Tensor[] =>
  call.operands.length > 0 ? call.operands.map((_, i) => at(call, i)) : fail(call, 'has no inputs');

/** The element type of input `i` in the file. */
export function typeOf({ operands, types }: Pick<RuleCall, 'operands' | 'types'>, i: number) {
  const operand = operands[i];
  return types?.[i] ?? (operand && !isTensor(operand) ? operand.type : 'float');
}

/** Whether an element type is one of whole numbers or truth values. */
export const isWholeType = (type: string): boolean => /int|bool/.test(type);

/** A tensor of known values. */
export function constantOf({ shape, values }: Host): Tensor {
  const list = Array.from(values);
  const [first] = list;
  if (first === undefined) throw new LanewiseError('file', 'a tensor has no elements');
  return list.every((value) => value === first)
    ? ops.constant(first, shape)
    : ops.reshape(ops.literal(list), shape);
}

/** The known numbers of optional input `i`. @throws LanewiseError if it is computed from samples. */
export function numbers(call: RuleCall, i: number): number[] | undefined {
  const operand = call.operands[i];
  if (operand === undefined) return undefined;
  if (isTensor(operand))
    fail(
      call,
      `has an input ${i} that is computed from samples, expected one known while reading; the option inputs gives an input its numbers`,
    );
  return Array.from(operand.values);
}

/** The known whole numbers of input `i`, or of an attribute in its place, as earlier opsets have it. */
export function wholesOf(
  call: RuleCall,
  i: number,
  attribute?: readonly number[],
): number[] | undefined {
  const found = numbers(call, i) ?? attribute;
  if (found && !found.every(isWhole)) fail(call, `has an input ${i} that is not of whole numbers`);
  return found && [...found];
}

/** A known number of optional input `i`. */
export function scalarAt(call: RuleCall, i: number): number | undefined {
  const found = numbers(call, i);
  if (found && found.length !== 1)
    fail(call, `has ${found.length} values in input ${i}, expected 1`);
  return found?.[0];
}

/** The number of things to be made one by one. @throws LanewiseError for too many. */
export const within = (call: RuleCall, count: number): number =>
  count >= 0 && count <= 2 ** 16
    ? count
    : fail(call, `makes ${count} of something, at most ${2 ** 16}`);

/** An axis of `rank` from its start; negative ones count from the end. */
export function axisOf(call: RuleCall, axis: number, rank: number): number {
  if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  return fail(call, `has axis ${axis} of a tensor of ${rank} axes`);
}

/** Different axes of `rank` in order. */
export function axesOf(call: RuleCall, axes: readonly number[], rank: number): number[] {
  const found = axes.map((axis) => axisOf(call, axis, rank));
  if (new Set(found).size < found.length) fail(call, `names an axis twice: ${axes.join(', ')}`);
  return found.toSorted((a, b) => a - b);
}

/** x with axes of extent 1 in front, up to `rank` axes. */
export function raised(x: Tensor, rank: number): Tensor {
  const missing = rank - x.shape.length;
  return missing > 0 ? ops.reshape(x, [...Array<number>(missing).fill(1), ...x.shape]) : x;
}

/** `2×3` of a shape that has a wrong number of axes, for messages. */
export const shown = (x: Tensor): string => `${showShape(x.shape)} (${sizeOf(x.shape)} values)`;

/** 0, 1, … n − 1, as one axis of `rank`. */
export function range(n: number, axis = 0, rank = 1): Tensor {
  const list =
    n <= 64
      ? ops.literal([...Array(n).keys()])
      : ops.cumsum(ops.constant(1, [n]), 0, { exclusive: true });
  const shape = Array.from({ length: rank }, (_, i) => (i === axis ? n : 1));
  return rank === 1 ? list : ops.reshape(list, shape);
}

/** The elements from `start` to `end` along one axis. */
export const part = (x: Tensor, axis: number, start: number, end: number): Tensor =>
  ops.slice(
    x,
    x.shape.map((extent, i): ops.Range => (i === axis ? [start, end] : [0, extent])),
  );
