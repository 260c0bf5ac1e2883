/** The loader of the kernels' builds from the package's folder. */
import { readFile } from 'node:fs/promises';
import { instantiateSync } from '@assemblyscript/loader';
import { given } from '../platform/given.js';

export const compileBuild = async (name: string): Promise<WebAssembly.Module> =>
  WebAssembly.compile(await readBuild(name));

/** The bytes of a build's file. */
export const readBuild = (name: string): Promise<Uint8Array<ArrayBuffer>> =>
  readFile(
    given.wasm
      ? new URL(`${name}.wasm`, given.wasm)
      : new URL(`../../wasm/${name}.wasm`, import.meta.url),
  );

/**
 * The exports of an instance on a memory, without the loader's wrappers, which count the arguments of each call: no
 * kernel has optional ones.
 */
export const instantiate = (
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): WebAssembly.Exports => instantiateSync(module, { env: { memory } }).instance.exports;
