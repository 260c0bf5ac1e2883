/** The loader of the builds on bytes beside their bundle, apart so that bundlers copy only these files. */
import { fetchModule } from './fetch-module.js';

const urls: Readonly<Record<string, () => URL>> = {
  'int8-relaxed': () => new URL('../wasm/int8-relaxed.wasm', import.meta.url),
  'int8-plain': () => new URL('../wasm/int8-plain.wasm', import.meta.url),
};

/** @throws LanewiseError kind 'network' if the file does not arrive. */
export const compileBuild = (name: string): Promise<WebAssembly.Module> =>
  fetchModule(urls[name]!());
