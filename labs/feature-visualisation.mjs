/**
 * What a net wants to see: images that raise one of its outputs, or one of its filters, as far as they can. The images are
 * the weights of an embedding in front of the frozen net, and the label says which of them.
 */
import { adam, chain, conv2d, flatten, linear, maxPool2d, relu, sequential, train } from 'lanewise';
import { images, lab, wholeNumber } from 'lanewise/lab';
import { climb, pictures } from './robustness/climb.mjs';

const stage = (from, to) => chain([conv2d(from, to, 5, { padding: 2 }), relu(), maxPool2d(2)]);
const FILTERS = 12;

export default lab({
  name: 'feature-visualisation',
  group: 'Robustness',
  title: 'Images that a net wants to see',
  about:
    'Gradients by the image climb to what raises a class’s score most, or a filter’s mean. A net’s favourite digits look like noise with a trace of strokes; a penalty on roughness makes the strokes plain. Another net, from other initial weights, reads both. The filters of the second convolution answer to strokes of one direction, to dots and to corners.',
  papers: [
    {
      cite: 'Erhan et al. 2009',
      title: 'Visualizing higher-layer features of a deep network',
      link: 'https://www.iro.umontreal.ca/~lisa/publications2/index.php/publications/show/247',
    },
    {
      cite: 'Mahendran & Vedaldi 2015',
      title: 'Understanding deep image representations by inverting them',
      link: 'https://arxiv.org/abs/1412.0035',
    },
  ],
  settings: { train: 3000, epochs: 6, steps: 150, smoothness: 100, seed: 1 },
  settingsAbout: {
    train: wholeNumber('training samples of the two nets'),
    epochs: wholeNumber('passes over them'),
    steps: wholeNumber('steps of the images'),
    smoothness: { about: 'penalty on the mean squared difference of neighbouring pixels', from: 0 },
    seed: wholeNumber('of the first net; the second has the next', 0),
  },
  small: { train: 300, epochs: 4, steps: 30 },
  full: { train: 20000, epochs: 6, steps: 500 },

  async run({ settings, data, workers, progress }) {
    const { epochs, smoothness, seed } = settings;
    const { train: given } = await data({ train: settings.train, test: 100 });
    const { shape, classes } = given;
    const [channels, height, width] = shape;
    const body = chain({ s1: stage(channels, 8), s2: stage(8, FILTERS) });
    const out = linear((FILTERS * height * width) / 16, classes.length);
    const net = chain({ body, flat: flatten(), out });
    const how = {
      data: given,
      optimizer: adam({ lr: 0.003 }),
      epochs,
      numerics: 'strict',
      workers,
    };
    const learn = async (more) =>
      (await train(sequential({ net }, { input: shape }), { ...how, ...more })).model;
    const [own, other] = [await learn({ seed }), await learn({ seed: seed + 1 })];
    const climbing = { ...settings, workers };
    progress(1, 4, 'two nets trained');
    const rough = await climb(net, own.weights, shape, classes.length, 0, climbing);
    progress(2, 4, 'images without a penalty');
    const smooth = await climb(net, own.weights, shape, classes.length, smoothness, climbing);
    progress(3, 4, 'images with a penalty');
    const ofBody = new Map(
      [...own.weights]
        .filter(([name]) => name.startsWith('net.body'))
        .map(([name, values]) => [name.replace('net.body', 'net'), values]),
    );
    const filters = await climb(body, ofBody, shape, FILTERS, smoothness / 100, climbing);
    const readBy = async (model, { pixels }) => {
      const { classes: read } = await model.predict(pixels, shape);
      return read.filter((one, i) => one === i).length / classes.length;
    };
    const [roughAgain, smoothAgain] = [await readBy(other, rough), await readBy(other, smooth)];
    const unevenness = ({ pixels }) => {
      const steps = pixels.map((value, e) => (e % width ? (value - pixels[e - 1]) ** 2 : 0));
      return steps.reduce((sum, one) => sum + one, 0) / steps.length;
    };
    const share = (name, value) => ({ name, value, format: 'percent' });
    return {
      figures: [
        { ...share('images read by the net itself', await readBy(own, rough)), expected: [0.9, 1] },
        share('images read by another net', roughAgain),
        {
          ...share('smooth images read by the net itself', await readBy(own, smooth)),
          expected: [0.9, 1],
        },
        share('smooth images read by another net', smoothAgain),
        { name: 'mean squared step to the next pixel', value: unevenness(rough) },
        { name: 'mean squared step to the next pixel, smooth', value: unevenness(smooth) },
      ],
      pictures: [
        images({
          title: 'What the net takes for each class',
          caption:
            'First row: whatever raises the class’s score most. Second: the same with a penalty on differences of neighbouring pixels.',
          columns: classes.length,
          items: [
            ...pictures(rough.pixels, shape, classes),
            ...pictures(smooth.pixels, shape, classes),
          ],
        }),
        images({
          title: 'What the filters of the second convolution answer to',
          columns: FILTERS / 2,
          items: pictures(
            filters.pixels,
            shape,
            Array.from({ length: FILTERS }, (_, i) => `filter ${i}`),
          ),
        }),
      ],
      evidence: [...own.weights.values(), rough.pixels, smooth.pixels, filters.pixels],
      conclusion: `Another net reads ${Math.round(100 * roughAgain)} % of the images that the first one wants to see, though no person would, and ${Math.round(100 * smoothAgain)} % of the smooth ones: both nets have found the same strokes.`,
    };
  },
});
