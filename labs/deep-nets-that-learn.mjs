// The cure for vanishing gradients: one deep net, begun or built in seven ways, and how it learns.
import { adam, batchNorm1d, chain, createProbe, flatten, initializers } from 'lanewise';
import { initialWeights, linear, lsuv, relu, residual, sequential, subset, train } from 'lanewise';
import { lab, lines, wholeNumber } from 'lanewise/lab';

const { heNormal, orthogonal, randomWalk } = initializers;

/**
 * How a deep net of ReLUs is begun or built; the first way is what most libraries do unless told otherwise. `factor` is
 * that of the gradient's size from a layer to the one below, in theory.
 */
const ways = {
  'uniform ±1/√n': { factor: Math.sqrt(1 / 6) },
  He: { factor: 1, weightInit: heNormal() },
  orthogonal: { factor: 1, weightInit: orthogonal({ gain: Math.SQRT2 }) },
  'random walk': { factor: 1, weightInit: randomWalk() },
  LSUV: { factor: 1, scaled: true },
  'batch norm': { factor: Math.sqrt(Math.PI / (Math.PI - 1)), norm: true },
  residual: { factor: Math.sqrt(7 / 6), skip: true },
};

/** Hidden layers of `width` ReLUs; if asked for, with batch normalisation or a path around each. */
function deepNet({ weightInit, norm, skip }, depth, width) {
  const init = { biasInit: initializers.constant(0), ...(weightInit && { weightInit }) };
  const layers = { flat: flatten() };
  for (let l = 1; l <= depth; l++) {
    const map = linear(l === 1 ? 784 : width, width, init);
    if (skip && l > 1) layers[`hidden${l}`] = residual([relu(), map]);
    else layers[`hidden${l}`] = chain(norm ? [map, batchNorm1d(width), relu()] : [map, relu()]);
  }
  layers.scores = linear(width, 10, init);
  return sequential(layers, { input: [1, 28, 28], mean: 0.1307, deviation: 0.3081 });
}

/** Root mean square of the loss's gradient by the output of each hidden layer, from the first to the last. */
async function gradientSizes(net, weights, samples) {
  const probe = await createProbe(net, 'crossEntropy', samples, 'strict');
  const { layers } = probe.measure(weights);
  probe.close();
  const hidden = layers.filter(({ name }) => /^hidden\d+$/.test(name));
  return hidden.map(({ gradientNorm }) => gradientNorm);
}

const counted = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

export default lab({
  name: 'deep-nets-that-learn',
  group: 'Gradients',
  title: 'Seven ways to begin a deep net',
  about:
    'One deep net of ReLUs is begun, or built, in seven ways, and trained with the same optimizer on the same samples. With ' +
    'the usual small weights the gradient vanishes before it reaches the first layers, and nothing is learned. ' +
    'Weights of the right size (He et al. 2015, random walk), orthogonal ones (Saxe et al. 2014), weights scaled by the data (LSUV), ' +
    'batch normalisation and paths around the layers each let the same net learn.',
  papers: [
    {
      cite: 'Sussillo & Abbott 2014',
      title: 'Random walk initialization for training very deep feedforward networks',
      link: 'https://arxiv.org/abs/1412.6558',
    },
    {
      cite: 'Mishkin & Matas 2016',
      title: 'All you need is a good init',
      link: 'https://arxiv.org/abs/1511.06422',
    },
    {
      cite: 'Yang et al. 2019',
      title: 'A mean field theory of batch normalization',
      link: 'https://arxiv.org/abs/1902.08129',
    },
  ],
  settings: { depth: 20, width: 64, lr: 0.001, samples: 2000, epochs: 8, seed: 1 },
  settingsAbout: {
    depth: wholeNumber('hidden layers'),
    width: wholeNumber('units of each'),
    lr: { about: 'learning rate of Adam', from: 0 },
    samples: wholeNumber('training samples', 32),
    epochs: wholeNumber('passes over them'),
    seed: wholeNumber('of the weights and of the order of the samples', 0),
  },
  small: { depth: 16, width: 32, samples: 600, epochs: 4, lr: 0.002 },
  full: { depth: 30, width: 128, samples: 6000, epochs: 20 },
  async run({ settings, data, workers, progress }) {
    const { depth, width, lr, samples, epochs, seed } = settings;
    const given = await data({ train: samples, test: 1000 });
    const chosen = subset(given.train, counted(0, samples - 1));
    const begun = { seed, numerics: 'strict' };
    const runs = [];
    for (const [name, way] of Object.entries(ways)) {
      progress(runs.length, Object.keys(ways).length, name);
      const net = deepNet(way, depth, width);
      const weights = await (way.scaled ? lsuv(net, chosen, begun) : initialWeights(net, begun));
      const sizes = await gradientSizes(net, weights, subset(chosen, counted(0, 31)));
      const { model, history } = await train(net, {
        ...begun,
        data: chosen,
        validation: given.test,
        optimizer: adam({ lr }),
        batch: 32,
        epochs,
        workers,
        weights,
      });
      const losses = history.map(({ loss }) => loss);
      const last = model.weights.get('scores.weight');
      const theory = way.factor ** (depth - 1);
      runs.push({ name, sizes, theory, losses, accuracy: history.at(-1).valAccuracy, last });
    }
    return {
      figures: runs.flatMap(({ name, sizes, theory, accuracy }, i) => [
        {
          name: `test accuracy: ${name}`,
          value: accuracy,
          format: 'percent',
          expected: i === 0 ? [0, 0.25] : [0.25, 1],
        },
        {
          name: `gradient, first / last layer: ${name}`,
          value: sizes[0] / sizes.at(-1),
          expected: [theory / 4, theory * 4],
          paper: theory,
          source: 'theory of wide nets; batch norm: Yang et al. 2019',
        },
      ]),
      pictures: [
        lines({
          title: `How ${depth} hidden layers learn`,
          caption: 'Nothing but the beginning, or the path that signals take, differs.',
          x: { name: 'epoch' },
          y: { name: 'training loss', min: 0 },
          series: runs.map(({ name, losses }) => ({ name, x: counted(1, epochs), y: losses })),
        }),
        lines({
          title: 'The gradient at every layer, before training',
          x: { name: 'hidden layer' },
          y: { name: 'gradient by the layer’s output (rms)', log: true },
          series: runs.map(({ name, sizes }) => ({ name, x: counted(1, depth), y: sizes })),
        }),
      ],
      evidence: runs.flatMap(({ sizes, losses, last }) => [
        Float64Array.from([...sizes, ...losses]),
        last,
      ]),
      conclusion:
        'A net in which the gradient keeps its size through all layers learns; one in which it vanishes stays at chance.',
    };
  },
});
