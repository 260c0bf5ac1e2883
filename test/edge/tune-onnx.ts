/** An ONNX file, trained with another head and written again: what every runtime has to do to the bit. */
import type * as Lanewise from '../../src/browser.js';
import type * as Onnx from '../../src/onnx/index.js';

export interface Tuned {
  readonly sha256: string;
  readonly file: Uint8Array;
}

const SAMPLES = 24;
const CLASSES = ['a', 'b', 'c', 'd'];

/** The net of the file with a head for four classes, after a few steps on samples of the file's form. */
export async function tuneOnnx(
  { adam, replaceHead, train }: typeof Lanewise,
  { readOnnx, writeOnnx }: typeof Onnx,
  bytes: Uint8Array,
): Promise<Tuned> {
  const { trained } = readOnnx(bytes);
  const { shape } = Object.values(trained.model.architecture.inputs)[0]!;
  const size = shape.reduce((product, extent) => product * extent, 1);
  const data = {
    name: 'samples',
    shape: shape as [number, number, number],
    classes: CLASSES,
    samples: Float32Array.from({ length: SAMPLES * size }, (_, i) => ((i * 37) % 101) / 101),
    labels: Uint8Array.from({ length: SAMPLES }, (_, i) => (i * 7) % CLASSES.length),
  };
  const { model, weights } = replaceHead(trained, { classes: CLASSES.length });
  const result = await train(model, {
    data,
    weights,
    optimizer: adam({ lr: 0.01 }),
    epochs: 2,
    batch: 8,
    workers: 1,
    numerics: 'strict',
  });
  return { sha256: await result.model.sha256(), file: writeOnnx(result.model) };
}
