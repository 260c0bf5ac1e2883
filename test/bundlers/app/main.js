import { digits, lenet5, momentum, train } from 'lanewise';

// The recipe of `lanewise verify`, on two worker threads.
const { model } = await train(lenet5(), {
  data: digits({ count: 500, seed: 7 }),
  optimizer: momentum({ lr: 0.05 }),
  schedule: 'linear',
  epochs: 2,
  batch: 48,
  shards: 5,
  seed: 7,
  numerics: 'strict',
  workers: 2,
});
const sha256 = await model.sha256();
if (globalThis.document) document.title = sha256;
else console.log(sha256);
