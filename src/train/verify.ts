/**
 * A proof that this machine computes the same bits as every other. A tiny fixed recipe in strict numerics must give
 * weights with a recorded hash.
 */
import { checkOptions } from '../base/check.js';
import { digits } from '../data/digits/index.js';
import { lenet5 } from '../models/lenet5.js';
import { momentum } from '../optimizers/index.js';
import { train } from './train.js';

/** The hash of the recipe's weights; the tests compute it on every engine they know. */
export const EXPECTED_SHA256 = '156da8944c4400ff1dd34f97979889ea461803c65b6f7f56c62fb9a4cc50e51f';

/** Settings of `verify`. */
export interface VerifyOptions {
  /** As for `train`; it does not affect the result. */
  readonly workers?: number;
}

/** The result of `verify`. */
export interface Verification {
  /** Whether this machine computes Lanewise's bits. */
  readonly isExact: boolean;
  /** Hashes of the weights trained here, and of those recorded. */
  readonly sha256: string;
  readonly expected: string;
}

/** Trains the recipe, 22 minibatches of digits, and compares its weights with the recorded ones. */
export async function verify(options: VerifyOptions = {}): Promise<Verification> {
  const { workers } = checkOptions('verify', options, { workers: true });
  const { model } = await train(lenet5(), {
    data: digits({ count: 500, seed: 7 }),
    optimizer: momentum({ lr: 0.05 }),
    schedule: 'linear',
    epochs: 2,
    batch: 48,
    shards: 5,
    seed: 7,
    numerics: 'strict',
    workers,
  });
  const sha256 = await model.sha256();
  return { isExact: sha256 === EXPECTED_SHA256, sha256, expected: EXPECTED_SHA256 };
}
