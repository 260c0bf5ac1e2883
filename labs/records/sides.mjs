/** Pictures that are mirrored in every other epoch, instead of at random (Jordan 2024, §3.6). */
import { samplers } from 'lanewise';
import { randomNumbers } from 'lanewise/lab';

/** The pictures, and behind them their mirror images. */
export function withMirrored(set) {
  const { samples, labels } = set;
  const both = new Uint8Array(2 * samples.length);
  both.set(samples);
  for (let i = 0; i < samples.length; i++)
    both[samples.length + i] = samples[i - (i % 32) + 31 - (i % 32)];
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
