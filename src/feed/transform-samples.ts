/** Transforms applied outside of training, to show samples after them. */
import { checkOptions, wholeFrom, isList, refuse } from '../base/check.js';
import { planGiven } from '../data/transforms/chain.js';
import type { ImageShape, Transform } from '../data/transforms/transform.js';
import { LanewiseError } from '../base/errors.js';
import { FIRST_FREE_BYTE, allocateMemory } from '../engine/memory.js';
import { instantiate, loadModule } from '../engine/wasm.js';
import { showShape, sizeOf } from '../graph/tensor.js';
import { splitSeed } from '../random/philox.js';

/** The choice of random draw. */
export interface TransformSamplesOptions {
  /** Key of the random draws. Default 1. */
  readonly seed?: number;
  /** Number of the draw, as of a training step: each number gives another draw. Default 0. */
  readonly step?: number;
}

/** Samples in sequence, and the shape of each. */
export interface TransformedSamples {
  readonly shape: ImageShape;
  readonly samples: Float32Array;
}

/**
 * `samples` of `shape` (bytes count v/255) after `transforms`, as a minibatch of training in that order, at
 * a step of a run with the seed.
 * @throws LanewiseError kind 'argument' for a value that is not a transform, 'data' for samples that they do not fit.
 */
export async function transformSamples(
  transforms: readonly Transform[],
  shape: ImageShape,
  samples: Uint8Array | Float32Array,
  options: TransformSamplesOptions = {},
): Promise<TransformedSamples> {
  const { seed = 1, step = 0 } = checkOptions('transformSamples', options, {
    seed: wholeFrom(0),
    step: wholeFrom(0),
  });
  if (!isList(samples)) refuse('transformSamples', 'samples', samples, 'a typed array');
  const chain = planGiven(transforms, shape);
  const [from, to] = [sizeOf(shape), sizeOf(chain.shape)];
  const count = samples.length / from;
  if (!Number.isInteger(count)) {
    throw new LanewiseError(
      'data',
      `${samples.length} values are not a whole number of samples of ${showShape(shape)}`,
    );
  }
  const memory = allocateMemory(FIRST_FREE_BYTE + chain.floats * 4 + 64, false);
  const floats = new Float32Array(memory.buffer);
  const kernels = instantiate(await loadModule('strict', false), memory);
  const [key0, key1] = splitSeed(seed);
  const at = { key0, key1, step, place: 0 };
  const transform = chain.prepare({ kernels, floats, at: FIRST_FREE_BYTE }, at);
  const unit = samples instanceof Uint8Array ? 1 / 255 : 1;
  const results = new Float32Array(count * to);
  for (let n = 0; n < count; n++) {
    at.place = n;
    for (let e = 0; e < from; e++) floats[FIRST_FREE_BYTE / 4 + e] = samples[n * from + e]! * unit;
    const found = transform() / 4;
    results.set(floats.subarray(found, found + to), n * to);
  }
  return { shape: chain.shape, samples: results };
}
