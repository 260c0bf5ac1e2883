// TensorFlow.js in a page; its kernels lie beside the bundle.
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

setWasmPaths('/bench/');
await import('../peers/tfjs-wasm.mjs');
