// A picture in, a sentence out: a convolutional net sees, and a recurrent one says what, word by word.
import { adam, add, batchNorm2d, chain, conv2d, crossEntropy, embedding, flatten } from 'lanewise';
import { functional, input, linear, lstm, relu, reshape, train } from 'lanewise';
import { images, lab, randomNumbers, wholeNumber } from 'lanewise/lab';

const [SIZE, AREA] = [32, 3 * 32 * 32];
const COLOURS = { red: [220, 50, 40], green: [40, 170, 60], blue: [50, 80, 220] };
const SHAPES = {
  disc: (x, y, size) => (2 * x + 1 - size) ** 2 + (2 * y + 1 - size) ** 2 <= size * size,
  square: () => true,
  triangle: (x, y, size) => Math.abs(2 * x + 1 - size) <= y + 1,
};
const WORDS = ['.', 'a', 'left', 'of', 'above', ...Object.keys(COLOURS), ...Object.keys(SHAPES)];
const LENGTH = 9; // words of the longest caption, with the full stop
const NONE = -100; // a label that does not count

const captionOf = ([one, other], isBeside) =>
  `a ${one.colour} ${one.shape} ${isBeside ? 'left of' : 'above'} a ${other.colour} ${other.shape} .`;
const sceneAt = (values, i) => values.subarray(i * AREA, (i + 1) * AREA);
const tokensOf = (caption) => caption.split(' ').map((word) => WORDS.indexOf(word));

/** Every fifth of the 162 captions is kept from training: all its words are known, but not together. */
const isKept = (caption) =>
  tokensOf(caption).reduce((sum, word, i) => sum + (i + 1) * word, 0) % 5 === 0;

/** Two things, one left of the other or above it. */
function drawScene(random, pixels) {
  const pick = (of) => Object.keys(of)[random.below(Object.keys(of).length)];
  const isBeside = random.below(2) === 1;
  const things = [0, 1].map((place) => {
    const size = 9 + random.below(5);
    const [along, across] = [16 * place + random.below(17 - size), 6 + random.below(8)];
    const [x, y] = isBeside ? [along, across] : [across, along];
    return { colour: pick(COLOURS), shape: pick(SHAPES), size, x, y };
  });
  pixels.fill(80 + random.below(90));
  for (const { colour, shape, size, x, y } of things)
    for (let i = 0; i < size * size; i++) {
      const [dx, dy] = [i % size, Math.floor(i / size)];
      if (!SHAPES[shape](dx, dy, size)) continue;
      const at = (y + dy) * SIZE + x + dx;
      COLOURS[colour].forEach((value, c) => (pixels[c * SIZE * SIZE + at] = value));
    }
  pixels.forEach((value, i) => (pixels[i] = Math.min(255, value + random.below(31))));
  return captionOf(things, isBeside);
}

function drawScenes(count, seed, keep) {
  const random = randomNumbers(seed);
  const values = new Uint8Array(count * AREA);
  const captions = [];
  while (captions.length < count) {
    const caption = drawScene(random, sceneAt(values, captions.length));
    if (isKept(caption) === keep) captions.push(caption);
  }
  const rows = captions.map(tokensOf);
  const filled = (row, value) => [...row, value, value].slice(0, LENGTH);
  const field = (list) => ({ shape: [LENGTH], values: Int32Array.from(list) });
  const words = field(rows.flatMap((row) => filled([0, ...row], 0)));
  const next = field(rows.flatMap((row) => filled(row, NONE)));
  const inputs = { picture: { shape: [3, SIZE, SIZE], values }, words };
  return { captions, data: { name: `${count} scenes`, inputs, targets: { next } } };
}

/** What the eye sees is added to each word that is read; the memory's states score the next word. */
function captioner(width, features) {
  const stage = (a, b) => [conv2d(a, b, 3, { stride: 2, padding: 1 }), batchNorm2d(b), relu()];
  const stages = [...stage(3, width), ...stage(width, 2 * width), ...stage(2 * width, 2 * width)];
  const eye = chain([...stages, flatten(), linear(32 * width, features), reshape([1, features])]);
  const word = embedding(WORDS.length, features);
  const [memory, score] = [lstm(features, features), linear(features, WORDS.length)];
  const [picture, words] = [input([3, SIZE, SIZE]), input([LENGTH], { vocabulary: WORDS.length })];
  const outputs = { next: score(memory(add(eye(picture), word(words)))) };
  return functional({ inputs: { picture, words }, outputs, layers: { eye, word, memory, score } });
}

/** Says the likeliest next word, until all captions have their full stop. */
async function describe(model, { picture }, count) {
  const words = { shape: [LENGTH], values: new Int32Array(count * LENGTH) };
  const said = Array.from({ length: count }, () => []);
  for (let t = 0; t < LENGTH; t++) {
    const { scores } = await model.predict({ picture, words });
    for (let i = 0; i < count; i++) {
      const from = (i * LENGTH + t) * WORDS.length;
      const row = scores.subarray(from, from + WORDS.length);
      const word = row.indexOf(row.reduce((a, b) => Math.max(a, b)));
      if (said[i].at(-1) !== 0) said[i].push(word);
      if (t < LENGTH - 1) words.values[i * LENGTH + t + 1] = word;
    }
  }
  return said.map((row) => row.map((word) => WORDS[word]).join(' '));
}

const share = (found, wanted) => found.filter((one, i) => one === wanted[i]).length / found.length;

export default lab({
  name: 'captions',
  group: 'Beyond classification',
  title: 'A sentence for a picture',
  about:
    'Generated scenes show two things, one left of the other or above it. A convolutional net sees the scene, and a recurrent one says word by word what is in it. Every fifth caption is kept from training, so that a right one is put together from words that never stood together before.',
  papers: [
    {
      cite: 'Vinyals et al. 2015',
      title: 'Show and tell: a neural image caption generator',
      link: 'https://arxiv.org/abs/1411.4555',
    },
  ],
  settings: { scenes: 6000, epochs: 10, batch: 32, width: 12, seed: 1 },
  settingsAbout: {
    scenes: wholeNumber('scenes to learn from', 40, 100000),
    epochs: wholeNumber('passes over the scenes'),
    batch: wholeNumber('scenes a step'),
    width: wholeNumber('channels of the first convolution'),
    seed: wholeNumber('of scenes and weights', 0),
  },
  small: { scenes: 1600, epochs: 4, batch: 16, width: 8 },
  async run({ settings, workers, progress }) {
    const { scenes, epochs, batch, width, seed } = settings;
    const { data } = drawScenes(scenes, seed, false);
    const learning = { optimizer: adam({ lr: 0.004 }), schedule: 'cosine', clipNorm: 1 };
    const loss = { next: crossEntropy({ ignoreIndex: NONE }) };
    const { model } = await train(
      captioner(width, 64),
      { data, loss, ...learning, epochs, batch, seed, workers, numerics: 'strict' },
      { onEpoch: ({ epoch }) => progress(epoch, epochs, 'epochs') },
    );
    const count = Math.floor(scenes / 20);
    const [seen, unseen] = [false, true].map((keep) => drawScenes(count, seed + 1, keep));
    const found = await describe(model, seen.data.inputs, count);
    const composed = await describe(model, unseen.data.inputs, count);
    const [known, built] = [share(found, seen.captions), share(composed, unseen.captions)];
    const other = share(found.slice(1), seen.captions);
    const expected = [scenes < 3000 ? 0.1 : 0.9, 1];
    const { values } = unseen.data.inputs.picture;
    const items = composed.slice(0, 10).map((said, i) => {
      return { pixels: sceneAt(values, i), shape: [3, SIZE, SIZE], label: said.replace(' .', '.') };
    });
    return {
      figures: [
        { name: 'right captions', value: known, format: 'percent', expected },
        { name: 'right captions, new ones', value: built, format: 'percent', expected },
        { name: 'right for another picture', value: other, format: 'percent', expected: [0, 0.05] },
      ],
      pictures: [images({ title: 'Captions that training lacked', zoom: 4, items })],
      evidence: [found.join('\n'), composed.join('\n'), await model.sha256()],
      conclusion: `Of captions whose words never stood together in training, ${Math.round(100 * built)} % are right to the last word.`,
    };
  },
});
