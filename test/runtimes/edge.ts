/** The program in a workerd isolate: kernels come as modules, and everything happens within a request. */
import type * as Lanewise from '../../src/browser.js';
import { runProgram } from './program.js';

/** Names of modules in the configuration (workerd.test.ts). */
const [index, strict, fused] = ['lanewise', 'strict.wasm', 'fused.wasm'];
const bytes = ['int8-plain', 'int8-relaxed'];

interface Compiled {
  readonly default: WebAssembly.Module;
}

export default {
  async fetch(): Promise<Response> {
    try {
      const int8 = bytes.map(async (build) => {
        const { default: module } = (await import(`${build}.wasm`)) as Compiled;
        return [build, module] as const;
      });
      const lanewise = (await import(index!)) as typeof Lanewise;
      const modules = (await Promise.all([import(strict!), import(fused!)])) as Compiled[];
      const runtime = await lanewise.init({ module: modules.map((module) => module.default) });
      const report = await runProgram(lanewise, [1], Object.fromEntries(await Promise.all(int8)));
      return Response.json({ ...report, runtime });
    } catch (error) {
      return new Response((error as Error).stack ?? String(error), { status: 500 });
    }
  },
};
