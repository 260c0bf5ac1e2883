/**
 * Run by each engine in cross-engine.test.ts: trains LeNet-5, a small residual net (batch normalisation, Winograd's
 * algorithm), LeNet-5 on augmented digits, an LSTM and a GPT with dropout in every numerics the engine has, with the numbers of workers that its argument has, and prints the hashes
 * as one line of JSON.
 */
import { createHash } from 'node:crypto';
import { firstSamples } from '../../src/data/subset.js';
import { digits } from '../../src/data/digits/index.js';
import { recipes } from '../../src/data/transforms/transform-recipes.js';
import { transformed } from '../../src/data/transforms/transformed.js';
import { textWindows, vocabularyOf } from '../../src/data/text.js';
import { relaxedMaddIsFused } from '../../src/engine/features.js';
import { charLstm, gpt, lenet5, resnet20 } from '../../src/models/index.js';
import { adam, momentum } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { verify } from '../../src/train/verify.js';

const counts = process.argv[2]!.split(',').map(Number);
const data = digits({ count: 300, seed: 5 });

const text =
  'she sells sea shells by the sea shore; the shells she sells are sea shells, she is sure';
const vocabulary = vocabularyOf(text).length;
const readers = [
  charLstm({ vocabulary, length: 12, hiddenSize: 24, numLayers: 2, dropout: 0.2 }),
  gpt({ vocabulary, length: 12, features: 24, dropout: 0.2 }),
];

/** One hash of all nets' weights if all worker counts agree, else one for each. */
async function hashOf(numerics: 'strict' | 'fused'): Promise<string> {
  const hashes = new Set<string>();
  for (const workers of counts) {
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
    const augmented = await train(lenet5(), {
      ...settings,
      data: transformed(firstSamples(data, 100), recipes['digits']!([1, 28, 28])),
      optimizer: adam(),
      epochs: 1,
    });
    const all = await Promise.all([lenet, residual, augmented].map(({ model }) => model.sha256()));
    for (const model of readers) {
      const { model: trained } = await train(model, {
        ...settings,
        data: textWindows(text, { length: 12 }),
        optimizer: adam(),
        batch: 16,
        shards: 3,
        epochs: 3,
      });
      all.push(await trained.sha256());
    }
    hashes.add(createHash('sha256').update(all.join('')).digest('hex'));
  }
  return [...hashes].join(' ');
}

console.log(
  JSON.stringify({
    verify: (await verify()).sha256,
    strict: await hashOf('strict'),
    fused: relaxedMaddIsFused() ? await hashOf('fused') : null,
  }),
);
