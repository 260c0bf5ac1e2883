/** Fine-tuning in the page: another head, the person's pictures, and how many of those held out are right. */
import {
  adam,
  replaceHead,
  split,
  train,
  transformed,
  transforms,
  type Dataset,
  type ProgressEvent,
  type TrainedModel,
} from 'lanewise';
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

/** Another head for the classes of the pictures, trained on them; the rest of the net is frozen or moves slowly. */
export async function learn(
  base: TrainedModel,
  { classes: taken, isFrozen, epochs }: Learning,
  shape: ImageShape,
  callbacks: { readonly signal: AbortSignal; onProgress(event: ProgressEvent): void },
): Promise<{ readonly model: TrainedModel; readonly trained: Trained }> {
  const all = dataOf(taken, shape);
  const fewest = Math.min(...taken.map(({ pictures }) => pictures.length));
  const isHeld = fewest >= LEAST_TO_HOLD;
  const [data, held] = isHeld ? split(all, { fraction: 0.8, stratified: true }) : [all, all];
  const { model, weights } = replaceHead(base, { classes: taken.length });
  const backbone = [...weights.keys()];
  const views = [
    transforms.randomHorizontalFlip(),
    transforms.randomAffine({ degrees: 5, translate: [0.06, 0.06] }),
  ];
  const groups = model.parameters
    .filter(({ name, role }) => role === 'trained' && weights.has(name))
    .map(({ name }) => ({ match: name, lrFactor: 0.1 }));
  const result = await train(
    model,
    {
      data: transformed(data, views),
      weights,
      optimizer: isFrozen ? adam({ lr: 0.01 }) : adam({ lr: 0.002, groups }),
      ...(isFrozen ? { freeze: backbone } : {}),
      epochs,
      batch: Math.min(16, data.labels.length),
    },
    callbacks,
  );
  const scored = isHeld ? await result.model.evaluate(held) : undefined;
  return {
    model: result.model,
    trained: {
      classes: all.classes,
      samples: data.labels.length,
      baseline: alwaysRight(data.labels, held.labels),
      ...(scored ? { held: { accuracy: scored.accuracy, count: held.labels.length } } : {}),
      sha256: await result.model.sha256(),
    },
  };
}
