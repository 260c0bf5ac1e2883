/**
 * MC dropout: dropout stays on in prediction, and many passes with other units left out give an average and a spread. The
 * spread says when the net does not know.
 */
import { adam, dropout, flatten, functional, input, linear, metrics } from 'lanewise';
import { multiply, relu, sequential, train, transforms } from 'lanewise';
import { transformSamples, withWeights } from 'lanewise';
import { lab, lines, randomNumbers, wholeNumber } from 'lanewise/lab';

const ANGLES = [0, 15, 30, 45, 60, 75, 90, 105, 120, 135, 150, 165, 180];
const SHARES = [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5];

/** The net for training, and the same with dropout's masks as inputs, since prediction has no dropout of its own. */
function netsOf(shape, hidden, rate) {
  const size = shape.reduce((a, b) => a * b);
  const [fc1, fc2, out] = [linear(size, hidden), linear(hidden, hidden), linear(hidden, 10)];
  const first = { flat: flatten(), fc1, a1: relu(), d1: dropout(rate) };
  const all = { ...first, fc2, a2: relu(), d2: dropout(rate), out };
  const [image, mask1, mask2] = [input(shape), input([hidden]), input([hidden])];
  const left = multiply(relu(fc1(flatten()(image))), mask1);
  const outputs = out(multiply(relu(fc2(left)), mask2));
  const inputs = { image, mask1, mask2 };
  const masked = functional({ inputs, outputs, layers: { fc1, fc2, out } });
  return { trained: sequential(all, { input: shape }), masked };
}

/** The passes' mean probabilities, with new masks in each pass. */
async function passes(net, image, { passes: count, hidden, rate }, random) {
  const n = image.values.length / image.shape.reduce((a, b) => a * b);
  const draw = () => (random.next() < rate ? 0 : 1 / (1 - rate));
  const values = () => Float32Array.from({ length: n * hidden }, draw);
  const mask = () => ({ shape: [hidden], values: values() });
  const sum = new Float64Array(n * 10);
  for (let pass = 0; pass < count; pass++) {
    const { scores } = await net.predict({ image, mask1: mask(), mask2: mask() });
    scores.forEach((p, i) => (sum[i] += p / count));
  }
  return sum;
}

/** Each sample's most likely class and how far its probability is from 1. */
const read = (scores) =>
  Array.from({ length: scores.length / 10 }, (_, i) => {
    const own = scores.slice(i * 10, i * 10 + 10);
    const most = Math.max(...own);
    return { answer: own.indexOf(most), doubt: 1 - most };
  });

const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
const wrongOf = (answers, labels) => answers.map(({ answer }, i) => Number(answer !== labels[i]));

export default lab({
  name: 'mc-dropout',
  group: 'Robustness',
  title: 'What a net does not know: dropout in prediction',
  about:
    'A net with dropout is an ensemble of nets that share weights. Asked many times, with other units left out each time, its answers agree where it knows, and differ where it does not: on digits that it reads wrongly, and on digits turned upside down, of which it has seen none.',
  papers: [
    {
      cite: 'Gal & Ghahramani 2016',
      title: 'Dropout as a Bayesian approximation: representing model uncertainty in deep learning',
      link: 'https://arxiv.org/abs/1506.02142',
    },
  ],
  settings: { train: 2000, tested: 400, hidden: 192, rate: 0.5, passes: 30, epochs: 15, seed: 1 },
  settingsAbout: {
    train: wholeNumber('training samples', 50),
    tested: wholeNumber('test samples'),
    hidden: wholeNumber('units of each of the two hidden layers'),
    rate: { about: 'share of units that are left out', from: 0, to: 0.99 },
    passes: wholeNumber('predictions that are averaged'),
    epochs: wholeNumber('passes over the training samples'),
    seed: wholeNumber('of weights, orders and masks', 0),
  },
  small: { train: 600, tested: 100, hidden: 96, passes: 12, epochs: 15 },
  full: { train: 20000, tested: 5000, hidden: 512, passes: 100 },

  async run({ settings, data, workers, progress }) {
    const { tested, seed } = settings;
    const { train: given, test } = await data({ train: settings.train, test: tested });
    const { shape } = given;
    const nets = netsOf(shape, settings.hidden, settings.rate);
    const how = { optimizer: adam({ lr: 0.001 }), batch: 50, numerics: 'strict', seed, workers };
    const { epochs } = settings;
    const { model } = await train(nets.trained, { data: given, epochs, ...how });
    const net = withWeights(nets.masked, model.weights, { numerics: 'strict' });
    const random = randomNumbers(seed);
    const rows = [];
    for (const angle of ANGLES) {
      const turn = [transforms.affine({ angle })];
      const { samples: values } = await transformSamples(turn, shape, test.samples);
      const once = (await model.predict(values, shape)).scores;
      const many = await passes(net, { shape, values }, settings, random);
      rows.push({ once: read(once), many: read(many), scores: many });
      progress(rows.length, ANGLES.length, `digits turned by ${angle}°`);
    }
    const [straight] = rows;
    const errors = wrongOf(straight.many, test.labels);
    const kept = (answers) => {
      const wrong = wrongOf(answers, test.labels);
      const order = [...wrong.keys()].toSorted((i, j) => answers[i].doubt - answers[j].doubt);
      const first = (share) => order.slice(0, Math.round(share * tested));
      return SHARES.map((share) => 1 - mean(first(share).map((i) => wrong[i])));
    };
    const [once, many] = [kept(straight.once), kept(straight.many)];
    const doubtsOf = (answers) => answers.map(({ doubt }) => doubt);
    const doubts = (key) => rows.map((row) => mean(doubtsOf(row[key])));
    const wrong = rows.map((row) => mean(wrongOf(row.many, test.labels)));
    // Without a wrong answer, or a right one, there is no such area.
    const isMixed = new Set(errors).size > 1;
    const area = isMixed ? metrics.rocAucScore(errors, doubtsOf(straight.many)) : NaN;
    const [doubtOnce, doubtMany] = [doubts('once'), doubts('many')];
    const curve = (name, x, y) => ({ name, x, y });
    const share = (name, value) => ({ name, value, format: 'percent' });
    return {
      figures: [
        share('accuracy of one pass without dropout', once[0]),
        share('accuracy of MC dropout', many[0]),
        share('accuracy of MC dropout on the 80 % that it doubts least', many[4]),
        { name: 'errors told by doubt of MC dropout, ROC AUC', value: area, expected: [0.75, 1] },
        share('wrong answers at 90°', wrong[6]),
        share('doubt of one pass at 90°', doubtOnce[6]),
        share('doubt of MC dropout at 90°', doubtMany[6]),
      ],
      pictures: [
        lines({
          title: 'Digits that turn away from what the net has seen',
          caption: 'Doubt is 1 minus the probability of the answer, its mean over the digits.',
          x: { name: 'angle of the digits (degrees)' },
          y: { name: 'share, or mean doubt', min: 0, max: 1 },
          series: [
            curve('wrong answers', ANGLES, wrong),
            curve('doubt of one pass', ANGLES, doubtOnce),
            curve('doubt of MC dropout', ANGLES, doubtMany),
          ],
        }),
        lines({
          title: 'Accuracy on what is kept',
          caption: 'The samples that are doubted most are left to somebody else.',
          x: { name: 'share of samples that the net decides' },
          y: { name: 'share of right answers', max: 1 },
          series: [curve('one pass', SHARES, once), curve('MC dropout', SHARES, many)],
        }),
      ],
      evidence: [...model.weights.values(), ...rows.map(({ scores }) => scores)],
      conclusion: `On the 80 % that it doubts least the net is right in ${(100 * many[4]).toFixed(1)} % of the cases, on all in ${(100 * many[0]).toFixed(1)} %. Turned by 90°, digits get a doubt of ${doubtMany[6].toFixed(2)} by MC dropout and ${doubtOnce[6].toFixed(2)} by one pass.`,
    };
  },
});
