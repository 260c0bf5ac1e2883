/** Attacks on a net as a layer around it, compiled into the programs of training and test (Madry et al. 2018). */
import { adam, createStepper, defineLayer, functional, input, ops, subset } from 'lanewise';
import { randomNumbers } from 'lanewise/lab';

/** Numbers from -1 to 1, for starts. */
const drawn = randomNumbers(1);
const NOISE = Float32Array.from({ length: 1_000_000 }, () => 2 * drawn.next() - 1);

/**
 * PGD: from a random point within ε of the image, steps along the sign of the gradient, cut off at ε, black and white.
 * One step, from the image itself, is FGSM. It gives the net's scores of the last point.
 */
const attacked = (net, steps) => (scope, image, start, label, budget) => {
  const epsilon = ops.reshape(budget, [image.shape[0], 1, 1, 1]);
  const low = ops.maximum(ops.subtract(image, epsilon), ops.constant(0, [1]));
  const high = ops.minimum(ops.add(image, epsilon), ops.constant(1, [1]));
  const allowed = (x) => ops.stopGradient(ops.minimum(ops.maximum(x, low), high));
  let x = steps > 1 ? allowed(ops.add(image, ops.multiply(start, epsilon))) : image;
  for (let i = 0; i < steps; i++) {
    const likely = ops.pick(ops.logSoftmax(scope.apply('', net, x)), label);
    const [slope] = ops.gradients(ops.sum(likely), [x]);
    const step = ops.scale(ops.sign(slope), 4 / 3 / steps);
    x = allowed(ops.subtract(x, ops.multiply(step, epsilon)));
  }
  return scope.apply('', net, x);
};

/** A stepper of the net under an attack of so many steps. */
export function game({ net, shape, settings: { batch, seed }, workers }, steps, more) {
  const [image, start, budget] = [input(shape), input(shape), input([1])];
  const label = input([], { vocabulary: 10 });
  const layers = { net: defineLayer('attacked', { steps }, attacked(net, steps), 4) };
  const outputs = layers.net(image, start, label, budget);
  const model = functional({ inputs: { image, start, label, budget }, outputs, layers });
  const rest = { optimizer: adam({ lr: 0.002 }), loss: 'crossEntropy', numerics: 'strict', seed };
  return createStepper(model, { ...rest, batch, workers, ...more });
}

/** Some samples with random starts of an attack of ε. */
export function batchOf(data, rows, epsilon, random) {
  const { samples, labels } = subset(data, rows);
  const image = new Float32Array(samples).map((byte) => byte / 255);
  const from = random.below(NOISE.length - image.length);
  const start = NOISE.subarray(from, from + image.length);
  const budget = new Float32Array(rows.length).fill(epsilon);
  return { inputs: { image, start, label: Int32Array.from(labels), budget }, labels };
}
