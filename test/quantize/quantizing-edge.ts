/** Scores of quantised files in a workerd isolate, which is given them and both builds on bytes as compiled modules. */
import type * as Inference from '../../src/inference/index.js';
import { scoresOf } from './quantizing.js';

/** Names of modules in the configuration (same-bits.test.ts). */
const names = { lenet5: 'lenet5.file', partlyFloat: 'partlyFloat.file' };
const [running, floats] = ['inference', 'inference-strict.wasm'];

interface Given<T> {
  readonly default: T;
}

export default {
  async fetch(): Promise<Response> {
    try {
      const inference = (await import(running!)) as typeof Inference;
      const { default: floatModule } = (await import(floats!)) as Given<WebAssembly.Module>;
      const files: [string, Uint8Array][] = [];
      for (const [net, name] of Object.entries(names))
        files.push([net, new Uint8Array(((await import(name)) as Given<ArrayBuffer>).default)]);
      const by = async (build: string) => {
        const { default: module } = (await import(build)) as Given<WebAssembly.Module>;
        return scoresOf(inference, Object.fromEntries(files), { module, floatModule });
      };
      return Response.json({
        scores: await by('int8-relaxed.wasm'),
        plain: await by('int8-plain.wasm'),
      });
    } catch (error) {
      return new Response((error as Error).stack ?? String(error), { status: 500 });
    }
  },
};
