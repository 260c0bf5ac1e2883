// onnxruntime's native CPU library from Node, on LeNet-5 in int8: node onnxruntime-node-int8.mjs WORKLOAD THREADS SECONDS.
import { runPeer } from './lib/measure.mjs';
import { prepareOnnx } from './lib/onnxruntime.mjs';

await runPeer('onnxruntime-node', import.meta.url, async (workload, threads) => {
  const { default: runtime } = await import('onnxruntime-node');
  return prepareOnnx(runtime, 'cpu', workload, threads, true);
});
