/**
 * Run by each engine in cross-engine.test.ts: trains a small LeNet-5 in every numerics the engine has, with
 * 1, 2, 3 and 5 workers, and prints the hashes as one line of JSON.
 */
import { digits } from '../../src/data/digits/index.js';
import { relaxedMaddIsFused } from '../../src/engine/features.js';
import { lenet5 } from '../../src/models/index.js';
import { momentum } from '../../src/optimizers/index.js';
import { train } from '../../src/training/train.js';
import { trainVerifyRecipe } from '../../src/training/verify.js';

const data = digits({ count: 300, seed: 5 });

/** One hash if all worker counts agree, else one for each. */
async function hashOf(numerics: 'strict' | 'fused'): Promise<string> {
  const hashes = new Set<string>();
  for (const workers of [1, 2, 3, 5]) {
    const { model } = await train(lenet5(), {
      data,
      optimizer: momentum({ lr: 0.1 }),
      schedule: 'linear',
      epochs: 2,
      batch: 64,
      seed: 5,
      numerics,
      workers,
    });
    hashes.add(await model.sha256());
  }
  return [...hashes].join(' ');
}

console.log(
  JSON.stringify({
    verify: await trainVerifyRecipe(),
    strict: await hashOf('strict'),
    fused: relaxedMaddIsFused() ? await hashOf('fused') : null,
  }),
);
