/**
 * FitNets: a thin and deep net learns from a wide and shallow one. First its middle layer learns to predict the teacher's
 * (a hint), then the whole net learns the labels and the teacher's answers (distillation).
 */
import { adam, chain, conv2d, distillation, encode, flatten, linear, maxPool2d } from 'lanewise';
import { firstSamples, parameterCount, relu, sequential, train, withTeacher } from 'lanewise';
import { lab, lines, wholeNumber } from 'lanewise/lab';

const conv = (from, to) => [conv2d(from, to, 3, { padding: 1 }), relu()];
/** So many convolutions of `width` filters, and a pooling that halves the plane. */
const stage = (from, width, depth) =>
  chain([
    ...conv(from, width),
    ...Array.from({ length: depth - 1 }, () => conv(width, width)).flat(),
    maxPool2d(2),
  ]);

/** Two stages and a head; `guided` names the output that gives or takes the hint. */
function netOf([channels, height, width], filters, depth) {
  const layers = { guided: stage(channels, filters, depth), upper: stage(filters, filters, depth) };
  const out = linear((filters * height * width) / 16, 10);
  return sequential({ ...layers, flat: flatten(), out }, { input: [channels, height, width] });
}

export default lab({
  name: 'fitnets',
  group: 'Pretraining',
  title: 'Hints for a thin, deep student',
  about:
    'A deep net of few filters is hard to train from random weights, the harder the deeper. A teacher, wide and shallow, shows it the way twice: half way up, where the student learns to predict what the teacher’s layer says, and at the end, by its answers.',
  papers: [
    {
      cite: 'Romero et al. 2015',
      title: 'FitNets: hints for thin deep nets',
      link: 'https://arxiv.org/abs/1412.6550',
    },
  ],
  settings: {
    train: 2000,
    labelled: 500,
    teacher: 16,
    student: 4,
    deepest: 3,
    epochs: 12,
    seeds: 3,
    seed: 1,
  },
  settingsAbout: {
    train: wholeNumber('samples of the teacher', 20),
    labelled: wholeNumber('samples of the student, the first of these', 20),
    teacher: wholeNumber('filters of the teacher’s two convolutions'),
    student: wholeNumber('filters of each of the student’s convolutions'),
    deepest: wholeNumber('most convolutions in each of the student’s two halves'),
    epochs: wholeNumber('passes of each training'),
    seeds: wholeNumber('runs, of which the mean is shown'),
    seed: wholeNumber('of weights and orders', 0),
  },
  small: { train: 400, labelled: 200, teacher: 8, deepest: 2, epochs: 14, seeds: 1 },
  full: { train: 20000, labelled: 2000, teacher: 32, deepest: 5, seeds: 5 },

  async run({ settings, data, workers, say, progress }) {
    const { labelled, student, deepest, epochs, seeds, seed } = settings;
    const { train: all, test } = await data({ train: settings.train, test: 1000 });
    const { shape } = all;
    const optimizer = adam({ lr: 0.003 });
    const common = { optimizer, batch: 20, epochs, numerics: 'strict', workers };
    const learn = async (net, more) => (await train(net, { ...common, ...more })).model;
    const teacher = await learn(netOf(shape, settings.teacher, 1), { data: all, seed });
    const { accuracy } = await teacher.evaluate(test);
    const few = firstSamples(all, labelled);
    const loss = distillation({ temperature: 4, alpha: 0.7 });
    const taught = { data: await withTeacher(teacher, few), loss };
    const { input: hint } = (await encode(teacher, few, { layer: 'guided', workers })).inputs;
    const images = { shape, values: Float32Array.from(few.samples, (byte) => byte / 255) };
    const hints = { name: 'hints', inputs: { input: images }, targets: { output: hint } };

    /** Weights of the student's lower half, after it has learned to predict the teacher's through one convolution. */
    async function hinted(depth, runSeed) {
      const guided = stage(shape[0], student, depth);
      const regressor = conv2d(student, hint.shape[0], 1);
      const net = sequential({ guided, regressor }, { input: shape });
      const model = await learn(net, { data: hints, loss: 'meanSquaredError', seed: runSeed });
      return new Map([...model.weights].filter(([name]) => name.startsWith('guided')));
    }
    const ways = {
      'labels alone': async () => ({ data: few }),
      'and the teacher’s answers': async () => taught,
      'and a hint half way': async (...run) => ({ ...taught, weights: await hinted(...run) }),
    };
    const depths = Array.from({ length: deepest }, (_, i) => i + 1);
    const [series, evidence] = [[], [...teacher.weights.values()]];
    for (const [name, way] of Object.entries(ways)) {
      const y = [];
      for (const depth of depths) {
        let sum = 0;
        for (let own = seed; own < seed + seeds; own++) {
          const given = await way(depth, own);
          const model = await learn(netOf(shape, student, depth), { ...given, seed: own });
          sum += 1 - (await model.evaluate(test)).accuracy;
          evidence.push(...model.weights.values());
        }
        y.push(sum / seeds);
        progress(series.length * deepest + depth, 3 * deepest, `${name}, depth ${2 * depth}`);
      }
      series.push({ name, x: depths.map((depth) => 2 * depth), y });
      say(`${name}: ${y.map((error) => error.toFixed(3)).join(' ')}`);
    }
    const ends = series.map(({ y }) => y.at(-1));
    const percent = (value) => `${(100 * value).toFixed(1)} %`;
    const share = (name, value) => ({ name, value, format: 'percent' });
    const [{ x }, net] = [series[0], netOf(shape, student, deepest)];
    return {
      figures: [
        { ...share('error of the teacher', 1 - accuracy), expected: [0, 0.15] },
        ...series.map(({ name }, i) => ({
          ...share(`error of the deepest student, ${name}`, ends[i]),
          ...(i === 2 && { expected: [0, ends[0]] }),
        })),
        { name: 'weights of the teacher', value: parameterCount(teacher.model), format: 'count' },
        { name: 'weights of the deepest student', value: parameterCount(net), format: 'count' },
      ],
      pictures: [
        lines({
          title: 'Depth of a thin student',
          caption: `${labelled} labelled samples; ${student} filters a layer.`,
          x: { name: 'convolutions of the student' },
          y: { name: 'test error', min: 0 },
          series: [
            ...series,
            { name: 'the teacher', x, y: x.map(() => 1 - accuracy), dashed: true },
          ],
        }),
      ],
      evidence,
      conclusion: `The deepest student is wrong on ${percent(ends[0])} from labels alone, ${percent(ends[1])} with the teacher’s answers, ${percent(ends[2])} with a hint as well.`,
    };
  },
});
