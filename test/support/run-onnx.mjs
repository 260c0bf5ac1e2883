// Runs ONNX files in onnxruntime, which may end the process that it runs in: node run-onnx.mjs <onnxruntime-node> <cases.json>.
// A case has a file and inputs by name, `{ type, dims, data }`; a line of JSON each is answered, with outputs or an error.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [folder, path] = process.argv.slice(2);
const ort = createRequire(import.meta.url)(folder);
const arrays = { float32: Float32Array, int64: BigInt64Array };

for (const { file, inputs } of JSON.parse(readFileSync(path, 'utf8'))) {
  let answer;
  try {
    const session = await ort.InferenceSession.create(file, { logSeverityLevel: 3 });
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { type, dims, data }]) => {
        const values = type === 'int64' ? data.map(BigInt) : data;
        return [name, new ort.Tensor(type, arrays[type].from(values), dims)];
      }),
    );
    const results = await session.run(feeds);
    answer = Object.fromEntries(
      Object.entries(results).map(([name, { dims, data }]) => [
        name,
        {
          dims,
          data: Array.from(data, (v) => (Number.isFinite(Number(v)) ? Number(v) : String(v))),
        },
      ]),
    );
    await session.release();
  } catch (error) {
    answer = { error: String(error) };
  }
  console.log(JSON.stringify(answer));
}
