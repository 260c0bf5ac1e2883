/** The record of what the user has given to `init`. */

/** Compiled kernels by the name of their build, and the locations of files if not the package's. */
export interface Given {
  readonly modules: Map<string, WebAssembly.Module>;
  /** The folder of the builds, ending in a slash. */
  wasm?: string;
  /** The script that worker threads run. */
  worker?: string;
}

export const given: Given = { modules: new Map() };
