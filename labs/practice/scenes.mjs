/** Photographs of a sort: one object of a data set, of three materials, somewhere among pieces of others. */
import { firstSamples, transforms } from 'lanewise';
import { randomNumbers } from 'lanewise/lab';

const MATERIALS = ['plain', 'striped', 'checked'];
const PIECE = 8;

/** Whether a material is dark at a pixel: bands of two pixels, the same in a mirror. */
const isDark = [() => false, (_, y) => y % 4 > 1, (x, y) => ((x >> 1) + (y >> 1)) % 2];

/**
 * Pictures with a shorter edge of `edge` pixels: those of the data if they are large enough, else `count` scenes with a class
 * for each kind of object and material. Whole numbers alone make them, so that they are the same everywhere.
 */
export function pictures(data, { count, seed, edge, materials }) {
  const [, h, w] = data.shape;
  return Math.min(h, w) >= edge
    ? firstSamples(data, Math.min(count, data.labels.length))
    : drawScenes(data, count, seed, edge, materials);
}

function drawScenes(
  { name, shape: [C, h, w], samples, labels, classes },
  count,
  seed,
  H,
  materials,
) {
  const W = H + (H >> 1);
  const random = randomNumbers(seed);
  const found = new Uint8Array(count * C * H * W);
  const kinds = new Uint8Array(count);
  /** Draws part (x0, y0) of a sample, `side` of its pixels as `size` of the scene's, where that is brighter. */
  function paste(scene, sample, [x0, y0, side], [left, top, size], dark) {
    for (let c = 0; c < C; c++)
      for (let y = 0; y < size; y++)
        for (let x = 0; x < size; x++) {
          const from = [y0 + Math.floor((y * side) / size), x0 + Math.floor((x * side) / size)];
          const value = samples[((sample * C + c) * h + from[0]) * w + from[1]];
          const at = ((scene * C + c) * H + top + y) * W + left + x;
          found[at] = Math.max(found[at], dark(x, y) ? value >> 2 : value);
        }
  }
  /** More often near the middle, as in photographs. */
  const near = (room) => (random.below(room + 1) + random.below(room + 1)) >> 1;
  for (let i = 0; i < count; i++) {
    for (let piece = 0; piece < 3; piece++) {
      const from = [random.below(w - PIECE), random.below(h - PIECE), PIECE];
      const to = [random.below(W - PIECE), random.below(H - PIECE), PIECE];
      paste(i, random.below(labels.length), from, to, isDark[0]);
    }
    const sample = random.below(labels.length);
    const material = random.below(materials);
    const size = edgeOf(H, random);
    paste(i, sample, [0, 0, w], [near(W - size), near(H - size), size], isDark[material]);
    kinds[i] = labels[sample] * materials + material;
  }
  return {
    name: `scenes of ${name}`,
    shape: [C, H, W],
    samples: found,
    labels: kinds,
    classes: classes.flatMap((one) =>
      MATERIALS.slice(0, materials).map((material) => `${one}, ${material}`),
    ),
  };
}

/** The size of an object: a half to three quarters of the scene's height. */
const edgeOf = (H, random) => (H >> 1) + random.below((H >> 2) + 1);

/** What a net of `size` learns from: a random part of a picture of random scale, or its mirror image. */
export function partsOf(size, edge) {
  const { oneOf, randomCrop, randomHorizontalFlip, resize } = transforms;
  const scales = [0.9, 1, 1.15].map((scale) => resize({ size: Math.round(edge * scale) }));
  return [oneOf(scales.map((scale) => [scale, randomCrop({ size })])), randomHorizontalFlip()];
}
