// Boosting by filtering (Schapire 1990; Drucker, Schapire & Simard 1993): each net learns from what those before got wrong.
import { transformSamples } from 'lanewise';

/** The class of each image with the highest sum of the nets' ten scores. */
export async function answersOf(nets, { samples, shape }) {
  const all = await Promise.all(nets.map((net) => net.predict(samples, shape)));
  const sum = all[0].scores.map((_, i) => all.reduce((total, { scores }) => total + scores[i], 0));
  return Array.from({ length: sum.length / 10 }, (_, i) => {
    const own = sum.subarray(10 * i, 10 * i + 10);
    return own.indexOf(Math.max(...own));
  });
}

/** Images as `images` has them, of these pixels. */
function dataOf(images, chosen) {
  const size = chosen[0].pixels.length;
  const samples = new Float32Array(size * chosen.length);
  chosen.forEach(({ pixels }, i) => samples.set(pixels, size * i));
  const labels = Uint8Array.from(chosen, ({ label }) => label);
  return { ...images, name: `${images.name}, picked`, samples, labels };
}

/** Distorted images of which `isWanted` says so, and as many others if `half`: until `most` are found, or after ten draws. */
async function pick(images, { distortion, most, seed, half }, isWanted) {
  const [wanted, others] = [[], []];
  for (let step = 0; step < 10 && wanted.length < most; step++) {
    const draw = { seed, step };
    const { shape, samples: all } = images;
    const { samples } = await transformSamples([distortion], shape, all, draw);
    const size = samples.length / images.labels.length;
    (await isWanted(samples)).forEach((is, i) => {
      const list = is ? wanted : others;
      if (list.length === most || (!is && others.length > wanted.length)) return;
      list.push({ pixels: samples.slice(size * i, size * (i + 1)), label: images.labels[i] });
    });
  }
  // One image at least, should none be wanted.
  const more = half || wanted.length === 0 ? others.slice(0, Math.max(1, wanted.length)) : [];
  return dataOf(images, [...wanted, ...more]);
}

/**
 * Three nets, whose scores are added: the first learns as usual; the second from images of which the first has half wrong;
 * the third from those on which they disagree. `learn(data, seed)` trains a net.
 */
export async function boosted(images, { learn, distortion, most, seed }) {
  const first = await learn(images, seed, true);
  const { shape, labels } = images;
  const answers = (net, samples) => answersOf([net], { samples, shape });
  const hard = await pick(images, { distortion, most, seed, half: true }, async (samples) =>
    (await answers(first, samples)).map((answer, i) => answer !== labels[i]),
  );
  const second = await learn(hard, seed + 1, false);
  const open = { distortion, most: 2 * most, seed: seed + 1 };
  const disputed = await pick(images, open, async (samples) => {
    const [one, other] = [await answers(first, samples), await answers(second, samples)];
    return one.map((answer, i) => answer !== other[i]);
  });
  return [first, second, await learn(disputed, seed + 2, false)];
}
