/** What the user may say about the place Lanewise runs in, and what Lanewise has found there. */
import { checkOptions, text, type Check } from '../base/check.js';
import { machineParallelism, threadMode } from '#platform/threads';
import { LanewiseError, show } from '../base/errors.js';
import { given } from '../platform/given.js';
import { readNotes } from '../platform/notes.js';
import type { ThreadMode } from '../platform/threads.js';
import type { Numerics } from './features.js';
import { pickNumerics } from './numerics.js';
import { checkCompiling, checkSimd, nameOfBuild } from './wasm.js';

/** Where the package's files lie, if not where it has them. */
export interface InitOptions {
  /**
   * Compiled kernels, one build or several, where bytes may not be compiled: an edge worker's
   * `import module from 'lanewise/wasm/fused.wasm'`. They say themselves which build they are.
   */
  readonly module?: WebAssembly.Module | readonly WebAssembly.Module[];
  /** The folder of the builds (`strict.wasm`, `fused-shared.wasm` …), if it is not where the package has it. */
  readonly wasm?: string | URL;
  /** The script of worker threads in a browser (the package's `dist/browser/worker.js`), likewise. */
  readonly worker?: string | URL;
}

const address: Check = (owner, name, value) => {
  if (!(value instanceof URL)) text(owner, name, value);
};

/** What was found here, and so what a run has by default. */
export interface Runtime {
  /** What a run has by default: `fused` where this engine's multiply-add rounds once. */
  readonly numerics: Numerics;
  /** Threads on shared memory; one thread with its own; or the calling thread alone. */
  readonly threads: ThreadMode;
  /** Workers that a run has by default. */
  readonly workers: number;
  /** What is missing here, what is done instead and what would mend it, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Finds out what this place can do. Nobody needs to call it, unless files lie elsewhere or there is a module to give.
 * @throws LanewiseError kind 'engine' without WebAssembly SIMD, or where it may not be compiled; kind 'argument' for a module of something else.
 */
export async function init(options: InitOptions = {}): Promise<Runtime> {
  const { module, wasm, worker } = checkOptions('init', options, {
    module: true,
    wasm: address,
    worker: address,
  });
  checkSimd();
  const modules = (module === undefined ? [] : [module].flat()) as readonly WebAssembly.Module[];
  for (const one of modules) given.modules.set(buildOf(one), one);
  if (wasm !== undefined) given.wasm = asFolder(wasm);
  if (worker !== undefined) given.worker = addressOf(worker);
  checkCompiling();
  const numerics = pickNumerics();
  const threads = await threadMode();
  return {
    numerics,
    threads,
    workers: threads === 'shared' ? machineParallelism() : 1,
    notes: readNotes(),
  };
}

function buildOf(module: WebAssembly.Module): string {
  if (!(module instanceof WebAssembly.Module)) {
    throw new LanewiseError(
      'argument',
      `module is ${show(module)}, expected a WebAssembly.Module of the package, such as lanewise/wasm/fused.wasm`,
    );
  }
  const name = nameOfBuild(module);
  if (name) return name;
  throw new LanewiseError(
    'argument',
    'module is a WebAssembly.Module, but not one of the package',
    'such as lanewise/wasm/fused.wasm',
  );
}

const addressOf = (location: string | URL): string =>
  new URL(location, (globalThis as { location?: { href: string } }).location?.href).href;

const asFolder = (location: string | URL): string => `${addressOf(location).replace(/\/$/, '')}/`;
