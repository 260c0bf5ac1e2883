// A net learns which part of the plane belongs to which points: drawn here, or of a CSV file of one's own.
//   npx lanewise lab boundary-from-points --set points=mine.csv     columns x, y and class, with a header
import { adam, arrays, createStepper, csvDataset, linear, relu } from 'lanewise';
import { sequential, split, standardize } from 'lanewise';
import { heatmap, lab, lines, randomNumbers } from 'lanewise/lab';

/** Cosine and sine of a tenth of a radian, in every engine the same. */
const [COSINE, SINE] = [0.9950041652780258, 0.09983341664682815];
/** Points to learn from, and as many for the test. */
const COUNT = 300;
/** Places in each direction of which the net is asked, and how far from the centre they reach. */
const [GRID, REACH] = [61, 1.1];

/** The place `turns` tenths of a radian around the centre, `radius` from it. */
function around(turns, radius) {
  let [x, y] = [radius, 0];
  for (let i = 0; i < turns; i++) [x, y] = [x * COSINE - y * SINE, x * SINE + y * COSINE];
  return [x, y];
}

/** Patterns of two classes that no straight line tells apart. */
const patterns = {
  spirals(random, label) {
    const turns = random.below(56);
    return around(turns, 0.15 + (0.85 * turns) / 56).map((at) => (label ? -at : at));
  },
  rings: (random, label) => around(random.below(63), label ? 0.9 : 0.35),
};

/** Points of a pattern, scattered by the noise. */
function drawn({ points, noise }, random) {
  const labels = Array.from({ length: COUNT }, (_, i) => i % 2);
  const scattered = (at) => at + noise * random.normal();
  const samples = labels.map((label) => patterns[points](random, label).map(scattered));
  return arrays({ samples, labels, classes: ['first', 'second'] });
}

/** A net of hidden layers of `width` units; without any its boundary is a straight line. */
function net(width, depth, classes) {
  const hidden = Array.from({ length: depth }, (_, i) => [linear(i ? width : 2, width), relu()]);
  return sequential([...hidden.flat(), linear(depth ? width : 2, classes)], { input: [2] });
}

/** The share of points whose class has the highest score. */
async function accuracyOf(stepper, { inputs, targets }) {
  const { classes } = await stepper.predict(inputs);
  const labels = targets.output.values;
  return labels.filter((label, i) => classes[i] === label).length / labels.length;
}

/** The points of each class. */
function dotsOf({ inputs, targets, classes }) {
  const { values } = inputs.input;
  const rows = [...targets.output.values.keys()];
  return classes.flatMap((name, c) => {
    const own = rows.filter((i) => targets.output.values[i] === c);
    return { name, x: own.map((i) => values[2 * i]), y: own.map((i) => values[2 * i + 1]) };
  });
}

export default lab({
  name: 'boundary-from-points',
  group: 'Own data',
  title: 'Learning a boundary from points',
  about:
    'A small net sees points of the plane with their classes, and says of every other place to which class it belongs. No straight line divides these patterns; hidden units bend it. With fewer units (width) it bends less, and with more noise it follows single points.',
  papers: [{ cite: 'Lang & Witbrock 1988', title: 'Learning to tell two spirals apart' }],
  settings: { points: 'spirals', noise: 0.02, width: 24, depth: 2, steps: 1500, seed: 1 },
  settingsAbout: {
    points: 'spirals, rings, or the path of a CSV file with columns x, y and class',
    noise: { about: 'deviation of a point from its place in the pattern', from: 0, to: 1 },
    width: { about: 'units of a hidden layer', whole: true, from: 1, to: 512 },
    depth: { about: 'hidden layers', whole: true, from: 0, to: 10 },
    steps: { about: 'steps, each on all points', whole: true, from: 1, to: 100_000 },
    seed: { about: 'seed of the points and of the weights', whole: true, from: 0 },
  },
  small: { steps: 600 },

  async run({ settings, progress }) {
    const { points, width, depth, steps, seed } = settings;
    const random = randomNumbers(seed);
    const isPattern = Object.hasOwn(patterns, points);
    const halves = !isPattern && split(await csvDataset(points, { target: 'class' }), 0.5);
    const [train, test] = isPattern
      ? [drawn(settings, random), drawn(settings, random)]
      : halves.map((half) => standardize(halves[0]).apply(half));
    const { classes } = train;
    const batch = { inputs: train.inputs, labels: train.targets.output.values };
    const learn = async (depth) => {
      const stepper = await createStepper(net(width, depth, classes.length), {
        optimizer: adam({ lr: 0.01 }),
        batch: batch.labels.length,
        seed,
        workers: 0,
        numerics: 'strict',
      });
      const loss = new Float32Array(steps);
      for (let i = 0; i < steps; i++) {
        loss[i] = (await stepper.step(batch)).loss;
        if (i % 50 === 0) progress(i, steps, depth ? 'learning' : 'a straight line');
      }
      return { stepper, loss, accuracy: await accuracyOf(stepper, test) };
    };
    const [line, bent] = [await learn(0), await learn(depth)];
    const at = (i) => ((2 * i) / (GRID - 1) - 1) * REACH * (isPattern ? 1 : 2);
    const places = Float32Array.from({ length: 2 * GRID ** 2 }, (_, i) =>
      at(i % 2 ? Math.floor(i / 2 / GRID) : (i / 2) % GRID),
    );
    const { scores, classes: verdicts } = await bent.stepper.predict(places);
    for (const { stepper } of [line, bent]) await stepper.close();
    const isTwo = classes.length === 2;
    const sure = scores.filter((_, i) => i % 2).map((share) => 2 * share - 1);
    const axis = (name) => ({ name, from: at(0), to: at(GRID - 1) });
    const figure = (name, value, expected, about) => ({
      name,
      value,
      format: 'percent',
      ...(isPattern && { expected, about }),
    });
    const percent = (share) => `${(share * 100).toFixed(1)} %`;
    const curve = (name, { loss }) => ({ name, x: loss.map((_, i) => i + 1), y: loss });
    return {
      figures: [
        figure('accuracy on new points', bent.accuracy, [0.95, 1], 'patterns do not overlap'),
        figure('accuracy of a line', line.accuracy, [0.3, 0.8], 'no line divides the patterns'),
      ],
      pictures: [
        heatmap({
          title: 'Which place belongs to which class',
          caption: 'What the net says of every place, and the points that it has seen.',
          x: axis('x'),
          y: axis('y'),
          rows: GRID,
          columns: GRID,
          values: isTwo ? sure : verdicts,
          scale: { name: 'verdict', diverging: isTwo },
          points: dotsOf(train),
        }),
        lines({
          title: 'Loss while learning',
          x: { name: 'step' },
          y: { name: 'loss', log: true },
          series: [curve(`${depth} hidden layers of ${width}`, bent), curve('straight line', line)],
        }),
      ],
      evidence: [bent.loss, line.loss, scores],
      conclusion: `The net gives ${percent(bent.accuracy)} of new points their class, a straight line ${percent(line.accuracy)}.`,
    };
  },
});
