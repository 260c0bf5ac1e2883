/** The function `init`: the user's settings about the environment, and the features found there. */
import { checkOptions, text, type Check } from '../base/check.js';
import { machineParallelism, threadMode } from '#platform/threads';
import { LanewiseError, show } from '../base/errors.js';
import { given } from '../platform/given.js';
import { readNotes } from '../platform/notes.js';
import type { ThreadMode } from '../platform/threads.js';
import type { Numerics } from './features.js';
import { pickNumerics } from './numerics.js';
import { checkCompiling, checkSimd, nameOfBuild } from './wasm.js';

/** The locations of the package's files, if they are not the default ones. */
export interface InitOptions {
  /**
   * Compiled kernels, one build or several, where bytes may not be compiled: an edge worker's `import module from
   * 'lanewise/wasm/fused.wasm'`. Each module identifies its build.
   */
  readonly module?: WebAssembly.Module | readonly WebAssembly.Module[];
  /** The folder of the builds (`strict.wasm`, `fused-shared.wasm` …), if not the package's. */
  readonly wasm?: string | URL;
  /** The script of worker threads in a browser (the package's `dist/browser/worker.js`), if not the package's. */
  readonly worker?: string | URL;
}

const address: Check = (owner, name, value) => {
  if (!(value instanceof URL)) text(owner, name, value);
};

/** The features of this environment, and the defaults of runs in it. */
export interface Runtime {
  /** Default numerics of a run: `fused` where this engine's multiply-add rounds once. */
  readonly numerics: Numerics;
  /** Threads on shared memory, one thread with its own, or the calling thread only. */
  readonly threads: ThreadMode;
  /** Default number of workers of a run. */
  readonly workers: number;
  /** Notes on what is missing here, what replaces it and how to get it, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Detects the features of this environment. Calling it is needed only if files are elsewhere or a module is given.
 * @throws LanewiseError kind 'engine' without WebAssembly SIMD, or where it may not be compiled; kind 'argument' for a
 * module of another package.
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
