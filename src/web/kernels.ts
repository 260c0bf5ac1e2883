/** The builds of the kernels, beside the bundle. Each URL is written out, so that bundlers find and copy the files. */
import { LanewiseError } from '../errors.js';
import { given } from '../platform/given.js';

const urls: Readonly<Record<string, () => URL>> = {
  strict: () => new URL('../wasm/strict.wasm', import.meta.url),
  'strict-shared': () => new URL('../wasm/strict-shared.wasm', import.meta.url),
  fused: () => new URL('../wasm/fused.wasm', import.meta.url),
  'fused-shared': () => new URL('../wasm/fused-shared.wasm', import.meta.url),
};

/** `\0asm`. */
const WASM_MAGIC = 0x00_61_73_6d;

/** @throws LanewiseError kind 'network' if the file does not come. */
export async function compileBuild(name: string): Promise<WebAssembly.Module> {
  const url = given.wasm ? new URL(`${name}.wasm`, given.wasm) : urls[name]!();
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
  // Servers of single-page apps answer with the page whatever they do not have.
  if (bytes.byteLength < 4 || new DataView(bytes).getUint32(0) !== WASM_MAGIC)
    fail('the server sent something else');
  // Not by streaming, which asks for a MIME type that not every server knows.
  return WebAssembly.compile(bytes);
}
