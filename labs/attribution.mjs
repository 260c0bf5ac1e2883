/**
 * What a net looks at: saliency, SmoothGrad, occlusion and Grad-CAM on scenes where one digit stands among pieces of others.
 * Where the digit is, is known; so the methods can be measured.
 */
import { adam, arrays, chain, sequential, train } from 'lanewise';
import { bars, images, lab, LanewiseError, randomNumbers, wholeNumber } from 'lanewise/lab';
import { body, explainer, head, mapsOf } from './robustness/explain.mjs';
import { inside, scenes, SIDE } from './robustness/scenes.mjs';

export default lab({
  name: 'attribution',
  group: 'Robustness',
  title: 'What a net looks at',
  about:
    'A net learns to name the one whole digit in a scene of pieces; nobody tells it where. Four methods then ask which pixels its answer came from: the gradient by the image (saliency), its mean over noisy copies (SmoothGrad), the loss of probability under a black square (occlusion), and the last feature maps weighted by their gradients (Grad-CAM).',
  papers: [
    {
      cite: 'Simonyan et al. 2014',
      title:
        'Deep inside convolutional networks: visualising image classification models and saliency maps',
      link: 'https://arxiv.org/abs/1312.6034',
    },
    {
      cite: 'Zeiler & Fergus 2014',
      title: 'Visualizing and understanding convolutional networks',
      link: 'https://arxiv.org/abs/1311.2901',
    },
    {
      cite: 'Smilkov et al. 2017',
      title: 'SmoothGrad: removing noise by adding noise',
      link: 'https://arxiv.org/abs/1706.03825',
    },
    {
      cite: 'Selvaraju et al. 2017',
      title: 'Grad-CAM: visual explanations from deep networks',
      link: 'https://arxiv.org/abs/1610.02391',
    },
  ],
  settings: { train: 3000, epochs: 18, pieces: 8, asked: 40, noise: 0.15, copies: 25, seed: 1 },
  settingsAbout: {
    train: wholeNumber('scenes to learn from', 32),
    epochs: wholeNumber('passes over them'),
    pieces: wholeNumber('pieces of other digits in a scene', 0),
    asked: wholeNumber('test scenes that are explained', 1, 500),
    noise: { about: 'deviation of SmoothGrad’s noise, where white is 1', from: 0 },
    copies: wholeNumber('noisy copies of SmoothGrad'),
    seed: wholeNumber('of weights, scenes and noise', 0),
  },
  small: { train: 200, epochs: 2, asked: 4, copies: 4 },
  full: { train: 20000, epochs: 10, asked: 400, copies: 50 },

  async run({ settings, data, workers, progress }) {
    const { epochs, pieces, asked, seed } = settings;
    const given = await data({ train: settings.train, test: 500 });
    const shape = given.train.shape.join('×');
    if (shape !== '1×28×28')
      throw new LanewiseError('data', `${given.name} is of ${shape}, expected images of 1×28×28`);
    const random = randomNumbers(seed);
    const [learned, test] = [
      scenes(given.train, random, pieces),
      scenes(given.test, random, pieces),
    ];
    const set = ({ values, labels }) => arrays({ samples: values, labels, shape: [1, SIDE, SIDE] });
    const net = sequential({ net: chain({ body, head }) }, { input: [1, SIDE, SIDE] });
    const { model: trained } = await train(net, {
      data: set(learned),
      optimizer: adam({ lr: 0.003 }),
      epochs,
      batch: 32,
      numerics: 'strict',
      seed,
      workers,
    });
    const { accuracy } = await trained.evaluate(set(test));
    const nets = {
      trained,
      slopes: explainer('image', trained.weights),
      cam: explainer('features', trained.weights),
    };
    const [found, items, evidence] = [[], [], [...trained.weights.values()]];
    const area = (28 * 28) / (SIDE * SIDE);
    for (let i = 0; i < asked; i++) {
      const image = test.values.slice(i * SIDE * SIDE, (i + 1) * SIDE * SIDE);
      const maps = await mapsOf(nets, image, test.labels[i], settings, random);
      found.push(Object.values(maps).map((map) => inside(map, test.boxes[i])));
      evidence.push(...Object.values(maps));
      progress(i + 1, asked, 'scenes explained');
      if (i >= 4) continue;
      const shape = [1, SIDE, SIDE];
      items.push({
        pixels: image,
        shape,
        range: [0, 1],
        label: `a ${test.labels[i]}`,
        boxes: [test.boxes[i]],
      });
      for (const [label, pixels] of Object.entries(maps))
        items.push({ pixels, shape, label, colours: 'heat', range: [0, Math.max(...pixels) || 1] });
    }
    const methods = ['saliency', 'SmoothGrad', 'occlusion', 'Grad-CAM'];
    const mean = (m, key) => found.reduce((sum, one) => sum + one[m][key], 0) / asked;
    const shares = methods.map((_, m) => mean(m, 'share'));
    const hits = methods.map((_, m) => mean(m, 'hit'));
    const pointing = shares.filter((share) => share > area).length;
    const percent = (name, value, more) => ({ name, value, format: 'percent', ...more });
    const expected = { occlusion: { expected: [0.4, 1] } };
    return {
      figures: [
        percent('accuracy on new scenes', accuracy),
        percent('share of the scene in the digit’s box', area),
        ...methods.map((name, m) =>
          percent(`share of ${name} in the box`, shares[m], expected[name]),
        ),
        ...methods.map((name, m) => percent(`highest point of ${name} in the box`, hits[m])),
      ],
      pictures: [
        images({
          title: 'Where its answers come from',
          caption:
            'Each row: a scene with the box that the net was never told, and the four maps, each from its lowest value to its highest.',
          columns: 5,
          zoom: 2,
          items,
        }),
        bars({
          title: 'How much falls on the digit',
          caption: `The box is ${Math.round(100 * area)} % of the scene: that much would fall into it by chance.`,
          y: { name: 'share', min: 0, max: 1 },
          groups: ['chance', ...methods],
          series: [
            { name: 'share of the map in the box', values: [area, ...shares] },
            { name: 'highest point in the box', values: [area, ...hits] },
          ],
        }),
      ],
      evidence,
      conclusion: `${pointing === 4 ? 'All four' : `${pointing} of the four`} point to the digit, which fills ${Math.round(100 * area)} % of a scene: ${methods.map((name, m) => `${name} with ${Math.round(100 * shares[m])} %`).join(', ')}.`,
    };
  },
});
