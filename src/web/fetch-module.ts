/** Compiling what a server has. */
import { LanewiseError } from '../errors.js';

/** @throws LanewiseError kind 'network' if the file does not come. */
export async function fetchModule(url: URL): Promise<WebAssembly.Module> {
  const response = await fetch(url).catch((error: Error) => error);
  if (response instanceof Error || !response.ok) {
    const reason = response instanceof Error ? response.message : `status ${response.status}`;
    throw new LanewiseError(
      'network',
      `the kernels '${url.href}' cannot be fetched: ${reason}`,
      "put the package's dist/wasm there, or say where it is: init({ wasm: '/folder/' })",
    );
  }
  // Not by streaming, which asks for a MIME type that not every server knows.
  return WebAssembly.compile(await response.arrayBuffer());
}
