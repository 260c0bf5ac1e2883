/**
 * Double descent: one layer of random ReLU features that stay as they are, and the least squares fit of the labels by
 * them. The test error rises to a peak where there are as many features as samples, and falls beyond it.
 */
import { flatten, linear, relu, sequential, withWeights } from 'lanewise';
import { lab, LanewiseError, lines, randomNumbers, wholeNumber } from 'lanewise/lab';

const [CLASSES, RIDGELESS] = [10, 1e-9];
/** The features of all samples, row by row, on the engine. */
async function featuresOf(data, count, random) {
  const size = data.samples.length / data.labels.length;
  const layers = { flat: flatten(), features: linear(size, count, { bias: false }), act: relu() };
  const model = sequential(layers, { input: data.shape });
  const weight = Float32Array.from({ length: count * size }, () => random.normal());
  const weights = new Map([['features.weight', weight]]);
  const net = withWeights(model, weights, { loss: 'meanSquaredError', numerics: 'strict' });
  return (await net.predict(data.samples)).scores;
}

/** X of (A + ridge·I)·X = B by elimination, for a symmetric positive A of n rows and one column of B a class. */
function solve(a, b, n, ridge) {
  const [m, x] = [a.slice(), b.slice()];
  for (let i = 0; i < n; i++) m[i * n + i] += ridge;
  for (let i = 0; i < n; i++)
    for (let row = 0; row < n; row++) {
      if (row === i) continue;
      const share = m[row * n + i] / m[i * n + i];
      for (let k = i; k < n; k++) m[row * n + k] -= share * m[i * n + k];
      for (let c = 0; c < CLASSES; c++) x[row * CLASSES + c] -= share * x[i * CLASSES + c];
    }
  return x.map((value, e) => value / m[Math.floor(e / CLASSES) * (n + 1)]);
}

/** The samples' squared error and share of wrong answers, given their kernel with the training samples. */
function errorsOf(kernel, x, labels, n) {
  let [squares, wrong] = [0, 0];
  labels.forEach((label, i) => {
    const scores = new Float64Array(CLASSES);
    for (let j = 0; j < n; j++)
      for (let c = 0; c < CLASSES; c++) scores[c] += kernel[i * n + j] * x[j * CLASSES + c];
    for (let c = 0; c < CLASSES; c++) squares += (scores[c] - Number(c === label)) ** 2;
    if (scores.indexOf(Math.max(...scores)) !== label) wrong++;
  });
  return [squares / labels.length, wrong / labels.length];
}

/** kernel += the products of rows of a and b over features [from, to). */
function addProducts(kernel, a, b, most, from, to) {
  const n = b.length / most;
  for (let i = 0; i < a.length / most; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = from; k < to; k++) sum += a[i * most + k] * b[j * most + k];
      kernel[i * n + j] += sum;
    }
}

export default lab({
  name: 'double-descent',
  group: 'Robustness',
  title: 'Double descent',
  about:
    'The labels of n digits, some of them wrong on purpose, are fitted by least squares on random features. With fewer features than digits the fit is a compromise. With n features it goes through all labels in the only way there is, which is a wild one. With more it takes the smallest of many such fits, and becomes better again. A little regularisation removes the peak.',
  papers: [
    {
      cite: 'Belkin et al. 2019',
      title: 'Reconciling modern machine-learning practice and the bias–variance trade-off',
      link: 'https://doi.org/10.1073/pnas.1903070116',
    },
  ],
  settings: { samples: 300, tested: 400, wrongLabels: 0.1, most: 4800, ridge: 0.03, seed: 1 },
  settingsAbout: {
    samples: wholeNumber('training samples, n', 20),
    tested: wholeNumber('test samples'),
    wrongLabels: { about: 'share of training labels that are drawn at random', from: 0, to: 1 },
    most: wholeNumber('largest number of features', 1, 100000),
    ridge: { about: 'the regularised fit’s penalty, by the mean squared feature vector', from: 0 },
    seed: wholeNumber('of features and wrong labels', 0),
  },
  small: { samples: 80, tested: 100, most: 800 },
  full: { samples: 1000, tested: 2000, most: 16000 },

  async run({ settings, data, progress, say }) {
    const { samples, wrongLabels, most, ridge, seed } = settings;
    const { train, test } = await data({ train: samples, test: settings.tested });
    const [n, tested] = [train.labels.length, test.labels.length];
    if (most < n) throw new LanewiseError('argument', `most is ${most}, expected ${n} or more`);
    const random = randomNumbers(seed);
    const labels = Array.from(train.labels, (label) =>
      random.next() < wrongLabels ? random.below(CLASSES) : label,
    );
    const wanted = new Float64Array(n * CLASSES);
    labels.forEach((label, i) => (wanted[i * CLASSES + label] = 1));
    const a = await featuresOf(train, most, randomNumbers(seed + 1));
    const b = await featuresOf(test, most, randomNumbers(seed + 1));
    const [own, others] = [new Float64Array(n * n), new Float64Array(tested * n)];
    const ratios = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 3, 4, 6, 8, 12, 16];
    const counts = ratios.map((ratio) => Math.round(ratio * n)).filter((count) => count <= most);
    const names = ['test', 'test, regularised', 'training'];
    const [plain, regular, fit] = names.map(() => []);
    counts.forEach((count, i) => {
      addProducts(own, a, a, most, counts[i - 1] ?? 0, count);
      addProducts(others, b, a, most, counts[i - 1] ?? 0, count);
      const mean = own.reduce((sum, value, e) => (e % (n + 1) ? sum : sum + value), 0) / n;
      const x = solve(own, wanted, n, mean * RIDGELESS);
      plain.push(errorsOf(others, x, test.labels, n));
      fit.push(errorsOf(own, x, labels, n));
      regular.push(errorsOf(others, solve(own, wanted, n, mean * ridge), test.labels, n));
      say(`${count} features: ${plain.at(-1)[1]} wrong, squared ${plain.at(-1)[0].toFixed(3)}`);
      progress(i + 1, counts.length, `${count} features`);
    });
    const errors = plain.map(([, wrong]) => wrong);
    const peak = plain.reduce((best, [square], i) => (square > plain[best][0] ? i : best), 0);
    const beyond = Math.max(...regular.slice(peak).map(([, wrong]) => wrong));
    const x = counts.map((count) => count / n);
    const caption = `${n} training samples, ${Math.round(100 * wrongLabels)} % of their labels random.`;
    const chart = (title, at, y) => {
      const series = [plain, regular, fit].map((each, i) => ({
        name: names[i],
        x,
        y: each.map((one) => one[at]),
      }));
      return lines({
        title,
        caption,
        x: { name: 'features for each training sample', log: true },
        y,
        series,
      });
    };
    const share = (name, value) => ({ name, value, format: 'percent' });
    const percent = (value) => `${(100 * value).toFixed(1)} %`;
    return {
      figures: [
        { name: 'features for each sample at the peak', value: x[peak], expected: [0.8, 1.25] },
        share('test error at the peak', errors[peak]),
        share('least test error before it', Math.min(...errors.slice(0, peak))),
        share(`test error with ${counts.at(-1)} features`, errors.at(-1)),
        share('training error there', fit.at(-1)[1]),
        share('highest test error from the peak on, regularised', beyond),
      ],
      pictures: [
        chart('Wrong answers', 1, { name: 'share of wrong answers', min: 0, max: 1 }),
        chart('Squared error', 0, { name: 'squared error', log: true, min: 0.01 }),
      ],
      evidence: [a, ...[plain, regular, fit].map((each) => Float64Array.from(each.flat()))],
      conclusion: `The test error peaks at ${percent(errors[peak])} with ${x[peak].toFixed(2)} features a sample, and is ${percent(errors.at(-1))} with ${x.at(-1)}, though the fit goes through all wrong labels there as well.`,
    };
  },
});
