/** ONNX files on disk: the model in one, and its tensors, with the external data beside it. */
import { basename } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import type { StoredTensor } from '../formats/safetensors.js';
import type { OnnxFile, OnnxGraph, OnnxNode, OnnxTensor } from '../onnx/messages.js';
import { filesBeside } from './files-beside.js';
import type { ForeignModel } from './model-source.js';
import { quoted } from './terminal.js';

/** @throws LanewiseError kind 'file' as `readOnnx`, and for external data that is missing. */
export const readOnnxFile: ForeignModel['read'] = async (path, bytes, options) => {
  const { decodeOnnx } = await import('../onnx/messages.js');
  const { readOnnx } = await import('../onnx/index.js');
  const name = basename(path);
  const externalData = await filesBeside(path, locationsIn(decodeOnnx(bytes, name)));
  try {
    const { trained, warnings } = readOnnx(bytes, { ...options, externalData, name });
    return { trained, warnings: warnings.map(inFlags) };
  } catch (cause) {
    if (!(cause instanceof LanewiseError)) throw cause;
    const { kind, message, hint } = cause;
    throw new LanewiseError(kind, inFlags(message), hint && inFlags(hint), { cause });
  }
};

/** Sentences that give options of `readOnnx`, with the command's options instead. */
const inFlags = (text: string): string =>
  text
    .replaceAll(
      /outputs: \[((?:'[^']*'(?:, )?)+)\]/g,
      (_, names: string) =>
        `import --outputs ${quoted(names.slice(1, -1).replaceAll("', '", ','))}`,
    )
    .replaceAll(
      /inputs: \{ ["']?([^"']+?)["']?: \[([\d, ]+)\] \}/g,
      (_, name: string, extents: string) =>
        `import --inputs ${quoted(`${name}=${extents.replaceAll(', ', 'x')}`)}`,
    )
    .replaceAll("batch: 'none'", 'import --batch none');

/** The tensors that are stored in a graph, under their names: initialisers, and values of Constant nodes. */
function* storedTensors(graph: OnnxGraph): Generator<readonly [string, OnnxTensor]> {
  yield* graph.initializers;
  for (const node of graph.nodes) yield* tensorsOf(node);
}

function* tensorsOf({ outputs, attributes }: OnnxNode): Generator<readonly [string, OnnxTensor]> {
  for (const { type, value } of attributes.values()) {
    if (type === 'tensor' && value) yield [outputs[0] ?? '', value as OnnxTensor];
    if (type === 'graph' && value) yield* storedTensors(value as OnnxGraph);
  }
}

function locationsIn({ graph, functions }: OnnxFile): Set<string> {
  const inFunctions = functions.flatMap(({ nodes }) => nodes.flatMap((one) => [...tensorsOf(one)]));
  const all = [...storedTensors(graph), ...inFunctions];
  return new Set(all.flatMap(([, { external }]) => external?.['location'] ?? []));
}

/**
 * The tensors of floats in an ONNX file by name, for a model that is built here. Initialisers that an exporter has merged
 * because they were equal stand again under the names of the nodes that share them.
 * @throws LanewiseError kind 'file' as `readOnnxFile`.
 */
export async function onnxTensors(
  path: string,
  bytes: Uint8Array,
): Promise<Map<string, StoredTensor>> {
  const { decodeOnnx, FLOAT_TYPES } = await import('../onnx/messages.js');
  const { outsideOf } = await import('../onnx/file-inputs.js');
  const file = decodeOnnx(bytes, basename(path));
  const data = await filesBeside(path, locationsIn(file));
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of storedTensors(file.graph)) {
    if (!FLOAT_TYPES.has(tensor.type)) continue;
    const values = tensor.values(outsideOf(tensor, path, data)) as Float32Array;
    tensors.set(name, { shape: tensor.shape, data: values });
  }
  for (const { op, inputs, outputs } of file.graph.nodes) {
    const shared = op === 'Identity' ? tensors.get(inputs[0]!) : undefined;
    if (shared) tensors.set(outputs[0]!, shared);
  }
  return tensors;
}
