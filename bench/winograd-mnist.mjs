// Test errors on MNIST of a net of 3×3 convolutions, with Winograd's algorithm and without, three seeds.
//   node bench/winograd-mnist.mjs [folder with MNIST's four files]
import { adam, conv2d, flatten, linear, maxPool2d, mnist, relu, sequential, train } from 'lanewise';

const [folder] = process.argv.slice(2);
const { train: data, test } = await mnist(folder ? { directory: folder } : {});

/** Four 3×3 layers; all but the first (one channel) can be transformed. */
const net = (algorithm) => {
  const layer = (from, to) => conv2d(from, to, 3, { padding: 1, algorithm });
  const features = [layer(1, 8), relu(), layer(8, 8), relu(), maxPool2d(2)];
  const more = [layer(8, 16), relu(), layer(16, 16), relu(), maxPool2d(2)];
  return sequential([...features, ...more, flatten(), linear(16 * 49, 10)], { input: [1, 28, 28] });
};

console.log('seed  winograd  direct    (test error, 4 epochs)');
for (const seed of [1, 2, 3]) {
  const errors = [];
  for (const algorithm of ['auto', 'direct']) {
    const { model } = await train(net(algorithm), {
      data,
      optimizer: adam({ lr: 0.002 }),
      schedule: 'linear',
      epochs: 4,
      seed,
    });
    const { accuracy } = await model.evaluate(test);
    errors.push(`${((1 - accuracy) * 100).toFixed(2)} %`);
  }
  console.log(`${seed}     ${errors.map((e) => e.padEnd(10)).join('')}`);
}
