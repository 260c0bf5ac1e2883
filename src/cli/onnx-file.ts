/** ONNX files on disk: the model in one, and its tensors, with the external data beside it. */
import { basename } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import type { StoredTensor } from '../formats/safetensors.js';
import type { OnnxFile, OnnxGraph, OnnxNode, OnnxTensor } from '../onnx/messages.js';
import { filesBeside } from './files-beside.js';
import type { ForeignModel } from './model-source.js';

/** @throws LanewiseError kind 'file' as `readOnnx`, and for external data that is missing. */
export const readOnnxFile: ForeignModel['read'] = async (path, bytes, options) => {
  const { decodeOnnx } = await import('../onnx/messages.js');
  const { readOnnx } = await import('../onnx/index.js');
  const name = basename(path);
  const externalData = await filesBeside(path, locationsIn(decodeOnnx(bytes, name)));
  const { trained, warnings } = readOnnx(bytes, { ...options, externalData, name });
  return { trained, warnings };
};

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

/** The bytes of a tensor in another file; undefined for one of the file itself. */
function outsideOf(
  path: string,
  { name, external }: OnnxTensor,
  data: Readonly<Record<string, Uint8Array>>,
): Uint8Array | undefined {
  if (!external) return undefined;
  const { location = '', offset = '0', length } = external;
  const bytes = data[location]!;
  const [start, size] = [Number(offset), Number(length ?? bytes.length - Number(offset))];
  const isInside =
    Number.isSafeInteger(start) && start >= 0 && size >= 0 && start + size <= bytes.length;
  if (isInside) return bytes.subarray(start, start + size);
  throw new LanewiseError(
    'file',
    `'${path}': tensor '${name}' stands from byte ${offset} of '${location}' on, with ${length ?? 'all'} bytes, and the file has ${bytes.length}`,
    'it may be the file of another model',
  );
}

const FLOATS = ['float', 'float16', 'bfloat16', 'double'];

/**
 * The tensors of floats in an ONNX file by name, for a model that is built here. Initialisers that an exporter has merged
 * because they were equal stand again under the names of the nodes that share them.
 * @throws LanewiseError kind 'file' as `readOnnxFile`.
 */
export async function onnxTensors(
  path: string,
  bytes: Uint8Array,
): Promise<Map<string, StoredTensor>> {
  const { decodeOnnx } = await import('../onnx/messages.js');
  const file = decodeOnnx(bytes, basename(path));
  const data = await filesBeside(path, locationsIn(file));
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of storedTensors(file.graph)) {
    if (!FLOATS.includes(tensor.type)) continue;
    const values = tensor.values(outsideOf(path, tensor, data)) as Float32Array;
    tensors.set(name, { shape: tensor.shape, data: values });
  }
  for (const { op, inputs, outputs } of file.graph.nodes) {
    const shared = op === 'Identity' ? tensors.get(inputs[0]!) : undefined;
    if (shared) tensors.set(outputs[0]!, shared);
  }
  return tensors;
}
