// An adversarial net: two nets play against each other until one of them draws digits (Goodfellow et al. 2014).
//   node examples/gan.mjs            draws runs/gan.png, a column a digit, while it learns
//   node examples/gan.mjs 500        the same in 500 rounds, not 1000
// The forger makes an image from noise and the requested digit. The judge gives ten verdicts, one for each digit, and only
// that on the requested digit counts: is this a real 3? Each is trained by a stepper; the judge's weights are the same in both.
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  adam,
  chain,
  concat,
  conv2d,
  convTranspose2d,
  createStepper,
  digits,
  dropout,
  ema,
  flatten,
  functional,
  groupNorm,
  input,
  leakyRelu,
  lenet5,
  linear,
  ops,
  relu,
  reshape,
  sigmoid,
  subset,
  train,
} from 'lanewise';
import { PNG } from 'pngjs';

const [NOISE, ROUND] = [32, 64];
const twice = { stride: 2, padding: 1 };

const forger = chain([
  linear(NOISE + 10, 64 * 7 * 7),
  reshape([64, 7, 7]),
  groupNorm(4, 64),
  relu(),
  convTranspose2d(64, 32, 4, twice),
  groupNorm(4, 32),
  relu(),
  convTranspose2d(32, 1, 4, twice),
  sigmoid(),
]);
const judge = chain([
  conv2d(1, 16, 4, twice),
  leakyRelu({ negativeSlope: 0.2 }),
  conv2d(16, 32, 4, twice),
  leakyRelu({ negativeSlope: 0.2 }),
  flatten(),
  dropout(0.3),
  linear(32 * 7 * 7, 10),
]);
const image = input([1, 28, 28]);
const judging = functional({
  inputs: { image },
  outputs: { verdicts: judge(image) },
  layers: { judge },
});
const [noise, wanted] = [input([NOISE]), input([10])];
const forged = forger(concat(noise, wanted));
const forging = functional({
  inputs: { noise, wanted },
  outputs: { forged, verdicts: judge(forged) },
  layers: { forger, judge },
});

/** −log of the probability of the right verdict, real (1) or forged (0), on the digit it is said to be. */
function judgement({ verdicts }, { digit, isReal }) {
  const verdict = ops.pick(verdicts, digit);
  return ops.subtract(ops.softplus(verdict), ops.multiply(verdict, isReal));
}
/** The forger's loss: it wants its images to be taken for real. */
const deception = ({ verdicts }, { digit }) => ops.softplus(ops.negate(ops.pick(verdicts, digit)));

/** Numbers from 0 to 1, the same on every machine. */
export function randomNumbers(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** The forger's input for these digits. */
function orders(labels, random) {
  const oneHot = labels.flatMap((label) =>
    Array.from({ length: 10 }, (_, c) => Number(c === label)),
  );
  const noise = Array.from({ length: labels.length * NOISE }, () => random() * 2 - 1);
  return {
    noise: { shape: [NOISE], values: Float32Array.from(noise) },
    wanted: { shape: [10], values: Float32Array.from(oneHot) },
  };
}

/** Images of the requested digits, 784 bytes each, drawn by a stepper or a model. */
export async function draw(by, labels, random) {
  const { scores } = await by.predict(orders(labels, random), undefined, 'forged');
  return Uint8Array.from(scores, (value) => Math.round(value * 255));
}

/** Trains both; yields the losses of each round and the steppers. */
export async function* play({ rounds = 1000, seed = 1, count = 6000, ...settings } = {}) {
  const random = randomNumbers(seed);
  const data = digits({ count });
  const optimizer = adam({ lr: 5e-4, betas: [0.5, 0.999] });
  const common = { optimizer, seed, numerics: 'strict', ...settings };
  const judges = await createStepper(judging, { ...common, loss: judgement, batch: 2 * ROUND });
  const forgers = await createStepper(forging, {
    ...common,
    loss: deception,
    batch: ROUND,
    freeze: ['judge'],
    share: judges,
    average: ema({ decay: 0.99 }),
  });
  const isReal = Float32Array.from({ length: 2 * ROUND }, (_, i) => Number(i < ROUND));
  for (let round = 1; round <= rounds; round++) {
    const chosen = Array.from({ length: ROUND }, () => Math.floor(random() * count));
    const { samples, labels: found } = subset(data, chosen);
    const digit = Array.from(found);
    const judged = await judges.step({
      inputs: {
        shape: [1, 28, 28],
        values: Uint8Array.from([...samples, ...(await draw(forgers, digit, random))]),
      },
      labels: { digit: [...digit, ...digit] },
      targets: { isReal },
    });
    const forged = await forgers.step({ inputs: orders(digit, random), labels: { digit } });
    yield { round, judge: judged.loss, forger: forged.loss, forgers };
  }
  await forgers.close();
  await judges.close();
}

/** Ten rows of the ten digits as a PNG. */
function picture(images) {
  const png = new PNG({ width: 280, height: 280 });
  images.forEach((ink, i) => {
    const [n, at] = [Math.floor(i / 784), i % 784];
    const y = Math.floor(n / 10) * 28 + Math.floor(at / 28);
    png.data.set([ink, ink, ink, 255], (y * 280 + (n % 10) * 28 + (at % 28)) * 4);
  });
  return PNG.sync.write(png);
}

/** How many of the images a net that has learned the digits recognises as these digits. */
export async function readable(images, labels) {
  const settings = {
    data: digits({ count: 3000 }),
    optimizer: adam({ lr: 0.002 }),
    epochs: 2,
    numerics: 'strict',
  };
  const { model } = await train(lenet5(), settings);
  const { classes } = await model.predict(images, [1, 28, 28]);
  return labels.filter((label, i) => classes[i] === label).length;
}

async function main(rounds) {
  const file = 'runs/gan.png';
  mkdirSync('runs', { recursive: true });
  const hundred = Array.from({ length: 100 }, (_, i) => i % 10);
  const start = performance.now();
  let images;
  for await (const { round, judge, forger, forgers } of play({ rounds })) {
    const seconds = ((performance.now() - start) / 1000) * (rounds / round - 1);
    const left = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')} left`;
    if (process.stdout.isTTY || round % 100 === 0)
      process.stdout.write(
        `${process.stdout.isTTY ? '\r' : ''}round ${round}/${rounds}  judge ${judge.toFixed(2)}  forger ${forger.toFixed(2)}  ${left} ${process.stdout.isTTY ? '' : '\n'}`,
      );
    if (round % 250 !== 0 && round !== rounds) continue;
    // The average of the forger's weights draws more steadily.
    images = await draw(await forgers.model(), hundred, randomNumbers(7));
    writeFileSync(file, picture(images));
  }
  console.log(
    `\n${await readable(images, hundred)} of 100 are read as the digit that was wanted: see ${file}`,
  );
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const rounds = Number(process.argv[2] ?? 1000);
  if (Number.isInteger(rounds) && rounds > 0) await main(rounds);
  else
    console.error(
      `rounds are '${process.argv[2]}', expected a whole number: node examples/gan.mjs 500`,
    );
}
