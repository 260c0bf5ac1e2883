/** The builds for inference, beside its bundle: apart from the others, so that bundlers copy no more than these. */
import { fetchModule } from './fetch-module.js';

const urls: Readonly<Record<string, () => URL>> = {
  'inference-strict': () => new URL('../wasm/inference-strict.wasm', import.meta.url),
  'inference-fused': () => new URL('../wasm/inference-fused.wasm', import.meta.url),
};

/** @throws LanewiseError kind 'network' if the file does not come. */
export const compileBuild = (name: string): Promise<WebAssembly.Module> =>
  fetchModule(urls[name]!());
