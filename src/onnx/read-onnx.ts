/** Reading ONNX files: to models that can be trained, with the weights under the file's names. */
import {
  checkOptions,
  extent,
  finite,
  isObject,
  listOf,
  listOr,
  oneOf,
  quote,
  refuse,
  text,
  type Check,
} from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { input as inputTensor, type Shape } from '../graph/tensor.js';
import { modelOf, checkInput, type Model } from '../layers/model.js';
import type { InputSettings } from '../layers/wire.js';
import type { Weights } from '../crew/session.js';
import type { LossSetting } from '../losses/terms.js';
import { withWeights } from '../trained/with-weights.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { inlined, inputsOf, ordered, withLastStates } from './graph-order.js';
import {
  decodeOnnx,
  type OnnxFile,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from './messages.js';
import { named, needed, nodeNames } from './layer-names.js';
import { readOwnOnnx } from './own-files.js';
import { applyOp, LeafNeeded, type Reader } from './reader.js';
import { refusalOf } from './refusals.js';
import { isPlain, SAMPLES } from './sample-place.js';
import { numbersOf, type Draft, type Value, type Wires } from './value.js';
import { FLOATS, stored, walk } from './walk.js';
import { warningsOf } from './warnings.js';

/** Options of `readOnnx`. */
export interface ReadOnnxOptions {
  /** Bytes of the files beside it in which it keeps tensors, by the names that it calls them. */
  readonly externalData?: Readonly<Record<string, Uint8Array>>;
  /**
   * Shapes of one sample, for inputs whose extents the file leaves open; with batch 'none' of the whole input. For an input
   * that always has one number, that number: `{ sr: 16000 }`.
   */
  readonly inputs?: Readonly<Record<string, readonly number[] | number>>;
  /** Names of values that the model gives, in place of the file's outputs: `['/features/Relu_output_0']`. */
  readonly outputs?: readonly string[];
  /**
   * `first` (default): axis 0 of inputs and outputs is that of the samples. `none`: the file has no such axis, and each
   * sample is a whole input, even one that the file calls a batch.
   */
  readonly batch?: 'first' | 'none';
  /** The loss that `trained` is scored by; default `meanSquaredError`, so that predictions are the file's outputs as they are. */
  readonly loss?: LossSetting;
  /** The file's name, for messages; default `model.onnx`. */
  readonly name?: string;
}

/** What an ONNX file holds. */
export interface ReadOnnxResult {
  readonly model: Model;
  readonly weights: Weights;
  /** Sentences on what is other than it was in training, and what to do. */
  readonly warnings: readonly string[];
  /** Names of classes, if the file has them. */
  readonly classes?: readonly string[];
  /** The model with its weights. */
  readonly trained: TrainedModel;
}

const objectOf =
  (check: Check): Check =>
  (owner, name, value) => {
    if (!isObject(value)) refuse(owner, name, value, 'an object');
    for (const [key, one] of Object.entries(value as object))
      check(owner, `${name}['${key}']`, one);
  };

const bytesOf: Check = (owner, name, value) => {
  if (!(value instanceof Uint8Array)) refuse(owner, name, value, 'a Uint8Array');
};

/**
 * The model in an ONNX file, of any opset, with weights under the file's names: `a.b.weight` is parameter `weight` of
 * layer `a.b`. Nodes that are layers of Lanewise become these, others layers of kind `onnx`. A file of `writeOnnx` gives the
 * very model that was written, with its loss and its description of the data.
 * @throws LanewiseError kind 'file' for a damaged file, and for all that is not supported at once, each with its node;
 * kind 'argument' for wrong options.
 */
export function readOnnx(bytes: Uint8Array, options: ReadOnnxOptions = {}): ReadOnnxResult {
  bytesOf('readOnnx', 'bytes', bytes);
  checkOptions('readOnnx', options, {
    externalData: objectOf(bytesOf),
    inputs: objectOf(listOr(finite, listOf(extent, 0))),
    outputs: listOf(text),
    batch: oneOf(['first', 'none']),
    loss: true,
    name: text,
  });
  const { name = 'model.onnx', loss = 'meanSquaredError' } = options;
  const file = decodeOnnx(bytes, name);
  const changed: string[] = [];
  const own = asWritten(options) && readOwnOnnx(file, name, (warning) => changed.push(warning));
  if (own) {
    const { model, weights } = own;
    return {
      model,
      weights,
      warnings: [],
      ...(own.classes && { classes: [...own.classes] }),
      trained: own,
    };
  }
  const { model, weights, notes } = build(file, name, options);
  const classes = classesOf(file);
  const trained = withWeights(model, weights, { loss, ...(classes ? { classes } : {}) });
  const warnings = [...changed, ...warningsOf(file, notes, model)];
  return { model, weights, warnings, ...(classes ? { classes } : {}), trained };
}

/** Whether the whole file is asked for, as it is. */
const asWritten = ({ inputs, outputs, batch, loss }: ReadOnnxOptions): boolean =>
  !inputs && !outputs && batch !== 'none' && loss === undefined;

/** The class names that a file's metadata give, as a list or as an object of indices. */
function classesOf({ metadata }: OnnxFile): string[] | undefined {
  const given = metadata.get('classes') ?? metadata.get('names');
  if (given === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(given);
    const list = Array.isArray(parsed) ? parsed : isObject(parsed) ? Object.values(parsed) : [];
    return list.length > 0 && list.every((one) => typeof one === 'string' && one !== '')
      ? (list as string[])
      : undefined;
  } catch {
    return undefined;
  }
}

/** Numbers of samples for which the graph is built side by side. */
const PROBES = [2, 3, 5];

interface Inputs {
  readonly wires: Map<string, Wires>;
  readonly settings: Record<string, InputSettings>;
  readonly written: number | undefined;
}

const WHOLE = /^u?int(32|64)$/;

/** The extents of an input, as the file or the options say. */
function extentsOf(
  info: OnnxValueInfo,
  name: string,
  { inputs = {}, batch = 'first' }: ReadOnnxOptions,
): { sample: Shape; written: number | undefined } {
  const given = inputs[info.name];
  const skip = batch === 'first' ? 1 : 0;
  const refusal = (what: string, hint: string) =>
    new LanewiseError('file', `'${name}': input ${quote(info.name)} ${what}`, hint);
  const known = info.shape?.slice(skip).map((extent) => (Number(extent) > 0 ? extent : 224));
  const example = `inputs: { ${JSON.stringify(info.name)}: [${(known ?? [3, 224, 224]).join(', ')}] } gives the shape of one sample`;
  const first = info.shape?.[0];
  const written = skip === 1 && typeof first === 'number' ? first : undefined;
  if (given) return { sample: given as Shape, written };
  if (!info.shape) throw refusal('has no shape', example);
  if (info.shape.length < skip)
    throw refusal(
      'is a single number, without an axis of samples',
      "batch: 'none' reads each input as one sample",
    );
  const sample = info.shape.slice(skip);
  const open = sample.findIndex((extent) => typeof extent !== 'number' || extent < 1);
  if (open >= 0)
    throw refusal(
      `has an axis ${open + skip} of open extent (${quote(sample[open] ?? 'unknown')})`,
      example,
    );
  return { sample: sample as Shape, written };
}

/** Inputs that the nodes take, as tensors for each probe. */
function inputsOfFile(
  file: OnnxFile,
  name: string,
  options: ReadOnnxOptions,
  nodes: readonly OnnxNode[],
  outputs: readonly string[],
): Inputs {
  const { graph } = file;
  const infos = graph.inputs.filter((info) => !graph.initializers.has(info.name));
  for (const key of Object.keys(options.inputs ?? {}))
    if (!infos.some((info) => info.name === key))
      throw new LanewiseError(
        'argument',
        `readOnnx: '${name}' has no input ${quote(key)}, it has ${infos.map((info) => quote(info.name)).join(', ')}`,
      );
  const used = new Set([...nodes.flatMap(inputsOf), ...outputs]);
  const wires = new Map<string, Wires>();
  const settings: Record<string, InputSettings> = {};
  const fixed = new Set<number>();
  const sizes = options.batch === 'none' ? [1] : PROBES;
  for (const info of infos) {
    if (!used.has(info.name) || typeof options.inputs?.[info.name] === 'number') continue;
    const { sample, written } = extentsOf(info, name, options);
    if (written !== undefined) fixed.add(written);
    const type = FLOATS.has(info.type ?? 'float') ? 'float' : info.type!;
    const isWhole = WHOLE.test(type);
    settings[info.name] = checkInput(
      sample.length === 0 && !isWhole ? [1] : sample,
      isWhole ? { vocabulary: vocabularyOf(file, nodes, info.name) } : {},
    );
    const probes = sizes.map((N) =>
      inputTensor(info.name, [N, ...sample], isWhole ? 'i32' : 'f32'),
    );
    const draft: Draft = { inputs: [], wanted: info.name, weights: {} };
    wires.set(info.name, { kind: 'wires', probes, draft, type, place: SAMPLES, from: [] });
  }
  if (wires.size === 0) throw new LanewiseError('file', `'${name}' computes nothing from an input`);
  if (fixed.size > 1)
    throw new LanewiseError(
      'file',
      `'${name}' has inputs with ${[...fixed].join(' and ')} samples on axis 0`,
      "batch: 'none' reads each input as one sample",
    );
  const [written] = fixed;
  return { wires, settings, written };
}

/** Rows of the table that an input's whole numbers pick from; without one, as many as float32 counts. */
function vocabularyOf({ graph }: OnnxFile, nodes: readonly OnnxNode[], input: string): number {
  const names = new Set([input]);
  for (const { op, inputs, outputs } of nodes) {
    if (
      /^(Cast|Identity|Reshape|Squeeze|Unsqueeze|Flatten)$/.test(op) &&
      names.has(inputs[0] ?? '')
    )
      names.add(outputs[0]!);
    const rows =
      op === 'Gather' && names.has(inputs[1] ?? '')
        ? graph.initializers.get(inputs[0]!)?.shape[0]
        : undefined;
    if (rows) return rows;
  }
  return 2 ** 24;
}

/** The model, in as many attempts as there are weights that turn out to need leaves of their own. */
function build(file: OnnxFile, name: string, options: ReadOnnxOptions) {
  const leaves = new Set<string>();
  for (;;) {
    try {
      return attempt(file, name, options, leaves);
    } catch (error) {
      if (!(error instanceof LeafNeeded) || leaves.has(error.weight)) throw error;
      leaves.add(error.weight);
    }
  }
}

function attempt(
  file: OnnxFile,
  name: string,
  options: ReadOnnxOptions,
  leaves: ReadonlySet<string>,
) {
  const { graph } = file;
  const outputs = options.outputs ?? graph.outputs.map((one) => one.name);
  const given = new Set([...graph.initializers.keys(), ...graph.inputs.map((one) => one.name)]);
  const all = inlined(file, name);
  const simple = withLastStates(all, (value) => scalarIn(graph, all, value));
  const nodes = ordered(name, simple, given, outputs);
  const inputs = inputsOfFile(file, name, options, nodes, outputs);
  const taken = new Set([...nodes.flatMap(inputsOf), ...outputs]);
  const uses = new Map<string, number>();
  // An Identity of a weight is another parameter.
  const takers = nodes.filter(
    ({ op, inputs: [from = ''] }) => op !== 'Identity' || !graph.initializers.has(from),
  );
  for (const used of [...takers.flatMap(inputsOf), ...outputs])
    uses.set(used, (uses.get(used) ?? 0) + 1);
  const reader: Reader = {
    opsets: file.opsets,
    batch: options.batch ?? 'first',
    sizes: options.batch === 'none' ? [1] : PROBES,
    written: inputs.written,
    first: [...inputs.wires.values()][0]!,
    drafts: [],
    values: new Map<string, Value>(inputs.wires),
    leaves,
    claims: new Map(),
    leafOf: new Map(),
    names: nodeNames(nodes),
    uses,
    notes: new Map(),
    known: { count: 0 },
    outside: (tensor) => outsideOf(tensor, name, options.externalData ?? {}),
  };
  for (const { name: key, type = 'float' } of graph.inputs) {
    const number = options.inputs?.[key];
    if (typeof number === 'number')
      reader.values.set(key, numbersOf({ type, shape: [], values: [number] }, reader.sizes));
  }
  for (const [key, tensor] of graph.initializers)
    if (taken.has(key)) reader.values.set(key, stored(reader, key, tensor, true));
  const refusals = walk(reader, nodes);
  if (refusals.length > 0) throw refusalOf(reader, name, nodes, refusals);
  const ends = new Map(outputs.map((one) => [one, outputWires(reader, one, nodes.at(-1))]));
  return assemble(reader, inputs, ends);
}

/** A whole number of the file. */
function scalarIn(
  { initializers }: OnnxGraph,
  nodes: readonly OnnxNode[],
  name: string,
): number | undefined {
  const maker = nodes.find(({ op, outputs }) => op === 'Constant' && outputs[0] === name);
  const constant = maker?.attributes.get('value');
  const tensor =
    initializers.get(name) ??
    (constant?.type === 'tensor' ? (constant.value as OnnxTensor | undefined) : undefined);
  return tensor && tensor.type === 'int64' && tensor.shape.length === 0 && !tensor.external
    ? tensor.values()[0]
    : undefined;
}

/** An output of the model. @throws LanewiseError if its samples are not on axis 0, or it follows from none. */
function outputWires(reader: Reader, name: string, last: OnnxNode | undefined): Wires {
  const value = reader.values.get(name);
  if (value?.kind === 'wires' && value.probes[0]!.dtype === 'i32' && last)
    return applyOp(reader, last, { op: 'Cast', attributes: { to: 1 }, operands: [value] });
  if (value?.kind === 'wires' && isPlain(value.place)) return value;
  const found =
    !value || value.kind !== 'wires' || !value.place
      ? 'does not depend on samples'
      : `has its samples on axis ${value.place.axis}`;
  throw new LanewiseError(
    'file',
    `output ${quote(name)} ${found}, expected them on axis 0`,
    "batch: 'none' reads each input as one sample",
  );
}

function assemble(reader: Reader, inputs: Inputs, ends: ReadonlyMap<string, Wires>) {
  const drafts = needed(
    reader.drafts,
    [...ends.values()].map(({ draft }) => draft),
  );
  const used = new Set([
    ...drafts.flatMap((draft) => draft.inputs.map((one) => one.draft)),
    ...[...ends.values()].map(({ draft }) => draft),
  ]);
  const kept = [...inputs.wires].filter(([, { draft }]) => used.has(draft));
  const { steps, weights, sources } = named(
    drafts,
    new Map(kept.map(([name, { draft }]) => [draft, name])),
  );
  const outputs = Object.fromEntries(
    [...ends].map(([name, { draft }]) => [name, sources.get(draft)!]),
  );
  const settings = Object.fromEntries(kept.map(([name]) => [name, inputs.settings[name]!]));
  const model = modelOf({ inputs: kept.map(([name]) => name), steps, outputs }, settings);
  return { model, weights, notes: reader.notes };
}

/** The bytes of a tensor that stands in another file. */
function outsideOf(
  { name, external }: OnnxTensor,
  file: string,
  data: Readonly<Record<string, Uint8Array>>,
): Uint8Array | undefined {
  if (!external) return undefined;
  const location = external['location'] ?? '';
  const refusal = (what: string, hint?: string) =>
    new LanewiseError('file', `'${file}': tensor ${quote(name)} ${what}`, hint);
  const bytes = Object.hasOwn(data, location) ? data[location] : undefined;
  if (!bytes)
    throw refusal(
      `stands in the file ${quote(location)}`,
      `externalData: { ${JSON.stringify(location)}: bytes } gives it`,
    );
  const offset = Number(external['offset'] ?? 0);
  const length = Number(external['length'] ?? bytes.length - offset);
  if (
    !Number.isSafeInteger(offset) ||
    !Number.isSafeInteger(length) ||
    offset < 0 ||
    length < 0 ||
    offset + length > bytes.length
  )
    throw refusal(
      `stands at bytes ${offset} to ${offset + length} of ${quote(location)}, which has ${bytes.length}`,
    );
  return bytes.subarray(offset, offset + length);
}
