/**
 * The loader of the kernels' builds beside the bundle. Each URL is written out, so that bundlers find and copy the
 * files.
 */
import { given } from '../platform/given.js';
import { fetchModule } from './fetch-module.js';

const urls: Readonly<Record<string, () => URL>> = {
  strict: () => new URL('../wasm/strict.wasm', import.meta.url),
  'strict-shared': () => new URL('../wasm/strict-shared.wasm', import.meta.url),
  fused: () => new URL('../wasm/fused.wasm', import.meta.url),
  'fused-shared': () => new URL('../wasm/fused-shared.wasm', import.meta.url),
};

/** @throws LanewiseError kind 'network' if the file does not arrive. */
export const compileBuild = (name: string): Promise<WebAssembly.Module> =>
  fetchModule(given.wasm ? new URL(`${name}.wasm`, given.wasm) : urls[name]!());

/** The exports of an instance on a memory, without the loader, whose strings and arrays no kernel uses. */
export const instantiate = (
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): WebAssembly.Exports => new WebAssembly.Instance(module, { env: { memory } }).exports;
