/** The loader of the inference builds beside their bundle, apart so that bundlers copy only these files. */
import { fetchModule } from './fetch-module.js';

const urls: Readonly<Record<string, () => URL>> = {
  'inference-strict': () => new URL('../wasm/inference-strict.wasm', import.meta.url),
  'inference-fused': () => new URL('../wasm/inference-fused.wasm', import.meta.url),
};

/** @throws LanewiseError kind 'network' if the file does not arrive. */
export const compileBuild = (name: string): Promise<WebAssembly.Module> =>
  fetchModule(urls[name]!());
