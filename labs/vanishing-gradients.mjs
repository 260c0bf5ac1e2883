// Vanishing and exploding gradients: how large the loss's gradient is at every layer of a deep net before training.
import { createProbe, flatten, initializers, initialWeights, linear } from 'lanewise';
import { relu, sequential, sigmoid, subset, tanh } from 'lanewise';
import { lab, lines, wholeNumber } from 'lanewise/lab';

const activations = {
  sigmoid: {
    layer: sigmoid,
    value: (h) => 1 / (1 + Math.exp(-h)),
    slope: (h) => 1 / (2 + Math.exp(h) + Math.exp(-h)),
  },
  tanh: { layer: tanh, value: Math.tanh, slope: (h) => 1 - Math.tanh(h) ** 2 },
  ReLU: { layer: relu, value: (h) => Math.max(h, 0), slope: (h) => Number(h > 0) },
};
const DEPTHS = [5, 10, 20, 50, 100];

/** A net of `depth` hidden layers, whose weights are normal with deviation gain/√inputs, and whose biases are 0. */
function deepNet(activation, depth, width, gain) {
  const init = {
    weightInit: initializers.randomWalk({ gain }),
    biasInit: initializers.constant(0),
  };
  const layers = { flat: flatten() };
  for (let l = 1; l <= depth; l++) {
    layers[`hidden${l}`] = linear(l === 1 ? 784 : width, width, init);
    layers[`act${l}`] = activations[activation].layer();
  }
  layers.scores = linear(width, 10, init);
  return sequential(layers, { input: [1, 28, 28], mean: 0.1307, deviation: 0.3081 });
}

/** Root mean square of the loss's gradient by the output of each hidden layer, from the first to the last. */
async function gradientSizes(net, samples, seed) {
  const weights = await initialWeights(net, { seed, numerics: 'strict' });
  const probe = await createProbe(net, 'crossEntropy', samples, 'strict');
  const { layers } = probe.measure(weights);
  probe.close();
  return layers.filter(({ name }) => name.startsWith('act')).map((layer) => layer.gradientNorm);
}

/** The factor by which the gradient changes from a layer to the one below, over the layers where float32 can tell. */
function factorPerLayer(sizes) {
  const first = sizes.findIndex((size) => size > 1e-35);
  return (sizes[first] / sizes.at(-1)) ** (1 / (sizes.length - 1 - first));
}

/** The same of an infinitely wide net: √χ, χ = gain²·E[φ′(√q·z)²], at the q that a layer passes on unchanged. */
function factorInTheory(activation, gain) {
  const { value, slope } = activations[activation];
  const grid = Array.from({ length: 1601 }, (_, i) => (i - 800) / 100);
  const density = (z) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  const expectation = (f) => grid.reduce((sum, z) => sum + f(z) * density(z), 0) / 100;
  let q = 1;
  for (let i = 0; i < 200; i++) q = gain ** 2 * expectation((z) => value(Math.sqrt(q) * z) ** 2);
  return gain * Math.sqrt(expectation((z) => slope(Math.sqrt(q) * z) ** 2));
}

const shown = (values) => values.map((value) => (value > 0 && value < Infinity ? value : NaN));

export default lab({
  name: 'vanishing-gradients',
  group: 'Gradients',
  title: 'Vanishing and exploding gradients',
  about:
    'A deep net is drawn at random, and the gradient of its loss is measured at every hidden layer, on 32 images. Look at ' +
    'the slopes: on its way down the gradient is multiplied by about the same factor at every layer, so it changes ' +
    'exponentially with depth. With weak weights (the common uniform ±1/√n has a gain of 1/√3) it vanishes for every ' +
    'activation; with strong ones it explodes for tanh and ReLU, and still vanishes for the sigmoid, whose slope is at most ¼.',
  papers: [
    {
      cite: 'Glorot & Bengio 2010',
      title: 'Understanding the difficulty of training deep feedforward neural networks',
      link: 'https://proceedings.mlr.press/v9/glorot10a.html',
    },
    {
      cite: 'Schoenholz et al. 2017',
      title: 'Deep information propagation',
      link: 'https://arxiv.org/abs/1611.01232',
    },
  ],
  settings: { depth: 100, width: 128, weak: 0.577, strong: 3, seed: 1 },
  settingsAbout: {
    depth: wholeNumber('hidden layers of the first picture', 2),
    width: wholeNumber('units of every hidden layer'),
    weak: { about: 'gain of weak weights: their deviation is gain/√inputs', from: 0.01, to: 1 },
    strong: { about: 'gain of strong weights', from: 1.01, to: 100 },
    seed: wholeNumber('of the weights', 0),
  },
  small: { depth: 20, width: 64 },
  full: { width: 512 },
  async run({ settings, data, progress }) {
    const { depth, width, weak, strong, seed } = settings;
    const { train } = await data({ train: 32, test: 1 });
    const samples = subset(train, [...Array(32).keys()]);
    const cases = [weak, strong].flatMap((gain) =>
      Object.keys(activations).map((activation) => ({ activation, gain })),
    );
    const depths = DEPTHS.filter((one) => one < depth).concat(depth);
    for (const [i, one] of cases.entries()) {
      one.name = `${one.activation}, gain ${one.gain}`;
      one.ratios = [];
      for (const layers of depths) {
        progress(
          i * depths.length + depths.indexOf(layers),
          cases.length * depths.length,
          one.name,
        );
        const net = deepNet(one.activation, layers, width, one.gain);
        one.sizes = await gradientSizes(net, samples, seed);
        one.ratios.push(one.sizes[0] / one.sizes.at(-1));
      }
    }
    const layers = Array.from({ length: depth }, (_, l) => l + 1);
    return {
      figures: cases.map(({ name, activation, gain, sizes }) => {
        const theory = factorInTheory(activation, gain);
        return {
          name: `factor per layer: ${name}`,
          value: factorPerLayer(sizes),
          expected: [theory * 0.9, theory * 1.1],
          paper: theory,
          source: 'Schoenholz et al. 2017: √χ of an infinitely wide net',
        };
      }),
      pictures: [
        lines({
          title: `The gradient at every layer, ${depth} hidden layers`,
          caption:
            'Backpropagation goes from right to left. A curve ends where the gradient is 0 in float32.',
          x: { name: 'hidden layer' },
          y: { name: 'gradient by the layer’s output (rms)', log: true },
          series: cases.map(({ name, sizes }) => ({ name, x: layers, y: shown(sizes) })),
        }),
        lines({
          title: 'The gradient at the first hidden layer, as a part of that at the last',
          x: { name: 'hidden layers', log: true },
          y: { name: 'first / last', log: true },
          series: cases.map(({ name, ratios }) => ({ name, x: depths, y: shown(ratios) })),
        }),
      ],
      evidence: cases.map(({ sizes, ratios }) => Float64Array.from([...sizes, ...ratios])),
      conclusion:
        'The gradient shrinks or grows by a constant factor per layer, that of theory: no learning rate suits both ends of a ' +
        'deep net whose factor is not close to 1.',
    };
  },
});
