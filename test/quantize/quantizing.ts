/**
 * Two quantised models of drawn weights, and hashes of their scores, on standards alone, for any runtime: LeNet-5, and a net
 * some of whose layers stay float. The libraries are received, as each runtime has its own way to import them.
 */
import type * as Lanewise from '../../src/index.js';
import type * as Inference from '../../src/inference/index.js';
import type * as Quantize from '../../src/quantize/index.js';

/** Files by the nets' names. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** Kernels where they cannot be fetched or compiled; else those of the engine's choice. */
export type Modules = Pick<Inference.LoadQuantizedOptions, 'module' | 'floatModule'>;

const PIXELS = 784;

/** The files, made in this runtime. */
export async function quantizedFiles(
  lanewise: typeof Lanewise,
  { encodeQuantized, quantize }: typeof Quantize,
): Promise<Files> {
  const { conv2d, flatten, gelu, groupNorm, layerNorm, linear, relu, sequential } = lanewise;
  const partlyFloat = sequential(
    [
      conv2d(1, 6, 5, { stride: 2 }),
      groupNorm(2, 6),
      relu(),
      conv2d(6, 9, 3, { stride: 2, padding: 1 }),
      gelu(),
      flatten(),
      linear(324, 20),
      layerNorm(20),
      linear(20, 10),
    ],
    { input: [1, 28, 28] },
  );
  const models = { lenet5: lanewise.lenet5(), partlyFloat };
  const data = lanewise.digits({ count: 80, seed: 4 });
  const files: [string, Uint8Array][] = [];
  for (const [name, model] of Object.entries(models)) {
    const weights = new Map(
      model.parameters.map((parameter): [string, Float32Array] => {
        const count = parameter.shape.reduce((a, b) => a * b, 1);
        const drawn = (_: unknown, i: number) => ((i * 7919) % 2003) / 5000 - 0.2;
        return [parameter.name, Float32Array.from({ length: count }, drawn)];
      }),
    );
    const trained = lanewise.withWeights(model, weights, { loss: 'crossEntropy' });
    files.push([name, encodeQuantized(await quantize(trained, data, { samples: 64 }))]);
  }
  return Object.fromEntries(files);
}

/** SHA-256 of each net's scores of drawn images. */
export async function scoresOf(
  { loadQuantized }: typeof Inference,
  files: Files,
  modules: Modules = {},
): Promise<Record<string, string>> {
  const samples = Uint8Array.from({ length: 70 * PIXELS }, (_, i) => (i * 7919) >>> (i & 7));
  const hashes: [string, string][] = [];
  for (const [name, bytes] of Object.entries(files)) {
    const program = await loadQuantized(bytes, modules);
    hashes.push([name, await sha256(program.predict(samples, [1, 28, 28]).scores)]);
  }
  return Object.fromEntries(hashes);
}

/** SHA-256 of each file. */
export async function filesOf(files: Files): Promise<Record<string, string>> {
  const hashes = Object.entries(files).map(
    async ([name, bytes]) => [name, await sha256(bytes)] as const,
  );
  return Object.fromEntries(await Promise.all(hashes));
}

async function sha256(values: ArrayBufferView): Promise<string> {
  const copy = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
  const digest = await crypto.subtle.digest('SHA-256', copy);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
