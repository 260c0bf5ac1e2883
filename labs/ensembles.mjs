/**
 * Ensembles: nets that differ in their first weights and the order of samples alone are asked together, and their
 * probabilities are averaged. How does the error fall with their number, and why can the loss not rise?
 */
import { adam, ensemble, metrics, train, transformed, transforms } from 'lanewise';
import { bars, lab, lines, wholeNumber } from 'lanewise/lab';
import { meanOf } from './practice/dense.mjs';
import { netOf } from './practice/net.mjs';
import { errorFigure, PAPERS, top5Of } from './practice/papers.mjs';
import { partsOf, pictures } from './practice/scenes.mjs';

const [SIZE, EDGE] = [32, 40];
const HANSEN = {
  cite: 'Hansen & Salamon 1990',
  title: 'Neural network ensembles',
  link: 'https://doi.org/10.1109/34.58871',
};

const WAYS = [
  'one net, one crop',
  'one net, ten crops',
  'all nets, one crop',
  'all nets, ten crops',
];

/** All choices of k of the list. */
const choices = (list, k) =>
  k === 0
    ? [[]]
    : list.flatMap((one, i) => choices(list.slice(i + 1), k - 1).map((rest) => [one, ...rest]));

const average = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;

/** Mean −log of the right class's probability. */
const lossOf = (scores, labels) => {
  const width = scores.length / labels.length;
  return average(
    [...labels].map((label, i) => -Math.log(Math.max(scores[i * width + label], 1e-38))),
  );
};

export default lab({
  name: 'ensembles',
  group: 'Practice',
  title: 'Many nets as one',
  about:
    'Nets of one kind are trained on the same pictures from different first weights and in different orders. Each subset of them answers by the mean of its probabilities; the curves are means over all subsets of a size, the bands their best and worst. The loss of a mean is at most the mean of the losses (Jensen), so that curve never rises; errors have no such theorem, but fall too.',
  papers: [HANSEN, ...PAPERS.slice(0, 2)],
  settings: { nets: 7, train: 8000, test: 500, materials: 3, epochs: 7, width: 8, seed: 1 },
  settingsAbout: {
    nets: wholeNumber('nets that answer together', 2, 9),
    train: wholeNumber('pictures to learn from', 16, 100000),
    test: wholeNumber('pictures held out'),
    materials: { about: 'of which each kind of object may be', from: 1, to: 3, whole: true },
    epochs: wholeNumber('passes over the pictures'),
    width: wholeNumber('filters of the first convolution'),
    seed: wholeNumber('of the pictures; the nets have this and the next ones', 0),
  },
  small: { nets: 3, train: 1000, test: 100, materials: 1, epochs: 4, width: 6 },
  full: { train: 30000, test: 2000, epochs: 6 },

  async run({ settings, data, workers, progress }) {
    const { nets, seed, epochs, width, materials } = settings;
    const given = await data({ train: settings.train, test: settings.test });
    const all = pictures(given.train, { count: settings.train, seed, edge: EDGE, materials });
    const test = pictures(given.test, {
      count: settings.test,
      seed: seed + 1,
      edge: EDGE,
      materials,
    });
    const { labels, classes } = test;
    const one = { views: [[transforms.centerCrop(SIZE)]], workers };
    const ten = { views: transforms.tenCrop(SIZE), workers };
    const learning = { optimizer: adam({ lr: 0.003 }), schedule: 'cosine', epochs, batch: 16 };
    const parts = { data: transformed(all, partsOf(SIZE, EDGE)), numerics: 'strict', workers };
    const models = [];
    const scores = [];
    for (let i = 0; i < nets; i++) {
      const net = netOf(all.shape[0], SIZE, width, classes.length);
      const { model } = await train(net, { ...learning, ...parts, seed: seed + i });
      models.push(model);
      scores.push((await model.evaluate(test, one)).scores);
      progress(i + 1, nets + 1, 'nets');
    }
    const error = (found, k) => 1 - metrics.topKAccuracyScore(labels, found, k);
    const sizes = scores.map((_, i) => i + 1);
    const subsets = sizes.map((k) => choices(scores, k).map(meanOf));
    const curve = (name, of) => {
      const values = subsets.map((list) => list.map(of));
      const [low, high] = [Math.min, Math.max].map((pick) => values.map((list) => pick(...list)));
      return { name, x: sizes, y: values.map(average), low, high };
    };
    const [top1, top5] = [1, 5].map((k) => curve(`top-${k}`, (found) => error(found, k)));
    const loss = curve('loss', (found) => lossOf(found, labels));
    const together = await ensemble(models).evaluate(test, one);
    const byCrops = await ensemble(models).evaluate(test, ten);
    const alone = await models[0].evaluate(test, ten);
    const apart = together.scores.reduce(
      (most, score, i) => Math.max(most, Math.abs(score - subsets.at(-1)[0][i])),
      0,
    );
    const found = [scores[0], alone.scores, together.scores, byCrops.scores];
    const bound = (name, value, expected, format) => ({ name, value, expected, format });
    const percent = (value) => `${(100 * value).toFixed(1)} %`;
    // Sums of float32 may round the equality of two equal nets up.
    const rises = loss.y.filter((value, i) => i > 0 && value > loss.y[i - 1] + 1e-6).length;
    return {
      figures: [
        ...[1, 5].flatMap((k) => WAYS.map((way, i) => errorFigure(way, k, error(found[i], k)))),
        bound('top-1 error of all less one’s', top1.y.at(-1) - top1.y[0], [-1, 0], 'percent'),
        bound('loss of all / mean of one’s', loss.y.at(-1) / loss.y[0], [0, 1]),
        bound('nets that raise the mean loss', rises, [0, 0], 'count'),
        bound('most that ensemble() differs from the mean of scores', apart, [0, 0]),
      ],
      pictures: [
        lines({
          title: 'Error by the number of nets',
          caption: 'Mean, best and worst of all subsets.',
          x: { name: 'nets' },
          y: { name: 'share of test pictures', min: 0 },
          series: [top1, top5],
        }),
        lines({
          title: 'Loss by the number of nets',
          caption: 'The mean over all subsets cannot rise.',
          x: { name: 'nets' },
          y: { name: '−log p of the right class' },
          series: [loss],
        }),
        bars({
          title: 'Nets and crops',
          y: { name: 'top-5 error', min: 0 },
          groups: WAYS,
          series: [
            { name: 'here', values: found.map((one) => error(one, 5)) },
            { name: 'GoogLeNet on ImageNet', values: WAYS.map(top5Of) },
          ],
        }),
      ],
      evidence: [...models.flatMap((model) => [...model.weights.values()]), ...found],
      conclusion: `One net is wrong for ${percent(top1.y[0])} of the pictures on average, ${nets} together for ${percent(top1.y.at(-1))}, and with ten crops for ${percent(error(byCrops.scores, 1))}; the loss falls from ${loss.y[0].toFixed(2)} to ${loss.y.at(-1).toFixed(2)}.`,
    };
  },
});
