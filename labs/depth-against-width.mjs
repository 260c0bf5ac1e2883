// What depth buys: linear pieces. A deep net can have exponentially many, a wide one as many as units, and a random one few.
import { chain, linear, relu, sequential, withWeights } from 'lanewise';
import { lab, lines, randomNumbers } from 'lanewise/lab';

const range = (count) => Array.from({ length: count }, (_, i) => i);
const DRAWN = [1, 2, 3, 4, 6];
const options = { loss: 'squaredError', numerics: 'strict' };
function netOf(depth, width) {
  const hidden = (l) => [`hidden${l}`, chain([linear(l === 0 ? 1 : width, width), relu()])];
  const layers = Object.fromEntries(range(depth).map(hidden));
  return sequential({ ...layers, sum: linear(width, 1) }, { input: [1] });
}
const countOf = (depth, width) => 3 * width + (depth - 1) * width * (width + 1) + 1;
/** The widest net of a depth with at most so many parameters. */
const widthFor = (depth, parameters) =>
  range(parameters).findLast((width) => countOf(depth, width) <= parameters);

/** A tent folded k times: t(x) = 2 max(x, 0) − 4 max(x − ½, 0) applied to itself. Powers of two make its teeth exact. */
function folded(depth) {
  const weights = new Map();
  for (const l of range(depth)) {
    weights.set(`hidden${l}.0.weight`, Float32Array.from(l === 0 ? [1, 1] : [2, -4, 2, -4]));
    weights.set(`hidden${l}.0.bias`, Float32Array.of(0, -0.5));
  }
  return weights.set('sum.weight', Float32Array.of(2, -4)).set('sum.bias', Float32Array.of(0));
}

function drawn(model, random) {
  const value = ({ name, shape }) => {
    const deviation = name.endsWith('bias') ? 0.5 : Math.sqrt(2 / shape.at(-1));
    return new Float32Array(shape.reduce((a, b) => a * b)).map(() => random.normal() * deviation);
  };
  return new Map(model.parameters.map((one) => [one.name, value(one)]));
}

/** Straight pieces of a net's polygon between points of a line: where a unit begins or ceases to count, a new one begins. */
function piecesOf(weights, depth, xs) {
  const [pieces, last] = [new Set(), []];
  for (const [at, x] of xs.entries()) {
    let values = [x];
    let unit = 0;
    for (const l of range(depth)) {
      const [weight, bias] = ['weight', 'bias'].map((name) => weights.get(`hidden${l}.0.${name}`));
      const sums = [...bias].map((b, k) =>
        values.reduce((sum, v, i) => sum + v * weight[k * values.length + i], b),
      );
      for (const sum of sums) {
        if (at > 0 && last[unit] !== sum > 0) pieces.add(at);
        last[unit++] = sum > 0;
      }
      values = sums.map((sum) => Math.max(0, sum));
    }
  }
  return pieces.size + 1;
}

export default lab({
  name: 'depth-against-width',
  group: 'Expressivity',
  title: 'Depth against width',
  about:
    'ReLU nets of one input are polygons. With the same number of parameters a deep net can have exponentially more corners than a wide one: a tent folded onto itself. Look at whether nets with random weights have them.',
  papers: [
    {
      cite: 'Telgarsky 2016',
      title: 'Benefits of depth in neural networks',
      link: 'https://arxiv.org/abs/1602.04485',
    },
    {
      cite: 'Hanin & Rolnick 2019',
      title: 'Complexity of linear regions in deep networks',
      link: 'https://arxiv.org/abs/1901.09021',
    },
  ],
  settings: { deepest: 10, parameters: 400, draws: 10, seed: 1 },
  settingsAbout: {
    deepest: { about: 'folds of the tent', from: 2, to: 12, whole: true },
    parameters: { about: 'of each net that is drawn', from: 50, to: 5000, whole: true },
    draws: { about: 'random nets of each depth', from: 1, whole: true },
    seed: { about: 'of the random weights', from: 0, whole: true },
  },
  small: { deepest: 6, draws: 3, parameters: 200 },
  async run({ settings }) {
    const { deepest, parameters, draws, seed } = settings;
    const depths = range(deepest).map((l) => l + 1);
    const counts = depths.map((depth) => countOf(depth, 2));
    const fine = Float32Array.from(range(2 ** (deepest + 1) + 1), (i) => i / 2 ** (deepest + 1));
    const evidence = [];
    const [deep, wide, regions, units] = [[], [], [], []];
    for (const depth of depths) {
      const { scores } = await withWeights(netOf(depth, 2), folded(depth), options).predict(fine);
      evidence.push(scores);
      // The tent folded k times goes up and down between 0 and 1: each piece ends at one of them.
      deep.push(scores.filter((y) => y === 0 || y === 1).length - 1);
      wide.push(1 + widthFor(1, countOf(depth, 2)));
    }
    const random = randomNumbers(seed);
    const grid = Float32Array.from(range(2049), (i) => -4 + i / 256);
    for (const depth of DRAWN) {
      const width = widthFor(depth, parameters);
      const found = range(draws).map(() =>
        piecesOf(drawn(netOf(depth, width), random), depth, grid),
      );
      regions.push(found.reduce((sum, one) => sum + one, 0) / draws);
      units.push(depth * width);
    }
    return {
      figures: [
        {
          name: `pieces of ${deepest} folds`,
          value: deep.at(-1),
          format: 'count',
          expected: [2 ** deepest, 2 ** deepest],
          paper: 2 ** deepest,
          source: 'Telgarsky 2016',
        },
        { name: 'pieces of as wide a layer, at most', value: wide.at(-1), format: 'count' },
        {
          name: 'pieces of random nets, for each unit',
          value: Math.max(...regions.map((one, i) => one / units[i])),
          expected: [0, 1.1],
        },
      ],
      pictures: [
        lines({
          title: 'Pieces by parameters',
          caption: 'A tent folded k times has 2ᵏ pieces; one layer has as many corners as units.',
          x: { name: 'parameters' },
          y: { name: 'straight pieces', log: true },
          series: [
            { name: 'folded: deep', x: counts, y: deep },
            { name: 'one layer: wide, at most', x: counts, y: wide },
          ],
        }),
        lines({
          title: 'Pieces of random nets',
          caption: `Nets of ${parameters} parameters with random weights have no more pieces than units, however deep.`,
          x: { name: 'hidden layers' },
          y: { name: 'straight pieces', min: 0 },
          series: [
            { name: 'found, mean', x: DRAWN, y: regions },
            { name: 'units', x: DRAWN, y: units, dashed: true },
          ],
        }),
      ],
      evidence,
      conclusion: `${deepest} folds make ${deep.at(-1)} pieces where one layer of as many parameters has at most ${wide.at(-1)}. Random weights do not use that: no depth has more pieces than units.`,
    };
  },
});
