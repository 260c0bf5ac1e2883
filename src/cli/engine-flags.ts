/**
 * The engine's flag for relaxed SIMD, which Node 20 needs. The command line owns its process, so it sets the flag before
 * the first module is compiled; it reaches worker threads too. The probe still decides what is used.
 */
import { setFlagsFromString } from 'node:v8';

export function enableRelaxedSimd(): void {
  const isNode = !('Deno' in globalThis) && !('Bun' in globalThis);
  const [major] = process.versions.node.split('.');
  if (isNode && Number(major) < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');
}
