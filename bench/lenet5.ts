/**
 * Workload `lenet5-b64`: training LeNet-5 in minibatches of 64, images a second. One worker unless given:
 *   taskset -c 0 node dist/bench/lenet5.js [workers] [strict|fused]
 */
import { digits } from '../src/data/digits/index.js';
import { defaultNumerics, type Numerics } from '../src/engine/features.js';
import { lenet5 } from '../src/models/index.js';
import { momentum } from '../src/optimizers/index.js';
import { train } from '../src/training/train.js';

const [workers = '1', numerics = defaultNumerics()] = process.argv.slice(2);
const { history } = await train(lenet5(), {
  data: digits({ count: 6400 }),
  optimizer: momentum({ lr: 0.05 }),
  epochs: 12,
  batch: 64,
  workers: Number(workers),
  numerics: numerics as Numerics,
});
// The first epochs warm up the engine's compiler.
const rates = history.slice(2).map(({ imagesPerSecond }) => imagesPerSecond);
const median = rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)]!;
console.log(
  JSON.stringify({
    workload: 'lenet5-b64',
    threads: Number(workers),
    value: Math.round(median),
    unit: 'images/s',
    numerics,
    engine: `node ${process.versions.node}`,
  }),
);
