// The loss around a trained net, on a plane of two random directions, with and without skip connections.
import { avgPool2d, batchNorm2d, chain, conv2d, createStepper, globalAvgPool2d } from 'lanewise';
import { linear, momentum, relu, residual, sequential, subset } from 'lanewise';
import { heatmap, lab, randomNumbers, wholeNumber } from 'lanewise/lab';

/** `depth` convolutions of 7×7 maps; with skips each adds to what it is given. */
function deepNet(depth, width, skips) {
  const layers = { small: avgPool2d(4), first: conv2d(1, width, 3, { padding: 1 }) };
  for (let i = 1; i <= depth; i++) {
    const body = [conv2d(width, width, 3, { padding: 1, bias: false }), batchNorm2d(width)];
    const activation = 'relu';
    layers[`block${i}`] = skips ? residual(body, [], { activation }) : chain([...body, relu()]);
  }
  const input = { input: [1, 28, 28], mean: 0.1307, deviation: 0.3081 };
  return sequential({ ...layers, pool: globalAvgPool2d(), scores: linear(width, 10) }, input);
}

/** A random direction in which each filter has the length of the net's filter (Li et al. 2018); biases stay. */
function direction(model, weights, random, isNormed = true) {
  const found = new Map();
  for (const { name, shape } of model.parameters) {
    if (shape.length < 2) continue;
    const [own, size] = [weights.get(name), weights.get(name).length / shape[0]];
    const values = own.map(() => random.normal());
    for (let from = 0; from < own.length; from += size) {
      const norm = (of) => Math.sqrt(of.subarray(from, from + size).reduce((s, v) => s + v * v, 0));
      const factor = isNormed ? norm(own) / norm(values) : 1;
      for (let i = from; i < from + size; i++) values[i] *= factor;
    }
    found.set(name, values);
  }
  return found;
}

/** The losses on a plane through the weights in two random directions, row by row. */
async function slice(stepper, data, model, weights, seed, ticks, isNormed) {
  const random = randomNumbers(seed);
  const [right, up] = [0, 1].map(() => direction(model, weights, random, isNormed));
  const losses = [];
  stepper.setWeights(weights);
  for (const [b, a] of ticks.flatMap((row) => ticks.map((column) => [row, column]))) {
    const at = (name) => (value, i) => value + a * right.get(name)[i] + b * up.get(name)[i];
    const moved = [...right.keys()].map((name) => [name, weights.get(name).map(at(name))]);
    stepper.setWeights(new Map(moved));
    losses.push((await stepper.loss(data)).loss);
  }
  return Float64Array.from(losses);
}

/** The same function in other weights: batch normalisation takes back the factor of the convolution before it. */
function rescaled(weights, factor) {
  const ends = { '0.weight': factor, '1.running_mean': factor, '1.running_var': factor ** 2 };
  const times = (end) => weights.get(`block1.${end}`).map((value) => value * ends[end]);
  return new Map([...weights, ...Object.keys(ends).map((end) => [`block1.${end}`, times(end)])]);
}

export default lab({
  name: 'loss-landscape',
  group: 'Landscape',
  title: 'Loss landscapes with and without skip connections',
  about:
    'Two deep nets of the same layers are trained, one with skip connections. The loss is drawn on a plane through the weights ' +
    'reached, in random directions whose filters have the length of the net’s, so that the scale of weights does not matter. ' +
    'Look at the loss that is reached, and at how much of the plane is better than chance.',
  papers: [
    {
      cite: 'Li et al. 2018',
      title: 'Visualizing the loss landscape of neural nets',
      link: 'https://arxiv.org/abs/1712.09913',
    },
  ],
  settings: { depth: 20, width: 8, samples: 1000, steps: 500, reach: 0.5, cells: 19, seed: 1 },
  settingsAbout: {
    depth: wholeNumber('convolutions between the first and the last layer'),
    width: wholeNumber('their filters'),
    samples: wholeNumber('training images', 32),
    steps: wholeNumber('of training with momentum, 32 images each'),
    reach: { about: 'how far the slice goes, in lengths of the filters', from: 0 },
    cells: wholeNumber('places along each side of the slice', 2),
    seed: wholeNumber('of weights, minibatches and directions', 0),
  },
  small: { depth: 12, width: 4, samples: 200, steps: 60, cells: 5 },
  full: { depth: 54, width: 16, samples: 10000, steps: 3000, cells: 41 },
  async run({ settings, data, progress }) {
    const { depth, width, samples, steps, reach, cells, seed } = settings;
    const { train } = await data({ train: samples, test: 1 });
    const part = subset(train, [...Array(Math.min(100, train.labels.length)).keys()]);
    const ticks = Array.from({ length: cells }, (_, i) => reach * ((2 * i) / (cells - 1) - 1));
    const common = { batch: 100, workers: 0, seed, loss: 'crossEntropy', numerics: 'strict' };
    const found = [];
    for (const skips of [true, false]) {
      const model = deepNet(depth, width, skips);
      const optimizer = momentum({ lr: 0.1 });
      const stepper = await createStepper(model, { ...common, optimizer });
      const random = randomNumbers(seed);
      for (let i = 0; i < steps; i++) {
        const indices = Array.from({ length: 32 }, () => random.below(train.labels.length));
        await stepper.step(subset(train, indices));
      }
      progress(found.length + 0.5, 2, 'the slice');
      const weights = stepper.weights();
      const at = (of, ...given) => slice(stepper, part, model, of, seed, ...given);
      const losses = await at(weights, ticks);
      const off = async (...given) => {
        const one = await at(weights, [-reach, 0, reach], ...given);
        const two = await at(rescaled(weights, 4), [-reach, 0, reach], ...given);
        return Math.max(...one.map((loss, i) => Math.abs(two[i] / loss - 1)));
      };
      const name = skips ? 'with skip connections' : 'without';
      const below = losses.filter((loss) => loss < Math.LN10).length / losses.length;
      const reached = losses[(losses.length - 1) / 2];
      found.push({ name, losses, below, reached, off: await off(), plainOff: await off(false) });
      await stepper.close();
    }
    const [skips, plain] = found;
    const figure = (name, value, expected, source) => ({ name, value, expected, source });
    const [trained, scaled] = ['Li et al. 2018, section 5', 'Li et al. 2018, section 3'];
    const ratio = skips.reached / plain.reached;
    return {
      figures: [
        figure('loss reached with skips, by that without', ratio, [0, 1], trained),
        figure('part of the plane below chance, with skips', skips.below, [0.01, 1]),
        figure('the same without', plain.below, [0, 1]),
        figure('change of the slice by rescaled weights', skips.off, [0, 0.01], scaled),
        figure('the same, directions not normalised', skips.plainOff, [0.02, 1e6], scaled),
      ],
      pictures: found.map(({ name, losses }) =>
        heatmap({
          title: `Loss around the net ${name}`,
          caption:
            'Each map has a scale of its own; between two lines the loss grows by one factor.',
          x: { name: 'first direction (lengths of the filters)', from: -reach, to: reach },
          y: { name: 'second direction', from: -reach, to: reach },
          rows: cells,
          columns: cells,
          values: losses,
          scale: { name: 'cross-entropy', log: true },
          contours: 9,
        }),
      ),
      evidence: found.map(({ losses }) => losses),
      conclusion:
        'With skip connections the deep net gets to a lower loss in the same steps; its slice does not depend on how weights are ' +
        'scaled, as long as directions have the lengths of the filters.',
    };
  },
});
