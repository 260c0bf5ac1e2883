/** The fetching and compiling of WebAssembly modules from a server. */
import { LanewiseError } from '../base/errors.js';

/** `\0asm`. */
const WASM_MAGIC = 0x00_61_73_6d;

/** @throws LanewiseError kind 'network' if the file does not arrive, or is another one. */
export async function fetchModule(url: URL): Promise<WebAssembly.Module> {
  const fail = (reason: string): never => {
    throw new LanewiseError(
      'network',
      `the kernels '${url.href}' cannot be fetched: ${reason}`,
      "put the package's dist/wasm there, or say where it is: init({ wasm: '/folder/' })",
    );
  };
  const response = await fetch(url).catch((error: Error) => fail(error.message));
  if (!response.ok) fail(`status ${response.status}`);
  const bytes = await response.arrayBuffer().catch((error: Error) => fail(error.message));
  // Servers of single-page apps answer every unknown path with the page.
  if (bytes.byteLength < 4 || new DataView(bytes).getUint32(0) !== WASM_MAGIC)
    fail('the server sent something else');
  // Streaming compilation is not used, as it needs a MIME type that not every server knows.
  return WebAssembly.compile(bytes);
}
