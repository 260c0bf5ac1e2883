/**
 * ONNX files as records: what the format's messages say, with defaults filled in and tensors' values read on demand
 * (github.com/onnx/onnx, docs/IR.md).
 */
import { LanewiseError } from '../base/errors.js';
import { bfloat16Values, halfValues } from '../formats/half.js';
import type { Fields } from './fields.js';
import { notOnnx } from './not-onnx.js';
import { decodeMessage } from './protobuf.js';

/** The types of elements by their numbers; names with a digit alone are of no use here and are only named. */
export const ELEMENT_TYPES = [
  'undefined',
  'float',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'double',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
] as const;

export type ElementType = (typeof ELEMENT_TYPES)[number];

/** Those that are float32 here. */
export const FLOAT_TYPES: ReadonlySet<string> = new Set(['float', 'float16', 'bfloat16', 'double']);

export interface OnnxTensor {
  readonly name: string;
  readonly type: ElementType;
  /** Extents, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** Where the values stand in another file, if they do. */
  readonly external?: Readonly<Record<string, string>>;
  /**
   * The values in row-major order, as many as the shape says: float32 for floats of any width, float64 for whole numbers
   * (exact up to 2^53) and booleans. `outside` has the other file's bytes.
   * @throws LanewiseError kind 'file' for texts and types that are not read, and if the numbers of values differ.
   */
  values(outside?: Uint8Array): Float32Array | Float64Array;
}

export interface OnnxAttribute {
  readonly name: string;
  readonly type:
    'float' | 'int' | 'string' | 'tensor' | 'graph' | 'floats' | 'ints' | 'strings' | 'other';
  readonly value:
    number | string | OnnxTensor | OnnxGraph | readonly number[] | readonly string[] | undefined;
  /** In a function: the name of the function's attribute whose value this has. */
  readonly reference?: string;
}

export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  /** Empty for the standard's own ops. */
  readonly domain: string;
  /** Names of values; an absent optional one is ''. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

export interface OnnxValueInfo {
  readonly name: string;
  /** Absent for what is no tensor. */
  readonly type?: ElementType;
  /** Absent if unknown; an extent is a number, a name, or unknown. */
  readonly shape?: readonly (number | string | undefined)[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, OnnxTensor>;
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
}

/** A function of the file's own, of which nodes are calls. */
export interface OnnxFunction {
  readonly name: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly OnnxNode[];
  readonly opsets: ReadonlyMap<string, number>;
  /** Attributes that a call may leave out. */
  readonly defaults: ReadonlyMap<string, OnnxAttribute>;
}

export interface OnnxFile {
  readonly irVersion: number;
  readonly producer: string;
  readonly producerVersion: string;
  /** Version of each domain's ops; the standard's is ''. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly graph: OnnxGraph;
  readonly functions: readonly OnnxFunction[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** The standard's own domain has two names. */
const domainOf = (domain = ''): string => (domain === 'ai.onnx' ? '' : domain);

const opsetsOf = (list: readonly Fields<'Opset'>[] = []): ReadonlyMap<string, number> =>
  new Map(list.map(({ domain, version = 1 }) => [domainOf(domain), version]));

/** The file's message. @throws LanewiseError for damaged bytes, and for those of another format, which it names. */
function modelIn(bytes: Uint8Array, name: string): Fields<'Model'> {
  try {
    return decodeMessage('Model', bytes, name);
  } catch (error) {
    throw notOnnx(bytes, name) ?? error;
  }
}

/**
 * The records of an ONNX file; `name` is for messages.
 * @throws LanewiseError kind 'file' for a damaged file, or one without a graph.
 */
export function decodeOnnx(bytes: Uint8Array, name: string): OnnxFile {
  const model = modelIn(bytes, name);
  if (!model.graph || (model.opsets ?? []).length + (model.irVersion ?? 0) === 0) {
    const foreign = bytes.length > 0 ? notOnnx(bytes, name) : undefined;
    throw (
      foreign ??
      new LanewiseError(
        'file',
        `'${name}' is no ONNX model: it has no ${model.graph ? 'version' : 'graph'}`,
      )
    );
  }
  return {
    irVersion: model.irVersion ?? 0,
    producer: model.producer ?? '',
    producerVersion: model.producerVersion ?? '',
    opsets: opsetsOf(model.opsets),
    graph: graphOf(model.graph, name),
    functions: (model.functions ?? []).map((one) => ({
      name: one.name ?? '',
      domain: domainOf(one.domain),
      inputs: one.inputs ?? [],
      outputs: one.outputs ?? [],
      nodes: (one.nodes ?? []).map((node) => nodeOf(node, name)),
      opsets: opsetsOf(one.opsets),
      defaults: attributesOf(one.defaults, name),
    })),
    metadata: new Map((model.metadata ?? []).map(({ key = '', value = '' }) => [key, value])),
  };
}

/** A tensor in a file of its own, as test data are. @throws LanewiseError kind 'file' for a damaged one. */
export const decodeTensor = (bytes: Uint8Array, name: string): OnnxTensor =>
  tensorOf(decodeMessage('Tensor', bytes, name), name);

function graphOf(graph: Fields<'Graph'>, file: string): OnnxGraph {
  if (graph.sparse) {
    throw new LanewiseError(
      'file',
      `'${file}' has ${graph.sparse.length} sparse initialisers, expected dense ones`,
      'make them dense before the file is written',
    );
  }
  return {
    name: graph.name ?? '',
    nodes: (graph.nodes ?? []).map((node) => nodeOf(node, file)),
    initializers: new Map(
      (graph.initializers ?? []).map((one) => [one.name ?? '', tensorOf(one, file)]),
    ),
    inputs: (graph.inputs ?? []).map(valueInfoOf),
    outputs: (graph.outputs ?? []).map(valueInfoOf),
  };
}

const nodeOf = (node: Fields<'Node'>, file: string): OnnxNode => ({
  name: node.name ?? '',
  op: node.op ?? '',
  domain: domainOf(node.domain),
  inputs: node.inputs ?? [],
  outputs: node.outputs ?? [],
  attributes: attributesOf(node.attributes, file),
});

const attributesOf = (
  list: readonly Fields<'Attribute'>[] = [],
  file: string,
): ReadonlyMap<string, OnnxAttribute> =>
  new Map(list.map((one) => [one.name ?? '', attributeOf(one, file)]));

/** The types of attributes by their numbers, and the value of each. */
function attributeOf(one: Fields<'Attribute'>, file: string): OnnxAttribute {
  const { name = '', reference } = one;
  const kinds: readonly (readonly [OnnxAttribute['type'], () => OnnxAttribute['value']])[] = [
    ['other', () => undefined],
    ['float', () => one.f ?? 0],
    ['int', () => one.i ?? 0],
    ['string', () => one.s ?? ''],
    ['tensor', () => one.t && tensorOf(one.t, file)],
    ['graph', () => one.g && graphOf(one.g, file)],
    ['floats', () => one.floats ?? []],
    ['ints', () => one.ints ?? []],
    ['strings', () => one.strings ?? []],
  ];
  const [type, read] = kinds[one.type ?? guessedType(one)] ?? kinds[0]!;
  return { name, type, value: read(), ...(reference === undefined ? {} : { reference }) };
}

/** Files of IR 1 leave the type out. */
const guessedType = ({ f, i, s, t, g, floats, ints, strings }: Fields<'Attribute'>): number =>
  1 + [f, i, s, t, g, floats, ints, strings].findIndex((value) => value !== undefined);

function valueInfoOf({ name = '', type }: Fields<'ValueInfo'>): OnnxValueInfo {
  const tensor = type?.tensor;
  if (!tensor) return { name };
  const shape = tensor.shape && (tensor.shape.extents ?? []).map((one) => one.value ?? one.name);
  return {
    name,
    type: ELEMENT_TYPES[tensor.element ?? 0] ?? 'undefined',
    ...(shape ? { shape } : {}),
  };
}

/** Bytes of an element in `raw`, and the array in which it is read; those of less than a byte are not read. */
const RAW = {
  float: Float32Array,
  double: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
} as const;

function tensorOf(fields: Fields<'Tensor'>, file: string): OnnxTensor {
  const { name = '', dims = [], location, external = [] } = fields;
  const type = ELEMENT_TYPES[fields.type ?? 0] ?? 'undefined';
  return {
    name,
    type,
    shape: dims,
    ...(location === 1
      ? { external: Object.fromEntries(external.map(({ key = '', value = '' }) => [key, value])) }
      : {}),
    values: (outside) => valuesOf(fields, type, outside, `'${file}': tensor '${name}'`),
  };
}

function valuesOf(
  fields: Fields<'Tensor'>,
  type: ElementType,
  outside: Uint8Array | undefined,
  what: string,
): Float32Array | Float64Array {
  const refusal = (message: string) => new LanewiseError('file', `${what} ${message}`);
  const { dims = [] } = fields;
  const count = dims.reduce((product, extent) => product * extent, 1);
  if (!dims.every((extent) => Number.isSafeInteger(extent) && extent >= 0) || count > 2 ** 31)
    throw refusal(`has the shape ${dims.join('×')}`);
  if (!Object.hasOwn(RAW, type)) throw refusal(`holds ${type}, which is not read`);
  const stored = RAW[type as keyof typeof RAW];
  const raw = outside ?? fields.raw;
  const listed = [fields.floats, fields.doubles, fields.int32s, fields.int64s, fields.uint64s];
  const list = raw === undefined ? (listed.find((one) => one) ?? []) : undefined;
  const found = list ? list.length : raw!.length / stored.BYTES_PER_ELEMENT;
  if (found !== count) throw refusal(`has ${found} values, expected ${count} (${dims.join('×')})`);
  if (list) {
    if (type === 'float' || type === 'double') return Float32Array.from(list);
    return widened(type, type.endsWith('float16') ? Uint16Array.from(list) : list);
  }
  // Values may stand at any byte of the file; a Buffer's slice would be no copy.
  const aligned = raw!.byteOffset % stored.BYTES_PER_ELEMENT === 0 ? raw! : new Uint8Array(raw!);
  return widened(type, new stored(aligned.buffer as ArrayBuffer, aligned.byteOffset, count));
}

/** Floats as float32, whole numbers as float64. */
function widened(
  type: ElementType,
  values: ArrayLike<number> | ArrayLike<bigint>,
): Float32Array | Float64Array {
  if (type === 'float') return values as Float32Array;
  if (type === 'double') return Float32Array.from(values as Float64Array);
  if (type === 'float16') return halfValues(values as Uint16Array);
  if (type === 'bfloat16') return bfloat16Values(values as Uint16Array);
  return Float64Array.from(values as ArrayLike<number>, Number);
}
