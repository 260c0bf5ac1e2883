// Backpropagation against finite differences: the same gradient, for two more forward passes instead of one a weight.
import { createStepper, mlp, parameterCount, sgd, subset } from 'lanewise';
import { lab, lines, randomNumbers, table, wholeNumber } from 'lanewise/lab';

const common = { optimizer: sgd({ lr: 1 }), loss: 'squaredError', workers: 0, numerics: 'strict' };
const range = (count) => Array.from({ length: count }, (_, i) => i);
const norm = (values) => Math.sqrt(values.reduce((sum, one) => sum + one * one, 0));
const distance = (found, right) => norm(found.map((one, i) => one - right[i])) / norm(right);

/** The mean over the samples of Σ(output − target)², summed in double precision. */
function lossOf({ scores }, labels) {
  const classes = scores.length / labels.length;
  const off = scores.map((score, i) => score - (labels[Math.floor(i / classes)] === i % classes));
  return off.reduce((sum, one) => sum + one * one, 0) / labels.length;
}

/** ∂loss/∂w of chosen weights: [loss(w + ε) − loss(w)]/ε, and [loss(w + ε) − loss(w − ε)]/2ε. */
async function differences(stepper, { samples, labels }, weights, chosen, epsilon) {
  const found = { forward: [], central: [] };
  for (const { name, index } of chosen) {
    const at = async (shift) => {
      const changed = weights.get(name).slice();
      changed[index] += shift;
      await stepper.setWeights(new Map(weights).set(name, changed));
      return { w: changed[index], loss: lossOf(await stepper.predict(samples), labels) };
    };
    const [here, above, below] = [await at(0), await at(epsilon), await at(-epsilon)];
    found.forward.push((above.loss - here.loss) / (above.w - here.w));
    found.central.push((above.loss - below.loss) / (above.w - below.w));
  }
  return found;
}

/** Milliseconds of the fastest of some forward passes, and of the fastest of forward and backward passes. */
async function passTimes(net, samples, batch) {
  const stepper = await createStepper(net, { ...common, batch, shards: 1 });
  const fastest = [Infinity, Infinity];
  for (let i = 0; i < 60; i++) {
    const start = performance.now();
    await (i % 2 ? stepper.gradients(samples) : stepper.loss(samples));
    fastest[i % 2] = Math.min(fastest[i % 2], performance.now() - start);
  }
  await stepper.close();
  return fastest;
}

/** How fast the error grows with ε, as a power, where the loss's curve is the error. */
const power = (epsilons, errors) =>
  Math.log(errors[2] / errors[3]) / Math.log(epsilons[2] / epsilons[3]);
const figure = (name, value, expected, paper) => ({
  name,
  value,
  expected,
  ...(paper && { paper, source: 'theory' }),
});

export default lab({
  name: 'backprop-against-differences',
  group: 'Gradients',
  title: 'Backpropagation against finite differences',
  about:
    'The gradient of a net by some of its weights, once by backpropagation and once by differences of the loss. Differences ' +
    'are wrong by the curve of the loss if ε is large, and by the rounding of the loss if it is small; at best they agree with ' +
    'backpropagation to a few digits. They cost a forward pass a weight, or two; backpropagation has one backward pass for all weights, which costs as much as two forward ones.',
  papers: [
    {
      cite: 'Rumelhart, Hinton & Williams 1986',
      title: 'Learning representations by back-propagating errors',
      link: 'https://www.nature.com/articles/323533a0',
    },
    {
      cite: 'Griewank & Walther 2008',
      title: 'Evaluating derivatives, second edition',
      link: 'https://doi.org/10.1137/1.9780898717761',
    },
  ],
  settings: { hidden: 32, samples: 16, weights: 24, wide: 256, layers: 6, batch: 512, seed: 1 },
  settingsAbout: {
    hidden: wholeNumber('tanh units of the net whose gradients are compared'),
    samples: wholeNumber('images of its loss', 1, 64),
    weights: wholeNumber('weights by which is differentiated'),
    wide: wholeNumber('units of each layer of the net whose passes are timed'),
    layers: wholeNumber('its hidden layers'),
    batch: wholeNumber('its images'),
    seed: wholeNumber('of the weights, and of which are chosen', 0),
  },
  small: { wide: 64, layers: 3, batch: 32, weights: 8 },
  async run({ settings, data, progress }) {
    const { hidden, samples: count, weights: number, wide, layers, batch, seed } = settings;
    const { train } = await data({ train: Math.max(count, batch), test: 1 });
    const [samples, model] = [subset(train, range(count)), mlp({ hidden, activation: 'tanh' })];
    const stepper = await createStepper(model, { ...common, seed });
    const weights = stepper.weights();
    const { gradients } = await stepper.gradients(samples);
    const random = randomNumbers(seed);
    const chosen = range(number).map((i) => {
      const name = [...weights.keys()][i % weights.size];
      return { name, index: random.below(weights.get(name).length) };
    });
    const right = chosen.map(({ name, index }) => gradients.get(name)[index]);
    const epsilons = range(12).map((i) => 2 / 4 ** i);
    const errors = { forward: [], central: [] };
    for (const epsilon of epsilons) {
      progress(errors.forward.length, epsilons.length, 'differences');
      const found = await differences(stepper, samples, weights, chosen, epsilon);
      for (const kind of ['forward', 'central']) errors[kind].push(distance(found[kind], right));
    }
    await stepper.close();

    const net = mlp({ hidden: Array(layers).fill(wide), activation: 'tanh' });
    const [forward, both] = await passTimes(net, subset(train, range(batch)), batch);
    const products = 784 * wide + (layers - 1) * wide * wide + wide * 10;
    const [backward, all] = [2 * products - 784 * wide, parameterCount(net)];
    const [passes, seconds] = [2 * all, Math.round((forward * 2 * all) / 1000)];
    return {
      figures: [
        figure('central differences: least relative error', Math.min(...errors.central), [0, 1e-3]),
        figure('central differences: power of ε', power(epsilons, errors.central), [1.8, 2.2], 2),
        figure('forward differences: power of ε', power(epsilons, errors.forward), [0.8, 1.2], 1),
        figure('backward / forward pass, by products', backward / products, [1, 2], 2),
        {
          name: 'backward / forward pass, by time',
          value: both / forward - 1,
          paper: 2,
          source: 'theory',
        },
      ],
      pictures: [
        lines({
          title: 'How far differences are from backpropagation',
          caption: 'Right of the lowest point the loss’s curve is to blame, left of it rounding.',
          x: { name: 'ε', log: true },
          y: { name: 'relative error', log: true },
          series: Object.entries(errors).map(([name, y]) => ({ name, x: epsilons, y })),
        }),
        table({
          title: `One gradient by all ${all.toLocaleString('en')} weights, ${batch} images`,
          columns: ['by', 'passes', 'seconds'],
          rows: [
            ['backpropagation', '1 forward, 1 backward', (both / 1000).toPrecision(2)],
            ['central differences', `${passes.toLocaleString('en')} forward`, seconds],
          ],
        }),
      ],
      evidence: [Float64Array.of(...errors.forward, ...errors.central), Float32Array.from(right)],
      conclusion:
        'Both find the same gradient. The backward pass has at most twice the products of the forward one.',
    };
  },
});
