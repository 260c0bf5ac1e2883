/** The file of a quantised model. */
import { LanewiseError } from '../base/errors.js';
import type { QuantizedModel } from './quantized-model.js';

/** The bytes of a quantised model's file, which `decodeQuantized` and `loadQuantized` of `lanewise/inference` read. */
export function encodeQuantized(_model: QuantizedModel): Uint8Array {
  throw new LanewiseError('argument', 'encodeQuantized: this build cannot quantise yet');
}

/** Reads a quantised model's file; `name` is for messages. */
export function decodeQuantized(_bytes: Uint8Array, _name: string): QuantizedModel {
  throw new LanewiseError('argument', 'decodeQuantized: this build cannot quantise yet');
}
