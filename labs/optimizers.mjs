// Optimizers side by side: the same net, start, data and order of samples, each rule at the best of several rates.
import { adagrad, adam, createStepper, lion, mlp, momentum, rmsprop, sgd, subset } from 'lanewise';
import { lab, lines, randomNumbers, table, wholeNumber } from 'lanewise/lab';

/** Each rule, and a rate in the middle of those that are tried. */
const rules = {
  'gradient descent': [sgd, 0.3],
  momentum: [momentum, 0.03],
  'Nesterov’s momentum': [(options) => momentum({ nesterov: true, ...options }), 0.03],
  AdaGrad: [adagrad, 0.02],
  RMSprop: [rmsprop, 0.001],
  Adam: [adam, 0.002],
  Lion: [lion, 0.0005],
};

/** `steps` minibatches of samples in random order; of all samples, where there are fewer than a batch. */
function minibatches(count, batch, steps, seed) {
  const random = randomNumbers(seed);
  const found = [];
  while (found.length < steps) {
    const order = random.shuffled([...Array(count).keys()]);
    for (let i = 0; i === 0 || i + batch <= count; i += batch)
      found.push(order.slice(i, i + batch));
  }
  return found.slice(0, steps);
}

/** The loss on fixed training samples along the way, and the test error in the end. */
async function learn({ optimizer, model, train, test, batches, every, common }) {
  const stepper = await createStepper(model, { ...common, optimizer });
  const watched = subset(train, [...Array(Math.min(500, train.labels.length)).keys()]);
  const losses = [(await stepper.loss(watched)).loss];
  const before = stepper.weights();
  let firstStep;
  for (const [i, indices] of batches.entries()) {
    await stepper.step(subset(train, indices));
    if (i === 0) firstStep = largestChange(before, stepper.weights());
    if ((i + 1) % every === 0) losses.push((await stepper.loss(watched)).loss);
  }
  const { accuracy } = await (await stepper.model()).evaluate(test);
  await stepper.close();
  return { losses, loss: losses.at(-1), error: 1 - accuracy, firstStep };
}

function largestChange(before, after) {
  let most = 0;
  for (const [name, values] of after)
    values.forEach((value, i) => (most = Math.max(most, Math.abs(value - before.get(name)[i]))));
  return most;
}

export default lab({
  name: 'optimizers',
  group: 'Descent',
  title: 'Optimizers side by side',
  about:
    'Seven update rules train the same net from the same weights on the same minibatches, each at three rates; the best of ' +
    'them is drawn. Look at how far they are apart, and in the table at how much the rate matters: a comparison of rules ' +
    'without a search for each one’s rate compares nothing.',
  papers: [
    {
      cite: 'Kingma & Ba 2015',
      title: 'Adam: a method for stochastic optimization',
      link: 'https://arxiv.org/abs/1412.6980',
    },
    {
      cite: 'Choi et al. 2019',
      title: 'On empirical comparisons of optimizers for deep learning',
      link: 'https://arxiv.org/abs/1910.05446',
    },
  ],
  settings: { samples: 2000, hidden: 64, steps: 250, batch: 32, factor: 4, seed: 1 },
  settingsAbout: {
    samples: wholeNumber('training images'),
    hidden: wholeNumber('units of the hidden layer'),
    steps: wholeNumber('of every run'),
    batch: wholeNumber('samples of a step, at most all'),
    factor: { about: 'between neighbouring rates', from: 1 },
    seed: wholeNumber('of weights and order of samples', 0),
  },
  small: { samples: 200, hidden: 8, steps: 60 },
  full: { samples: 20000, hidden: 256, steps: 3000 },
  async run({ settings, data, progress }) {
    const { samples, hidden, steps, batch, factor, seed } = settings;
    const { train, test } = await data({ train: samples, test: 1000 });
    const batches = minibatches(train.labels.length, batch, steps, seed);
    const model = mlp({ hidden, activation: 'relu' });
    const common = { batch: 500, seed, workers: 0, loss: 'crossEntropy', numerics: 'strict' };
    const every = Math.max(1, Math.round(steps / 25));
    const names = Object.keys(rules);
    const found = {};
    for (const [r, name] of names.entries()) {
      const [rule, middle] = rules[name];
      found[name] = [];
      for (const rate of [middle / factor, middle, middle * factor]) {
        progress(3 * r + found[name].length, 3 * names.length, name);
        const optimizer = rule({ lr: rate });
        const run = await learn({ optimizer, model, train, test, batches, every, common });
        found[name].push({ rate, ...run });
      }
    }
    const best = (runs) => runs.toSorted((a, b) => a.loss - b.loss)[0];
    const spread = (runs) => Math.max(...runs.map(({ loss }) => loss)) / best(runs).loss;
    const spreads = names.map((name) => spread(found[name])).toSorted((a, b) => a - b);
    const chosen = names.map((name) => best(found[name]));
    const x = chosen[0].losses.map((_, i) => i * every);
    return {
      figures: [
        { name: 'worst loss by best, over the rules at their best rates', value: spread(chosen) },
        {
          name: 'the same over the rates of a rule, the median',
          value: spreads[Math.floor(names.length / 2)],
          expected: [1.5, 1000],
          source: 'Choi et al. 2019: the search for the rate decides comparisons',
        },
        {
          name: 'Adam’s first step in a weight, at most, by its rate',
          value: found.Adam[0].firstStep / found.Adam[0].rate,
          expected: [0.99, 1.001],
          paper: 1,
          source: 'Kingma & Ba 2015, section 2.1',
        },
      ],
      pictures: [
        lines({
          title: 'Training loss, each rule at its best rate',
          x: { name: 'step' },
          y: { name: 'cross-entropy', log: true },
          series: chosen.map(({ losses }, i) => ({ name: names[i], x, y: losses })),
        }),
        table({
          title: 'Training loss in the end at each rate, and test error at the best',
          columns: ['rule', 'low', 'middle', 'high', 'best rate', 'test error (%)'],
          rows: names.map((name, i) => [
            name,
            ...found[name].map(({ loss }) => loss.toFixed(4)),
            chosen[i].rate,
            (100 * chosen[i].error).toFixed(1),
          ]),
        }),
      ],
      evidence: Object.values(found).flatMap((runs) =>
        runs.map(({ losses }) => Float64Array.from(losses)),
      ),
      conclusion:
        'A rate a few times too large or too small costs a rule several times the loss that it reaches at its best: a comparison ' +
        'without a search for each one’s rate says nothing.',
    };
  },
});
