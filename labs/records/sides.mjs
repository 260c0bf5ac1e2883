/** Pictures with borders, and mirrored in every other epoch instead of at random (Jordan 2024, §3). */
import { samplers } from 'lanewise';
import { randomNumbers } from 'lanewise/lab';

/** The pictures with a border of `wide` pixels, in which their edges are reflected. */
export function bordered(set, wide) {
  const [C, H, W] = set.shape;
  const [tall, broad] = [H + 2 * wide, W + 2 * wide];
  const reflected = (i, length) => length - 1 - Math.abs(length - 1 - Math.abs(i - wide));
  const samples = new Uint8Array(set.labels.length * C * tall * broad);
  for (let plane = 0, at = 0; plane < set.labels.length * C; plane++)
    for (let y = 0; y < tall; y++)
      for (let x = 0; x < broad; x++)
        samples[at++] = set.samples[(plane * H + reflected(y, H)) * W + reflected(x, W)];
  return { ...set, shape: [C, tall, broad], samples };
}

/** The pictures, and behind them their mirror images. */
export function withMirrored(set) {
  const { samples, labels, shape } = set;
  const last = shape[2] - 1;
  const both = new Uint8Array(2 * samples.length);
  both.set(samples);
  for (let i = 0; i < samples.length; i++)
    both[samples.length + i] = samples[i + last - 2 * (i % shape[2])];
  return {
    ...set,
    samples: both,
    labels: Int32Array.from({ length: 2 * labels.length }, (_, i) => labels[i % labels.length]),
  };
}

/** Orders for pictures that are there twice: one epoch takes a side of each, drawn once, and the next the other. */
export function alternating(seed) {
  const shuffled = samplers.shuffled();
  return {
    kind: 'alternating',
    settings: { seed },
    order(count, runSeed, epoch) {
      const half = count / 2;
      const random = randomNumbers(seed);
      const sides = Uint8Array.from({ length: half }, () => random.below(2));
      const order = new Uint32Array(count);
      for (const turn of [0, 1])
        order.set(
          shuffled
            .order(half, runSeed, epoch)
            .map((i) => i + half * ((sides[i] + epoch + turn) % 2)),
          turn * half,
        );
      return order;
    },
  };
}
