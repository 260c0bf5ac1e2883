/**
 * Memorisation: the same net learns true labels, random labels and pure noise, all of them by heart. What differs
 * is how long it takes, and what it then knows about other samples.
 */
import { adam, arrays, mlp, train } from 'lanewise';
import { lab, lines, randomNumbers, table, wholeNumber } from 'lanewise/lab';

const CLASSES = 10;
const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** What the net is given, by what is random in it. */
function variants({ samples, labels, shape }, random) {
  const size = samples.length / labels.length;
  const places = random.shuffled(Array.from({ length: size }, (_, i) => i));
  const shuffled = samples.map((_, i) => samples[i - (i % size) + places[i % size]]);
  const noise = samples.map(() => random.below(256));
  return {
    'true labels': { samples, labels, shape },
    'shuffled pixels': { samples: shuffled, labels, shape },
    'random labels': { samples, labels: labels.map(() => random.below(CLASSES)), shape },
    'random pixels': { samples: noise, labels, shape },
  };
}

export default lab({
  name: 'random-labels',
  group: 'Robustness',
  title: 'A net can learn labels by heart',
  about:
    'A net with more weights than samples learns random labels by heart, and even images of noise. So its capacity does not explain why it generalises when the labels are true. The training takes longer the less there is to understand.',
  papers: [
    {
      cite: 'Zhang et al. 2017',
      title: 'Understanding deep learning requires rethinking generalization',
      link: 'https://arxiv.org/abs/1611.03530',
    },
    {
      cite: 'Arpit et al. 2017',
      title: 'A closer look at memorization in deep networks',
      link: 'https://arxiv.org/abs/1706.05394',
    },
  ],
  settings: { samples: 1000, hidden: 512, epochs: 60, lr: 0.001, batch: 50, seed: 1 },
  settingsAbout: {
    samples: wholeNumber('training samples'),
    hidden: wholeNumber('units of the hidden layer'),
    epochs: wholeNumber('passes over the samples'),
    lr: { about: 'learning rate of Adam', from: 0 },
    batch: wholeNumber('samples of a step'),
    seed: wholeNumber('of weights, orders, labels and noise', 0),
  },
  small: { samples: 150, hidden: 128, epochs: 40, batch: 10 },
  full: { samples: 4000, hidden: 1024, epochs: 150 },

  async run({ settings, data, workers, say, progress }) {
    const { hidden, epochs, lr, batch, seed } = settings;
    const { train: given, test } = await data({ train: settings.samples, test: 1000 });
    const [channels, ...size] = given.shape;
    const net = mlp({ hidden, activation: 'relu', channels, size, classes: CLASSES });
    const rows = [];
    for (const [name, samples] of Object.entries(variants(given, randomNumbers(seed)))) {
      const { model, history } = await train(net, {
        data: arrays({ ...samples, classes: given.classes, name }),
        optimizer: adam({ lr }),
        numerics: 'strict',
        epochs,
        batch,
        seed,
        workers,
      });
      const learned = history.map(({ accuracy }) => accuracy);
      const all = 1 + learned.findIndex((accuracy) => accuracy >= 0.99) || Infinity;
      const others = arrays({
        ...variants(test, randomNumbers(seed))[name],
        classes: given.classes,
      });
      const { accuracy } = await model.evaluate(others);
      rows.push({
        name,
        learned,
        end: learned.at(-1),
        all,
        test: accuracy,
        weights: [...model.weights.values()],
      });
      say(`${name}: ${learned.at(-1)} of the training samples, ${accuracy} of others`);
      progress(rows.length, 4, name);
    }
    const [real, , random] = rows;
    const time = ({ all }) => (all === Infinity ? `more than ${epochs}` : all);
    return {
      figures: rows.flatMap(({ name, end, all, test }) => [
        { name: `${name}, training accuracy`, value: end, format: 'percent', expected: [0.98, 1] },
        { name: `${name}, test accuracy`, value: test, format: 'percent' },
        { name: `${name}, epochs to 99 %`, value: all, format: 'count' },
      ]),
      pictures: [
        lines({
          title: 'Everything is learned, sooner or later',
          caption:
            'The share of training samples that the net is right on, in the course of each epoch.',
          x: { name: 'epoch', log: true },
          y: { name: 'training accuracy', min: 0, max: 1 },
          series: rows.map(({ name, learned }) => ({
            name,
            x: learned.map((_, i) => i + 1),
            y: learned,
          })),
        }),
        table({
          title: 'What remains for other samples',
          columns: ['given', 'training accuracy', 'test accuracy', 'epochs to 99 %'],
          rows: rows.map(({ name, end, test, all }) => [
            name,
            percent(end),
            percent(test),
            time({ all }),
          ]),
        }),
      ],
      evidence: rows.flatMap(({ weights, learned }) => [...weights, Float32Array.from(learned)]),
      conclusion: `The net learns ${percent(random.end)} of the random labels by heart, in ${time(random)} epochs instead of ${time(real)}, and is then right on ${percent(random.test)} of other samples: no better than chance.`,
    };
  },
});
