/** Quantises LeNet-5 with drawn weights, and prints hashes of its file and of its scores, by this engine's build and the plain one. */
import { readFile } from 'node:fs/promises';
import type * as Lanewise from '../../src/index.js';
import type * as Inference from '../../src/inference/index.js';
import type * as Quantize from '../../src/quantize/index.js';

// By their names, so that the package's exports and its bundles are what runs.
const [core, integers, running] = ['lanewise', 'lanewise/quantize', 'lanewise/inference'];
const { digits, lenet5, withWeights } = (await import(core!)) as typeof Lanewise;
const { encodeQuantized, quantize } = (await import(integers!)) as typeof Quantize;
const { loadQuantized } = (await import(running!)) as typeof Inference;

const model = lenet5();
const weights = new Map(
  model.parameters.map(({ name, shape }) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length: count }, (_, i) => ((i * 7919) % 2003) / 5000 - 0.2);
    return [name, values];
  }),
);
const trained = withWeights(model, weights, { loss: 'crossEntropy' });
const data = digits({ count: 80, seed: 4 });
const bytes = encodeQuantized(await quantize(trained, data, { samples: 64 }));

const hash = async (values: ArrayBufferView): Promise<string> => {
  const copy = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
  const digest = await crypto.subtle.digest('SHA-256', copy);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
};
const scoresBy = async (module?: Uint8Array): Promise<string> => {
  const program = await loadQuantized(bytes, module ? { module } : {});
  return hash(program.predict(data.samples, data.shape).scores);
};
const plain = await readFile(new URL('../../wasm/int8-plain.wasm', import.meta.url));
console.log(
  JSON.stringify({
    file: await hash(bytes),
    scores: await scoresBy(),
    plain: await scoresBy(new Uint8Array(plain)),
  }),
);
