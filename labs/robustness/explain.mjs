/** Four maps of what a net's answer came from: saliency, SmoothGrad, occlusion, Grad-CAM. */
import { chain, conv2d, defineLayer, functional, globalAvgPool2d, input, linear } from 'lanewise';
import { maxPool2d, ops, relu, withWeights } from 'lanewise';
import { SIDE } from './scenes.mjs';

/** The black square of occlusion, and its steps. */
const [PATCH, STRIDE] = [8, 4];

const conv = (from, to) => chain([conv2d(from, to, 3, { padding: 1 }), relu(), maxPool2d(2)]);
export const body = chain({ s1: conv(1, 8), s2: conv(8, 16), s3: conv(16, 32) });
export const head = chain({ pool: globalAvgPool2d(), out: linear(32, 10) });

/** The gradient of the label's score by the image, or Grad-CAM: the last features, weighted by their mean gradients. */
const explaining = (by) => (scope, image, label) => {
  const features = scope.apply('body', body, image);
  const score = ops.sum(ops.pick(scope.apply('head', head, features), label));
  if (by === 'image') return ops.gradients(score, [image])[0];
  const weights = ops.mean(ops.gradients(score, [features])[0], [2, 3], true);
  return ops.relu(ops.sum(ops.multiply(features, weights), 1, true));
};

export function explainer(by, weights) {
  const [image, label] = [input([1, SIDE, SIDE]), input([], { vocabulary: 10 })];
  const layer = defineLayer('explaining', { by }, explaining(by), 2);
  const model = functional({
    inputs: { image, label },
    outputs: layer(image, label),
    layers: { net: layer },
  });
  return withWeights(model, weights, { loss: 'squaredError', numerics: 'strict' });
}

/** The maps of one scene by method, SIDE×SIDE values of at least 0. */
export async function mapsOf({ trained, slopes, cam }, image, label, { noise, copies }, random) {
  const size = SIDE * SIDE;
  const asked = (values) => ({
    image: { shape: [1, SIDE, SIDE], values },
    label: { shape: [], values: new Int32Array(values.length / size).fill(label) },
  });
  const slope = (await slopes.predict(asked(image))).scores;
  const noisy = Float32Array.from(
    { length: copies * size },
    (_, i) => image[i % size] + noise * random.normal(),
  );
  const smooth = new Float32Array(size);
  (await slopes.predict(asked(noisy))).scores.forEach(
    (one, i) => (smooth[i % size] += one / copies),
  );
  const coarse = (await cam.predict(asked(image))).scores;
  const last = Math.sqrt(coarse.length);
  const at = (e) =>
    Math.floor((Math.floor(e / SIDE) * last) / SIDE) * last +
    Math.floor(((e % SIDE) * last) / SIDE);

  // Black squares over the image: how much of the label's probability does each take?
  const places = [[SIDE, SIDE]];
  for (let y = 0; y + PATCH <= SIDE; y += STRIDE)
    for (let x = 0; x + PATCH <= SIDE; x += STRIDE) places.push([x, y]);
  const covers = ([x, y], e) =>
    e % SIDE >= x &&
    e % SIDE < x + PATCH &&
    Math.floor(e / SIDE) >= y &&
    Math.floor(e / SIDE) < y + PATCH;
  const hidden = places.flatMap((place) =>
    Array.from(image, (value, e) => (covers(place, e) ? 0 : value)),
  );
  const { scores } = await trained.predict(Float32Array.from(hidden), [1, SIDE, SIDE]);
  const occlusion = new Float32Array(size);
  places.forEach((place, i) => {
    const loss = Math.max(0, scores[label] - scores[i * 10 + label]);
    for (let e = 0; e < size; e++) if (covers(place, e)) occlusion[e] += loss;
  });
  return {
    saliency: slope.map(Math.abs),
    SmoothGrad: smooth.map(Math.abs),
    occlusion,
    'Grad-CAM': Float32Array.from({ length: size }, (_, e) => coarse[at(e)]),
  };
}
