/**
 * Greedy layer-wise pretraining: each layer of a deep sigmoid net learns by itself on what the layers below make of the
 * images, without labels (as half of an autoencoder) or with them (under a head of its own). Then the whole net learns.
 */
import { adam, encode, firstSamples, flatten, linear, momentum } from 'lanewise';
import { sequential, sigmoid, train } from 'lanewise';
import { images, lab, LanewiseError, lines, wholeNumber } from 'lanewise/lab';

const CLASSES = 10;

/** The deep net: `depth` hidden layers of `width` sigmoid units. */
function deepNet(shape, depth, width) {
  const layers = { flat: flatten() };
  for (let i = 1; i <= depth; i++) {
    const from = i > 1 ? width : shape.reduce((a, b) => a * b);
    Object.assign(layers, { [`fc${i}`]: linear(from, width), [`act${i}`]: sigmoid() });
  }
  return sequential({ ...layers, out: linear(width, CLASSES) }, { input: shape });
}

/** Weights of the layers, each trained on the codes of those below it; `withLabels` says towards what. */
async function pretrain(data, { depth, width, passes, seed }, withLabels, workers) {
  const weights = new Map();
  const size = data.samples.length / data.labels.length;
  const values = Float32Array.from(data.samples, (byte) => byte / 255);
  const labels = { shape: [], values: Int32Array.from(data.labels) };
  let codes = { name: 'images', inputs: { input: { shape: [size], values } }, targets: {} };
  for (let i = 1; i <= depth; i++) {
    const from = i > 1 ? width : size;
    const back = linear(width, withLabels ? CLASSES : from);
    const layers = { [`fc${i}`]: linear(from, width), act: sigmoid(), back };
    const { model } = await train(sequential(layers, { input: [from] }), {
      data: { ...codes, targets: { output: withLabels ? labels : codes.inputs.input } },
      loss: withLabels ? 'crossEntropy' : 'binaryCrossEntropyWithLogits',
      optimizer: adam({ lr: 0.003 }),
      epochs: passes,
      numerics: 'strict',
      seed,
      workers,
    });
    for (const part of ['weight', 'bias'])
      weights.set(`fc${i}.${part}`, model.weights.get(`fc${i}.${part}`));
    codes = await encode(model, codes, { layer: 'act', workers });
  }
  return weights;
}

export default lab({
  name: 'layerwise-pretraining',
  group: 'Pretraining',
  title: 'Layer by layer: what made deep nets trainable in 2006',
  about:
    'Gradient descent hardly moves the first layers of a deep sigmoid net, so with random initial weights it learns less the deeper it is. If each layer has first learned by itself to keep what the layer below says, without any label, descent starts from features of the images, and depth no longer hurts. Labels for the pretraining of each layer help as well.',
  papers: [
    {
      cite: 'Bengio et al. 2007',
      title: 'Greedy layer-wise training of deep networks',
      link: 'https://proceedings.neurips.cc/paper/2006/hash/5da713a690c067105aeb2fae32403405-Abstract.html',
    },
  ],
  settings: {
    images: 3000,
    labelled: 500,
    from: 1,
    depths: 5,
    width: 100,
    passes: 10,
    epochs: 40,
    lr: 0.1,
    seed: 1,
  },
  settingsAbout: {
    images: wholeNumber('images for the pretraining', 20),
    labelled: wholeNumber('the first of them, with labels, for training and one pretraining', 20),
    from: wholeNumber('fewest hidden layers'),
    depths: wholeNumber('most hidden layers'),
    width: wholeNumber('units of a hidden layer'),
    passes: wholeNumber('passes of the pretraining for each layer'),
    epochs: wholeNumber('passes of the training'),
    lr: { about: 'learning rate of the training, by gradient descent with momentum 0.9', from: 0 },
    seed: wholeNumber('of weights and orders', 0),
  },
  small: { images: 1500, labelled: 300, from: 4, depths: 4, epochs: 40 },
  full: { images: 20000, labelled: 2000, width: 200, epochs: 60 },

  async run({ settings, data, workers, say, progress }) {
    const { labelled, depths, width, epochs, lr, seed } = settings;
    if (depths < settings.from)
      throw new LanewiseError('argument', `depths is ${depths}, expected ${settings.from} or more`);
    const { train: all, test } = await data({ train: settings.images, test: 1000 });
    const few = firstSamples(all, labelled);
    const most = { ...settings, depth: depths };
    const starts = {
      'random weights': new Map(),
      'pretrained without labels': await pretrain(all, most, false, workers),
      'pretrained with labels': await pretrain(few, most, true, workers),
    };
    const tried = Array.from({ length: depths }, (_, i) => i + 1).slice(settings.from - 1);
    const [series, evidence] = [[], []];
    for (const [name, weights] of Object.entries(starts)) {
      const y = [];
      for (const depth of tried) {
        const own = new Map([...weights].filter(([key]) => Number(key[2]) <= depth));
        const given = { data: few, optimizer: momentum({ lr }), weights: own, epochs, batch: 20 };
        const how = { ...given, numerics: 'strict', seed, workers };
        const { model } = await train(deepNet(all.shape, depth, width), how);
        const { accuracy } = await model.evaluate(test);
        y.push(1 - accuracy);
        evidence.push(...model.weights.values());
        progress(series.length * depths + depth, 3 * depths, `${name}, ${depth} layers`);
      }
      series.push({ name, x: tried, y });
      say(`${name}: ${y.map((error) => error.toFixed(3)).join(' ')}`);
    }
    const first = starts['pretrained without labels'].get('fc1.weight');
    const size = first.length / width;
    const filters = Array.from({ length: Math.min(20, width) }, (_, i) => {
      const pixels = first.slice(i * size, (i + 1) * size);
      return { pixels, shape: all.shape, colours: 'diverging' };
    });
    const shares = series.map(({ y }) => y.at(-1));
    const percent = (value) => `${(100 * value).toFixed(1)} %`;
    return {
      figures: series.map(({ name, y }, i) => {
        const figure = { name: `test error with ${depths} layers, ${name}`, value: y.at(-1) };
        return { ...figure, format: 'percent', expected: i ? [0, 0.5] : [0.5, 0.95] };
      }),
      pictures: [
        lines({
          title: 'Depth, with and without pretraining',
          caption: `${labelled} digits with labels, ${settings.images} without.`,
          x: { name: 'hidden layers' },
          y: { name: 'test error', min: 0 },
          series,
        }),
        images({
          title: 'What the first layer learned without labels',
          caption: 'The incoming weights of 20 units.',
          columns: 10,
          items: filters,
        }),
      ],
      evidence,
      conclusion: `With ${depths} layers the net is wrong on ${percent(shares[0])} from random weights, on ${percent(shares[1])} after pretraining without labels, and on ${percent(shares[2])} after pretraining with labels.`,
    };
  },
});
