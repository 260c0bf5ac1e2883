// The nets of 1998: two layers, and LeNet-5 as it was printed, with and without distorted images, against the paper's table.
import { adam, lenet5Original, mapCriterion, mlp, momentum, train } from 'lanewise';
import { transformed, transforms } from 'lanewise';
import { bars, images, lab, wholeNumber } from 'lanewise/lab';

/** The planar distortions of §III.A: shifts, turns, changes of scale and shears. */
const distortion = transforms.randomAffine({
  degrees: 7,
  translate: [0.04, 0.04],
  scale: [0.92, 1.08],
  shear: 7,
});

const nets = {
  'two layers': {
    build: ({ hidden }) => mlp({ hidden, activation: 'tanh' }),
    optimizer: adam(),
    filters: 'hidden.weight',
    side: 28,
    paper: [0.047, 0.036],
  },
  'LeNet-5': {
    build: () => lenet5Original(),
    loss: mapCriterion({ j: 10 }),
    optimizer: momentum({ lr: 0.002 }),
    filters: 'c1.weight',
    side: 5,
    paper: [0.0095, 0.008],
  },
};

/** The weights of the `count` units of a layer that have the largest weights, as images, each on its own scale. */
function filtersOf(weights, side, count) {
  const size = side * side;
  const units = Array.from({ length: weights.length / size }, (_, i) => ({
    pixels: weights.slice(i * size, (i + 1) * size),
    shape: [1, side, side],
    colours: 'diverging',
  }));
  const largest = ({ pixels }) => Math.max(...pixels.map(Math.abs));
  return units.toSorted((a, b) => largest(b) - largest(a)).slice(0, count);
}

export default lab({
  name: 'nets-of-1998',
  group: 'Ingredients',
  title: 'The two-layer net and LeNet-5 of 1998',
  about:
    'A dense net with one hidden layer, and LeNet-5 with its table of connections, trained subsampling and bitmaps as outputs, ' +
    'each trained on the images as they are and on distorted ones. Look at the bars: weights that are shared over the image do more ' +
    'than a net of four times as many weights, and distortions help both. The paper’s figures are those of MNIST ' +
    '(--data mnist --full); drawn digits are another task.',
  papers: [
    {
      cite: 'LeCun et al. 1998',
      title: 'Gradient-based learning applied to document recognition',
      link: 'https://doi.org/10.1109/5.726791',
    },
  ],
  settings: { hidden: 300, loss: 'squaredError', samples: 6000, test: 1000, epochs: 8, seed: 1 },
  settingsAbout: {
    hidden: wholeNumber('hidden units of the two-layer net'),
    loss: { about: 'of the two-layer net', choices: ['squaredError', 'crossEntropy'] },
    samples: wholeNumber('training images, at most'),
    test: wholeNumber('test images, at most'),
    epochs: wholeNumber('passes over them; twice as many over distorted ones'),
    seed: wholeNumber('of the weights, of the order of the images and of their distortions', 0),
  },
  small: { hidden: 50, samples: 600, test: 300, epochs: 3 },
  full: { samples: 60000, test: 10000, epochs: 10 },
  async run({ settings, data, workers, progress }) {
    const { hidden, loss, samples, test: testCount, epochs, seed } = settings;
    const { name: source, train: plain, test } = await data({ train: samples, test: testCount });
    const isMnist = source === 'mnist' && samples === 60000;
    const runs = [];
    for (const [name, net] of Object.entries(nets)) {
      for (const isDistorted of [false, true]) {
        progress(runs.length, 4, name);
        const { model, history } = await train(net.build({ hidden }), {
          data: isDistorted ? transformed(plain, [distortion]) : plain,
          validation: test,
          loss: net.loss ?? loss,
          optimizer: net.optimizer,
          schedule: 'cosine',
          epochs: isDistorted ? 2 * epochs : epochs,
          batch: 32,
          seed,
          workers,
          numerics: 'strict',
        });
        const errors = history.map(({ valAccuracy }) => 1 - valAccuracy);
        const title = `${name}${isDistorted ? ', distorted' : ''}`;
        runs.push({
          ...net,
          title,
          errors,
          weights: model.weights,
          paper: net.paper[+isDistorted],
        });
      }
    }
    const final = runs.map(({ errors }) => errors.at(-1));
    // On MNIST the paper's own figures are the bound; a tenth of the drawn digits wrong would be a bug.
    const bound = (run) => (isMnist ? run.paper * 1.1 : samples < 6000 ? 0.6 : 0.1);
    return {
      figures: runs.map((run, i) => ({
        name: `test error: ${run.title}`,
        value: final[i],
        format: 'percent',
        expected: [0, run.title === 'two layers, distorted' && isMnist ? 0.02 : bound(run)],
        paper: run.paper,
        source: 'LeCun et al. 1998, figure 9, on MNIST',
      })),
      pictures: [
        bars({
          title: `Test error on ${source}`,
          y: { name: 'share of wrong answers', min: 0 },
          groups: runs.map(({ title }) => title),
          series: [
            { name: 'here', values: final },
            { name: 'LeCun et al. 1998, MNIST', values: runs.map(({ paper }) => paper) },
          ],
        }),
        ...runs
          .filter((_, i) => i % 2)
          .map(({ title, weights, filters, side }) =>
            images({
              title: `What the first layer has learned: ${title}`,
              caption: 'An image has the weights of a unit: one colour above 0, the other below.',
              items: filtersOf(weights.get(filters), side, 36),
              zoom: side === 5 ? 16 : 2,
            }),
          ),
      ],
      evidence: runs.flatMap(({ weights, filters, errors }) => [
        weights.get(filters),
        Float64Array.from(errors),
      ]),
      conclusion:
        `Distorted images change the two-layer net’s error by a factor of ${(final[1] / final[0]).toFixed(2)}, shared weights ` +
        `by ${(final[2] / final[0]).toFixed(2)}, both by ${(final[3] / final[0]).toFixed(2)}.`,
    };
  },
});
