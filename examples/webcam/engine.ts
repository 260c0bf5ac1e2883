/**
 * The engine of the webcam's page, in a module worker. It trains a small net on coloured digits at the first visit and
 * keeps it in IndexedDB; each training replaces that net's last layer and goes on with the camera's pictures.
 */
import {
  adam,
  conv2d,
  digits,
  encodeModel,
  flatten,
  LanewiseError,
  linear,
  loadModel,
  maxPool2d,
  relu,
  removeModel,
  replaceHead,
  saveModel,
  sequential,
  split,
  storedModels,
  train,
  transformed,
  transforms,
  type Dataset,
  type TrainedModel,
} from 'lanewise';
import { SIDE, type FromEngine, type TakenClass, type ToEngine } from './messages.js';

const BASE = 'indexeddb://webcam-base';
const OWN = 'indexeddb://webcam';

const tell = (message: FromEngine, transfer: Transferable[] = []): void =>
  (self as unknown as Worker).postMessage(message, transfer);

/** The model that predicts, if there is one. */
let current: TrainedModel | undefined;
let stopping: AbortController | undefined;

/** Three convolutions and two dense layers; the last one is replaced for the camera's classes. */
const netOf = (classes: number) =>
  sequential(
    {
      conv1: conv2d(3, 16, 5, { stride: 2, padding: 2 }),
      act1: relu(),
      conv2: conv2d(16, 32, 3, { padding: 1 }),
      act2: relu(),
      pool2: maxPool2d(2),
      conv3: conv2d(32, 64, 3, { padding: 1 }),
      act3: relu(),
      pool3: maxPool2d(2),
      flat: flatten(),
      fc1: linear(64 * 6 * 6, 64),
      act4: relu(),
      fc2: linear(64, classes),
    },
    { input: [3, SIDE, SIDE], mean: 0.5, deviation: 0.25 },
  );

/** Digits in the middle of pictures of the camera's size, in colours that say nothing of the class. */
function colouredDigits(count: number): Dataset {
  const { samples, labels, classes } = digits({ count });
  const [from, plane, margin] = [28 * 28, SIDE * SIDE, (SIDE - 28) / 2];
  const colour = (i: number, c: number) => ((i * 89 + c * 53) % 7) * 36;
  const pictures = new Uint8Array(count * 3 * plane);
  for (let i = 0; i < count; i++)
    for (let c = 0; c < 3; c++) {
      const [ink, paper] = [colour(i, c), colour(i * 3 + 2, c + 1)];
      const at = (i * 3 + c) * plane;
      pictures.fill(paper, at, at + plane);
      for (let p = 0; p < from; p++) {
        const place = at + (Math.floor(p / 28) + margin) * SIDE + (p % 28) + margin;
        pictures[place] = paper + ((ink - paper) * samples[i * from + p]!) / 255;
      }
    }
  return { name: 'coloured digits', shape: [3, SIDE, SIDE], classes, samples: pictures, labels };
}

async function baseModel(): Promise<TrainedModel> {
  if ((await storedModels()).includes(BASE)) return loadModel(BASE);
  const { model } = await train(
    netOf(10),
    { data: colouredDigits(2000), optimizer: adam({ lr: 0.002 }), epochs: 3 },
    {
      onProgress: ({ epoch, epochs, samplesDone, samples }) =>
        tell({
          kind: 'progress',
          what: 'learning to see, once, on digits',
          done: (epoch - 1 + samplesDone / samples) / epochs,
        }),
    },
  );
  await saveModel(model, BASE);
  return model;
}

function dataOf(taken: readonly TakenClass[]): Dataset {
  const pictures = taken.flatMap((one) => one.pictures);
  const size = 3 * SIDE * SIDE;
  const samples = new Uint8Array(pictures.length * size);
  pictures.forEach((picture, i) => samples.set(picture, i * size));
  const labels = Uint8Array.from(taken.flatMap((one, c) => one.pictures.map(() => c)));
  return {
    name: 'camera',
    shape: [3, SIDE, SIDE],
    classes: taken.map(({ name }) => name),
    samples,
    labels,
  };
}

/** Fewer pictures of a class than this are all trained on. */
const LEAST_TO_HOLD = 10;

async function learn(taken: readonly TakenClass[]): Promise<void> {
  const base = await baseModel();
  const all = dataOf(taken);
  const fewest = Math.min(...taken.map(({ pictures }) => pictures.length));
  const isHeld = fewest >= LEAST_TO_HOLD;
  const [data, held] = isHeld ? split(all, { fraction: 0.8, stratified: true }) : [all, all];
  const { model, weights } = replaceHead(base, { classes: all.classes.length });
  const seen = [
    transforms.randomHorizontalFlip(),
    transforms.randomAffine({ degrees: 5, translate: [0.06, 0.06] }),
  ];
  stopping = new AbortController();
  const result = await train(
    model,
    {
      data: transformed(data, seen),
      weights,
      optimizer: adam({ lr: 0.001 }),
      epochs: 15,
      batch: 16,
    },
    {
      signal: stopping.signal,
      onProgress: ({ epoch, epochs, samplesDone, samples }) =>
        tell({
          kind: 'progress',
          what: 'learning your pictures',
          done: (epoch - 1 + samplesDone / samples) / epochs,
        }),
    },
  );
  current = result.model;
  await saveModel(current, OWN);
  const most = Math.max(...taken.map(({ pictures }) => pictures.length));
  const scored = isHeld ? await current.evaluate(held) : undefined;
  tell({
    kind: 'trained',
    classes: all.classes,
    baseline: most / all.labels.length,
    ...(scored ? { held: { accuracy: scored.accuracy, count: held.labels.length } } : {}),
    sha256: await current.sha256(),
  });
}

async function predict(picture: Uint8Array): Promise<void> {
  if (!current) return;
  const { scores } = await current.predict(picture, [3, SIDE, SIDE]);
  tell({ kind: 'prediction', scores: [...scores] });
}

async function take(trained: TrainedModel): Promise<void> {
  const { shape } = trained.samples ?? { shape: [] };
  if (shape.join() !== [3, SIDE, SIDE].join() || !trained.classes)
    throw new LanewiseError(
      'data',
      `the model takes samples of ${shape.join('×')}, expected 3×${SIDE}×${SIDE} and names of classes`,
      'choose a file that this page saved',
    );
  current = trained;
  await saveModel(trained, OWN);
  tell({ kind: 'ready', classes: trained.classes });
}

async function begin(): Promise<void> {
  current = (await storedModels()).includes(OWN) ? await loadModel(OWN) : undefined;
  tell({ kind: 'ready', ...(current ? { classes: current.classes! } : {}) });
}

async function act(message: ToEngine): Promise<void> {
  switch (message.kind) {
    case 'train':
      return learn(message.classes);
    case 'stop':
      return stopping?.abort();
    case 'predict':
      return predict(message.picture);
    case 'save': {
      if (!current) return;
      const bytes = encodeModel(current) as Uint8Array<ArrayBuffer>;
      return tell({ kind: 'saved', bytes }, [bytes.buffer]);
    }
    case 'forget':
      current = undefined;
      return removeModel(OWN);
    case 'load':
      return take(await loadModel(message.file));
  }
}

const refused = (error: unknown): void => {
  const { message, hint } = error as LanewiseError;
  tell({ kind: 'refused', message: hint ? `${message}; ${hint}` : message });
};

self.addEventListener(
  'message',
  ({ data }: MessageEvent<ToEngine>) => void act(data).catch(refused),
);
begin().catch(refused);
