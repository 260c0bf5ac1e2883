// One object a picture: what is it, and where? One net answers both, with scores of kinds and the four edges of a box.
import { adam, batchNorm2d, chain, concat, conv1d, conv2d, defineLayer, flatten } from 'lanewise';
import { functional, globalMaxPool2d, input, linear, max, ops, relu, train } from 'lanewise';
import { images, lab, randomNumbers, wholeNumber } from 'lanewise/lab';

const SIZE = 48;
const KINDS = ['ellipse', 'rectangle', 'triangle', 'cross'];

/** Whether pixel (x, y) of a box w×h belongs to the kind. */
function covers(kind, x, y, w, h) {
  const [u, v] = [Math.abs(2 * x + 1 - w), Math.abs(2 * y + 1 - h)]; // twice the distances from the middle
  if (kind === 0) return u * u * h * h + v * v * w * w <= w * w * h * h;
  if (kind === 2) return u * h <= w * (y + 1);
  return kind === 1 || 3 * u <= w || 3 * v <= h;
}

/** Draws a scene in whole numbers, the same on all machines: a slope of grey, thin lines, an object, and noise. */
function drawScene(random, pixels) {
  const between = (low, high) => low + random.below(high - low + 1);
  const [ground, right, down] = [between(60, 190), between(-1, 1), between(-1, 1)];
  const light = (low, high) => ground + (ground > 125 ? -1 : 1) * between(low, high);
  const slope = (i) => right * ((i % SIZE) - 24) + down * (Math.floor(i / SIZE) - 24);
  const picture = Array.from(pixels, (_, i) => ground + slope(i));
  for (let line = 0; line < 5; line++) {
    const [at, step, value] = [random.below(SIZE * 34), random.below(2) ? SIZE : 1, light(20, 50)];
    for (let i = 0; i < 14; i++) picture[at + i * step] = value;
  }
  const [kind, w, h, value] = [random.below(4), between(9, 28), between(9, 28), light(50, 110)];
  const [left, top] = [between(0, SIZE - w), between(0, SIZE - h)];
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      if (covers(kind, x, y, w, h)) picture[(top + y) * SIZE + left + x] = value;
  pixels.set(picture.map((grey) => Math.max(0, Math.min(255, grey + between(-12, 12)))));
  return { kind, box: [left, left + w, top, top + h].map((edge) => edge / SIZE) };
}

function drawScenes(count, seed) {
  const random = randomNumbers(seed);
  const values = new Uint8Array(count * SIZE * SIZE);
  const parts = parted(values, SIZE * SIZE).map((pixels) => drawScene(random, pixels));
  const kind = { shape: [], values: Int32Array.from(parts, (part) => part.kind) };
  const box = { shape: [4], values: Float32Array.from(parts.flatMap((part) => part.box)) };
  const inputs = { picture: { shape: [1, SIZE, SIZE], values } };
  return { name: `${count} scenes`, inputs, targets: { kind, box } };
}

const parted = (values, size) =>
  Array.from({ length: values.length / size }, (_, i) => values.subarray(i * size, (i + 1) * size));

/** Intersection over union of two boxes: left, right, top, bottom. */
function overlap(a, b) {
  const side = (i) => Math.max(0, Math.min(a[i + 1], b[i + 1]) - Math.max(a[i], b[i]));
  const area = ([x0, x1, y0, y1]) => Math.max(0, x1 - x0) * Math.max(0, y1 - y0);
  return (side(0) * side(2)) / (area(a) + area(b) - side(0) * side(2));
}

/** Where each row of scores is high, from 0 to 1: the mean place under its softmax. */
const place = defineLayer('place', {}, (scope, x) => {
  const places = Array.from({ length: x.shape[2] }, (_, i) => i / (x.shape[2] - 1));
  return ops.sum(ops.multiply(ops.softmax(x), ops.literal(places)), 2);
});

/** Edges are found in the features' peaks along columns and rows, or by a dense layer that sees all features. */
function localiser(head, width) {
  const [C, same] = [2 * width, { padding: 'same' }];
  const stage = (a, b, stride) => [conv2d(a, b, 3, { stride, padding: 1 }), batchNorm2d(b), relu()];
  const edges = () => chain([conv1d(C, C, 5, same), relu(), conv1d(C, 2, 5, same), place]);
  const body = chain([...stage(1, width, 2), ...stage(width, C, 2), ...stage(C, C, 1)]);
  const kind = chain([...stage(C, 2 * C, 2), globalMaxPool2d(), linear(2 * C, KINDS.length)]);
  const dense = chain([flatten(), linear(144 * C, 64), relu(), linear(64, 4)]);
  const [across, down] = [edges(), edges()];
  const picture = input([1, SIZE, SIZE]);
  const features = body(picture);
  const isDense = head === 'dense';
  const edgesOf = (x) => concat(across(max(2)(x)), down(max(3)(x)));
  const box = isDense ? dense(features) : edgesOf(features);
  const layers = { body, kind, ...(isDense ? { dense } : { across, down }) };
  return functional({ inputs: { picture }, outputs: { kind: kind(features), box }, layers });
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

export default lab({
  name: 'localisation',
  group: 'Beyond classification',
  title: 'Localisation of a single object',
  about:
    'Each generated scene has one object among thin lines. A net learns what it is and where: scores of four kinds, and the four edges of a box. The edges are read from peaks of the features along columns and rows, so that what finds one place finds all; with head=dense, a dense layer has to learn each place by itself.',
  papers: [
    { cite: 'Sermanet et al. 2014', title: 'OverFeat', link: 'https://arxiv.org/abs/1312.6229' },
  ],
  settings: { head: 'places', scenes: 8000, epochs: 6, batch: 32, width: 12, seed: 1 },
  settingsAbout: {
    head: { about: 'what finds the edges', choices: ['places', 'dense'] },
    scenes: { about: 'to learn from, and an eighth held out', from: 8, to: 100000, multipleOf: 8 },
    epochs: wholeNumber('passes over the scenes'),
    batch: wholeNumber('scenes a step'),
    width: wholeNumber('channels of the first convolution'),
    seed: wholeNumber('of scenes and weights', 0),
  },
  small: { scenes: 1600, epochs: 3, batch: 8, width: 8 },
  async run({ settings, workers, progress }) {
    const { head, scenes, epochs, batch, width, seed } = settings;
    const [data, held] = [drawScenes(scenes, seed), drawScenes(scenes / 8, seed + 1)];
    const loss = { kind: 'crossEntropy', box: { loss: 'l1', weight: 20 } };
    const learning = { loss, optimizer: adam({ lr: 0.003 }), schedule: 'cosine' };
    const { model } = await train(
      localiser(head, width),
      { data, ...learning, epochs, batch, seed, workers, numerics: 'strict' },
      { onEpoch: ({ epoch }) => progress(epoch, epochs, 'epochs') },
    );
    const { classes } = await model.predict(held.inputs, undefined, 'kind');
    const { scores } = await model.predict(held.inputs, undefined, 'box');
    const [truth, found] = [parted(held.targets.box.values, 4), parted(scores, 4)];
    const common = [0, 1, 2, 3].map((edge) => mean(truth.map((box) => box[edge])));
    const ious = truth.map((box, i) => overlap(box, found[i]));
    const isKind = truth.map((_, i) => classes[i] === held.targets.kind.values[i]);
    const isWrong = ious.map((iou, i) => Number(iou < 0.5 || !isKind[i]));
    const least = scenes < 5000 ? 0.7 : 0.85;
    const always = mean(truth.map((box) => overlap(box, common)));
    const outline = ([x0, x1, y0, y1]) => ({ x0, x1, y0, y1 });
    const drawn = (box) => outline(box.map((edge) => edge * SIZE));
    return {
      figures: [
        { name: 'mean IoU', value: mean(ious), expected: [least, 1] },
        { name: 'mean IoU of always the mean box', value: always },
        { name: 'right kinds', value: mean(isKind), format: 'percent', expected: [least, 1] },
        { name: 'wrong kind, or IoU < ½', value: mean(isWrong), format: 'percent' },
      ],
      pictures: [
        images({
          title: 'Scenes held out',
          caption: 'Orange is the true box, blue the found one.',
          zoom: 3,
          items: parted(held.inputs.picture.values, SIZE * SIZE)
            .slice(0, 12)
            .map((pixels, i) => ({
              pixels,
              shape: [1, SIZE, SIZE],
              label: `${KINDS[classes[i]]}, IoU ${ious[i].toFixed(2)}`,
              boxes: [drawn(truth[i]), drawn(found[i])],
            })),
        }),
      ],
      evidence: [scores, classes],
      conclusion: `Found boxes share ${Math.round(100 * mean(ious))} % of the area that they cover together with the true ones.`,
    };
  },
});
