/** The same as quantizing-process.ts in a page, which posts its report to its server. */
import type * as Lanewise from '../../src/browser.js';
import type * as Inference from '../../src/inference/index.js';
import type * as Quantize from '../../src/quantize/index.js';
import { filesOf, quantizedFiles, scoresOf } from './quantizing.js';

const post = (body: object) => fetch('/report', { method: 'POST', body: JSON.stringify(body) });

try {
  const [core, integers, running] = ['index', 'quantize', 'inference'].map(
    (name) => `/browser/${name}.js`,
  );
  const lanewise = (await import(core!)) as typeof Lanewise;
  const inference = (await import(running!)) as typeof Inference;
  const files = await quantizedFiles(lanewise, (await import(integers!)) as typeof Quantize);
  const module = await WebAssembly.compileStreaming(fetch('/wasm/int8-plain.wasm'));
  const report = {
    files: await filesOf(files),
    scores: await scoresOf(inference, files),
    plain: await scoresOf(inference, files, { module }),
  };
  await post({ report });
} catch (error) {
  await post({ error: `${(error as Error).message}\n${(error as Error).stack}` });
}
