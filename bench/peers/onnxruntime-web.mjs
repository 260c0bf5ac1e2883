// onnxruntime in WebAssembly: node onnxruntime-web.mjs WORKLOAD THREADS SECONDS. It copies inputs into its
// memory and outputs out of it at every run, as everybody's program would.
import { runPeer } from './lib/measure.mjs';
import { prepareOnnx } from './lib/onnxruntime.mjs';

await runPeer('onnxruntime-web', import.meta.url, async (workload, threads) => {
  const runtime = await import('onnxruntime-web');
  runtime.env.wasm.numThreads = threads;
  return prepareOnnx(runtime, 'wasm', workload, threads);
});
