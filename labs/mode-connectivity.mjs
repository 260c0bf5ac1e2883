// Mode connectivity: two nets trained apart, joined by a straight line and by a bent one that has been trained.
import { createStepper, mlp, momentum, subset } from 'lanewise';
import { lab, lines, randomNumbers, wholeNumber } from 'lanewise/lab';

const blend = (maps, shares) =>
  new Map(
    [...maps[0]].map(([name, values]) => [
      name,
      values.map((_, i) => maps.reduce((sum, map, k) => sum + shares[k] * map.get(name)[i], 0)),
    ]),
  );

/** The point t of the curve from a to b that bends towards c: a quadratic Bézier curve. */
const onCurve = ([a, c, b], t) => blend([a, c, b], [(1 - t) ** 2, 2 * t * (1 - t), t * t]);
const onLine = ([a, , b], t) => blend([a, b], [1 - t, t]);

/** Minibatches without end, in random orders of the samples; of all of them, where there are fewer than a batch. */
function* minibatches(data, batch, random) {
  for (;;) {
    const order = random.shuffled([...data.labels.keys()]);
    for (let i = 0; i === 0 || i + batch <= order.length; i += batch)
      yield subset(data, order.slice(i, i + batch));
  }
}

async function solution(model, data, { steps, batch }, common, seed) {
  const stepper = await createStepper(model, { ...common, seed });
  const batches = minibatches(data, batch, randomNumbers(seed));
  for (let i = 0; i < steps; i++) await stepper.step(batches.next().value);
  const weights = stepper.weights();
  await stepper.close();
  return weights;
}

/** Trains the bend so that the loss is low at random places of the curve. */
async function trainedBend(model, [a, b], data, { curveSteps, batch }, common, seed) {
  const settings = { ...common, weights: blend([a, b], [0.5, 0.5]) };
  const bend = await createStepper(model, settings);
  const place = await createStepper(model, settings);
  const random = randomNumbers(seed);
  const batches = minibatches(data, batch, random);
  await bend.gradients(batches.next().value); // tells it the shapes of a batch
  for (let i = 0; i < curveSteps; i++) {
    const t = random.next();
    place.setWeights(onCurve([a, bend.weights(), b], t));
    const { gradients } = await place.gradients(batches.next().value);
    // The chain rule: the place moves 2t(1 − t) times as far as the bend.
    await bend.apply(blend([gradients], [2 * t * (1 - t)]));
  }
  const weights = bend.weights();
  await Promise.all([bend.close(), place.close()]);
  return weights;
}

export default lab({
  name: 'mode-connectivity',
  group: 'Landscape',
  title: 'Two solutions are connected',
  about:
    'Two nets of one shape are trained from different weights. Along the straight line between them the loss rises to a barrier; ' +
    'along a curve whose bend is trained it stays low. Look at the two lines: what seem to be separate minima are parts of one ' +
    'connected valley.',
  papers: [
    {
      cite: 'Garipov et al. 2018',
      title: 'Loss surfaces, mode connectivity, and fast ensembling of DNNs',
      link: 'https://arxiv.org/abs/1802.10026',
    },
  ],
  settings: {
    samples: 1000,
    hidden: 64,
    steps: 300,
    curveSteps: 500,
    batch: 50,
    rate: 0.05,
    seed: 1,
  },
  settingsAbout: {
    samples: wholeNumber('training images'),
    hidden: wholeNumber('units of the hidden layer'),
    steps: wholeNumber('of training of each of the two nets'),
    curveSteps: wholeNumber('of training of the bend', 0),
    batch: wholeNumber('samples of a step, at most all'),
    rate: { about: 'learning rate, of steps with momentum', from: 0 },
    seed: wholeNumber('of the first net; the second has the next one', 0),
  },
  small: { samples: 200, hidden: 32, steps: 60, curveSteps: 80 },
  full: { samples: 10000, hidden: 256, steps: 3000, curveSteps: 6000 },
  async run({ settings, data, progress }) {
    const { samples, hidden, rate, seed } = settings;
    const { train, test } = await data({ train: samples, test: 500 });
    const model = mlp({ hidden, activation: 'relu' });
    const optimizer = momentum({ lr: rate });
    const more = { workers: 0, loss: 'crossEntropy', numerics: 'strict' };
    const common = { batch: Math.max(samples, 500), optimizer, ...more };
    const a = await solution(model, train, settings, common, seed);
    const b = await solution(model, train, settings, common, seed + 1);
    progress(1, 3, 'the bend');
    const bend = await trainedBend(model, [a, b], train, settings, common, seed + 2);
    progress(2, 3, 'along the ways');
    const stepper = await createStepper(model, { ...common, weights: a });
    const places = Array.from({ length: 21 }, (_, i) => i / 20);
    const along = async (way) => {
      const found = { loss: [], error: [] };
      for (const t of places) {
        stepper.setWeights(way([a, bend, b], t));
        found.loss.push((await stepper.loss(train)).loss);
        found.error.push(100 * (1 - (await stepper.loss(test)).accuracy));
      }
      return found;
    };
    const [straight, bent] = [await along(onLine), await along(onCurve)];
    await stepper.close();
    const most = (values) => Math.max(...values);
    const [ends, barrier] = [most([bent.loss[0], bent.loss.at(-1)]), most(straight.loss)];
    const picture = (title, name, of) =>
      lines({
        title,
        x: { name: 'place, from the first net to the second' },
        y: { name, min: 0 },
        series: [
          { name: 'straight line', x: places, y: of(straight) },
          { name: 'trained curve', x: places, y: of(bent) },
        ],
      });
    return {
      figures: [
        {
          name: 'greatest loss on the line, by that of the nets',
          value: barrier / ends,
          expected: [2, 1e5],
        },
        {
          name: 'greatest loss on the line, by that on the curve',
          value: barrier / most(bent.loss),
          expected: [2, 1e5],
          source: 'Garipov et al. 2018, figure 2: a barrier on the line, none on the curve',
        },
      ],
      pictures: [
        picture('Training loss between two nets', 'cross-entropy', ({ loss }) => loss),
        picture('Test error between two nets', 'test error (%)', ({ error }) => error),
      ],
      evidence: [Float64Array.from([...straight.loss, ...bent.loss]), ...bend.values()],
      conclusion:
        'The nets lie in one valley of low loss: a bend is enough to go from one to the other without a barrier, where the straight line crosses one.',
    };
  },
});
