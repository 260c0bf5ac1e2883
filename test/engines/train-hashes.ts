/**
 * Run by each engine in cross-engine.test.ts: trains LeNet-5 and a small residual net (batch normalisation,
 * Winograd's algorithm) in every numerics the engine has, with 1, 2, 3 and 5 workers, and prints the hashes as
 * one line of JSON.
 */
import { createHash } from 'node:crypto';
import { firstSamples } from '../../src/data/dataset.js';
import { digits } from '../../src/data/digits/index.js';
import { relaxedMaddIsFused } from '../../src/engine/features.js';
import { lenet5, resnet20 } from '../../src/models/index.js';
import { adam, momentum } from '../../src/optimizers/index.js';
import { train } from '../../src/training/train.js';
import { trainVerifyRecipe } from '../../src/training/verify.js';

const data = digits({ count: 300, seed: 5 });

/** One hash of both nets' weights if all worker counts agree, else one for each. */
async function hashOf(numerics: 'strict' | 'fused'): Promise<string> {
  const hashes = new Set<string>();
  for (const workers of [1, 2, 3, 5]) {
    const settings = { schedule: 'linear', batch: 64, seed: 5, numerics, workers } as const;
    const lenet = await train(lenet5(), {
      ...settings,
      data,
      optimizer: momentum({ lr: 0.1 }),
      epochs: 2,
    });
    const residual = await train(resnet20({ depth: 8, channels: 1 }), {
      ...settings,
      data: firstSamples(data, 100),
      optimizer: adam(),
      epochs: 1,
    });
    const both = [await lenet.model.sha256(), await residual.model.sha256()].join('');
    hashes.add(createHash('sha256').update(both).digest('hex'));
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
