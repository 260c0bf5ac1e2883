// Saddle points: the Hessian along training, its extreme eigenvalues by Lanczos' method and how many are negative.
import { avgPool2d, createStepper, flatten, hessianOf, linear } from 'lanewise';
import { momentum, sequential, subset, tanh } from 'lanewise';
import { lab, lanczos, lines, points, randomNumbers, wholeNumber } from 'lanewise/lab';

const flat = (arrays) => Float64Array.from([...arrays.values()].flatMap((values) => [...values]));

/** A net of 7×7 pixels and two hidden layers, so small that its Hessian can be written down. */
function smallNet(width) {
  const hidden = [linear(49, width), tanh(), linear(width, width), tanh()];
  const layers = [avgPool2d(4), flatten(), ...hidden, linear(width, 10)];
  return sequential(layers, { input: [1, 28, 28], mean: 0.1307, deviation: 0.3081 });
}

/** The Hessian as a function: its product with one array for all parameters, and the loss. */
async function curvature(model, weights, data) {
  const hessian = await hessianOf(model, weights, data, { numerics: 'strict' });
  return (vector) => {
    let end = 0;
    const next = ({ length }) => Float32Array.from(vector.subarray(end, (end += length)));
    const { products, loss } = hessian(new Map([...weights].map(([name, w]) => [name, next(w)])));
    return { product: flat(products), loss };
  };
}

/**
 * How many eigenvalues of a symmetric matrix are below `limit`: as many as there are negative pivots in the elimination of
 * matrix − limit, by Sylvester's law of inertia.
 */
function countBelow(matrix, limit) {
  const rows = matrix.map((row, i) => row.map((value, j) => (i === j ? value - limit : value)));
  let negative = 0;
  for (const [k, pivotRow] of rows.entries()) {
    if (pivotRow[k] < 0) negative++;
    for (let i = k + 1; i < rows.length; i++) {
      const factor = rows[i][k] / pivotRow[k];
      for (let j = k; j < rows.length; j++) rows[i][j] -= factor * pivotRow[j];
    }
  }
  return negative;
}

export default lab({
  name: 'saddle-points',
  group: 'Descent',
  title: 'Saddle points along training',
  about:
    'The Hessian of a net’s loss is looked at along training: both ends of its spectrum by Lanczos’ method, from products with ' +
    'vectors, and, as this net is small, all its columns, which tell how many eigenvalues are negative. Look at that share: ' +
    'where the loss is high many directions curve down, as at a saddle; as it falls they become few and flat.',
  papers: [
    {
      cite: 'Dauphin et al. 2014',
      title: 'Identifying and attacking the saddle point problem in non-convex optimization',
      link: 'https://arxiv.org/abs/1406.2572',
    },
    {
      cite: 'Pearlmutter 1994',
      title: 'Fast exact multiplication by the Hessian',
      link: 'https://doi.org/10.1162/neco.1994.6.1.147',
    },
  ],
  settings: { width: 6, samples: 200, steps: 300, rate: 0.1, looks: 6, limit: 0.001, seed: 1 },
  settingsAbout: {
    width: wholeNumber('units of each of two hidden layers'),
    samples: wholeNumber('images, all of which are in every step'),
    steps: wholeNumber('of gradient descent with momentum'),
    rate: { about: 'its learning rate', from: 0 },
    looks: wholeNumber('at the Hessian, more of them at the beginning', 2),
    limit: { about: 'below this part of the largest of all one is negative', from: 0, to: 1 },
    seed: wholeNumber('of the weights', 0),
  },
  small: { width: 2, samples: 40, steps: 150, looks: 2 },
  full: { width: 12, samples: 800, steps: 2000, looks: 10 },
  async run({ settings, data, progress, say }) {
    const { width, samples, steps, rate, looks, limit, seed } = settings;
    const { train } = await data({ train: samples, test: 1 });
    const model = smallNet(width);
    const batch = subset(train, [...train.labels.keys()]);
    const optimizer = momentum({ lr: rate });
    const common = { optimizer, batch: samples, seed, numerics: 'strict' };
    const stepper = await createStepper(model, { ...common, workers: 0 });
    const found = [];
    for (let look = 0; look < looks; look++) {
      const step = Math.round(steps * (look / (looks - 1)) ** 3);
      while (stepper.steps < step) await stepper.step(batch);
      const weights = stepper.weights();
      const times = await curvature(model, weights, batch);
      const random = randomNumbers(seed);
      const start = flat(weights).map(() => random.normal());
      const { values } = await lanczos((v) => times(v).product, start, { steps: 40 });
      const matrix = [];
      for (let i = 0; i < start.length; i++) {
        matrix.push(times(start.map((_, j) => Number(i === j))).product);
        progress(look + i / start.length, looks, `step ${step}`);
      }
      const { loss } = times(start);
      found.push({ step, loss, matrix, low: values[0], high: values.at(-1) });
      say(`step ${step}: loss ${loss.toFixed(3)}, eigenvalues up to ${values.at(-1).toFixed(3)}`);
    }
    await stepper.close();
    const highest = Math.max(...found.map(({ high }) => high));
    const below = ({ matrix }, value) => countBelow(matrix, value);
    const counts = found.map((one) => below(one, -limit * highest));
    // The other method finds none beyond the ends that Lanczos' method has found.
    const margin = 1e-3 * highest;
    const beyond = found.map(
      (one) => below(one, one.low - margin) + one.matrix.length - below(one, one.high + margin),
    );
    const of = (key) => found.map((one) => one[key]);
    const shares = counts.map((count) => (100 * count) / found[0].matrix.length);
    const series = (name, y) => ({ name, x: of('step'), y });
    return {
      figures: [
        {
          name: 'negative eigenvalues in the end, by the most there were',
          value: counts.at(-1) / Math.max(...counts),
          format: 'percent',
          expected: [0, 0.5],
          source: 'Dauphin et al. 2014, figure 1: the share falls with the error',
        },
        {
          name: 'eigenvalues beyond the ends that Lanczos’ method found',
          value: beyond.reduce((a, b) => a + b),
          format: 'count',
          expected: [0, 0],
          source: 'Sylvester’s law of inertia, on all columns',
        },
      ],
      pictures: [
        points({
          title: 'Negative eigenvalues against the loss',
          x: { name: 'loss', log: true },
          y: { name: 'share of negative eigenvalues (%)', min: 0 },
          series: [{ name: 'training, from right to left', x: of('loss'), y: shares }],
        }),
        lines({
          title: 'Both ends of the spectrum',
          x: { name: 'step' },
          y: { name: 'eigenvalue' },
          series: [series('largest', of('high')), series('most negative', of('low'))],
        }),
      ],
      evidence: [Float64Array.from([...of('loss'), ...of('low'), ...of('high'), ...counts])],
      conclusion:
        'Where the loss is high many directions curve down, where it is low hardly any: descent passes saddles, and ends ' +
        'where the loss is flat or curves up.',
    };
  },
});
