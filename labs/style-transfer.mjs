// The pixels of a picture follow the gradient of a loss, until a net sees one picture's things in another one's manner.
import { readFileSync } from 'node:fs';
import { adam, avgPool2d, batchNorm2d, chain, conv2d, functional, globalAvgPool2d } from 'lanewise';
import { gradientsOf, input, LanewiseError, linear, ops, relu, train, withWeights } from 'lanewise';
import { drawImage, images, lab, lines, randomNumbers, readImage, wholeNumber } from 'lanewise/lab';
import { readOnnx } from 'lanewise/onnx';

const WAYS = [(x) => x, (x, y) => y, (x, y) => x + y, (x, y) => 32 + x - y];

/** Stripes of four directions, 32×32 pixels, in two colours each. */
function drawStripes(count, seed) {
  const { below } = randomNumbers(seed);
  const labels = Uint8Array.from({ length: count }, () => below(WAYS.length));
  const samples = new Uint8Array(count * 3072);
  labels.forEach((label, i) => {
    const [period, phase] = [4 + below(9), below(12)];
    const colours = [0, 1, 2].map(() => [below(240), below(240)]);
    for (let at = 0; at < 3072; at++) {
      const place = (WAYS[label](at % 32, (at >> 5) % 32) + phase) % period;
      samples[i * 3072 + at] = colours[at >> 10][Number(2 * place < period)] + below(16);
    }
  });
  return { name: 'stripes', shape: [3, 32, 32], classes: ['|', '-', '/', '\\'], samples, labels };
}

/** A net learns to tell stripes apart; what its convolutions see in a picture of any size is what counts here. */
async function learn(size, settings) {
  const stage = (a, b, ...before) =>
    chain([...before, conv2d(a, b, 5, { padding: 'same' }), batchNorm2d(b), relu()]);
  const [second, third] = [stage(16, 24, avgPool2d(2)), stage(24, 32, avgPool2d(2))];
  const body = { first: stage(3, 16), second, third };
  const see = (x) =>
    Object.fromEntries(Object.entries(body).map(([name, layer]) => [name, (x = layer(x))]));
  const kind = chain([globalAvgPool2d(), linear(32, WAYS.length)]);
  const [small, large] = [input([3, 32, 32]), input([3, size, size])];
  const outputs = kind(see(small).third);
  const classifier = functional({ inputs: small, outputs, layers: { ...body, kind } });
  const learning = { optimizer: adam({ lr: 0.004 }), schedule: 'cosine', epochs: 3, batch: 16 };
  const data = drawStripes(1000, settings.seed);
  const { model } = await train(classifier, { data, ...learning, ...settings });
  const weights = new Map([...model.weights].filter(([name]) => !name.startsWith('kind')));
  return { model: functional({ inputs: large, outputs: see(large), layers: body }), weights };
}

const squares = (x) => ops.einsum('ni,ni->n', [ops.flatten(x), ops.flatten(x)]);
/** Sums of products of channels over all places: which features go together, wherever that is. */
const gram = (x) => ops.einsum('nchw,ndhw->ncd', [x, x]);
/** The squares of a difference, as a share of those of what is wanted. */
const apart = (x, wanted) => ops.divide(squares(ops.subtract(x, wanted)), squares(wanted));
const energy = (values) => values.reduce((sum, value) => sum + value * value, 0);

export default lab({
  name: 'style-transfer',
  group: 'Beyond classification',
  title: 'Style transfer by gradients of the input',
  about:
    'Content is what a net’s last layer sees where; style is which features go together in each layer, wherever (Gram matrices). The pixels of content=FILE follow the gradient of both losses, until the picture has the style of style=FILE. The net has learned to tell stripes apart; net=FILE.onnx takes another one, with layers=NAME+NAME of its values.',
  papers: [
    { cite: 'Gatys et al. 2015', title: 'Neural style', link: 'https://arxiv.org/abs/1508.06576' },
  ],
  settings: {
    content: 'none',
    style: 'none',
    net: 'none',
    layers: 'none',
    size: 96,
    strength: 2,
    steps: 120,
    seed: 1,
  },
  settingsAbout: {
    content: { about: 'a PNG, JPEG or WebP file, or none: a drawn house', file: true },
    style: { about: 'another one, or none: drawn waves', file: true },
    net: { about: 'an ONNX file for 3×size×size, or none: what learns here', file: true },
    layers: 'values of that net, whose features are the style; those of the last are the content',
    size: wholeNumber('sides of the picture in pixels', 8, 1024),
    strength: { about: 'weight of the style of each layer beside the content', from: 0.001 },
    steps: wholeNumber('steps along the gradient'),
    seed: wholeNumber('of the net and its stripes', 0),
  },
  small: { size: 32, steps: 30 },
  async run({ settings, workers, progress }) {
    const { net, layers, size, strength, steps, seed } = settings;
    if (net === 'none' && layers !== 'none')
      throw new LanewiseError('argument', `layers=${layers} are of a file: add net=FILE.onnx`);
    const read = async (file, drawn) => {
      const given = file === 'none' ? drawImage(drawn, { size }) : await readImage(file, { size });
      return Float32Array.from(given.samples, (value) => value / 255);
    };
    const content = await read(settings.content, 'house');
    const style = await read(settings.style, 'waves');
    const known = net !== 'none' && readOnnx(readFileSync(net), { outputs: layers.split('+') });
    const { model, weights } = known || (await learn(size, { seed, workers, numerics: 'strict' }));
    const [[name, { shape }]] = Object.entries(model.architecture.inputs);
    const [names, last] = [[...model.outputs.keys()], [...model.outputs.keys()].at(-1)];
    const loss = Object.fromEntries(names.map((one) => [one, 'l1']));
    const seeing = withWeights(model, weights, { numerics: 'strict', loss });
    const features = async (pixels, one) => {
      const { scores } = await seeing.predict(pixels, shape, one);
      return { shape: model.outputs.get(one), values: scores };
    };
    const targets = { content: await features(content, last) };
    for (const one of names) targets[one] = await features(style, one);
    const contentLoss = (seen, wanted) => apart(seen[last], wanted.content);
    const styleLoss = (seen, wanted) => {
      const each = names.map((one) => apart(gram(seen[one]), gram(wanted[one])));
      return each.reduce((a, b) => ops.add(a, b));
    };
    const both = (...of) => ops.add(ops.scale(styleLoss(...of), strength), contentLoss(...of));
    const look = async (values, of = both) => {
      const picture = { name: 'picture', inputs: { [name]: { shape, values } }, targets };
      const options = { loss: of, by: [name], mode: 'evaluation', numerics: 'strict' };
      const { loss: value, gradients } = await gradientsOf(model, weights, picture, options);
      return { value, gradient: gradients.get(name) };
    };
    const { gradient: along } = await look(content); // a loss rises along it by its square
    const h = 0.01 / Math.sqrt(energy(along));
    const at = async (by) => (await look(content.map((v, i) => v + by * along[i]))).value;
    const slope = ((await at(h)) - (await at(-h))) / (2 * h * energy(along));
    const [picture, speed, curve] = [content.slice(), new Float64Array(content.length), []];
    for (let step = 1; step <= steps; step++) {
      const { value, gradient } = await look(picture);
      const scale = Math.sqrt(energy(gradient) / gradient.length) || 1;
      picture.forEach((pixel, i) => {
        speed[i] = 0.9 * speed[i] - gradient[i] / scale;
        picture[i] = Math.max(0, Math.min(1, pixel + 0.003 * speed[i]));
      });
      curve.push(value);
      progress(step, steps, 'steps');
    }
    const near = (await look(picture, styleLoss)).value / (await look(content, styleLoss)).value;
    const far = (await look(picture, contentLoss)).value / (await look(style, contentLoss)).value;
    const item = (pixels, label) => ({ pixels, shape, range: [0, 1], label });
    const items = [item(content, 'content'), item(style, 'style'), item(picture, 'both')];
    const series = [{ name: 'style and content', x: curve.map((_, i) => i + 1), y: curve }];
    return {
      figures: [
        { name: 'slope along the gradient, of its square', value: slope, expected: [0.98, 1.02] },
        { name: 'style loss, of that of the content', value: near, expected: [0, 0.3] },
        { name: 'content loss, of that of the style', value: far, expected: [0, 0.9] },
      ],
      pictures: [
        images({ title: 'Content, style, and both', columns: 3, zoom: 3, items }),
        lines({ title: 'The loss', x: { name: 'step' }, y: { name: 'loss', log: true }, series }),
      ],
      evidence: [picture],
      conclusion: `The steps take away ${Math.round(100 * (1 - near))} % of the style loss, at ${Math.round(100 * far)} % of the content loss that the style picture itself has.`,
    };
  },
});
