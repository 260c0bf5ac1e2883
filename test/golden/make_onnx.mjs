// What onnxruntime answers for the files of make_onnx.py, into onnx/answers.json. Inputs are drawn as test/support/numbers.ts
// draws them, so they are not stored; a file that is written for a number of samples is run on as many at a time.
//
//     NODE_PATH=folder/with/onnxruntime-node/node_modules node test/golden/make_onnx.mjs
import { readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { InferenceSession, Tensor } = createRequire(import.meta.url)('onnxruntime-node');
const folder = new URL('./onnx/', import.meta.url);

/** Numbers in [-1, 1): the generator of test/support/numbers.ts. */
function numbers(count, seed) {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const SAMPLES = 4;
const answers = {};
for (const file of readdirSync(folder).filter((name) => name.endsWith('.onnx'))) {
  const session = await InferenceSession.create(new URL(file, folder).pathname);
  const [{ name, type, shape }] = session.inputMetadata;
  // Those of other scripts have other names.
  if (name !== 'x') continue;
  const [first, ...sample] = shape;
  const batch = typeof first === 'number' ? first : SAMPLES;
  const size = sample.reduce((a, b) => a * b, 1);
  const given = numbers(SAMPLES * size, 7);
  const values =
    type === 'int64'
      ? BigInt64Array.from(given, (value) => BigInt(Math.floor((value + 1) * 5.5)))
      : given;
  const outputs = [];
  let outputShape = [];
  for (let from = 0; from < SAMPLES; from += batch) {
    const x = new Tensor(type, values.slice(from * size, (from + batch) * size), [
      batch,
      ...sample,
    ]);
    const { y } = await session.run({ x });
    outputs.push(...y.data);
    outputShape = y.dims.slice(1);
  }
  answers[file.slice(0, -5)] = {
    sample,
    tokens: type === 'int64',
    shape: outputShape,
    values: outputs,
  };
}
writeFileSync(new URL('answers.json', folder), `${JSON.stringify(answers)}\n`);
console.log(Object.keys(answers).length, 'files');
