/** The second promise for convolutions by Winograd's algorithm: groups, 5×5 filters, planes of 2×2. */
// slow: trains with every number of workers
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TensorDataset } from '../../src/data/dataset.js';
import { conv2d, flatten, linear, maxPool2d, relu, sequential } from '../../src/layers/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { availableNumerics } from '../kernels/instance.js';
import { numbers } from '../support/numbers.js';

/** Images 8×8×8: 5×5 filters on 8×8, 3×3 filters in two groups on 4×4, then on 2×2. */
const net = () =>
  sequential(
    {
      conv1: conv2d(8, 16, 5, { padding: 2 }),
      relu1: relu(),
      pool1: maxPool2d(2),
      conv2: conv2d(16, 32, 3, { padding: 1, groups: 2 }),
      relu2: relu(),
      pool2: maxPool2d(2),
      conv3: conv2d(32, 16, 3, { padding: 1 }),
      flatten: flatten(),
      out: linear(64, 4),
    },
    { input: [8, 8, 8] },
  );

const count = 37;
const data: TensorDataset = {
  name: 'noise',
  inputs: { input: { shape: [8, 8, 8], values: numbers(count * 512, 3) } },
  targets: {
    output: { shape: [], values: Int32Array.from({ length: count }, (_, i) => (i * 3) % 4) },
  },
};

for (const numerics of availableNumerics) {
  test(`one hash for 0, 1, 2 and 3 workers (${numerics})`, async () => {
    const settings = { data, epochs: 2, seed: 5, optimizer: sgd({ lr: 0.05 }), numerics } as const;
    const hash = async (workers: number) =>
      (await train(net(), { ...settings, batch: 16, shards: 6, workers })).model.sha256();
    const alone = await hash(0);
    for (const workers of [1, 2, 3]) assert.is(await hash(workers), alone, `${workers} workers`);
  });
}

test.run();
