/** The dense form of a net beside the net itself: what it costs, and that it says the same at every place. */
import { transformed, transforms, transformSamples, withWeights } from 'lanewise';
import { denseForm, operationsOf } from 'lanewise/lab';

const STEP = 4; // pixels from one place of the net's dense form to the next
const MIRRORED = [[], [transforms.randomHorizontalFlip(1)]];

export const meanOf = (lists) =>
  Float32Array.from(
    lists[0],
    (_, i) => lists.reduce((sum, list) => sum + list[i], 0) / lists.length,
  );

/** Scores of all places of the pictures and their mirror images, resized; and the cost, in passes of one crop. */
export async function scoreDensely(trained, test, edge, workers) {
  const to = [transforms.resize({ size: edge })];
  const { model, weights } = denseForm(trained, transforms.shapeAfter(to, test.shape));
  const dense = withWeights(model, weights, { classes: test.classes, numerics: 'strict' });
  const { scores } = await dense.evaluate(transformed(test, to), { views: MIRRORED, workers });
  const [all, one] = [model, trained.model].map((net) => operationsOf(net).multiplyAdds);
  return { scores, cost: (2 * all) / one };
}

/** Scores before the softmax. */
const logits = async (net, pixels) =>
  (await withWeights(net.model, net.weights, { loss: 'l1', numerics: 'strict' }).predict(pixels))
    .scores;

/** The map of a picture's scores; how far it is from the net's own for the crop at each place, and its mean from theirs. */
export async function compare(model, shape, picture, size) {
  const dense = denseForm(model, shape, { mean: false });
  const [classes, rows, columns] = dense.model.outputs.get('output');
  const [map, mean] = [
    await logits(dense, picture),
    await logits(denseForm(model, shape), picture),
  ];
  const crops = new Float32Array(rows * columns * shape[0] * size * size);
  for (let i = 0; i < rows * columns; i++) {
    const place = { top: STEP * Math.floor(i / columns), left: STEP * (i % columns) };
    const crop = await transformSamples([transforms.cropAt({ ...place, size })], shape, picture);
    crops.set(crop.samples, i * crop.samples.length);
  }
  const own = await logits(model, crops);
  const rowsOf = (i) => own.subarray(i * classes, (i + 1) * classes);
  const means = meanOf(Array.from({ length: rows * columns }, (_, i) => rowsOf(i)));
  const there = (i) => map[(i % classes) * rows * columns + Math.floor(i / classes)];
  const most = (list, of) => list.reduce((max, one, i) => Math.max(max, Math.abs(one - of(i))), 0);
  return {
    map,
    rows,
    columns,
    apart: most(own, there),
    apartFromMean: most(means, (c) => mean[c]),
  };
}

/** A class's map as an image, a square of pixels for each place. */
export function mapImage({ map, rows, columns }, label) {
  const own = map.subarray(label * rows * columns, (label + 1) * rows * columns);
  const [H, W] = [STEP * rows, STEP * columns];
  const at = (i) => Math.floor(i / W / STEP) * columns + Math.floor((i % W) / STEP);
  const pixels = Float32Array.from({ length: H * W }, (_, i) => own[at(i)]);
  const range = [Math.min(...own), Math.max(...own)];
  return { pixels, shape: [1, H, W], colours: 'heat', range, label: `${rows} × ${columns} places` };
}

/** Where five crops are. */
export const boxesOf = ([, H, W], size) =>
  [0, 1, 2, 3, 4].map((i) => {
    const [right, down] = i === 4 ? [0.5, 0.5] : [i % 2, i >> 1];
    const [x0, y0] = [Math.floor(right * (W - size)), Math.floor(down * (H - size))];
    return { x0, y0, x1: x0 + size, y1: y0 + size };
  });
