/** The loader of the kernels, four builds of one source: {strict, fused} × {unshared, shared memory}. */
import { compileBuild, instantiate as instantiateModule } from '#platform/kernels';
import { LanewiseError } from '../base/errors.js';
import { given } from '../platform/given.js';
import type { KernelName, OperandsOf } from '../program/kernel-table.js';
import { hasSimd, mayCompile, relaxedMaddIsFused, type Numerics } from './features.js';
import { LOADS, fastLoads } from './loads.js';
import { FIRST_FREE_BYTE } from './memory.js';

/** The module's exports: kernels, and functions that programs do not call. */
export type Kernels = {
  readonly [K in KernelName]: (...operands: OperandsOf<K, number>) => void;
} & {
  heapBase(): number;
  /** Selects the spelling of loads, one of LOADS, all with the same bits. */
  spellLoads(kind: number): void;
  /** Ten vector multiply-adds per round on registers; see assembly/ceiling.ts. */
  ceiling(rounds: number): number;
  readonly CEILING_MADDS: WebAssembly.Global;
};

const modules = new Map<string, Promise<WebAssembly.Module>>();

/** The compiled module of one build: given to `init`, or compiled once per process. */
export async function loadModule(numerics: Numerics, shared: boolean): Promise<WebAssembly.Module> {
  checkSimd();
  const name = shared ? `${numerics}-shared` : numerics;
  const own = given.modules.get(name);
  if (own) return own;
  if (given.modules.size > 0) {
    throw new LanewiseError(
      'engine',
      `init was given the kernels '${[...given.modules.keys()].join("', '")}', and '${name}' is needed`,
      `give it lanewise/wasm/${name}.wasm`,
    );
  }
  if (numerics === 'fused' && !relaxedMaddIsFused()) {
    throw new LanewiseError(
      'engine',
      "numerics 'fused' needs a relaxed SIMD multiply-add that rounds once, and this engine has none",
      "use numerics 'strict'",
    );
  }
  return compileOnce(name, compileBuild);
}

/** The module of a build, compiled once per process. @throws as `compile`. */
export function compileOnce(
  name: string,
  build: (name: string) => Promise<WebAssembly.Module>,
): Promise<WebAssembly.Module> {
  const known = modules.get(name) ?? compile(name, build);
  modules.set(name, known);
  // A failure, such as of a request, may not recur.
  known.catch(() => modules.delete(name));
  return known;
}

/** @throws LanewiseError kind 'engine' without SIMD, as there is no fallback. */
export function checkSimd(): void {
  if (hasSimd()) return;
  throw new LanewiseError(
    'engine',
    'this JavaScript engine has no WebAssembly SIMD, which Lanewise needs',
    'use a browser of 2023 or later (Chrome 91, Firefox 89, Safari 16.4), Node 20, Deno or Bun',
  );
}

/**
 * Checks that policies or edge workers do not forbid compiling.
 * @throws LanewiseError kind 'engine' unless a module was given instead.
 */
export function checkCompiling(): void {
  if (given.modules.size > 0 || mayCompile()) return;
  throw new LanewiseError(
    'engine',
    'WebAssembly may not be compiled here',
    "a page's Content-Security-Policy needs script-src 'wasm-unsafe-eval'; an edge worker gives init({ module }) the compiled module",
  );
}

/** The build of a module of this package, from the custom section that scripts/build.mjs writes; else undefined. */
export function nameOfBuild(module: WebAssembly.Module): string | undefined {
  const [section] = WebAssembly.Module.customSections(module, 'lanewise');
  return section && new TextDecoder().decode(section);
}

export async function compile(
  name: string,
  build: (name: string) => Promise<WebAssembly.Module>,
): Promise<WebAssembly.Module> {
  checkCompiling();
  try {
    return await build(name);
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    throw new LanewiseError(
      'engine',
      `the kernels '${name}' cannot be compiled: ${error.message}`,
      'the files of dist/wasm must be those of this version',
      { cause: error },
    );
  }
}

/** Instantiates the kernels on a memory. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const kernels = instantiateModule(module, memory) as unknown as Kernels;
  if (kernels.heapBase() > FIRST_FREE_BYTE)
    throw new Error('the kernels’ constants outgrew the first page');
  kernels.spellLoads(LOADS[fastLoads()]);
  return kernels;
}
