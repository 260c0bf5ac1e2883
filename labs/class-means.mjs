// What a net has made of the classes: the mean of its outputs H(x), and of its features, over the images of each class.
import { encode, lenet5Original, mapCriterion, mlp, momentum, train } from 'lanewise';
import { heatmap, images, lab, wholeNumber } from 'lanewise/lab';

/** The mean row of each class: `values` has a row for each label. */
function meansByClass(values, labels) {
  const size = values.length / labels.length;
  return Array.from({ length: 10 }, (_, c) => {
    const sum = new Float64Array(size);
    let count = 0;
    for (const [i, label] of labels.entries()) {
      if (label !== c) continue;
      count++;
      for (let e = 0; e < size; e++) sum[e] += values[i * size + e];
    }
    return Float32Array.from(sum, (one) => one / count);
  });
}

/** The share of bitmaps' pixels on whose side of 0 a class's mean feature is. */
function agreement(means, bitmaps) {
  const same = (mean, c) => mean.filter((one, e) => one > 0 === bitmaps[c * mean.length + e] > 0);
  return means.reduce((sum, mean, c) => sum + same(mean, c).length / bitmaps.length, 0);
}

const mean = (values) => values.reduce((sum, one) => sum + one, 0) / values.length;
const ofClasses = (title, means, shape, options) => {
  const items = means.map((pixels, c) => ({ pixels, shape, label: String(c), ...options }));
  return images({ title, columns: 10, items, zoom: shape[2] < 10 ? 6 : 2 });
};
const figure = (name, value, least, most, source) => ({
  name,
  value,
  expected: [least, most],
  ...(source ? { paper: 1, source } : { format: 'percent' }),
});

export default lab({
  name: 'class-means',
  group: 'Ingredients',
  title: 'What the nets make of each class',
  about:
    'A two-layer net is trained with squared errors on outputs that should be 1 for the image’s class and 0 for the others; ' +
    'LeNet-5 as printed is trained to draw, with the 84 units of its last hidden layer, a 7×12 bitmap of the digit. The ' +
    'pictures are means over the test images of each class. The least-squares H(x) estimates the probability of each ' +
    'class, so its ten outputs add up to 1, and the brightest squares off the diagonal are what the net confuses.',
  papers: [
    {
      cite: 'LeCun et al. 1998',
      title: 'Gradient-based learning applied to document recognition',
      link: 'https://doi.org/10.1109/5.726791',
    },
    {
      cite: 'Richard & Lippmann 1991',
      title: 'Neural network classifiers estimate Bayesian a posteriori probabilities',
      link: 'https://doi.org/10.1162/neco.1991.3.4.461',
    },
  ],
  settings: { hidden: 100, samples: 6000, test: 1000, epochs: 6, seed: 1 },
  settingsAbout: {
    hidden: wholeNumber('hidden units of the two-layer net'),
    samples: wholeNumber('training images, at most', 32),
    test: wholeNumber('test images, at most', 100),
    epochs: wholeNumber('passes over the training images'),
    seed: wholeNumber('of the weights and of the order of the images', 0),
  },
  small: { hidden: 50, samples: 800, test: 300, epochs: 4 },
  full: { hidden: 300, samples: 60000, test: 10000, epochs: 12 },
  async run({ settings, data, workers, progress }) {
    const { hidden, samples, test: testCount, epochs, seed } = settings;
    const { train: given, test } = await data({ train: samples, test: testCount });
    const common = { data: given, validation: test, schedule: 'cosine', epochs, batch: 32 };
    const same = { ...common, seed, workers, numerics: 'strict' };
    progress(0, 2, 'two layers');
    const two = await train(mlp({ hidden, activation: 'tanh' }), {
      ...same,
      loss: 'squaredError',
      optimizer: momentum({ lr: 0.01 }),
    });
    progress(1, 2, 'LeNet-5');
    const lenet = await train(lenet5Original(), {
      ...same,
      loss: mapCriterion({ j: 10 }),
      optimizer: momentum({ lr: 0.002 }),
    });

    const labels = test.labels;
    const { scores } = await two.model.predict(test.samples);
    const outputs = meansByClass(scores, labels);
    const features = await encode(lenet.model, test, { layer: 'f6act' });
    const f6 = meansByClass(features.inputs.input.values, labels);
    const bitmaps = lenet.model.weights.get('output.centres');
    const drawn = Array.from({ length: 10 }, (_, c) => bitmaps.slice(c * 84, (c + 1) * 84));
    const pixels = meansByClass(test.samples, labels);
    const own = mean(outputs.map((row, c) => row[c]));
    const sum = mean(outputs.map((row) => 10 * mean(row)));
    const signed = { colours: 'diverging', range: [-1.7159, 1.7159] };
    return {
      figures: [
        figure('mean output of the right class', own, 0.5, 1.1, 'the target'),
        figure('mean sum of the ten outputs', sum, 0.9, 1.1, 'theory: Richard & Lippmann 1991'),
        figure('features on the right side of their bitmap', agreement(f6, bitmaps), 0.9, 1),
        figure('test error: two layers', 1 - two.history.at(-1).valAccuracy, 0, 0.3),
        figure('test error: LeNet-5', 1 - lenet.history.at(-1).valAccuracy, 0, 0.3),
      ],
      pictures: [
        heatmap({
          title: 'Mean output H(x) of the two-layer net',
          x: { name: 'output', from: 0, to: 9 },
          y: { name: 'class of the images', from: 0, to: 9 },
          rows: 10,
          columns: 10,
          values: outputs.flatMap((row) => [...row]),
          scale: { name: 'mean output', diverging: true },
        }),
        ofClasses('LeNet-5: mean of the 84 features F6', f6, [1, 12, 7], signed),
        ofClasses('The bitmaps that F6 is trained to draw, as printed', drawn, [1, 12, 7], signed),
        ofClasses('Mean image', pixels, [1, 28, 28], { colours: 'grey', range: [0, 255] }),
      ],
      evidence: [...outputs, ...f6],
      conclusion:
        'Squared errors make H(x) an estimate of the probability of each class, and LeNet-5 draws its bitmaps.',
    };
  },
});
