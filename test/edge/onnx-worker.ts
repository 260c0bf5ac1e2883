/** A worker that trains the ONNX file of a request further, and answers with the file and the hash of its weights. */
import type * as Lanewise from '../../src/browser.js';
import type * as Onnx from '../../src/onnx/index.js';
import { tuneOnnx } from './tune-onnx.js';

/** Names of modules in the configuration (onnx.test.ts): the second imports the first by its path. */
const [core, onnx, strict] = ['lanewise/index.js', 'lanewise/onnx.js', 'strict.wasm'];

export default {
  async fetch(request: Request): Promise<Response> {
    try {
      const lanewise = (await import(core!)) as typeof Lanewise;
      const { default: module } = (await import(strict!)) as { default: WebAssembly.Module };
      await lanewise.init({ module: [module] });
      const bytes = new Uint8Array(await request.arrayBuffer());
      const { sha256, file } = await tuneOnnx(
        lanewise,
        (await import(onnx!)) as typeof Onnx,
        bytes,
      );
      return new Response(file as Uint8Array<ArrayBuffer>, { headers: { 'x-sha256': sha256 } });
    } catch (error) {
      return new Response((error as Error).stack ?? String(error), { status: 500 });
    }
  },
};
