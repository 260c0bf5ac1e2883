/**
 * The file of a quantised model: safetensors with its integers, a program on them, and what a model's file says of its data
 * and loss. Everything is read from it, also for a model that was quantised just now, so that both are the same.
 */
import { LanewiseError } from '../base/errors.js';
import { quote, refuse, text } from '../base/check.js';
import { readHeader } from '../formats/safetensors-header.js';
import { readQuantized } from '../inference/run-quantized.js';
import { readDescription } from '../trained/read-description.js';
import { readLoss } from '../trained/model-file.js';
import { createQuantized, type LayerReport, type QuantizedModel } from './quantized-model.js';

/** What such a file's metadata have under `lanewise`. */
export const QUANTIZED_FORMAT = 'int8';

const files = new WeakMap<QuantizedModel, Uint8Array>();

/**
 * The bytes of a quantised model's file, which `decodeQuantized` and `loadQuantized` of `lanewise/inference` read.
 * @throws LanewiseError kind 'argument' for anything but a model of `quantize` or `decodeQuantized`.
 */
export function encodeQuantized(model: QuantizedModel): Uint8Array {
  const bytes = typeof model === 'object' && model !== null ? files.get(model) : undefined;
  if (bytes) return bytes.slice();
  throw new LanewiseError(
    'argument',
    `encodeQuantized: model is ${quote(model)}, expected a quantised one`,
    (model as unknown) instanceof Promise
      ? 'await it'
      : 'quantize and decodeQuantized give such models',
  );
}

/**
 * Reads a quantised model's file; `name` is for messages. All of it is checked before use.
 * @throws LanewiseError kind 'file' for any other file.
 */
export function decodeQuantized(bytes: Uint8Array, name: string): QuantizedModel {
  text('decodeQuantized', 'name', name);
  if (!(bytes instanceof Uint8Array))
    refuse('decodeQuantized', 'file', bytes, 'the bytes of a quantised model, a Uint8Array');
  return quantizedFrom(bytes.slice(), name);
}

/** The model in a file's bytes, which it keeps; without a report, the layers are those that the file names. */
export function quantizedFrom(
  bytes: Uint8Array,
  name: string,
  report?: readonly LayerReport[],
): QuantizedModel {
  const file = readQuantized(bytes, name);
  const { metadata, entries } = readHeader(bytes, name);
  const outputs = new Map(file.outputs.map(({ output }) => [output.name, output.shape]));
  const terms = readLoss(metadata['loss'], { outputs }, name);
  const layers = entries
    .filter(({ tensor }) => tensor.endsWith('.int8'))
    .map(({ tensor, begin, end }): LayerReport => ({
      name: tensor.slice(0, -'.int8'.length),
      kind: 'layer',
      computed: 'int8',
      bytes: end - begin,
    }));
  const model = createQuantized({
    bytes,
    name,
    file,
    terms,
    description: readDescription(metadata, name),
    report: report ?? layers,
  });
  files.set(model, bytes);
  return model;
}
