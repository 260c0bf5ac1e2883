// The weights that npm packages ship, read as tensors: those of @vladmandic/face-api, quantised to bytes, in manifests
// without a model. Every value is compared with the file's own bytes, decoded here once more in double precision.
//
//   node bench/import/packages.mjs [FOLDER]    a folder with node_modules/@vladmandic/face-api (1.7.15)
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readTfjsWeights } from 'lanewise/import';

const folder = join(resolve(process.argv[2] ?? '.'), 'node_modules/@vladmandic/face-api/model');
const manifests = readdirSync(folder).filter((name) => name.endsWith('manifest.json'));
let wrong = 0;
for (const name of manifests) {
  const text = readFileSync(join(folder, name), 'utf8');
  const groups = JSON.parse(text);
  const files = Object.fromEntries(
    groups.flatMap(({ paths }) => paths).map((path) => [path, readFileSync(join(folder, path))]),
  );
  const { tensors } = readTfjsWeights(text, files, { name });
  let [count, differing, quantised] = [0, 0, 0];
  for (const { paths, weights } of groups) {
    const bytes = Buffer.concat(paths.map((path) => files[path]));
    let at = 0;
    for (const { name: key, shape, quantization } of weights) {
      const { data, shape: found } = tensors.get(key);
      const size = shape.reduce((a, b) => a * b, 1);
      if (found.join() !== shape.join() || data.length !== size) differing += size;
      for (let i = 0; i < size; i++) {
        const value = quantization
          ? bytes[at++] * quantization.scale + quantization.min
          : bytes.readFloatLE((at += 4) - 4);
        if (!Object.is(data[i], Math.fround(value))) differing += 1;
      }
      count += size;
      quantised += quantization ? size : 0;
    }
    if (at !== bytes.length) differing += bytes.length - at;
  }
  wrong += differing;
  console.log(
    `${name}: ${tensors.size} tensors, ${count} numbers, ${quantised} of them quantised, ${differing} differ`,
  );
}
process.exit(wrong > 0 || manifests.length === 0 ? 1 : 0);
