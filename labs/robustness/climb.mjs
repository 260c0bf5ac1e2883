/** Images that raise units of a frozen net: the weights of an embedding in front of it, which alone are trained. */
import { adam, createStepper, embedding, functional, initializers, input } from 'lanewise';
import { ops, reshape, sigmoid } from 'lanewise';

/** The mean squared difference of neighbouring pixels: large for noise, small for strokes. */
function roughness(image) {
  const [n, channels, h, w] = image.shape;
  const part = (y, x) =>
    ops.slice(image, [
      [0, n],
      [0, channels],
      [y, y + h - 1],
      [x, x + w - 1],
    ]);
  const [here, right, below] = [part(0, 0), part(0, 1), part(1, 0)];
  const square = (other) => ops.square(ops.subtract(here, other));
  return ops.mean(ops.add(square(right), square(below)), [1, 2, 3]);
}

/** Starts from grey and climbs: one image for each of so many units of what `net` gives for an image. */
export async function climb(net, weights, shape, units, smoothness, { steps, seed, workers }) {
  const unit = input([], { vocabulary: units });
  const canvas = embedding(
    units,
    shape.reduce((a, b) => a * b),
    { weightInit: initializers.constant(-2) },
  );
  const image = sigmoid(reshape(shape)(canvas(unit)));
  const outputs = { image, excitement: net(image) };
  const model = functional({ inputs: { unit }, outputs, layers: { canvas, net } });
  const loss = ({ image: x, excitement: y }, { wanted }) => {
    const found = y.shape.length > 2 ? ops.mean(y, [2, 3]) : y;
    return ops.subtract(ops.scale(roughness(x), smoothness), ops.pick(found, wanted));
  };
  const how = { optimizer: adam({ lr: 0.05 }), loss, batch: units, numerics: 'strict', seed };
  const stepper = await createStepper(model, { ...how, weights, freeze: ['net'], workers });
  const all = Int32Array.from({ length: units }, (_, i) => i);
  const batch = { inputs: { unit: all }, labels: { wanted: all } };
  for (let i = 0; i < steps; i++) await stepper.step(batch);
  const asked = { unit: { shape: [], values: all } };
  const { scores } = await stepper.predict(asked, undefined, 'image');
  await stepper.close();
  return { pixels: scores };
}

/** Pictures as a lab shows them. */
export const pictures = (pixels, shape, labels) =>
  labels.map((label, i) => {
    const size = pixels.length / labels.length;
    return { pixels: pixels.slice(i * size, (i + 1) * size), shape, label, range: [0, 1] };
  });
