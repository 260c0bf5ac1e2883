/** The kernels of the inference build on a memory. */
import type { Numerics } from '../engine/features.js';
import { hasSimd } from '../engine/features.js';
import { LOADS, fastLoads } from '../engine/loads.js';
import type { Kernels } from '../engine/wasm.js';
import { LanewiseError } from '../errors.js';

export type KernelSource = WebAssembly.Module | Uint8Array | ArrayBuffer;

/** @throws LanewiseError kind 'engine' if this engine cannot run them. */
export async function instantiateKernels(
  numerics: Numerics,
  memory: WebAssembly.Memory,
  source?: KernelSource,
): Promise<Kernels> {
  if (!hasSimd())
    throw new LanewiseError(
      'engine',
      'this JavaScript engine has no WebAssembly SIMD, which Lanewise is made of',
    );
  const given = source ?? (await read(numerics));
  const module =
    given instanceof WebAssembly.Module
      ? given
      : await WebAssembly.compile(given as Uint8Array<ArrayBuffer>);
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const kernels = exports as unknown as Kernels;
  kernels.spellLoads(LOADS[fastLoads()]);
  return kernels;
}

async function read(numerics: Numerics): Promise<Uint8Array> {
  const url = new URL(`../../wasm/inference-${numerics}.wasm`, import.meta.url);
  const { readFile } = await import('node:fs/promises');
  return readFile(url);
}
