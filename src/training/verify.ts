/**
 * The proof that a machine computes what every other one does: a tiny fixed recipe in strict numerics,
 * whose weights must have a recorded hash.
 */
import { digits } from '../data/digits/index.js';
import { lenet5 } from '../models/lenet5.js';
import { momentum } from '../optimizers/index.js';
import { train } from './train.js';

/** Weights of the recipe below; the tests compute it on every engine they know. */
export const EXPECTED_SHA256 = '156da8944c4400ff1dd34f97979889ea461803c65b6f7f56c62fb9a4cc50e51f';

/** Trains the recipe and returns the hash of its weights. */
export async function trainVerifyRecipe(workers?: number): Promise<string> {
  const result = await train(lenet5(), {
    data: digits({ count: 500, seed: 7 }),
    optimizer: momentum({ lr: 0.05 }),
    schedule: 'linear',
    epochs: 2,
    batch: 48,
    shards: 5,
    seed: 7,
    numerics: 'strict',
    ...(workers === undefined ? {} : { workers }),
  });
  return result.model.sha256();
}
