/** Transforms of one sample, in a memory of its own whose rest must stay as it is. */
import * as assert from 'uvu/assert';
import { planChain } from '../../src/data/transforms/chain.js';
import type { Place } from '../../src/data/transforms/draw.js';
import type { ImageShape, Transform } from '../../src/data/transforms/transform.js';
import { FIRST_FREE_BYTE } from '../../src/engine/memory.js';
import { instantiate, loadModule } from '../../src/engine/wasm.js';
import { defaultNumerics, type Numerics } from '../../src/engine/features.js';
import { sizeOf } from '../../src/graph/tensor.js';

export const somewhere: Place = { key0: 7, key1: 1, step: 3, place: 11 };

export interface Transformed {
  readonly shape: ImageShape;
  readonly values: Float32Array;
}

const CANARY = -123456.75;
const MARGIN = 64;

/** `values` of `shape` after `transforms`, and proof that nothing beyond the chain's memory was written. */
export async function transformSample(
  transforms: readonly Transform[],
  shape: ImageShape,
  values: Float32Array,
  at: Place = somewhere,
  numerics: Numerics = defaultNumerics(),
): Promise<Transformed> {
  const chain = planChain(transforms, shape);
  const pages = Math.ceil((FIRST_FREE_BYTE + (chain.floats + 2 * MARGIN) * 4) / 65_536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const kernels = instantiate(await loadModule(numerics, false), memory);
  const floats = new Float32Array(memory.buffer);
  const first = FIRST_FREE_BYTE / 4 + MARGIN;
  // What transforms read without having written it shows as NaN.
  floats.fill(NaN, FIRST_FREE_BYTE / 4);
  floats.fill(CANARY, FIRST_FREE_BYTE / 4, first);
  floats.fill(CANARY, first + chain.floats);
  const transform = chain.prepare({ kernels, floats, at: first * 4 }, at);
  let result = new Float32Array();
  // Twice: nothing may be left from the sample before.
  for (const sample of [values.map((v) => 5 - v), values]) {
    floats.set(sample, first);
    const found = transform();
    result = new Float32Array(memory.buffer, found, sizeOf(chain.shape)).slice();
  }
  const outside = [
    floats.subarray(FIRST_FREE_BYTE / 4, first),
    floats.subarray(first + chain.floats),
  ];
  for (const part of outside)
    assert.ok(
      part.every((v) => v === CANARY),
      'wrote outside',
    );
  return { shape: chain.shape, values: result };
}
