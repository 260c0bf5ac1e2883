// The nearest images by plain distances: no training, and all of the training images at hand for each answer.
import { flatten, linear, sequential, withWeights } from 'lanewise';

const PART = 2000;
const strict = { loss: 'l1', numerics: 'strict' };

/** 2x·t − |t|² is as much larger as t is nearer to x: a dense layer whose weights are the training images. */
function layerOf(pixels, shape, size) {
  const count = pixels.length / size;
  const weight = Float32Array.from(pixels, (value) => (2 * value) / 255);
  const bias = new Float32Array(count);
  pixels.forEach((value, i) => (bias[Math.floor(i / size)] -= (value / 255) ** 2));
  const net = sequential({ flat: flatten(), near: linear(size, count) }, { input: shape });
  const weights = new Map([
    ['near.weight', weight],
    ['near.bias', bias],
  ]);
  return withWeights(net, weights, strict);
}

/** The class that most of the `count` nearest training images have; of several, that of the nearest. */
export async function nearestClasses(known, test, count) {
  const size = known.samples.length / known.labels.length;
  const near = Array.from(test.labels, () => []);
  for (let from = 0; from < known.labels.length; from += PART) {
    const part = known.samples.subarray(size * from, size * (from + PART));
    const { scores } = await layerOf(part, known.shape, size).predict(test.samples);
    const n = part.length / size;
    for (let i = 0; i < near.length; i++) {
      for (let j = 0; j < n; j++) {
        const one = { score: scores[i * n + j], label: known.labels[from + j] };
        if (near[i].length === count && one.score <= near[i].at(-1).score) continue;
        near[i] = [...near[i], one].toSorted((a, b) => b.score - a.score).slice(0, count);
      }
    }
  }
  return near.map((list) => {
    const votes = ({ label }) => list.filter((one) => one.label === label).length;
    return list.toSorted((a, b) => votes(b) - votes(a))[0].label;
  });
}
