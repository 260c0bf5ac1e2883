/** The net of fast records on CIFAR-10, where its weights begin, and how fast they learn (Jordan 2024). */
import { batchNorm2d, chain, conv2d, flatten, gelu, linear } from 'lanewise';
import { maxPool2d, momentum, sequential } from 'lanewise';
import { eigh } from 'lanewise/lab';

const [MEAN, DEVIATION] = [
  [0.4914, 0.4822, 0.4465],
  [0.247, 0.2435, 0.2616],
];
/** Of weights, as a share of the learning rate. */
const DECAY = 0.00133;
/** How much faster than weights the shifts of batch normalisation learn, and how much smaller scores begin than usual. */
const [SHIFTS, SCORES] = [64, 1 / 9];

/** A convolution that keeps the plane. */
const conv = (from, to) => conv2d(from, to, 3, { padding: 1, bias: false });

/** Halves the plane, and looks at it twice. */
const block = (from, to) =>
  chain([
    conv(from, to),
    maxPool2d(2),
    batchNorm2d(to, { momentum: 0.4 }),
    gelu(),
    conv(to, to),
    batchNorm2d(to, { momentum: 0.4 }),
    gelu(),
  ]);

/** Scores of ten classes for pictures of 3×32×32; `width` channels on the first plane, and four times as many below. */
export const netOf = (width) =>
  sequential(
    {
      patches: conv2d(3, 24, 2),
      act: gelu(),
      block1: block(24, width),
      block2: block(width, 4 * width),
      block3: block(4 * width, 4 * width),
      pool: maxPool2d(3),
      flat: flatten(),
      output: linear(4 * width, 10),
    },
    { input: [3, 32, 32], mean: MEAN, deviation: DEVIATION },
  );

/** Pictures that the patches are looked at in. */
const SEEN = 2000;

/** Rows of 12: the patches of 2×2 pixels of pictures of 3×32×32, as the net's input has them. */
function* patchesOf(samples) {
  const v = new Float64Array(12);
  const count = Math.min(SEEN, samples.length / 3072);
  for (let n = 0; n < count; n++)
    for (let y = 0; y < 31; y++)
      for (let x = 0; x < 31; x++) {
        for (let c = 0; c < 3; c++)
          for (let k = 0; k < 4; k++) {
            const at = n * 3072 + c * 1024 + (y + (k >> 1)) * 32 + x + (k & 1);
            v[4 * c + k] = (samples[at] / 255 - MEAN[c]) / DEVIATION[c];
          }
        yield v;
      }
}

/**
 * Kernels of 24 filters for patches of 2×2 pixels: the eigenvectors of the patches' covariance, each so long that what it
 * gives varies by 1, and their negatives.
 */
export function whitened(samples) {
  const covariance = Array.from({ length: 12 }, () => new Float64Array(12));
  let count = 0;
  for (const v of patchesOf(samples)) {
    for (let a = 0; a < 12; a++) for (let b = 0; b < 12; b++) covariance[a][b] += v[a] * v[b];
    count++;
  }
  const { values, vectors } = eigh(covariance.map((row) => row.map((sum) => sum / count)));
  const rows = vectors.map((v, i) => v.map((one) => one / Math.sqrt(values[i] + 5e-4)));
  return Float32Array.from(
    [...rows, ...rows.map((row) => row.map((one) => -one))].flatMap((row) => [...row]),
  );
}

/** Kernels of 3×3 whose first filters pass a channel on as it is, and whose others are drawn as PyTorch draws them. */
function passing(from, to, random) {
  const bound = 1 / Math.sqrt(9 * from);
  const kernels = Float32Array.from(
    { length: 9 * from * to },
    () => bound * (2 * random.next() - 1),
  );
  const passed = Math.min(from, to);
  kernels.fill(0, 0, 9 * from * passed);
  for (let i = 0; i < passed; i++) kernels[9 * (i * from + i) + 4] = 1;
  return kernels;
}

/** Where the net begins: patches by `filters`, what a convolution sees passed on, small scores. */
export function startOf(width, filters, random) {
  const sizes = [24, width, width, 4 * width, 4 * width, 4 * width, 4 * width];
  const bound = SCORES / Math.sqrt(4 * width);
  return new Map([
    ['patches.weight', filters],
    ...[0, 1, 2, 3, 4, 5].map((i) => [
      `block${1 + (i >> 1)}.${4 * (i % 2)}.weight`,
      passing(sizes[i], sizes[i + 1], random),
    ]),
    [
      'output.weight',
      Float32Array.from({ length: 40 * width }, () => bound * (2 * random.next() - 1)),
    ],
    ['output.bias', new Float32Array(10)],
  ]);
}

/** What does not learn. */
export const FIXED = ['patches.weight', 'block*.2.weight', 'block*.5.weight'];

/** Momentum whose groups decay all weights alike, however fast they learn. */
export function optimizerOf(lr) {
  const group = (match, lrFactor) => ({ match, lrFactor, weightDecay: DECAY / lrFactor });
  const groups = [group('block*.bias', SHIFTS), group('output.*', SCORES ** 2)];
  return momentum({ lr, beta: 0.85, nesterov: true, weightDecay: DECAY, groups });
}
