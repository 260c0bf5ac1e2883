// A net learns which part of the plane belongs to which points: drawn here, or of a CSV file of one's own.
//   npx lanewise lab boundary-from-points --set points=mine.csv     a line of x, y and class for each point
import { adam, createStepper, linear, relu, sequential, sigmoid, tanh } from 'lanewise';
import { lab } from 'lanewise/lab';
import { partsOf } from './points/parts.mjs';
import { lineShares, patterns } from './points/patterns.mjs';
import { losses, placesOf, plane } from './points/pictures.mjs';

const activations = { relu: [relu], tanh: [tanh], sigmoid: [sigmoid], none: [] };

/** A net of hidden layers of `width` units; without any its boundary is a straight line. */
function net({ width, activation }, depth, classes, input) {
  const bend = () => activations[activation].map((kind) => kind());
  const hidden = Array.from({ length: depth }, (_, i) => [linear(i ? width : 2, width), ...bend()]);
  return sequential([...hidden.flat(), linear(depth ? width : 2, classes)], input);
}

/** The share of points whose class has the highest score. */
async function accuracyOf(stepper, { inputs, labels }) {
  const { classes } = await stepper.predict(inputs);
  return labels.filter((label, i) => classes[i] === label).length / labels.length;
}

const batchOf = ({ samples, labels, classes }) => ({ inputs: samples, labels, classes });

/**
 * What a net and a straight line learn of the parts. `watch({ isLine, step, loss, newLoss, stepper })` is awaited a hundred
 * times while each learns.
 */
export async function learnBoundary(parts, settings, watch) {
  const { width, depth, steps, seed, rate, l1, l2 } = settings;
  const { classes } = parts.train;
  const [batch, fresh] = [batchOf(parts.train), batchOf(parts.test)];
  const learn = async (isLine) => {
    const model = net(settings, isLine ? 0 : depth, classes.length, parts.input);
    const stepper = await createStepper(model, {
      optimizer: adam({ lr: rate, l1, weightDecay: l2 }),
      batch: Math.max(batch.labels.length, fresh.labels.length),
      seed,
      workers: 0,
      numerics: 'strict',
    });
    const loss = new Float32Array(steps);
    const [marks, newLoss] = [[], []];
    for (let i = 0; i < steps; i++) {
      loss[i] = (await stepper.step(batch)).loss;
      if (i % Math.ceil(steps / 100) && i < steps - 1) continue;
      marks.push(i + 1);
      newLoss.push((await stepper.loss(fresh)).loss);
      await watch({ isLine, step: i + 1, loss: loss[i], newLoss: newLoss.at(-1), stepper });
    }
    return { stepper, loss, marks, newLoss, accuracy: await accuracyOf(stepper, fresh) };
  };
  const [bent, line] = [await learn(false), await learn(true)];
  const seen = await bent.stepper.predict(placesOf(parts.frame));
  for (const { stepper } of [line, bent]) await stepper.close();
  const shares = lineShares[settings.points];
  const figure = (name, value, expected, about) => ({
    name,
    value,
    format: 'percent',
    ...(shares && { expected, about }),
  });
  const percent = (share) => `${(share * 100).toFixed(1)} %`;
  return {
    figures: [
      figure('accuracy on new points', bent.accuracy, [0.95, 1], 'patterns do not overlap'),
      figure('accuracy of a line', line.accuracy, shares, 'no line divides the patterns'),
      { name: 'loss on new points', value: bent.newLoss.at(-1) },
      { name: 'loss on the points it learned from', value: bent.loss.at(-1) },
    ],
    pictures: [plane(parts, seen), losses(bent, line, `${depth} hidden layers of ${width}`)],
    evidence: [...parts.evidence, bent.loss, line.loss, seen.scores],
    conclusion: `The net gives ${percent(bent.accuracy)} of new points their class, a straight line ${percent(line.accuracy)}.`,
  };
}

export default lab({
  name: 'boundary-from-points',
  group: 'Own data',
  title: 'Learning a boundary from points',
  about:
    'A small net sees points of the plane with their classes, and says of every other place to which class it belongs. No straight line divides these patterns; hidden units bend it. With fewer units (width) it bends less, and with more noise it follows single points.',
  papers: [{ cite: 'Lang & Witbrock 1988', title: 'Learning to tell two spirals apart' }],
  settings: {
    points: 'spirals',
    noise: 0.02,
    width: 24,
    depth: 2,
    steps: 1500,
    seed: 1,
    activation: 'relu',
    rate: 0.01,
    l1: 0,
    l2: 0,
    held: 0.3,
  },
  settingsAbout: {
    points: {
      about: 'a pattern, or the path of a CSV file with columns x, y and class',
      choices: Object.keys(patterns),
      file: true,
    },
    noise: { about: 'deviation of a point from its place in the pattern', from: 0, to: 1 },
    width: { about: 'units of a hidden layer', whole: true, from: 1, to: 512 },
    depth: { about: 'hidden layers', whole: true, from: 0, to: 10 },
    steps: { about: 'steps, each on all points', whole: true, from: 1, to: 100_000 },
    seed: { about: 'seed of the points and of the weights', whole: true, from: 0 },
    activation: {
      about: 'of hidden units; with none the boundary stays straight',
      choices: Object.keys(activations),
      later: true,
    },
    rate: { about: 'learning rate of Adam', from: 1e-6, to: 1, later: true },
    l1: { about: 'penalty on the sizes of weights', from: 0, to: 1, later: true },
    l2: { about: 'penalty on the squares of weights', from: 0, to: 1, later: true },
    held: { about: 'share of a file’s points that is not learned', from: 0, to: 0.9, later: true },
  },
  small: { steps: 600 },
  run: async ({ settings, progress }) =>
    learnBoundary(await partsOf(settings), settings, ({ isLine, step }) =>
      progress(step, settings.steps, isLine ? 'a straight line' : 'learning'),
    ),
});
