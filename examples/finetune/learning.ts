/** Fine-tuning in the page: another head, the person's pictures, and how many of those held out are right. */
import {
  adam,
  replaceHead,
  split,
  train,
  transformed,
  transforms,
  type Dataset,
  type Pretrained,
  type TrainedModel,
} from 'lanewise';
import { trainHead, type HeadCallbacks } from './head-alone.js';
import type { Learning, TakenClass, Trained } from './messages.js';

type ImageShape = readonly [channels: number, height: number, width: number];

function dataOf(taken: readonly TakenClass[], shape: ImageShape): Dataset {
  const pictures = taken.flatMap((one) => one.pictures);
  const size = shape[0] * shape[1] * shape[2];
  const samples = new Uint8Array(pictures.length * size);
  pictures.forEach((picture, i) => samples.set(picture, i * size));
  const labels = Uint8Array.from(taken.flatMap((one, c) => one.pictures.map(() => c)));
  return { name: 'pictures', shape, classes: taken.map(({ name }) => name), samples, labels };
}

/** Fewer pictures of a class than this are all trained on. */
const LEAST_TO_HOLD = 5;

/** How many of `labels` are the most frequent one of `known`. */
function alwaysRight(known: ArrayLike<number>, labels: ArrayLike<number>): number {
  const counts: number[] = [];
  for (const label of Array.from(known)) counts[label] = (counts[label] ?? 0) + 1;
  const most = counts.indexOf(counts.reduce((a, b) => Math.max(a, b), 0));
  return Array.from(labels).filter((label) => label === most).length / labels.length;
}

/** The pictures as they are seen in training: mirrored, turned, shifted. */
const VIEWS = [
  transforms.randomHorizontalFlip(),
  transforms.randomAffine({ degrees: 5, translate: [0.06, 0.06] }),
];

/** Trains the net on its pictures: the new head alone, or all of it, the rest at a tenth of the head's rate. */
async function tune(
  { model, weights }: Pretrained,
  data: Dataset,
  { isFrozen, epochs }: Learning,
  callbacks: HeadCallbacks,
): Promise<TrainedModel> {
  const lr = isFrozen ? 0.01 : 0.002;
  const head = isFrozen
    ? await trainHead(model, weights, data, VIEWS, { epochs, lr }, callbacks)
    : undefined;
  if (head) return head;
  const groups = model.parameters
    .filter(({ name, role }) => role === 'trained' && weights.has(name))
    .map(({ name }) => ({ match: name, lrFactor: 0.1 }));
  const result = await train(
    model,
    {
      data: transformed(data, VIEWS),
      weights,
      optimizer: isFrozen ? adam({ lr }) : adam({ lr, groups }),
      ...(isFrozen ? { freeze: [...weights.keys()] } : {}),
      epochs,
      batch: Math.min(16, data.labels.length),
    },
    { signal: callbacks.signal, onProgress: callbacks.onProgress },
  );
  return result.model;
}

/** Another head for the classes of the pictures, trained on them, and how it does on those held out. */
export async function learn(
  base: TrainedModel,
  learning: Learning,
  shape: ImageShape,
  callbacks: HeadCallbacks,
): Promise<{ readonly model: TrainedModel; readonly trained: Trained }> {
  const { classes: taken } = learning;
  const all = dataOf(taken, shape);
  const fewest = Math.min(...taken.map(({ pictures }) => pictures.length));
  const isHeld = fewest >= LEAST_TO_HOLD;
  const [data, held] = isHeld ? split(all, { fraction: 0.8, stratified: true }) : [all, all];
  const begun = replaceHead(base, { classes: taken.length });
  const model = await tune(begun, data, learning, callbacks);
  const scored = isHeld ? await model.evaluate(held) : undefined;
  return {
    model,
    trained: {
      classes: all.classes,
      samples: data.labels.length,
      baseline: alwaysRight(data.labels, held.labels),
      ...(scored ? { held: { accuracy: scored.accuracy, count: held.labels.length } } : {}),
      sha256: await model.sha256(),
    },
  };
}
