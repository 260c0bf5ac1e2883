// Paths of gradient descent and stochastic gradient descent over losses of two parameters.
import { arrays, createStepper, hessianOf, linear } from 'lanewise';
import { momentum, sequential, sgd } from 'lanewise';
import { heatmap, lab, randomNumbers, wholeNumber } from 'lanewise/lab';

const [SAMPLES, NOISY_STEPS, MAP] = [64, 3000, 81];
const [plain, input] = [{ bias: false }, { input: [1] }];
/** y = w·x + b has one minimum, in a narrow valley; y = v·u·x has minima where v·u is right, and a saddle at 0. */
const valley = sequential({ line: linear(1, 1) }, input);
const saddle = sequential({ u: linear(1, 1, plain), v: linear(1, 1, plain) }, input);
const answers = new Map([
  [valley, ([w, b], x) => w * x + b],
  [saddle, ([u, v], x) => v * u * x],
]);
const mean = (values, f) => values.reduce((sum, value, i) => sum + f(value, i), 0) / values.length;
const lossAt = (net, { inputs, targets }, at) =>
  mean(inputs, (x, i) => (answers.get(net)(at, x) - targets[i]) ** 2);

/** y = x + noise, at places around 1.5, where weight and bias work against each other. */
function noisyLine(seed) {
  const random = randomNumbers(seed);
  const inputs = Float32Array.from({ length: SAMPLES }, () => 1.5 + random.normal());
  return { inputs, targets: inputs.map((x) => x + 0.5 * random.normal()) };
}
const asWeights = (net, at) =>
  new Map(net.parameters.map(({ name }, i) => [name, Float32Array.of(at[i])]));

/** The eigenvalues of the Hessian at a place, the smaller first: two products give its two columns. */
async function eigenvalues(net, { inputs, targets }, at) {
  const data = arrays({ samples: inputs, targets });
  const hessian = await hessianOf(net, asWeights(net, at), data, { numerics: 'strict' });
  const times = (unit) => {
    const { products } = hessian(asWeights(net, unit));
    return [...products.values()].map(([value]) => value);
  };
  const [[a, b], [, d]] = [times([1, 0]), times([0, 1])];
  const radius = Math.sqrt(((a - d) / 2) ** 2 + b * b);
  return [(a + d) / 2 - radius, (a + d) / 2 + radius];
}

/** The places of a descent; its minibatches of `batch` samples are drawn. */
async function descend(net, { inputs, targets }, start, steps, optimizer, batch = SAMPLES) {
  const weights = asWeights(net, start);
  const stepper = await createStepper(net, { optimizer, weights, workers: 0, numerics: 'strict' });
  const random = randomNumbers(1);
  const path = [start];
  for (let i = 0; i < steps; i++) {
    const from = batch * random.below(SAMPLES / batch);
    const [x, y] = [inputs, targets].map((values) => values.subarray(from, from + batch));
    await stepper.step({ inputs: x, targets: y });
    path.push([...stepper.weights().values()].map(([value]) => value));
  }
  await stepper.close();
  return path;
}

/** A map of the loss with paths over it, 2·reach wide and high. */
function mapOf(title, net, samples, centre, reach, paths) {
  const ticks = Array.from({ length: MAP }, (_, i) => (reach * (2 * i)) / (MAP - 1) - reach);
  const [x, y] = net.parameters.map(({ name }, i) => {
    return { name, from: centre[i] - reach, to: centre[i] + reach };
  });
  const of = (b) => ticks.map((a) => lossAt(net, samples, [centre[0] + a, centre[1] + b]));
  const listed = (name) => ({
    name,
    x: paths[name].map(([a]) => a),
    y: paths[name].map(([, b]) => b),
  });
  const drawn = { values: ticks.flatMap(of), contours: 8, paths: Object.keys(paths).map(listed) };
  const caption = 'A ring is where a path begins, a dot where it ends.';
  const size = { rows: MAP, columns: MAP, scale: { name: 'loss', log: true } };
  return heatmap({ title, caption, x, y, ...size, ...drawn });
}

export default lab({
  name: 'descent-paths',
  group: 'Descent',
  title: 'Paths of gradient descent',
  about:
    'A line is fitted, and the ways over the loss of its two parameters are drawn. Near the rate 2/λ of the Hessian’s largest ' +
    'eigenvalue gradient descent zigzags, beyond it diverges; momentum takes the bends; single samples never come to rest. ' +
    'In a second loss, of two linear layers, the descent lingers at a saddle.',
  papers: [
    {
      cite: 'Bottou, Curtis & Nocedal 2018',
      title: 'Optimization methods for large-scale machine learning',
      link: 'https://arxiv.org/abs/1606.04838',
    },
  ],
  settings: { rate: 1.8, steps: 60, noisyRate: 0.2, seed: 1 },
  settingsAbout: {
    rate: { about: 'the large rate, in units of 1/λ: 2 is the limit', from: 0 },
    steps: wholeNumber('of gradient descent', 31),
    noisyRate: { about: 'the rate of steps with a sample each, in units of 1/λ', from: 0 },
    seed: wholeNumber('of the data', 0),
  },
  small: { steps: 50 },
  async run({ settings }) {
    const { rate, steps, noisyRate, seed } = settings;
    const samples = noisyLine(seed);
    const { inputs, targets } = samples;
    const [mx, my] = [mean(inputs, (x) => x), mean(targets, (y) => y)];
    const [xx, xy] = [mean(inputs, (x) => x * x), mean(inputs, (x, i) => x * targets[i])];
    const slope = (xy - mx * my) / (xx - mx * mx);
    const best = [slope, my - slope * mx];
    const [least, most] = await eigenvalues(valley, samples, best);
    const start = [best[0] - 1.2, best[1] + 1];
    const walk = (share, count = steps, batch = SAMPLES) =>
      descend(valley, samples, start, count, sgd({ lr: share / most }), batch);
    const paths = {
      'rate 1/λ': await walk(1),
      [`rate ${rate}/λ`]: await walk(rate),
      'with momentum': await descend(valley, samples, start, steps, momentum({ lr: 0.5 / most })),
    };
    const noisy = await walk(noisyRate, NOISY_STEPS, 1);
    const calm = await walk(noisyRate / 2, NOISY_STEPS, 1);
    const [steady, beyond] = [paths['rate 1/λ'], await walk(2.1, steps)];
    const around = await descend(saddle, samples, [1.2, -1.18], 100, sgd({ lr: 0.02 }));
    const [negative] = await eigenvalues(saddle, samples, [0, 0]);
    const excess = (place) => lossAt(valley, samples, place) - lossAt(valley, samples, best);
    const settled = (path) => mean(path.slice(path.length / 3), excess);
    const factor = (path, a, b) => (excess(path[b]) / excess(path[a])) ** (0.5 / (b - a));
    const theory = xx + 1 + Math.sqrt((xx - 1) ** 2 + 4 * mx * mx);
    const figure = (name, value, paper, off, source) => {
      return { name, value, paper, expected: [paper - off, paper + off], source };
    };
    const [closed, rule] = ['closed form, of the data’s moments', '|1 − rate · eigenvalue|'];
    const [slow, ratio] = [1 - least / most, settled(noisy) / settled(calm)];
    const noise = 'Bottou et al. 2018, theorem 4.6: in proportion to small rates';
    const drawn = { 'single samples': noisy.slice(0, 300) };
    return {
      figures: [
        figure('λ, the Hessian’s largest eigenvalue', most, theory, 1e-4, closed),
        figure('negative eigenvalue at the saddle', negative, -2 * xy, 1e-4, closed),
        figure('distance per step, rate 1/λ', factor(steady, 5, 30), slow, 0.01, rule),
        figure('distance per step, rate 2.1/λ', factor(beyond, 20, steps), 1.1, 0.01, rule),
        figure('excess loss of single samples, by that of half the rate', ratio, 2, 0.8, noise),
      ],
      pictures: [
        mapOf('A narrow valley: the loss of a line', valley, samples, best, 1.6, paths),
        mapOf('The same, a sample a step', valley, samples, best, 1.6, drawn),
        mapOf('A saddle, of two linear layers', saddle, samples, [0, 0], 1.6, { descent: around }),
      ],
      evidence: [steady, noisy, calm, beyond, around].map((path) => Float32Array.from(path.flat())),
      conclusion:
        'Below the rate 2/λ gradient descent converges, as slowly as the eigenvalues differ, and beyond it diverges. The noise ' +
        'of single samples leaves an excess of the loss, which shrinks with the rate.',
    };
  },
});
