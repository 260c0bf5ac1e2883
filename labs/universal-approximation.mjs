// One hidden layer approximates any continuous function: the better, the wider it is.
import { adam, createStepper, linear, relu, sequential, withWeights } from 'lanewise';
import { lab, lines } from 'lanewise/lab';

const POINTS = 257;
const xs = Float32Array.from({ length: POINTS }, (_, i) => -1 + (2 * i) / (POINTS - 1));
/** Functions to approximate; the first is Runge's, on which interpolation by polynomials fails. */
const functions = {
  runge: (x) => 1 / (1 + 25 * x * x),
  cubic: (x) => 4 * x * x * x - 3 * x,
};
const net = (width) =>
  sequential({ hidden: linear(1, width), relu: relu(), sum: linear(width, 1) }, { input: [1] });
const options = { loss: 'squaredError', numerics: 'strict' };
/** ‖f − net‖ over the points: the square root of the mean squared error. */
function distance(found, wanted) {
  const squares = wanted.reduce((sum, y, i) => sum + (y - found[i]) * (y - found[i]), 0);
  return Math.sqrt(squares / wanted.length);
}

/**
 * The net whose graph goes through f at equally spaced knots: unit k begins to count at its knot, and adds the change of slope
 * there.
 */
function interpolation(f, width) {
  const knot = (k) => -1 + (2 * k) / width;
  const slope = (k) => (f(knot(k + 1)) - f(knot(k))) / (knot(k + 1) - knot(k));
  const units = Array.from({ length: width }, (_, k) => k);
  return new Map([
    ['hidden.weight', new Float32Array(width).fill(1)],
    ['hidden.bias', Float32Array.from(units, (k) => -knot(k))],
    ['sum.weight', Float32Array.from(units, (k) => slope(k) - (k > 0 ? slope(k - 1) : 0))],
    ['sum.bias', Float32Array.of(f(-1))],
  ]);
}

/** A net that learns f from its values at all points, from random weights or from given ones: Adam, whose steps get shorter. */
async function learned(targets, width, { steps, seed }, weights) {
  const stepper = await createStepper(net(width), {
    ...options,
    ...(weights && { weights }),
    loss: 'meanSquaredError',
    optimizer: adam(),
    batch: POINTS,
    seed,
    workers: 0,
  });
  const rate = weights ? 0.002 : 0.01;
  const batch = { inputs: xs, targets };
  for (let step = 0; step < steps; step++)
    await stepper.step(batch, { lr: rate * (1 - step / steps) });
  const { scores } = await stepper.predict(xs);
  const learnt = stepper.weights();
  await stepper.close();
  return { scores, weights: learnt };
}

export default lab({
  name: 'universal-approximation',
  group: 'Expressivity',
  title: 'One hidden layer approximates any function',
  about:
    'A net with one hidden layer of n ReLUs is a polygon with at most n corners. With corners at equal distances its weights can be written down, and its error falls with n²: every doubling quarters it. Look at what gradient descent finds: from random weights hardly as good a polygon, but begun from the written one it moves the corners to where the function bends.',
  papers: [
    {
      cite: 'Cybenko 1989',
      title: 'Approximation by superpositions of a sigmoidal function',
      link: 'https://doi.org/10.1007/BF02551274',
    },
    {
      cite: 'Pinkus 1999',
      title: 'Approximation theory of the MLP model in neural networks',
      link: 'https://doi.org/10.1017/S0962492900002919',
    },
  ],
  settings: { function: 'runge', widest: 64, steps: 8000, seed: 1 },
  settingsAbout: {
    function: { about: 'what is approximated on [−1, 1]', choices: Object.keys(functions) },
    widest: { about: 'units of the widest net', choices: [8, 16, 32, 64, 128, 256] },
    steps: { about: 'steps of Adam', from: 1, whole: true },
    seed: { about: 'of the initial weights', from: 0, whole: true },
  },
  small: { function: 'cubic', widest: 16, steps: 300 },
  async run({ settings, progress }) {
    const f = functions[settings.function];
    const targets = xs.map(f);
    const widths = [4, 8, 16, 32, 64, 128, 256].filter((width) => width <= settings.widest);
    const [written, found, moved, evidence, curves] = [[], [], [], [], []];
    for (const [i, width] of widths.entries()) {
      progress(i, widths.length, `${width} units`);
      const start = interpolation(f, width);
      const { scores } = await withWeights(net(width), start, options).predict(xs);
      const own = await learned(targets, width, settings);
      const better = await learned(targets, width, settings, start);
      written.push(distance(scores, targets));
      found.push(distance(own.scores, targets));
      moved.push(distance(better.scores, targets));
      evidence.push(scores, ...own.weights.values(), ...better.weights.values());
      if (width <= 16) curves.push({ name: `learned by ${width} units`, x: xs, y: own.scores });
    }
    const order = Math.log2(written.at(-1) / written.at(-2));
    const best = found.at(-1);
    return {
      figures: [
        {
          name: 'order of the written net’s error in n',
          value: order,
          paper: -2,
          source: 'the error of linear interpolation, h² max |f″| / 8',
          expected: [-2.6, -1.4],
        },
        {
          name: 'error of the widest learned net',
          value: best,
          expected: [0, found[0]],
          about: 'root of the mean squared error',
        },
        { name: 'error of the widest written net', value: written.at(-1) },
        {
          name: 'learning from the written net divides its error by',
          value: written.at(-1) / moved.at(-1),
          expected: [1, 100],
        },
      ],
      pictures: [
        lines({
          title: 'What the nets compute',
          caption: 'Polygons with as many corners as units.',
          x: { name: 'x' },
          y: { name: 'y' },
          series: [{ name: settings.function, x: xs, y: targets, dashed: true }, ...curves],
        }),
        lines({
          title: 'Error by width',
          caption:
            'A written net quarters its error when its width doubles. Learning improves it, but does not find it from random weights.',
          x: { name: 'hidden units', log: true },
          y: { name: 'root of the mean squared error', log: true },
          series: [
            { name: 'weights written down', x: widths, y: written },
            { name: 'weights learned', x: widths, y: found },
            { name: 'learned from the written ones', x: widths, y: moved },
          ],
        }),
      ],
      evidence,
      conclusion: `The written nets’ error falls with n to the power ${order.toFixed(2).replace('-', '−')}; with ${widths.at(-1)} units the learned net is off by ${best.toPrecision(2)}, the written one by ${written.at(-1).toPrecision(2)}, and by ${moved.at(-1).toPrecision(2)} once it has learned.`,
    };
  },
});
