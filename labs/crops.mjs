/**
 * Crops: a net that sees a part of a picture is asked about one part, five, ten or 144, or is made a convolution that looks
 * at every place in one pass. What does each gain, and what does it cost?
 */
import { adam, metrics, train, transformed, transforms } from 'lanewise';
import { bars, images, lab, points, wholeNumber } from 'lanewise/lab';
import { boxesOf, compare, mapImage, meanOf, scoreDensely } from './practice/dense.mjs';
import { netOf } from './practice/net.mjs';
import { errorFigure, PAPERS } from './practice/papers.mjs';
import { partsOf, pictures } from './practice/scenes.mjs';

const { centerCrop, fiveCrop, multiCrop, tenCrop } = transforms;
const SCALES = [1, 0.9, 1.1, 1.2];

const SIZES = { size: 32, edge: 40, seed: 1 };
const sizes = (about, from) => ({ about, from, to: 512, whole: true });

export default lab({
  name: 'crops',
  group: 'Practice',
  title: 'One crop, ten, 144, or all places',
  about:
    'A net learns from parts of pictures: an object of some kind and material, among pieces of others. It is then asked about the middle of a new picture, about five or ten parts, or the 144 of GoogLeNet, and the probabilities are averaged. Or its dense layers become convolutions, and one pass scores every place. More views help; all places cost as much as a few crops.',
  papers: PAPERS,
  settings: { train: 10000, test: 500, materials: 3, epochs: 8, width: 8, scales: 4, ...SIZES },
  settingsAbout: {
    train: wholeNumber('pictures to learn from', 16, 100000),
    test: wholeNumber('pictures held out', 4),
    materials: { about: 'of which each kind of object may be', from: 1, to: 3, whole: true },
    epochs: wholeNumber('passes over the pictures'),
    width: wholeNumber('filters of the first convolution'),
    scales: { about: 'of the pictures, for 36 crops each', from: 1, to: 4, whole: true },
    size: sizes('width and height of what the net sees', 20),
    edge: sizes('a picture’s shorter edge; larger images are taken as they are', 24),
    seed: wholeNumber('of pictures and weights', 0),
  },
  small: { train: 1500, test: 100, materials: 1, epochs: 6, width: 6, scales: 1 },
  full: { train: 60000, test: 2000, epochs: 10, width: 12 },

  async run({ settings, data, workers, progress }) {
    const { materials, size, edge, seed, epochs, width } = settings;
    const given = await data({ train: settings.train, test: settings.test });
    const all = pictures(given.train, { count: settings.train, seed, edge, materials });
    const drawn = { count: settings.test, seed: seed + 1, edge, materials };
    const test = pictures(given.test, drawn);
    const { shape, samples, labels, classes } = test;
    const parts = { data: transformed(all, partsOf(size, edge)), batch: 16, epochs, seed };
    const learning = { optimizer: adam({ lr: 0.003 }), schedule: 'cosine', numerics: 'strict' };
    const { model } = await train(
      netOf(shape[0], size, width, classes.length),
      { ...parts, ...learning, workers },
      { onEpoch: ({ epoch }) => progress(epoch, epochs + 4, 'epochs') },
    );

    const edges = SCALES.slice(0, settings.scales).map((scale) => Math.round(scale * edge));
    const many = `${36 * edges.length} crops`;
    const crops = {
      'one crop': [[centerCrop(size)]],
      'five crops': fiveCrop(size),
      'ten crops': tenCrop(size),
      [many]: multiCrop(size, { edges }),
    };
    const [scores, costs, losses] = [{}, {}, {}];
    for (const [way, views] of Object.entries(crops)) {
      ({ scores: scores[way], loss: losses[way] } = await model.evaluate(test, { views, workers }));
      costs[way] = views.length;
    }
    let ofViews = 0;
    for (const view of tenCrop(size))
      ofViews += (await model.evaluate(test, { views: [view], workers })).loss / 10;
    const dense = [];
    for (const length of edges) {
      dense.push(await scoreDensely(model, test, length, workers));
      progress(epochs + dense.length, epochs + 4, 'scales');
    }
    const cost = dense.reduce((sum, scale) => sum + scale.cost, 0);
    const deep = edges.length === 4 ? 'dense, four scales' : `dense, scales: ${edges.length}`;
    const both = 'dense and crops';
    [scores.dense, costs.dense] = [dense[0].scores, dense[0].cost];
    [scores[deep], costs[deep]] = [meanOf(dense.map((scale) => scale.scores)), cost];
    [scores[both], costs[both]] = [meanOf([scores[deep], scores[many]]), cost + costs[many]];

    const ways = Object.keys(scores);
    const error = (way, k) => 1 - metrics.topKAccuracyScore(labels, scores[way], k);
    const rowOf = (way, i) => scores[way].subarray(i * classes.length, (i + 1) * classes.length);
    const isRight = (way, i) => metrics.topKAccuracyScore([labels[i]], rowOf(way, i), 1) === 1;
    /** Of the pictures that a way changes, chance makes as many wrong as right, within two deviations, 2·√changed. */
    const change = (way) => {
      const changed = [...labels.keys()].filter((i) => isRight(way, i) !== isRight('one crop', i));
      const expected = [-1, (2 * Math.sqrt(changed.length)) / labels.length];
      const value = error(way, 1) - error('one crop', 1);
      return { name: `${way}: change of top-1 error`, value, format: 'percent', expected };
    };
    const volume = samples.length / labels.length;
    const pictureOf = (i) => samples.subarray(i * volume, (i + 1) * volume);
    const maps = [];
    for (let i = 0; i < 4; i++) maps.push(await compare(model, shape, pictureOf(i), size));
    const most = (key) => Math.max(...maps.map((map) => map[key]));
    const bound = (name, value, expected) => ({ name, value, expected });
    const passes = [1, maps[0].rows * maps[0].columns];
    const percent = (way) => `${(100 * error(way, 1)).toFixed(1)} %`;
    return {
      figures: [
        ...[1, 5].flatMap((k) => ways.map((way) => errorFigure(way, k, error(way, k)))),
        ...['ten crops', many, 'dense'].map(change),
        bound('loss of ten crops / mean of their losses', losses['ten crops'] / ofViews, [0, 1]),
        bound('most that a place differs from the crop there', most('apart'), [0, 1e-4]),
        bound('most that the mean differs from theirs', most('apartFromMean'), [0, 1e-4]),
        bound('cost of all places, in crops', costs.dense / 2, passes),
      ],
      pictures: [
        bars({
          title: 'The first guess is wrong, or all of five',
          y: { name: 'share of test pictures', min: 0 },
          groups: ways,
          series: [1, 5].map((k) => ({ name: `top-${k}`, values: ways.map((w) => error(w, k)) })),
        }),
        points({
          title: 'What it costs',
          caption: 'All places of a picture share the work of the convolutions.',
          x: { name: 'multiply-adds, in those of one crop', log: true },
          y: { name: 'top-1 error' },
          series: ways.map((way) => ({ name: way, x: [costs[way]], y: [error(way, 1)] })),
        }),
        images({
          title: 'Five crops, and the score of the right class at every place',
          columns: 2,
          zoom: 4,
          items: maps.flatMap((map, i) => [
            { pixels: pictureOf(i), shape, label: classes[labels[i]], boxes: boxesOf(shape, size) },
            mapImage(map, labels[i]),
          ]),
        }),
      ],
      evidence: [...model.weights.values(), ...Object.values(scores)],
      conclusion: `The first guess is wrong for ${percent('one crop')} of the pictures by one crop, ${percent('ten crops')} by ten, ${percent(many)} by ${costs[many]}, and ${percent('dense')} by all places in one pass and one for the mirror image, which cost ${Math.round(costs.dense)} crops.`,
    };
  },
});
