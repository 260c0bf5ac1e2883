// Dynamical isometry: the singular values of a deep net's Jacobian, by how its weights begin.
import { initializers, initialWeights, jacobianOf, linear, relu, sequential, tanh } from 'lanewise';
import { lab, lines, randomNumbers, singularValues, wholeNumber } from 'lanewise/lab';

const { orthogonal, randomWalk } = initializers;
const ways = {
  'linear, orthogonal': { init: orthogonal() },
  'linear, Gaussian': { init: randomWalk({ gain: 1 }) },
  'tanh, orthogonal': { init: orthogonal(), activation: tanh },
  'tanh, Gaussian': { init: randomWalk({ gain: 1 }), activation: tanh },
  'ReLU, orthogonal': { init: orthogonal({ gain: Math.SQRT2 }), activation: relu },
  'ReLU, Gaussian': { init: randomWalk({ gain: Math.SQRT2 }), activation: relu },
};

/** `depth` layers of `width` units on `width` inputs. */
function deepNet({ init, activation }, depth, width) {
  const options = { weightInit: init, biasInit: initializers.constant(0) };
  const layer = () => [linear(width, width, options), ...(activation ? [activation()] : [])];
  return sequential(Array.from({ length: depth }, layer).flat(), { input: [width] });
}

/** The singular values of ∂output/∂input at one input. */
async function spectrum(net, input, seed) {
  const data = {
    name: 'one input',
    inputs: { input: { shape: [input.length], values: input } },
    targets: {},
  };
  const weights = await initialWeights(net, { seed, numerics: 'strict' });
  const { shape, values } = await jacobianOf(net, weights, data, { numerics: 'strict' });
  return singularValues(values, shape[1], shape[2]);
}

/** The largest singular value of a product of `depth` infinitely wide Gaussian layers. */
const largestInTheory = (depth) => Math.sqrt((depth + 1) ** (depth + 1) / depth ** depth);
const counted = (count) => Array.from({ length: count }, (_, i) => i + 1);

export default lab({
  name: 'dynamical-isometry',
  group: 'Gradients',
  title: 'Dynamical isometry',
  about:
    'The Jacobian ∂output/∂input of a deep net says what becomes of a small change of the input, and its transpose what ' +
    'becomes of a gradient: along each singular direction both are multiplied by the singular value. With Gaussian weights ' +
    'of the right size the values are 1 on average, but spread the more the deeper the net is, so most directions are lost. Orthogonal ' +
    'weights keep all of them at 1 in linear nets, and nearly so where tanh is almost linear; no weights do so for ReLU.',
  papers: [
    {
      cite: 'Saxe, McClelland & Ganguli 2014',
      title: 'Exact solutions to the nonlinear dynamics of learning in deep linear neural networks',
      link: 'https://arxiv.org/abs/1312.6120',
    },
    {
      cite: 'Pennington, Schoenholz & Ganguli 2017',
      title: 'Resurrecting the sigmoid in deep learning through dynamical isometry',
      link: 'https://arxiv.org/abs/1711.04735',
    },
  ],
  settings: { depth: 16, width: 128, signal: 0.1, seed: 1 },
  settingsAbout: {
    depth: wholeNumber('layers of the first picture; the second has twice as many, too'),
    width: wholeNumber('units of every layer, and inputs', 1, 4096),
    signal: {
      about: 'root mean square of the input: small ones leave tanh almost linear',
      from: 0,
    },
    seed: wholeNumber('of the weights and the input', 0),
  },
  small: { depth: 8, width: 32 },
  full: { depth: 64, width: 256 },
  async run({ settings, progress }) {
    const { depth, width, signal, seed } = settings;
    const random = randomNumbers(seed);
    const input = Float32Array.from({ length: width }, () => signal * random.normal());
    const depths = [1, 2, 4, 8, 16, 32, 64, 128]
      .filter((one) => one < depth)
      .concat(depth, 2 * depth);
    const runs = [];
    for (const [name, way] of Object.entries(ways)) {
      const spectra = [];
      for (const layers of depths) {
        progress(runs.length * depths.length + spectra.length, 6 * depths.length, name);
        spectra.push(await spectrum(deepNet(way, layers, width), input, seed));
      }
      runs.push({ name, spectra, values: spectra.at(-2) });
    }
    const theory = largestInTheory(depth);
    // Mean field: tanh takes q² · 2 from the signal's mean square q in a layer, and its slope is 1 − q.
    const kept = 1 / Math.sqrt(1 + 2 * signal ** 2 * depth);
    const expected = {
      'linear, orthogonal': { largest: [0.95, 1.05], smallest: [0.95, 1.05] },
      'linear, Gaussian': { largest: [theory * 0.7, theory * 1.3], smallest: [0, 0.01] },
      'tanh, orthogonal': { largest: [0.9 * kept, 1.00001], smallest: [0.3 * kept, 1] },
      'tanh, Gaussian': { smallest: [0, 0.01] },
      'ReLU, orthogonal': { largest: [1.5, 1e6], smallest: [0, 0.01] },
      'ReLU, Gaussian': { largest: [1.5, 1e6], smallest: [0, 0.01] },
    };
    const figure = (name, which, value) => ({
      name: `${which} singular value: ${name}`,
      value,
      ...(expected[name][which] && { expected: expected[name][which] }),
      ...(name === 'linear, orthogonal' && { paper: 1, source: 'Saxe et al. 2014' }),
      ...(name === 'linear, Gaussian' &&
        which === 'largest' && { paper: theory, source: 'theory: √((L + 1)^(L + 1) / L^L)' }),
    });
    // What is less than float32's rounding of the largest is not shown.
    const shown = (values) => Array.from(values, (one) => (one > 1e-7 * values[0] ? one : NaN));
    return {
      figures: runs.flatMap(({ name, values }) => [
        figure(name, 'largest', values[0]),
        figure(name, 'smallest', values.at(-1)),
      ]),
      pictures: [
        lines({
          title: `Singular values of the Jacobian, ${depth} layers of ${width} units`,
          x: { name: 'singular value, by size' },
          y: { name: 'value', log: true, min: 1e-6 },
          series: runs.map(({ name, values }) => ({ name, x: counted(width), y: shown(values) })),
        }),
        lines({
          title: 'The largest singular value, by depth',
          x: { name: 'layers', log: true },
          y: { name: 'largest singular value', log: true },
          series: [
            ...runs.map(({ name, spectra }) => ({
              name,
              x: depths,
              y: spectra.map(([most]) => most),
            })),
            {
              name: 'theory: linear, Gaussian',
              x: depths,
              y: depths.map(largestInTheory),
              dashed: true,
            },
          ],
        }),
      ],
      evidence: runs.flatMap(({ spectra }) => spectra),
      conclusion:
        'Orthogonal linear nets keep every direction at any depth. Gaussian ones of the same average lose most of them, and ' +
        'ReLU loses them whatever the weights.',
    };
  },
});
