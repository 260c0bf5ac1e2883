// Noise to clean: a net sees pictures with noise beside the clean ones, and learns to take the noise out of others.
import { adam, add, avgPool2d, batchNorm2d, chain, conv2d } from 'lanewise';
import { functional, initializers, input } from 'lanewise';
import { pixelShuffle, pixelUnshuffle, relu, sequential, train, withWeights } from 'lanewise';
import { deadLeaves, drawImage, images, lab, LanewiseError, psnr } from 'lanewise/lab';
import { randomNumbers, readImage, wholeNumber } from 'lanewise/lab';

/** Adds a correction to the picture (residual learning, Zhang et al. 2017), found at half its size, as in FFDNet (2018). */
function denoiser(height, width, { channels, depth }) {
  const convolution = (from, to, more) => conv2d(from, to, 3, { padding: 'same', ...more });
  const stage = () => [convolution(channels, channels), batchNorm2d(channels), relu()];
  const correction = chain([
    pixelUnshuffle(2),
    convolution(4, channels),
    relu(),
    ...Array.from({ length: depth }, stage).flat(),
    convolution(channels, 4, { weightInit: initializers.normal(0, 0.02) }),
    pixelShuffle(2),
  ]);
  const noisy = input([1, height, width]);
  const clean = add(noisy, correction(noisy));
  return functional({ inputs: { noisy }, outputs: { clean }, layers: { correction } });
}

const PHOTOGRAPH = '/usr/share/tuxpaint/templates/lighthouse.jpg';
const PICTURES = ['none', 'tuxpaint-data'];
const unit = (bytes) => Float32Array.from(bytes, (value) => value / 255);

export default lab({
  name: 'denoising',
  group: 'Beyond classification',
  title: 'Denoising',
  about:
    'Normal noise is added to digits and to generated pictures of leaves. A net learns to get back the clean ones, and is tried on digits and on a picture that it has not seen: yours with picture=FILE, or with picture=tuxpaint-data the lighthouse of that Debian package. With target=noisy it never sees a clean picture, only the same ones with other noise, and learns nearly as well, as the mean of noise is 0.',
  papers: [
    {
      cite: 'Zhang et al. 2017',
      title: 'Beyond a Gaussian denoiser: residual learning of deep CNN for image denoising',
      link: 'https://arxiv.org/abs/1608.03981',
    },
    {
      cite: 'Lehtinen et al. 2018',
      title: 'Noise2Noise: learning image restoration without clean data',
      link: 'https://arxiv.org/abs/1803.04189',
    },
  ],
  settings: {
    sigma: 25,
    picture: 'none',
    size: 512,
    target: 'clean',
    patches: 10000,
    channels: 24,
    depth: 4,
    epochs: 6,
    batch: 32,
    seed: 1,
  },
  settingsAbout: {
    sigma: { about: 'deviation of the noise, of 255', from: 1, to: 255 },
    picture: { about: 'a file, or none: a drawn house', choices: PICTURES, file: true },
    size: { about: 'sides of that picture in pixels', from: 2, to: 4096, multipleOf: 2 },
    target: { about: 'what the net is to give', choices: ['clean', 'noisy'] },
    patches: { about: 'pictures to learn from, half of them digits', from: 2, multipleOf: 2 },
    channels: wholeNumber('channels of the convolutions'),
    depth: wholeNumber('convolutions between the first and the last', 0),
    epochs: wholeNumber('passes over the patches'),
    batch: wholeNumber('patches a step'),
    seed: wholeNumber('of pictures, noise and weights', 0),
  },
  small: { patches: 1200, epochs: 3, batch: 4, size: 64, channels: 12, depth: 2 },
  async run({ settings, data, workers, progress }) {
    const { picture, size, target, patches, epochs, batch, seed } = settings;
    const random = randomNumbers(seed);
    const sigma = settings.sigma / 255;
    // Nothing is cut off at black and white, as in the papers.
    const withNoise = (pixels) => Float32Array.from(pixels, (v) => v + sigma * random.normal());
    const { train: digits, test } = await data({ train: patches / 2, test: 200 });
    const [[C, H, W], count] = [digits.shape, digits.labels.length];
    if (C !== 1 || H !== W || H % 2)
      throw new LanewiseError('data', `images are of ${C}×${H}×${W}, expected grey even squares`);
    const values = new Float32Array(2 * count * H * W);
    values.set(unit(digits.samples));
    for (let i = count; i < 2 * count; i++) values.set(unit(deadLeaves(random, H, 5)), i * H * W);
    const field = (pixels) => ({ shape: [1, H, W], values: pixels });
    const goal = target === 'clean' ? values : withNoise(values);
    const [noisy, clean] = [field(withNoise(values)), field(goal)];
    const pairs = { name: 'noise to clean', inputs: { noisy }, targets: { clean } };
    const learning = { loss: 'meanSquaredError', optimizer: adam({ lr: 0.004 }) };
    const steps = { schedule: 'cosine', epochs, batch, seed };
    const { model } = await train(
      denoiser(H, W, settings),
      { data: pairs, ...learning, ...steps, workers, numerics: 'strict' },
      { onEpoch: ({ epoch }) => progress(epoch, epochs, 'epochs') },
    );

    // The mean of 3×3 pixels is what can be done without learning.
    const means = avgPool2d(3, { stride: 1, padding: 1, countIncludePad: false });
    const ready = (net, weights) => withWeights(net, weights, { numerics: 'strict', loss: 'l1' });
    const cleaned = async (name, pixels, h, w) => {
      const truth = unit(pixels);
      const seen = withNoise(truth);
      const blur = ready(sequential([means], { input: [1, h, w] }), new Map());
      const net = ready(denoiser(h, w, settings), model.weights);
      const predicted = [blur, net].map((one) => one.predict(seen, [1, h, w]));
      const [blurred, scores] = (await Promise.all(predicted)).map((one) => one.scores);
      const decibels = [seen, blurred, scores].map((one) => psnr(one, truth));
      return { name, size: [h, w], all: [truth, seen, scores], scores, decibels };
    };
    const file = picture === 'tuxpaint-data' ? PHOTOGRAPH : picture;
    const one =
      file !== 'none'
        ? (await readImage(file, { size, channels: 1 })).samples
        : drawImage('house', { size, channels: 1 }).samples;
    const found = [
      await cleaned('digits', test.samples, H, W),
      await cleaned('picture', one, size, size),
    ];
    const gain = (k) => found[k].decibels[2] - found[k].decibels[0];
    const share = (k) => Math.round(100 * (1 - 10 ** (-gain(k) / 10)));
    const [least, theory] = [patches < 5000 ? 2.5 : 8, 20 * Math.log10(255 / settings.sigma)];
    const shown = ({ size: [h, w], all }, count) =>
      Array.from({ length: 3 * count }, (_, i) => ({
        pixels: all[i % 3].subarray(Math.floor(i / 3) * h * w, (Math.floor(i / 3) + 1) * h * w),
        shape: [1, h, w],
        range: [0, 1],
        label: ['clean', 'noisy', 'cleaned'][i % 3],
      }));
    return {
      figures: found.flatMap(({ name, decibels: [noisy, blur, net] }) => [
        { name: `${name}, noisy (dB)`, value: noisy, expected: [theory - 0.15, theory + 0.15] },
        { name: `${name}, mean of 3×3 pixels (dB)`, value: blur },
        { name: `${name}, cleaned by the net (dB)`, value: net },
        { name: `${name}, gain of the net (dB)`, value: net - noisy, expected: [least, 40] },
      ]),
      pictures: [
        images({ title: 'A picture held out', columns: 3, zoom: 1, items: shown(found[1], 1) }),
        images({ title: 'Digits held out', columns: 6, zoom: 3, items: shown(found[0], 6) }),
      ],
      evidence: found.map(({ scores }) => scores),
      conclusion: `The net takes away ${share(0)} % of the noise’s power on digits and ${share(1)} % on the picture, which it has never seen.`,
    };
  },
});
