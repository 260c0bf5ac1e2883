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
import { modelOf, type Model } from '../layers/model.js';
import type { Weights } from '../crew/session.js';
import type { LossSetting } from '../losses/terms.js';
import { withWeights } from '../trained/with-weights.js';
import type { TrainedModel } from '../trained/trained-model.js';
import {
  constantsOfFile,
  inputsOfFile,
  outsideOf,
  PROBES,
  type GivenInput,
  type Inputs,
} from './file-inputs.js';
import { inlined, inputsOf, ordered, withLastStates } from './graph-order.js';
import {
  decodeOnnx,
  type OnnxFile,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
} from './messages.js';
import { named, needed, nodeNames } from './layer-names.js';
import { readOwnOnnx } from './own-files.js';
import { applyOp, LeafNeeded, type Reader } from './reader.js';
import { refusalOf } from './refusals.js';
import { isPlain } from './sample-place.js';
import { numbersOf, type Value, type Wires } from './value.js';
import { stored, walk } from './walk.js';
import { warningsOf } from './warnings.js';

/** Options of `readOnnx`. */
export interface ReadOnnxOptions {
  /** Bytes of the files beside it in which it keeps tensors, by the names that it calls them. */
  readonly externalData?: Readonly<Record<string, Uint8Array>>;
  /**
   * Shapes of one sample, for inputs whose extents the file leaves open; with batch 'none' of the whole input. For an input
   * that always has the same numbers, these, as a number or a typed array: `{ sr: 16000, sizes: Int32Array.of(1, 3, 64, 64) }`.
   */
  readonly inputs?: Readonly<Record<string, GivenInput>>;
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

const numbersOrNumber: Check = (owner, name, value) =>
  ArrayBuffer.isView(value) && !(value instanceof DataView) ? value : finite(owner, name, value);

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
    inputs: objectOf(listOr(numbersOrNumber, listOf(extent, 0))),
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
  for (const key of inputs.singles) reader.values.set(key, asSingles(reader, key));
  for (const [key, constant] of constantsOfFile(file, options))
    reader.values.set(key, numbersOf(constant, reader.sizes));
  for (const [key, tensor] of graph.initializers)
    if (taken.has(key)) reader.values.set(key, stored(reader, key, tensor, true));
  const refusals = walk(reader, nodes);
  if (refusals.length > 0) throw refusalOf(reader, name, nodes, refusals);
  const ends = new Map(outputs.map((one) => [one, outputWires(reader, one, nodes.at(-1))]));
  return assemble(reader, inputs, ends);
}

/** Lists of one as the file has them, N single numbers. */
function asSingles(reader: Reader, name: string): Wires {
  const listed = reader.values.get(name)!;
  const node = { name, op: 'Reshape', domain: '', inputs: [], outputs: [], attributes: new Map() };
  const shape = numbersOf({ type: 'int64', shape: [1], values: [-1] }, reader.sizes);
  return applyOp(reader, node, { op: 'Reshape', operands: [listed, shape] });
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
