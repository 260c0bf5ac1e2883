/** Initial weights: element e of parameter i is a function of (seed, i, e), independent of the workers. */
import { cosPi, log } from '../base/arithmetic.js';
import type { Numerics } from '../engine/features.js';
import { allocateMemory, FIRST_FREE_BYTE } from '../engine/memory.js';
import { instantiate, loadModule, type Kernels } from '../engine/wasm.js';
import { sizeOf } from '../graph/tensor.js';
import type { ParameterSpec } from '../layers/index.js';
import { drawingFor } from '../layers/initializer.js';
import { philox, splitSeed } from '../random/philox.js';
import { purpose } from '../random/purposes.js';
import { orthonormalize } from './orthogonal.js';

/**
 * Draws the values of parameter number `index` into `values`, which lie at `at` in the kernels' memory.
 * @throws LanewiseError kind 'argument' for an initialiser that the shape does not suit.
 */
export function drawParameter(
  kernels: Kernels,
  { name, shape, initializer }: ParameterSpec,
  index: number,
  seed: number,
  at: number,
  values: Float32Array,
): void {
  const [key0, key1] = splitSeed(seed);
  const count = values.length;
  const normal = (mean: number, std: number) =>
    kernels.randomNormal(at, count, mean, std, key0, key1, index, purpose.init);
  const drawing = drawingFor(initializer, name, shape);
  switch (drawing.kind) {
    case 'constant':
      values.fill(drawing.value);
      break;
    case 'uniform':
      kernels.randomUniform(at, count, drawing.low, drawing.high, key0, key1, index, purpose.init);
      break;
    case 'normal':
      normal(drawing.mean, drawing.std);
      break;
    case 'truncatedNormal': {
      const { mean, std, bound } = drawing;
      normal(0, 1);
      const redraw = createRedraw(index, key0, key1);
      values.forEach((value, e) => {
        let z = value;
        for (let attempt = 1; Math.abs(z) > bound; attempt++) z = redraw(e, attempt);
        values[e] = mean + std * z;
      });
      break;
    }
    case 'orthogonal':
      normal(0, 1);
      makeOrthogonal(values, shape[0]!, sizeOf(shape.slice(1)), drawing.gain);
      break;
    case 'values':
      values.set(drawing.values);
      break;
  }
}

/** Initial weights in this thread's own memory. */
export async function drawWeights(
  specs: readonly ParameterSpec[],
  seed: number,
  numerics: Numerics,
): Promise<Map<string, Float32Array>> {
  const counts = specs.map(({ shape }) => sizeOf(shape));
  const memory = allocateMemory(FIRST_FREE_BYTE + Math.max(0, ...counts) * 4 + 64, false);
  const kernels = instantiate(await loadModule(numerics, false), memory);
  return new Map(
    specs.map((spec, i) => {
      const values = new Float32Array(memory.buffer, FIRST_FREE_BYTE, counts[i]);
      drawParameter(kernels, spec, i, seed, FIRST_FREE_BYTE, values);
      return [spec.name, values.slice()];
    }),
  );
}

/** Normal deviates by Box and Muller (1958) from blocks reserved for retries: the attempt is a counter word. */
function createRedraw(
  index: number,
  key0: number,
  key1: number,
): (element: number, attempt: number) => number {
  const block = new Uint32Array(4);
  return (element, attempt) => {
    philox(element, index, attempt, purpose.init, key0, key1, block);
    const radius = Math.sqrt(-2 * log((block[0]! + 1) / 2 ** 32));
    return radius * cosPi((2 * block[1]!) / 2 ** 32);
  };
}

/** Makes the rows or columns of rows×columns deviates, whichever are fewer, orthonormal and multiplies by `gain`. */
function makeOrthogonal(values: Float32Array, rows: number, columns: number, gain: number): void {
  const isWide = rows < columns;
  const [m, n] = isWide ? [columns, rows] : [rows, columns];
  // Column by column: a wide matrix is already in that order.
  const place = (i: number) => (isWide ? i : (i % m) * columns + Math.floor(i / m));
  const matrix = Float64Array.from(values, (_, i) => values[place(i)]!);
  orthonormalize(matrix, m, n);
  matrix.forEach((value, i) => (values[place(i)] = gain * value));
}
