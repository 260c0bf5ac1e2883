// Points to begin with.
import { randomNumbers } from 'lanewise/lab';
import { drawPoints } from '../../../labs/points/patterns.mjs';

const COUNT = 200;

const pattern = (points, noise) => (random) => {
  const { samples, labels } = drawPoints({ points, noise }, COUNT, random);
  return samples.map((sample, i) => [...sample, labels[i]]);
};

/** Clouds around corners of a triangle, which touch. */
function clouds(random) {
  const middles = [
    [-0.45, -0.4],
    [0.45, -0.4],
    [0, 0.45],
  ];
  return Array.from({ length: COUNT }, (_, i) => [
    ...middles[i % 3].map((at) => at + 0.2 * random.normal()),
    i % 3,
  ]);
}

const makers = {
  Circles: pattern('rings', 0.06),
  XOR: pattern('xor', 0.03),
  Spirals: pattern('spirals', 0.02),
  Moons: pattern('moons', 0.06),
  'Three clouds': clouds,
};

export const examples = Object.keys(makers);

/** Noise stays on the sheet. */
const onSheet = (at) => Math.round(850 * at) / 1000;

/** The points of an example, of classes A, B and C. */
export const exampleOf = (name) =>
  makers[name](randomNumbers(1)).map(([x, y, label]) => ({
    x: onSheet(x),
    y: onSheet(y),
    name: 'ABC'[label],
  }));
