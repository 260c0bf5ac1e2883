// What onnxruntime answers, in a process of its own, since it may abort: node onnxruntime.mjs MODEL SAMPLES ANSWERS.
// SAMPLES is JSON: { sample: extents, file: path of float32 values }; a file of fixed batch is run on as many at a time.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { InferenceSession, Tensor } = createRequire(`${process.env.PEERS ?? process.cwd()}/`)(
  'onnxruntime-node',
);
const [model, samples, answers] = process.argv.slice(2);
const { sample, file, type = 'float32' } = JSON.parse(samples);
const session = await InferenceSession.create(model, {
  graphOptimizationLevel: 'basic',
  intraOpNumThreads: 1,
});
const [{ name, shape }] = session.inputMetadata;
const bytes = readFileSync(file);
const values = new Float32Array(
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
);
const size = sample.reduce((a, b) => a * b, 1);
const count = values.length / size;
const batch = typeof shape[0] === 'number' ? shape[0] : count;
const outputs = [];
for (let from = 0; from < count; from += batch) {
  const part = values.slice(from * size, (from + batch) * size);
  const result = await session.run({ [name]: new Tensor(type, part, [batch, ...sample]) });
  outputs.push(result[session.outputNames[0]].data);
}
writeFileSync(
  answers,
  Buffer.concat(
    outputs.map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer, byteOffset, byteLength),
    ),
  ),
);
