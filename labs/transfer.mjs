/**
 * Transfer: a net that knows five classes lends its first layers to a net for the other five, of which there are few samples.
 * How many layers can be lent, frozen or trained further, and what do adaptation layers on top of frozen ones gain?
 */
import { adam, chain, conv2d, flatten, linear, maxPool2d, relu, sequential } from 'lanewise';
import { subset, train } from 'lanewise';
import { lab, lines, wholeNumber } from 'lanewise/lab';

const HALF = 5;
const LAYERS = ['conv1', 'conv2', 'conv3', 'fc1'];
const COUNTS = [2, 5, 10, 20, 50];

/** The samples of five classes from `first` on, at most `each` of one, as classes 0 to 4. */
function five(data, first, each = Infinity) {
  const left = Array(HALF).fill(each);
  const rows = [...data.labels.keys()].filter((i) => left[data.labels[i] - first]-- > 0);
  const part = subset(data, rows);
  const classes = data.classes.slice(first, first + HALF);
  return { ...part, classes, labels: Uint8Array.from(part.labels, (label) => label - first) };
}

const stage = (from, to) => chain([conv2d(from, to, 5, { padding: 2 }), relu(), maxPool2d(2)]);
const ahead = (from, to) => chain([linear(from, to), relu()]);

/** Three convolutions and a dense layer, and a head of one layer, or of two adaptation layers and one. */
function netOf([channels, height, width], adapted = false) {
  const conv3 = chain([conv2d(16, 16, 3, { padding: 1 }), relu(), flatten()]);
  const fc1 = ahead(height * width, 64);
  const features = { conv1: stage(channels, 8), conv2: stage(8, 16), conv3, fc1 };
  const adaptation = adapted ? { adapt1: ahead(64, 64), adapt2: ahead(64, 64) } : {};
  return sequential(
    { ...features, ...adaptation, out: linear(64, HALF) },
    { input: [channels, height, width] },
  );
}

export default lab({
  name: 'transfer',
  group: 'Pretraining',
  title: 'What the first layers keep',
  about:
    'The first layers of a net that knows five classes are copied into a net for the other five, of which it sees few samples. First layers find strokes, which all classes have; later ones are made for the first task. With two samples of a class the copied layers help, most if they learn further; with more, the net from scratch catches up and passes what is frozen.',
  papers: [
    {
      cite: 'Yosinski et al. 2014',
      title: 'How transferable are features in deep neural networks?',
      link: 'https://arxiv.org/abs/1411.1792',
    },
    {
      cite: 'Oquab et al. 2014',
      title:
        'Learning and transferring mid-level image representations using convolutional neural networks',
      link: 'https://doi.org/10.1109/CVPR.2014.222',
    },
  ],
  settings: { train: 4000, epochs: 10, each: 2, steps: 150, counts: 5, seeds: 3, seed: 1 },
  settingsAbout: {
    train: wholeNumber('samples of all ten classes; the first task takes its half', 100),
    epochs: wholeNumber('passes of the first task'),
    each: wholeNumber('samples of each class in the second task, by layer', 2),
    steps: wholeNumber('steps of the second task'),
    counts: wholeNumber('points of the second picture', 1, 5),
    seeds: wholeNumber('runs of the second task, of which the mean is shown'),
    seed: wholeNumber('of weights and orders', 0),
  },
  small: { train: 400, epochs: 4, each: 10, steps: 20, counts: 1, seeds: 1 },
  full: { train: 20000, steps: 300, seeds: 10 },

  async run({ settings, data, workers, progress }) {
    const { seed, seeds, each, steps } = settings;
    const all = await data({ train: settings.train, test: 1000 });
    const { shape } = all.train;
    const test = five(all.test, HALF);
    const common = { optimizer: adam({ lr: 0.002 }), batch: 10, numerics: 'strict', workers };
    const first = { data: five(all.train, 0), epochs: settings.epochs, batch: 32, seed };
    const { model: known } = await train(netOf(shape), { ...common, ...first });
    const evidence = [...known.weights.values()];

    /** The second task's error with the first `copied` layers of the first task's net, its mean over the seeds. */
    async function errorOf(copied, frozen, count, adapted) {
      const names = LAYERS.slice(0, copied);
      const isCopied = ([name]) => names.includes(name.split('.')[0]);
      const weights = new Map([...known.weights].filter(isCopied));
      let sum = 0;
      for (let i = 0; i < seeds; i++) {
        const few = five(all.train, HALF, count);
        const epochs = Math.ceil((steps * common.batch) / few.labels.length);
        const given = { data: few, weights, freeze: frozen ? names : [], epochs, seed: seed + i };
        const { model } = await train(netOf(shape, adapted), { ...common, ...given });
        sum += 1 - (await model.evaluate(test)).accuracy;
        evidence.push(model.weights.get('out.weight'));
      }
      return sum / seeds;
    }
    const layers = [0, 1, 2, 3, 4];
    const [frozen, tuned] = [[], []];
    for (const n of layers) {
      frozen.push(await errorOf(n, true, each));
      tuned.push(n > 0 ? await errorOf(n, false, each) : frozen[0]);
      progress(n + 1, 10, `${n} layers copied`);
    }
    const curves = {
      'from scratch': [0, false],
      'frozen, a new head': [4, false],
      'frozen, adaptation layers': [4, true],
    };
    const [few, counts] = [[], COUNTS.slice(0, settings.counts)];
    for (const [name, [copied, adapted]] of Object.entries(curves)) {
      const y = [];
      for (const count of counts) y.push(await errorOf(copied, true, count, adapted));
      few.push({ name, x: counts, y });
      progress(6 + few.length, 10, name);
    }
    const share = (name, value) => ({ name, value, format: 'percent' });
    const percent = (value) => `${(100 * value).toFixed(1)} %`;
    return {
      figures: [
        share('error from scratch', frozen[0]),
        { ...share('error with the first two layers frozen', frozen[2]), expected: [0, frozen[0]] },
        share('error with all four layers frozen', frozen[4]),
        { ...share('error with all four layers, trained further', tuned[4]), expected: [0, 0.5] },
        ...few.map(({ name, y }) =>
          share(`error from ${COUNTS[0]} samples a class, ${name}`, y[0]),
        ),
      ],
      pictures: [
        lines({
          title: 'Layers that are lent',
          caption: `${each} samples of each new class, mean of ${seeds === 1 ? 'one run' : `${seeds} runs`}. The layers are ${LAYERS.join(', ')}.`,
          x: { name: 'first layers copied' },
          y: { name: 'test error of the new classes', min: 0 },
          series: [
            { name: 'frozen', x: layers, y: frozen },
            { name: 'trained further', x: layers, y: tuned },
          ],
        }),
        lines({
          title: 'Few samples',
          caption: 'All four layers are frozen; the head on them is one layer, or three.',
          x: { name: 'samples of each new class', log: true },
          y: { name: 'test error of the new classes', min: 0 },
          series: few,
        }),
      ],
      evidence,
      conclusion: `With ${each} samples a class the error is ${percent(frozen[0])} from scratch, ${percent(frozen[2])} on two layers of a net for other classes, ${percent(frozen[4])} on four frozen ones, and ${percent(tuned[4])} if these learn further.`,
    };
  },
});
