/**
 * Loading the kernels: four builds of one source, {strict, fused} × {unshared, shared memory}. The only
 * file that knows @assemblyscript/loader and where the builds lie.
 */
import { readFile } from 'node:fs/promises';
import { instantiateSync } from '@assemblyscript/loader';
import { LanewiseError } from '../errors.js';
import type { KernelName, OperandsOf } from '../program/kernels.js';
import { hasSimd, relaxedMaddIsFused, type Numerics } from './features.js';
import { LOADS, fastLoads } from './loads.js';
import { FIRST_FREE_BYTE } from './memory.js';

/** The module's exports: kernels, and what is not called from programs. */
export type Kernels = {
  readonly [K in KernelName]: (...operands: OperandsOf<K, number>) => void;
} & {
  /** 0 when all have arrived, 1 when the run was given up. See assembly/barrier.ts. */
  barrier(at: number, workers: number, spins: number, timeoutNs: number): number;
  heapBase(): number;
  /** One of LOADS: how loads are spelled, with the same bits. */
  spellLoads(kind: number): void;
  /** Ten vector multiply-adds a round on registers; see assembly/ceiling.ts. */
  ceiling(rounds: number): number;
  readonly CEILING_MADDS: WebAssembly.Global;
  readonly MC: WebAssembly.Global;
  readonly KC: WebAssembly.Global;
  readonly NC: WebAssembly.Global;
  readonly NR: WebAssembly.Global;
  readonly SKINNY: WebAssembly.Global;
  readonly SPILL_BYTES: WebAssembly.Global;
};

const modules = new Map<string, Promise<WebAssembly.Module>>();

/**
 * The compiled module of one build; compiled once a process.
 * @throws LanewiseError kind 'engine' if this engine cannot run it.
 */
export async function loadModule(numerics: Numerics, shared: boolean): Promise<WebAssembly.Module> {
  if (!hasSimd())
    throw new LanewiseError(
      'engine',
      'this JavaScript engine has no WebAssembly SIMD, which Lanewise is made of',
    );
  if (numerics === 'fused' && !relaxedMaddIsFused()) {
    throw new LanewiseError(
      'engine',
      "numerics 'fused' needs a relaxed SIMD multiply-add that rounds once, and this engine has none",
      "use numerics 'strict'",
    );
  }
  const name = shared ? `${numerics}-shared` : numerics;
  const known = modules.get(name) ?? compileFile(name);
  modules.set(name, known);
  return known;
}

async function compileFile(name: string): Promise<WebAssembly.Module> {
  const url = new URL(`../../wasm/${name}.wasm`, import.meta.url);
  return WebAssembly.compile(await readFile(url));
}

/** Instantiates the kernels on a memory. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const { exports } = instantiateSync<Record<string, unknown>>(module, { env: { memory } });
  const kernels = exports as unknown as Kernels;
  if (kernels.heapBase() > FIRST_FREE_BYTE)
    throw new Error('the kernels’ constants outgrew the first page');
  kernels.spellLoads(LOADS[fastLoads()]);
  return kernels;
}
