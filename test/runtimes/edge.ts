/** The program in a workerd isolate: kernels come as modules, and everything happens within a request. */
import type * as Lanewise from '../../src/browser.js';
import { runProgram } from './program.js';

/** Names of modules in the configuration (workerd.test.ts). */
const [index, strict, fused] = ['lanewise', 'strict.wasm', 'fused.wasm'];

export default {
  async fetch(): Promise<Response> {
    try {
      const lanewise = (await import(index!)) as typeof Lanewise;
      const modules = (await Promise.all([import(strict!), import(fused!)])) as {
        readonly default: WebAssembly.Module;
      }[];
      const runtime = await lanewise.init({ module: modules.map((module) => module.default) });
      return Response.json({ ...(await runProgram(lanewise, [1])), runtime });
    } catch (error) {
      return new Response((error as Error).stack ?? String(error), { status: 500 });
    }
  },
};
