// Rare objects: one galaxy in a hundred bends the light of another one behind it to arcs. Which cutouts of a survey show any?
import {
  adam,
  batchNorm2d,
  conv2d,
  flatten,
  linear,
  maxPool2d,
  relu,
  sequential,
  train,
} from 'lanewise';
import { images, lab, lines, precisionRecall, randomNumbers, wholeNumber } from 'lanewise/lab';

const SIZE = 32;
const MIDDLE = (SIZE - 1) / 2;
const placeOf = (i) => [(i % SIZE) - MIDDLE, Math.floor(i / SIZE) - MIDDLE];

/** An elliptical galaxy: its light as a function of the place, without functions that engines round differently. */
function galaxy(random, x0, y0, light, radius) {
  const [u, v, flat] = [2 * random.next() - 1, 2 * random.next() - 1, 1 + 5 * random.next()];
  return (x, y) => {
    const [dx, dy] = [x - x0, y - y0];
    const along = (dx * u + dy * v) ** 2 / (u * u + v * v + 1e-6);
    const falloff = 1 + (along + flat * (dx * dx + dy * dy - along)) / (radius * radius);
    return light / (falloff * falloff);
  };
}

/** A galaxy among others, and noise. A lens shows at θ what is behind it at θ − θE·θ/|θ| − Γθ: an isothermal sphere in a shear. */
function drawCutout(random, isLens, pixels) {
  const within = (low, high) => low + (high - low) * random.next();
  const parts = [galaxy(random, 0, 0, within(1.5, 4), within(2, 4))];
  const around = () => within(-MIDDLE, MIDDLE);
  for (let i = random.below(5); i > 0; i--)
    parts.push(galaxy(random, around(), around(), within(0.3, 1.5), within(1, 2.5)));
  if (isLens) {
    const [einstein, shear, skew] = [within(4, 9), within(-0.1, 0.1), within(-0.1, 0.1)];
    const [bx, by] = [within(-0.4, 0.4) * einstein, within(-0.4, 0.4) * einstein];
    const source = galaxy(random, bx, by, within(0.5, 1.2), within(1, 2));
    parts.push((x, y) => {
      const left = 1 - einstein / Math.sqrt(x * x + y * y);
      return source(x * (left - shear) - y * skew, y * (left + shear) - x * skew);
    });
  }
  for (let i = 0; i < SIZE * SIZE; i++) {
    const [x, y] = placeOf(i);
    pixels[i] = parts.reduce((sum, part) => sum + part(x, y), 0.15 * random.normal());
  }
}

const parted = (values, size = SIZE * SIZE) =>
  Array.from({ length: values.length / size }, (_, i) => values.subarray(i * size, (i + 1) * size));

/** So many cutouts, of which a share are lenses, in random order. */
function survey(count, rate, seed) {
  const random = randomNumbers(seed);
  const values = new Float32Array(count * SIZE * SIZE);
  const lenses = random.shuffled(Array.from({ length: count }, (_, i) => Number(i < count * rate)));
  parted(values).forEach((pixels, i) => drawCutout(random, lenses[i] === 1, pixels));
  const inputs = { input: { shape: [1, SIZE, SIZE], values } };
  const targets = { output: { shape: [], values: Int32Array.from(lenses) } };
  return { name: `${count} cutouts`, inputs, targets };
}

const sum = (values) => values.reduce((total, value) => total + value, 0);
const mean = (values) => sum(values) / values.length;

/** The share of light in a ring, which one might measure first. */
function ringLight(pixels) {
  const distance = (i) => sum(placeOf(i).map((at) => at * at));
  return sum(pixels.filter((_, i) => distance(i) > 16 && distance(i) < 144)) / sum(pixels);
}

function classifier(w) {
  const stage = (a, b) => [conv2d(a, b, 3, { padding: 1 }), batchNorm2d(b), relu(), maxPool2d(2)];
  const stages = [...stage(1, w), ...stage(w, 2 * w), ...stage(2 * w, 4 * w)];
  return sequential([...stages, flatten(), linear(64 * w, 2)], { input: [1, SIZE, SIZE] });
}

export default lab({
  name: 'lens-arcs',
  group: 'Beyond classification',
  title: 'Rare objects in a survey: gravitational lenses',
  about:
    'Cutouts of a generated sky show galaxies, of which one in a hundred is a lens: it bends the light of a galaxy behind it to arcs. A net learns from as many lenses as other galaxies, and then searches the survey. Accuracy says nothing here, as never finding any lens is right 99 times of 100; what counts is how many candidates have to be looked at.',
  papers: [
    { cite: 'Lanusse et al. 2018', title: 'DeepLens', link: 'https://arxiv.org/abs/1703.02642' },
  ],
  settings: { training: 8000, cutouts: 10000, rate: 0.01, width: 8, epochs: 6, batch: 32, seed: 1 },
  settingsAbout: {
    training: wholeNumber('cutouts to learn from, half of them lenses', 2, 100000),
    cutouts: wholeNumber('cutouts of the survey', 1, 100000),
    rate: { about: 'share of lenses in it', from: 0.0001, to: 1 },
    width: wholeNumber('channels of the first convolution'),
    epochs: wholeNumber('passes over the training cutouts'),
    batch: wholeNumber('cutouts a step'),
    seed: wholeNumber('of the sky and the weights', 0),
  },
  small: { training: 1600, cutouts: 2000, epochs: 3, batch: 8, width: 4 },
  async run({ settings, workers, progress }) {
    const { training, cutouts, rate, width, epochs, batch, seed } = settings;
    const [data, held] = [survey(training, 0.5, seed), survey(cutouts, rate, seed + 1)];
    const learning = { optimizer: adam({ lr: 0.003 }), schedule: 'cosine' };
    const { model } = await train(
      classifier(width),
      { data, ...learning, epochs, batch, seed, workers, numerics: 'strict' },
      { onEpoch: ({ epoch }) => progress(epoch, epochs, 'epochs') },
    );
    const { scores } = await model.predict(held.inputs);
    const truth = held.targets.output.values;
    const net = Float32Array.from(truth, (_, i) => scores[2 * i + 1] - scores[2 * i]);
    const pictures = parted(held.inputs.input.values);
    const ring = pictures.map(ringLight);
    const [byNet, byRing] = [net, ring].map((list) => precisionRecall(truth, list));
    const [good, plain] = [byNet, byRing].map(({ precision }) => mean(precision));
    const looked = ({ ranks }) => ranks[Math.ceil(0.9 * ranks.length) - 1];
    const curve = (name, { recall, precision }) => ({ name, x: recall, y: precision });
    const right = net.map((score, i) => Number(score > 0 === (truth[i] === 1)));
    return {
      figures: [
        { name: 'average precision, net', value: good, expected: [training < 5000 ? 0.3 : 0.6, 1] },
        { name: 'average precision, light in a ring', value: plain },
        { name: 'looked at for 90 % of lenses, net', value: looked(byNet), format: 'count' },
        { name: 'the same, light in a ring', value: looked(byRing), format: 'count' },
        { name: 'accuracy of the net', value: mean(right), format: 'percent' },
        { name: 'accuracy of never finding a lens', value: 1 - mean(truth), format: 'percent' },
      ],
      pictures: [
        lines({
          title: 'Precision and recall',
          caption:
            'A point for each lens in the list of candidates, best first. A curve’s mean is its average precision; that of guesses is the share of lenses.',
          x: { name: 'recall: share of the lenses that is found', min: 0, max: 1 },
          y: { name: 'precision: share of lenses in the list so far', min: 0, max: 1 },
          series: [curve('convolutional net', byNet), curve('light in a ring', byRing)],
        }),
        images({
          title: 'First candidates of the net',
          items: byNet.order.slice(0, 24).map((i) => {
            const label = truth[i] ? 'lens' : 'no lens';
            return { pixels: pictures[i], shape: [1, SIZE, SIZE], range: [-0.3, 1.5], label };
          }),
        }),
      ],
      evidence: [scores],
      conclusion: `The net’s first ${looked(byNet)} candidates hold nine of ten lenses; of those by the light in a ring it takes ${looked(byRing)}.`,
    };
  },
});
