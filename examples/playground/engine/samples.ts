/** The samples to train and to validate on: generated digits, or the visitor's files. */
import { digits, idxDataset, LanewiseError, split, type Dataset } from 'lanewise';

export interface Samples {
  readonly training: Dataset;
  readonly validation: Dataset;
}

/** The samples that `lanewise eval --data digits` scores, so that both show the same figures. */
const VALIDATION = { count: 5000, first: 1_000_000 };
/** Digits drawn at a time: some tens of milliseconds, after which messages are handled. */
const BLOCK = 500;

const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

type Tell = (done: number, total: number) => void;

let drawing: { count: number; samples: Promise<Samples> } | undefined;
/** The last caller is told the progress. */
let tellDrawn: Tell = () => {};

/** `count` digits to train on and 5000 others, which are drawn only once. */
export async function digitSamples(count: number, tell: Tell): Promise<Samples> {
  checkCount(count);
  tellDrawn = tell;
  if (drawing?.count !== count) {
    const before = drawing?.samples;
    drawing = { count, samples: drawSamples(count, before) };
  }
  return drawing.samples;
}

async function drawSamples(count: number, before: Promise<Samples> | undefined): Promise<Samples> {
  const known = await before;
  const total = count + (known ? 0 : VALIDATION.count);
  const training = await drawDigits(0, count, (done) => tellDrawn(done, total));
  const validation =
    known?.validation ??
    (await drawDigits(VALIDATION.first, VALIDATION.count, (done) =>
      tellDrawn(count + done, total),
    ));
  return { training, validation };
}

/** The same as `digits({ count, first })`, with pauses. */
async function drawDigits(
  first: number,
  count: number,
  tell: (done: number) => void,
): Promise<Dataset> {
  const samples = new Uint8Array(count * 784);
  const labels = new Uint8Array(count);
  let whole: Dataset | undefined;
  for (let at = 0; at < count; at += BLOCK) {
    const block = digits({ count: Math.min(BLOCK, count - at), first: first + at });
    samples.set(block.samples as Uint8Array, at * 784);
    labels.set(block.labels, at);
    tell(at + block.labels.length);
    await breathe();
    whole = block;
  }
  return { ...whole!, name: `digits ${first}–${first + count - 1}`, samples, labels };
}

/** More generated samples would overlap those for validation. */
function checkCount(count: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= 100_000) return;
  throw new LanewiseError(
    'argument',
    `digits: count is ${count}, expected a whole number from 1 to 100000`,
  );
}

const isLabels = ({ name }: File): boolean => /label/i.test(name);
const isTest = ({ name }: File): boolean => /t10k|test/i.test(name);

/**
 * IDX files as MNIST's, plain or gzip: images and labels, to train on; a sixth of them validates unless files of
 * test samples (t10k) are given too.
 * @throws LanewiseError kind 'data' for files that are not such a pair.
 */
export async function openFiles(files: readonly File[]): Promise<Samples> {
  const pair = async (some: readonly File[]): Promise<Dataset> => {
    const labels = some.find(isLabels);
    const images = some.find((file) => !isLabels(file));
    if (some.length !== 2 || !labels || !images) {
      throw new LanewiseError(
        'data',
        `found ${files.map(({ name }) => `'${name}'`).join(', ') || 'no files'}, expected a file of images and one of labels`,
        'choose train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz together, and the two t10k files if you like',
      );
    }
    return idxDataset(images, labels);
  };
  const test = files.filter(isTest);
  if (test.length === 0 || test.length === files.length) {
    const [training, validation] = split(await pair(files), 5 / 6);
    return { training, validation };
  }
  const training = await pair(files.filter((file) => !isTest(file)));
  return { training, validation: await pair(test) };
}
