/** What a file is given: its inputs, with the extents that it leaves open, and tensors that stand in other files. */
import { quote } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { input as inputTensor, type Shape } from '../graph/tensor.js';
import { checkInput } from '../layers/model.js';
import type { InputSettings } from '../layers/wire.js';
import { inputsOf } from './graph-order.js';
import type { Host } from './rules/rule.js';
import {
  FLOAT_TYPES,
  type OnnxFile,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from './messages.js';
import { SAMPLES } from './sample-place.js';
import type { Draft, Wires } from './value.js';

/** What an input is given: the shape of a sample, or the numbers that it always has. */
export type GivenInput =
  readonly number[] | number | Float32Array | Float64Array | Int32Array | BigInt64Array;

/** Options of `readOnnx` that say what the inputs are. */
interface InputOptions {
  readonly inputs?: Readonly<Record<string, GivenInput>>;
  readonly batch?: 'first' | 'none';
}

/** Whether an input is given its numbers, so that the model does not take it. */
const isConstant = (given: GivenInput | undefined): boolean =>
  typeof given === 'number' || ArrayBuffer.isView(given);

/** Inputs that are given their numbers, as the file has them. @throws LanewiseError for numbers that do not fit its shape. */
export function constantsOfFile(
  { graph }: OnnxFile,
  { inputs = {} }: InputOptions,
): [name: string, constant: Host][] {
  return graph.inputs.flatMap(({ name, type = 'float', shape }) => {
    const given = inputs[name];
    if (!isConstant(given)) return [];
    if (typeof given === 'number') return [[name, { type, shape: [], values: [given] }]];
    const values = Array.from(given as Float32Array, Number);
    if (!shape || (shape.length === 1 && typeof shape[0] !== 'number'))
      return [[name, { type, shape: [values.length], values }]];
    const count = shape.reduce<number>((product, extent) => product * Number(extent), 1);
    if (count === values.length) return [[name, { type, shape: shape as Shape, values }]];
    throw new LanewiseError(
      'argument',
      `readOnnx: input ${quote(name)} is given ${values.length} numbers, expected ${shape.join('×') || 'one'}`,
    );
  });
}

/** Numbers of samples for which the graph is built side by side. */
export const PROBES = [2, 3, 5];

export interface Inputs {
  readonly wires: Map<string, Wires>;
  readonly settings: Record<string, InputSettings>;
  /** Inputs of single floats, which stand in lists of one. */
  readonly singles: readonly string[];
  readonly written: number | undefined;
}

const WHOLE = /^u?int(32|64)$/;

/** The extents of an input, as the file or the options say. */
function extentsOf(
  info: OnnxValueInfo,
  name: string,
  { inputs = {}, batch = 'first' }: InputOptions,
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
export function inputsOfFile(
  file: OnnxFile,
  name: string,
  options: InputOptions,
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
  const singles: string[] = [];
  const fixed = new Set<number>();
  const sizes = options.batch === 'none' ? [1] : PROBES;
  for (const info of infos) {
    if (!used.has(info.name) || isConstant(options.inputs?.[info.name])) continue;
    const { sample, written } = extentsOf(info, name, options);
    if (written !== undefined) fixed.add(written);
    const type = FLOAT_TYPES.has(info.type ?? 'float') ? 'float' : info.type!;
    const isWhole = WHOLE.test(type);
    // A single float of each sample is a list of one here.
    const shape = sample.length === 0 && !isWhole ? [1] : sample;
    settings[info.name] = checkInput(
      shape,
      isWhole ? { vocabulary: vocabularyOf(file, nodes, info.name) } : {},
    );
    const probes = sizes.map((N) =>
      inputTensor(
        info.name,
        [N, ...(options.batch === 'none' ? sample : shape)],
        isWhole ? 'i32' : 'f32',
      ),
    );
    const draft: Draft = { inputs: [], wanted: info.name, weights: {} };
    if (shape !== sample && options.batch !== 'none') singles.push(info.name);
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
  return { wires, settings, singles, written };
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

/** The bytes of a tensor that stands in another file. */
export function outsideOf(
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
