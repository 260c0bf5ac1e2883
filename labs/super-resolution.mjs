// Bicubic interpolation enlarges every picture by one rule. A net learns from other pictures what the rule leaves out.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { adam, add, chain, conv2d, defineLayer, functional, initializers, input } from 'lanewise';
import { ops, pixelShuffle, relu, sequential, train, withWeights } from 'lanewise';
import { bars, deadLeaves, images, lab, LanewiseError, psnr } from 'lanewise/lab';
import { randomNumbers, readImage, wholeNumber } from 'lanewise/lab';

const [SCALE, PHOTOGRAPHS, strict] = [3, '/usr/share/tuxpaint/templates', { numerics: 'strict' }];

/** Keys' cubic (1981, a = −½), with antialiasing where a picture shrinks, as in MATLAB's imresize. */
const bicubic = (size) =>
  defineLayer('bicubic', { size }, (scope, x) =>
    ops.resize(x, { sizes: [size, size], mode: 'cubic', cubicCoefficient: -0.5, antialias: true }),
  );

/** Bicubic enlargement plus what three convolutions of the small picture add, whose nine channels become 3×3 pixels. */
function enlarger(size, width) {
  const same = { padding: 'same' };
  const small = input([1, size, size]);
  const detail = chain([
    conv2d(1, width, 5, same),
    relu(),
    conv2d(width, width, 3, same),
    relu(),
    conv2d(width, SCALE * SCALE, 3, { ...same, weightInit: initializers.normal(0, 0.001) }),
    pixelShuffle(SCALE),
  ]);
  const large = add(bicubic(SCALE * size)(small), detail(small));
  return functional({ inputs: { small }, outputs: { large }, layers: { detail } });
}

/** A layer without weights, as a model of pictures. */
const fixed = (layer, size) =>
  withWeights(sequential([layer], { input: [1, size, size] }), new Map(), {
    ...strict,
    loss: 'l1',
  });

/** The bytes of the pictures that a model makes of pictures. */
async function bytesOf(model, pixels, size) {
  const { scores } = await model.predict(pixels, [1, size, size]);
  return Uint8Array.from(scores, (value) => Math.max(0, Math.min(255, Math.round(255 * value))));
}

/** The user's pictures as squares of grey, or generated ones. */
async function readPictures({ pictures, size, seed }, generated) {
  const random = randomNumbers(seed);
  if (pictures === 'none') return Array.from({ length: generated }, () => deadLeaves(random, size));
  const folder = pictures === 'tuxpaint-data' ? PHOTOGRAPHS : pictures;
  const names = readdirSync(folder).filter((name) => /\.(png|jpe?g|webp)$/i.test(name));
  const files = names.toSorted().map((name) => join(folder, name));
  const read = files.map((file) => readImage(file, { size, channels: 1 }));
  return (await Promise.all(read)).map(({ samples }) => samples);
}

const joined = (pictures) => Uint8Array.from(pictures.flatMap((picture) => Array.from(picture)));

export default lab({
  name: 'super-resolution',
  group: 'Beyond classification',
  title: 'Super-resolution ×3',
  about:
    'Pictures are shrunk to a third of their sides, and enlarged again: by bicubic interpolation, and by a net that adds what it has learned from other pictures. The last pictures of the folder are held out. pictures=FOLDER takes your own, pictures=tuxpaint-data the photographs of that Debian package.',
  papers: [
    {
      cite: 'Dong et al. 2014',
      title: 'Learning a deep convolutional network for image super-resolution',
      link: 'https://doi.org/10.1007/978-3-319-10593-2_13',
    },
    { cite: 'Shi et al. 2016', title: 'ESPCN', link: 'https://arxiv.org/abs/1609.05158' },
  ],
  settings: { pictures: 'none', size: 240, held: 5, width: 32, epochs: 120, seed: 1 },
  settingsAbout: {
    pictures: { about: 'a folder, or none', choices: ['none', 'tuxpaint-data'], file: true },
    size: { about: 'of their sides at first, in pixels', from: 9, to: 4095, multipleOf: 3 },
    held: wholeNumber('how many are held out', 1, 1000),
    width: wholeNumber('channels of the convolutions'),
    epochs: wholeNumber('passes over the other pictures'),
    seed: wholeNumber('of generated pictures and weights', 0),
  },
  small: { size: 60, held: 2, width: 16, epochs: 20 },
  async run({ settings, workers, progress }) {
    const { size, held, width, epochs, seed } = settings;
    const [low, known] = [size / SCALE, await readPictures(settings, held + 15)];
    if (known.length < held + 2)
      throw new LanewiseError('file', `${known.length} pictures, expected held (${held}) and two`);
    const truth = joined(known.splice(-held));
    const shrink = fixed(bicubic(low), size);
    const field = (pixels, side) => ({
      shape: [1, side, side],
      values: Float32Array.from(pixels, (value) => value / 255),
    });
    const small = field(await bytesOf(shrink, joined(known), size), low);
    const large = field(joined(known), size);
    const data = { name: 'small to large', inputs: { small }, targets: { large } };
    const learning = { loss: 'meanSquaredError', optimizer: adam({ lr: 0.002 }) };
    const steps = { epochs, batch: 2, shards: 2, schedule: 'cosine' };
    const { model } = await train(
      enlarger(low, width),
      { data, ...learning, ...steps, seed, workers, ...strict },
      { onEpoch: ({ epoch }) => progress(epoch, epochs, 'epochs') },
    );
    const few = await bytesOf(shrink, truth, size);
    const ways = {
      bicubic: await bytesOf(fixed(bicubic(size), low), few, low),
      net: await bytesOf(model, few, low),
    };
    const part = (pixels, i) => pixels.subarray(i * size * size, (i + 1) * size * size);
    const numbers = Array.from({ length: held }, (_, i) => i);
    const decibels = (way) => numbers.map((i) => psnr(part(ways[way], i), part(truth, i), 255));
    const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [before, after] = ['bicubic', 'net'].map(decibels);
    const gain = mean(after) - mean(before);
    const expected = [epochs < 50 ? 0.2 : 1, 20];
    const source = 'SRCNN on Set5: 30.39 to 32.39 dB';
    const item = (pixels, i, label) => ({ pixels: part(pixels, i), shape: [1, size, size], label });
    return {
      figures: [
        { name: 'bicubic (dB)', value: mean(before) },
        { name: 'net (dB)', value: mean(after) },
        { name: 'gain of the net (dB)', value: gain, expected, paper: 2, source },
      ],
      pictures: [
        images({
          title: 'Pictures held out',
          columns: 3,
          zoom: 1,
          items: numbers.flatMap((i) => [
            item(ways.bicubic, i, `bicubic, ${before[i].toFixed(2)} dB`),
            item(ways.net, i, `net, ${after[i].toFixed(2)} dB`),
            item(truth, i, 'the picture'),
          ]),
        }),
        bars({
          title: 'How near to the pictures held out',
          caption: 'A group for each picture, in the order of the pictures above.',
          y: { name: 'PSNR (dB)', min: 0 },
          groups: numbers.map((i) => `${i + 1}`),
          series: [
            { name: 'bicubic', values: before },
            { name: 'net', values: after },
          ],
        }),
      ],
      evidence: Object.values(ways),
      conclusion: `On pictures that it has not seen, the net is ${gain.toFixed(2)} dB nearer to the truth than bicubic interpolation.`,
    };
  },
});
