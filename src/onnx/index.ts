/** `lanewise/onnx`: reads ONNX files to be trained, and writes trained models as ONNX. */
export { LanewiseError } from '../base/errors.js';
export { readOnnx, type ReadOnnxOptions, type ReadOnnxResult } from './read-onnx.js';
export { writeOnnx, type WriteOnnxOptions } from './write-onnx.js';
