// Deeper plain nets learn worse, on the very samples that they train on; paths around the layers cure it.
import { batchNorm2d, chain, conv2d, globalAvgPool2d, linear, momentum, relu } from 'lanewise';
import { residual, sequential, train } from 'lanewise';
import { bars, lab, LanewiseError, lines } from 'lanewise/lab';

/** A convolution that keeps the plane, and batch normalisation. */
const unit = (channels) => [
  conv2d(channels, channels, 3, { padding: 1, bias: false }),
  batchNorm2d(channels),
];

/** A first convolution that halves the plane, pairs of convolutions with or without a path around them, and a classifier. */
function netOf(depth, kind, [inputs, height, width], { channels }, classes) {
  const layers = { first: chain([conv2d(inputs, channels, 3, { padding: 1, stride: 2 }), relu()]) };
  for (let pair = 1; pair <= (depth - 2) / 2; pair++) {
    const body = [...unit(channels), relu(), ...unit(channels)];
    layers[`pair${pair}`] = chain(
      kind === 'residual' ? [residual(body), relu()] : [...body, relu()],
    );
  }
  layers.pool = globalAvgPool2d();
  layers.scores = linear(channels, classes);
  return sequential(layers, { input: [inputs, height, width] });
}

/** The numbers of a text. */
function depthsIn(text) {
  const depths = text.split(',').map(Number);
  if (depths.every((depth) => depth % 2 === 0 && depth >= 2 && depth <= 1000)) return depths;
  throw new LanewiseError('argument', `depths is '${text}', expected even numbers from 2 to 1000`);
}

export default lab({
  name: 'degradation',
  group: 'Expressivity',
  title: 'Degradation with depth, and residual learning',
  about:
    'A deeper net can compute whatever a shallower one does: its further layers need only pass on what they get. Yet plain nets, batch normalisation and all, get worse with depth even on the samples they train on. With a path around every two layers they do not. Look at the training loss, not at the test.',
  papers: [
    {
      cite: 'He et al. 2016',
      title: 'Deep residual learning for image recognition',
      link: 'https://arxiv.org/abs/1512.03385',
    },
    {
      cite: 'Srivastava et al. 2015',
      title: 'Highway networks',
      link: 'https://arxiv.org/abs/1505.00387',
    },
  ],
  settings: {
    depths: '8,20,44',
    channels: 8,
    samples: 1000,
    epochs: 5,
    batch: 32,
    lr: 0.05,
    seed: 1,
  },
  settingsAbout: {
    depths: 'layers with weights of each net, even numbers divided by commas',
    channels: { about: 'channels of each convolution', from: 1, to: 64, whole: true },
    samples: { about: 'samples to train on', from: 32, whole: true },
    epochs: { about: 'passes over them', from: 1, whole: true },
    batch: { about: 'samples of a step', from: 1, whole: true },
    lr: { about: 'the learning rate, with momentum 0.9', from: 0 },
    seed: { about: 'of the initial weights and the order', from: 0, whole: true },
  },
  small: { depths: '6,32', samples: 320, epochs: 5, batch: 16 },
  full: { samples: 6000, epochs: 10, channels: 16, depths: '8,20,32,56' },
  async run({ settings, data, workers, progress }) {
    const { samples, epochs, batch, lr, seed } = settings;
    const depths = depthsIn(settings.depths);
    const { train: digits, test } = await data({ train: samples, test: 500 });
    const [kinds, curves, evidence] = [['plain', 'residual'], [], []];
    const final = { plain: [], residual: [] };
    const errors = { plain: [], residual: [] };
    for (const [i, depth] of depths.entries()) {
      for (const kind of kinds) {
        progress(i * 2 + (kind === 'plain' ? 0 : 1), depths.length * 2, `${kind}, ${depth} layers`);
        const net = netOf(depth, kind, digits.shape, settings, digits.classes.length);
        const { history, model } = await train(net, {
          data: digits,
          validation: test,
          optimizer: momentum({ lr }),
          epochs,
          batch,
          seed,
          workers,
          numerics: 'strict',
        });
        const losses = history.map(({ loss }) => loss);
        curves.push({
          name: `${kind}, ${depth} layers`,
          x: losses.map((_, e) => e + 1),
          y: losses,
          dashed: kind === 'residual',
        });
        final[kind].push(losses.at(-1));
        errors[kind].push(1 - history.at(-1).valAccuracy);
        evidence.push(...model.weights.values());
      }
    }
    const [plain, skipping] = kinds.map((kind) => final[kind].at(-1) / final[kind][0]);
    const gap = final.plain.at(-1) / final.residual.at(-1);
    const layers = depths.map((depth) => `${depth} layers`);
    return {
      figures: [
        {
          name: 'plain: training loss of the deepest over that of the shallowest',
          value: plain,
          expected: [1, 1000],
          about: 'more than 1: depth makes it worse',
        },
        { name: 'residual: the same', value: skipping },
        {
          name: 'deepest net: training loss plain over residual',
          value: gap,
          expected: [1.05, 1000],
        },
        { name: 'test error, deepest plain net', value: errors.plain.at(-1), format: 'percent' },
        {
          name: 'test error, deepest residual net',
          value: errors.residual.at(-1),
          format: 'percent',
        },
      ],
      pictures: [
        lines({
          title: 'Training loss',
          caption:
            'Whole lines are plain nets: the deeper, the worse. Broken ones have paths around every two layers.',
          x: { name: 'epoch' },
          y: { name: 'training loss', log: true },
          series: curves,
        }),
        bars({
          title: 'Test error',
          caption: 'After the last epoch.',
          y: { name: 'test error', min: 0 },
          groups: layers,
          series: kinds.map((kind) => ({ name: kind, values: errors[kind] })),
        }),
      ],
      evidence,
      conclusion: `From ${depths[0]} to ${depths.at(-1)} layers the plain nets’ training loss grows ${plain.toFixed(1)} times, that of residual nets ${skipping.toFixed(1)} times: the deep plain net is not too weak, it is not found.`,
    };
  },
});
