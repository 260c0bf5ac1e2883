/** The inference build of the kernels, instantiated on a memory. */
import { compileBuild } from '#platform/inference-kernels';
import { LanewiseError } from '../base/errors.js';
import type { Numerics } from '../engine/features.js';
import {
  checkSimd,
  compile,
  compileOnce,
  instantiate,
  nameOfBuild,
  type Kernels,
} from '../engine/wasm.js';

/** The build, as bytes or, where those cannot be compiled, as a module. */
export type KernelSource = WebAssembly.Module | Uint8Array | ArrayBuffer;

export const isKernelSource = (value: unknown): value is KernelSource =>
  value instanceof WebAssembly.Module || value instanceof ArrayBuffer || ArrayBuffer.isView(value);

/** @throws LanewiseError kind 'engine' if this engine cannot run them, or `source` is another build. */
export async function instantiateKernels(
  numerics: Numerics,
  memory: WebAssembly.Memory,
  source?: KernelSource,
): Promise<Kernels> {
  checkSimd();
  const name = `inference-${numerics}`;
  const module = source ? await moduleOf(source, name) : await compileOnce(name, compileBuild);
  checkBuild(module, name);
  return instantiate(module, memory);
}

const moduleOf = (source: KernelSource, name: string): Promise<WebAssembly.Module> =>
  source instanceof WebAssembly.Module
    ? Promise.resolve(source)
    : compile(name, () => WebAssembly.compile(source as BufferSource));

/** Checks the name that a build carries: a wrong build has other kernels, or gives other bits. */
function checkBuild(module: WebAssembly.Module, name: string): void {
  const found = nameOfBuild(module);
  if (found === name) return;
  throw new LanewiseError(
    'engine',
    `the program needs the kernels '${name}', and ${found ? `'${found}' are` : 'none of Lanewise’s are'} given`,
    `give lanewise/wasm/${name}.wasm, or set numerics to those of the given kernels`,
  );
}
