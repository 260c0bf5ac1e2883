/** The loader of the kernels' builds from the package's folder. */
import { readFile } from 'node:fs/promises';
import { instantiateSync } from '@assemblyscript/loader';
import { given } from '../platform/given.js';

export async function compileBuild(name: string): Promise<WebAssembly.Module> {
  const url = new URL(`../../wasm/${name}.wasm`, import.meta.url);
  return WebAssembly.compile(
    await readFile(given.wasm ? new URL(`${name}.wasm`, given.wasm) : url),
  );
}

/**
 * The exports of an instance on a memory, without the loader's wrappers, which count the arguments of each call: no
 * kernel has optional ones.
 */
export const instantiate = (
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): WebAssembly.Exports => instantiateSync(module, { env: { memory } }).instance.exports;
