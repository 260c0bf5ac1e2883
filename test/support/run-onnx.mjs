// Runs ONNX files in onnxruntime, which may end the process that it runs in: node run-onnx.mjs <onnxruntime-node> <cases.json>.
// A case has a file and runs, inputs by name, `{ type, dims, data }`; a line of JSON each is answered: each run's outputs, or an
// error.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [folder, path] = process.argv.slice(2);
const ort = createRequire(import.meta.url)(folder);
const arrays = { float32: Float32Array, int64: BigInt64Array };

const feedsOf = (inputs) =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, { type, dims, data }]) => {
      const values = type === 'int64' ? data.map(BigInt) : data;
      return [name, new ort.Tensor(type, arrays[type].from(values), dims)];
    }),
  );

/** Numbers that JSON has, and texts for others. */
const shown = (value) => (Number.isFinite(Number(value)) ? Number(value) : String(value));

for (const { file, runs } of JSON.parse(readFileSync(path, 'utf8'))) {
  let answer;
  try {
    const session = await ort.InferenceSession.create(file, { logSeverityLevel: 3 });
    answer = [];
    for (const inputs of runs) {
      const results = Object.entries(await session.run(feedsOf(inputs)));
      answer.push(
        Object.fromEntries(
          results.map(([name, { dims, data }]) => [name, { dims, data: Array.from(data, shown) }]),
        ),
      );
    }
    await session.release();
  } catch (error) {
    answer = { error: String(error) };
  }
  console.log(JSON.stringify(answer));
}
