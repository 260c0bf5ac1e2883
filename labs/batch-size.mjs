// Batch size as a regulariser: minibatches of several sizes train to the same loss, and reach minima of other shapes.
import { createStepper, hessianOf, mlp, sgd, subset } from 'lanewise';
import { lab, lanczos, lines, randomNumbers, wholeNumber } from 'lanewise/lab';

const flat = (arrays) => Float64Array.from([...arrays.values()].flatMap((values) => [...values]));
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The largest eigenvalue of the Hessian of the training loss. */
async function sharpness(model, weights, data) {
  const random = randomNumbers(1);
  const hessian = await hessianOf(model, weights, data, { numerics: 'strict' });
  const times = (vector) => {
    let end = 0;
    const next = ({ length }) => Float32Array.from(vector.subarray(end, (end += length)));
    const parts = new Map([...weights].map(([name, values]) => [name, next(values)]));
    return flat(hessian(parts).products);
  };
  const start = flat(weights).map(() => random.normal());
  return (await lanczos(times, start, { steps: 12 })).values.at(-1);
}

/** Trains until an epoch's mean loss is `until`, and looks at where that ends. */
async function learn(model, { train, test }, batch, { until, rate, mostEpochs }, seed) {
  const common = { batch: train.labels.length, seed, workers: 0, numerics: 'strict' };
  const stepper = await createStepper(model, { ...common, optimizer: sgd({ lr: rate }) });
  const random = randomNumbers(seed);
  let loss = Infinity;
  for (let epoch = 0; epoch < mostEpochs && loss > until; epoch++) {
    const order = random.shuffled([...train.labels.keys()]);
    const losses = [];
    for (let i = 0; i + batch <= order.length; i += batch)
      losses.push((await stepper.step(subset(train, order.slice(i, i + batch)))).loss);
    loss = mean(losses);
  }
  const [trained, weights] = [await stepper.model(), stepper.weights()];
  await stepper.close();
  const [ours, theirs] = [await trained.evaluate(train), await trained.evaluate(test)];
  const gap = ours.accuracy - theirs.accuracy;
  return { gap, error: 1 - theirs.accuracy, sharp: await sharpness(model, weights, train) };
}

/** The mean squared distance of minibatches' gradients at the net's first weights from their mean. */
async function noise(model, train, batch, seed) {
  const common = { batch, seed, workers: 0, numerics: 'strict' };
  const stepper = await createStepper(model, { ...common, optimizer: sgd({ lr: 1 }) });
  const order = randomNumbers(seed).shuffled([...train.labels.keys()]);
  const found = [];
  for (let i = 0; i + batch <= order.length; i += batch)
    found.push(flat((await stepper.gradients(subset(train, order.slice(i, i + batch)))).gradients));
  await stepper.close();
  const middle = found[0].map((_, i) => mean(found.map((one) => one[i])));
  const distances = found.map((one) => one.reduce((sum, v, i) => sum + (v - middle[i]) ** 2, 0));
  return (mean(distances) * found.length) / (found.length - 1);
}

export default lab({
  name: 'batch-size',
  group: 'Descent',
  title: 'Batch size as a regulariser',
  about:
    'The same net is trained by gradient descent at one rate with minibatches of several sizes, each until the training loss is ' +
    'the same. Small minibatches have noisier gradients. Look at the largest eigenvalue of the Hessian where they end: the noise ' +
    'leaves sharp minima, so that larger batches end in sharper ones; and at whether the gap to the test samples follows.',
  papers: [
    {
      cite: 'Keskar et al. 2017',
      title: 'On large-batch training for deep learning: generalization gap and sharp minima',
      link: 'https://arxiv.org/abs/1609.04836',
    },
  ],
  settings: {
    samples: 512,
    hidden: 32,
    rate: 0.15,
    until: 0.1,
    mostEpochs: 150,
    repeats: 2,
    seed: 1,
  },
  settingsAbout: {
    samples: wholeNumber('training images', 128),
    hidden: wholeNumber('units of the hidden layer'),
    rate: { about: 'the learning rate, the same for all sizes', from: 0 },
    until: { about: 'the training loss at which all stop', from: 0 },
    mostEpochs: wholeNumber('of a run that does not get there'),
    repeats: wholeNumber('runs of each size, from other weights'),
    seed: wholeNumber('of the first run', 0),
  },
  small: { samples: 128, hidden: 8, until: 0.3, repeats: 1 },
  full: { samples: 4096, hidden: 64, until: 0.02, mostEpochs: 400, repeats: 3 },
  async run({ settings, data, progress }) {
    const { samples, hidden, repeats, seed } = settings;
    const given = await data({ train: samples, test: 1000 });
    const model = mlp({ hidden, activation: 'relu' });
    const x = [8, 16, 32, 64, 128];
    const runs = [];
    for (const [i, size] of x.entries()) {
      runs.push([]);
      for (let r = 0; r < repeats; r++) {
        progress(i * repeats + r, x.length * repeats, `batch ${size}`);
        runs[i].push(await learn(model, given, size, settings, seed + r));
      }
    }
    const of = (key) => runs.map((some) => mean(some.map((one) => one[key])));
    const [sharp, gaps, errors] = ['sharp', 'gap', 'error'].map(of);
    const [small, large] = [8, 32].map((size) => noise(model, given.train, size, seed));
    const ends = (pick, key) => runs.map((some) => pick(...some.map((one) => one[key])));
    const band = (key) => ({ low: ends(Math.min, key), high: ends(Math.max, key) });
    return {
      figures: [
        {
          name: 'variance of the gradient: 8 samples by 32',
          value: (await small) / (await large),
          expected: [3, 5.5],
          paper: 4,
          source: 'in proportion to 1/batch',
        },
        {
          name: 'sharpness where batches of 128 end, by that of 8',
          value: sharp.at(-1) / sharp[0],
          expected: [1.5, 1000],
          source: 'Keskar et al. 2017, section 2.2: large batches end in sharp minima',
        },
        { name: 'gap of the accuracy, 8 samples', value: gaps[0], format: 'percent' },
        { name: 'gap of the accuracy, 128 samples', value: gaps.at(-1), format: 'percent' },
      ],
      pictures: [
        lines({
          title: 'Sharpness of the minimum',
          x: { name: 'samples of a minibatch', log: true },
          y: { name: 'largest eigenvalue of the Hessian', log: true },
          series: [{ name: 'mean, least and greatest', x, y: sharp, ...band('sharp') }],
        }),
        lines({
          title: 'Generalisation',
          x: { name: 'samples of a minibatch', log: true },
          y: { name: 'share of the samples', min: 0 },
          series: [
            { name: 'training accuracy minus test accuracy', x, y: gaps, ...band('gap') },
            { name: 'test error', x, y: errors, dashed: true },
          ],
        }),
      ],
      evidence: [Float64Array.from([...sharp, ...gaps, ...errors])],
      conclusion:
        'At one rate and one training loss larger batches end in sharper minima, as Keskar et al. found. Whether the gap follows ' +
        'is seen in the second picture: on easy data it need not.',
    };
  },
});
