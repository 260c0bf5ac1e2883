/** The program in a page, which posts its report to its server; the numbers of workers are in its address. */
import type * as Lanewise from '../../src/browser.js';
import { runProgram } from './program.js';

const post = (body: object) => fetch('/report', { method: 'POST', body: JSON.stringify(body) });

try {
  const index = '/browser/index.js';
  const lanewise = (await import(index)) as typeof Lanewise;
  const workers = new URLSearchParams(location.search).get('workers')!.split(',').map(Number);
  const compiled = async (name: string) =>
    [name, await WebAssembly.compileStreaming(fetch(`/wasm/${name}.wasm`))] as const;
  const int8 = await Promise.all([compiled('int8-plain'), compiled('int8-relaxed')]);
  const report = await runProgram(lanewise, workers, Object.fromEntries(int8));
  await post({ report: { ...report, runtime: await lanewise.init() } });
} catch (error) {
  await post({ error: `${(error as Error).message}\n${(error as Error).stack}` });
}
