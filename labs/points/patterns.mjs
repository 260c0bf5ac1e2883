// Patterns of two classes in the square from -1 to 1, and how well a straight line can tell them apart.

/** Cosine and sine of a tenth of a radian, in every engine the same. */
const [COSINE, SINE] = [0.9950041652780258, 0.09983341664682815];

/** The place `turns` tenths of a radian around the centre, `radius` from it. */
function around(turns, radius) {
  let [x, y] = [radius, 0];
  for (let i = 0; i < turns; i++) [x, y] = [x * COSINE - y * SINE, x * SINE + y * COSINE];
  return [x, y];
}

/** A place of each pattern's class, 0 or 1, before the noise. */
export const patterns = {
  spirals(random, label) {
    const turns = random.below(56);
    return around(turns, 0.15 + (0.85 * turns) / 56).map((at) => (label ? -at : at));
  },
  rings: (random, label) => around(random.below(63), label ? 0.9 : 0.35),
  /** Opposite quarters belong to one class. */
  xor(random, label) {
    const [x, y] = [0.08 + 0.87 * random.next(), 0.08 + 0.87 * random.next()];
    const side = random.below(2) ? 1 : -1;
    return [side * x, label ? -side * y : side * y];
  },
  /** Two half circles, each with its end in the other. */
  moons(random, label) {
    const [x, y] = around(random.below(32), 0.6);
    return label ? [0.3 - x, 0.15 - y] : [x - 0.3, y - 0.15];
  },
};

/** The share of points that the best straight lines can give their class, from and to. */
export const lineShares = {
  spirals: [0.3, 0.8],
  rings: [0.3, 0.8],
  xor: [0.3, 0.8],
  moons: [0.8, 0.95],
};

/** `count` points of a pattern, of both classes in turns, scattered by the noise. */
export function drawPoints({ points, noise }, count, random) {
  const labels = Array.from({ length: count }, (_, i) => i % 2);
  const scattered = (at) => at + noise * random.normal();
  const samples = labels.map((label) => patterns[points](random, label).map(scattered));
  return { samples, labels, classes: ['first', 'second'] };
}
