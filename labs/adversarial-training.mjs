/**
 * Adversarial examples, where each pixel changes by at most ε against the net, and training on them. The attack is a
 * layer around the net, so that it is compiled into the training step.
 */
import { chain, conv2d, flatten, linear, relu, samplers } from 'lanewise';
import { lab, LanewiseError, lines, randomNumbers, wholeNumber } from 'lanewise/lab';
import { batchOf, game } from './robustness/attack.mjs';

const BUDGETS = [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4];
/** What each figure should be, and what was found on MNIST at ε = 0.3, with 3.3 million weights. */
const of = (paper) => ({ paper, source: 'Madry et al. 2018' });
const low = { expected: [0, 0.2] };
const kept = { ...of(0.932), expected: [0.3, 1] };
const KNOWN = [of(0.992), of(0.064), low, of(0.988), of(0.956), kept];

/** Trains under attacks; ε rises during the first quarter of the steps, the learning rate during a tenth. */
async function learn(task, data, steps, progress) {
  const { batch, epsilon, epochs, seed } = task.settings;
  const [random, count] = [randomNumbers(seed), data.labels.length];
  const perEpoch = Math.floor(count / batch);
  // A quarter of the passes is enough for a net that nobody attacks.
  const total = perEpoch * Math.ceil(epochs / (steps > 0 ? 1 : 4));
  const schedule = (step) => Math.min(10 * step, total - step) / total;
  const stepper = await game(task, steps, { schedule });
  let order;
  for (let step = 0; step < total; step++) {
    const at = (step % perEpoch) * batch;
    if (at === 0) order = samplers.shuffled().order(count, seed, 1 + step / perEpoch);
    const budget = epsilon * Math.min(1, (4 * step) / total);
    const rows = [...order.subarray(at, at + batch)];
    const { loss } = await stepper.step(batchOf(data, rows, budget, random));
    progress(step + 1, total, `training, attacks of ${steps} steps, loss ${loss.toFixed(2)}`);
  }
  return stepper;
}

/** The share of the first `count` samples that are right after an attack, at most `most` at a time. */
async function accuracyAt(attack, data, count, epsilon, most) {
  const [batch, random] = [Math.min(50, most), randomNumbers(1)];
  let right = 0;
  for (let from = 0; from < count; from += batch) {
    const rows = Array.from({ length: Math.min(batch, count - from) }, (_, i) => from + i);
    const { accuracy } = await attack.loss(batchOf(data, rows, epsilon, random));
    right += accuracy * rows.length;
  }
  return Math.round(right) / count;
}

export default lab({
  name: 'adversarial-training',
  group: 'Robustness',
  title: 'Adversarial examples, and training against them',
  about:
    'A net that reads digits well is wrong once each pixel may change by ε, chosen by the gradient in one step (FGSM) or in many (PGD). The same net, trained on such images, made anew in each step, keeps most of its answers.',
  papers: [
    {
      cite: 'Goodfellow, Shlens & Szegedy 2015',
      title: 'Explaining and harnessing adversarial examples',
      link: 'https://arxiv.org/abs/1412.6572',
    },
    {
      cite: 'Madry et al. 2018',
      title: 'Towards deep learning models resistant to adversarial attacks',
      link: 'https://arxiv.org/abs/1706.06083',
    },
  ],
  settings: { epsilon: 0.3, train: 3000, epochs: 8, batch: 50, steps: 7, tested: 200, seed: 1 },
  settingsAbout: {
    epsilon: {
      about: 'most that a pixel changes in training, where black is 0 and white 1',
      from: 0,
      to: 1,
    },
    train: wholeNumber('samples to learn from'),
    epochs: wholeNumber('passes over them'),
    batch: wholeNumber('samples of a step', 1, 200),
    steps: wholeNumber('steps of an attack in training; PGD takes 40 in tests'),
    tested: wholeNumber('test samples; the curves are of 500 at most'),
    seed: wholeNumber('of weights, orders and starts', 0),
  },
  small: { epsilon: 0.15, train: 800, epochs: 6, steps: 2, tested: 20 },
  full: { train: 60000, epochs: 8, batch: 100, tested: 10000 },

  async run({ settings, data, workers, progress }) {
    const { epsilon } = settings;
    const { train: samples, test } = await data({ train: settings.train, test: settings.tested });
    const tested = test.labels.length;
    if (samples.labels.length < settings.batch)
      throw new LanewiseError('argument', `batch is ${settings.batch}, expected as many samples`);
    const [channels, height, width] = samples.shape;
    const half = { stride: 2, padding: 1 };
    const [c1, c2] = [conv2d(channels, 16, 4, half), conv2d(16, 32, 4, half)];
    const [f1, f2] = [linear(2 * height * width, 100), linear(100, 10)];
    const net = chain({ c1, r1: relu(), c2, r2: relu(), flat: flatten(), f1, r3: relu(), f2 });
    const task = { net, shape: samples.shape, settings, workers };
    const [series, weights, found] = [[], [], []];
    for (const [name, steps] of Object.entries({ plainly: 0, 'under attack': settings.steps })) {
      const trained = await learn(task, samples, steps, progress);
      for (const [by, attackSteps] of Object.entries({ FGSM: 1, PGD: 40 })) {
        const attack = await game(task, attackSteps, { share: trained });
        const at = (budget, count) => accuracyAt(attack, test, count, budget, settings.batch);
        const y = [];
        for (const budget of BUDGETS) y.push(await at(budget, Math.min(tested, 500)));
        series.push({ name: `trained ${name}, ${by}`, x: BUDGETS, y, dashed: by === 'FGSM' });
        if (by === 'FGSM') found.push([`trained ${name}, no attack`, await at(0, tested)]);
        found.push([`trained ${name}, ${by}`, await at(epsilon, tested)]);
        await attack.close();
      }
      weights.push(...trained.weights().values());
      await trained.close();
    }
    const percent = (i) => `${(100 * found[i][1]).toFixed(1)} %`;
    return {
      figures: found.map(([name, value], i) => ({ name, value, format: 'percent', ...KNOWN[i] })),
      pictures: [
        lines({
          title: 'Accuracy under attack',
          caption: 'Each pixel changes by at most ε, in one step (FGSM) or in 40 (PGD).',
          x: { name: 'ε, the most that a pixel changes (white is 1)' },
          y: { name: 'share of right answers', min: 0, max: 1 },
          series,
        }),
      ],
      evidence: [...weights, ...series.map(({ y }) => Float32Array.from(y))],
      conclusion: `At ε = ${epsilon} PGD leaves the plain net ${percent(2)} right answers, and the one trained under attack ${percent(5)}.`,
    };
  },
});
