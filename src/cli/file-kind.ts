/** The kind of model file that a name's extension stands for, so that nothing else is written under it. */
import { extname } from 'node:path';
import { LanewiseError } from '../base/errors.js';

const MODELS: Readonly<Record<string, string>> = {
  '.onnx': 'an ONNX model',
  '.pt': 'a PyTorch file',
  '.pth': 'a PyTorch file',
  '.h5': 'a Keras file',
  '.keras': 'a Keras file',
  '.tflite': 'a TensorFlow Lite model',
  '.pb': 'a TensorFlow model',
  '.safetensors': 'a model file',
};

/** @throws LanewiseError kind 'argument' for the name of any kind of model file; `what` says what is written instead. */
export function checkOutName(path: string, what: string, hint: string): void {
  const kind = MODELS[extname(path).toLowerCase()];
  if (kind === undefined) return;
  throw new LanewiseError('argument', `'${path}' would be ${kind}, and ${what}`, hint);
}
