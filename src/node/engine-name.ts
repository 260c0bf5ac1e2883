/** The name and version of this JavaScript engine and the processor's name, as results of benchmarks have them. */

import { cpus } from 'node:os';

/** `node 24.1.0`, `deno 2.9.6 (V8 15.0)` or `bun 1.4.5`: Deno and Bun also claim to be a Node. */
export function engineOfProcess(): { readonly name: string; readonly version: string } {
  const { bun, deno, node, v8 } = process.versions;
  if (bun) return { name: 'bun', version: bun };
  if (!deno) return { name: 'node', version: node };
  return { name: 'deno', version: `${deno} (V8 ${v8.split('.').slice(0, 2).join('.')})` };
}

/** The same in a sentence. */
export function engineName(): string {
  const { name, version } = engineOfProcess();
  return `${name} ${version}`;
}

/** The processor's name, if it has one and the runtime gives it (Deno needs --allow-sys). */
export function cpuModel(): string | null {
  try {
    return cpus()[0]?.model.trim() || null;
  } catch {
    return null;
  }
}
