/**
 * The command `lanewise predict`: classifies images (files, folders with all below them, standard input), and rows of
 * tables.
 */
import { Command } from 'commander';
import { LanewiseError } from '../base/errors.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { imageFiles, type ImageFile } from './image-files.js';
import {
  predictionFits,
  sampleMaker,
  type PredictionFit,
  type SampleMaker,
} from './image-samples.js';
import { openScorer } from './int8-model.js';
import { choice, wholeNumber } from './options.js';
import { predictTexts, takesTexts } from './predict-texts.js';
import { predictSeries } from './predict-series.js';
import { predictRows, takesRows } from './predict-rows.js';
import { rowFiles } from './row-readers.js';
import { createPredictionOutput } from './prediction-output.js';

interface Options {
  readonly fit?: PredictionFit;
  readonly invert: 'auto' | 'yes' | 'no';
  readonly top: number;
  readonly csv?: string;
  readonly json?: boolean;
}

export const predictCommand = (): Command =>
  new Command('predict')
    .description(
      'classify images (files, folders with all below them, standard input) or predict for the rows of tables',
    )
    .argument('<model.safetensors>', 'a file written by train')
    .argument(
      '<image...>',
      `PNG, JPEG, WebP; folders; - for one image or a list of paths; for a model of a table ${rowFiles}`,
    )
    .addOption(
      choice(
        '--fit <how>',
        'ink: handwriting, centred as in MNIST; crop: the middle; pad, stretch: the whole image (as in training)',
        predictionFits,
      ),
    )
    .addOption(
      choice(
        '--invert <when>',
        'with ink, invert dark on light paper: yes, no, or judged by the border',
        ['auto', 'yes', 'no'],
      ).default('auto'),
    )
    .option('--top <k>', 'how many classes to show', wholeNumber(1), 3)
    .option('--csv <file>', 'write a table of the predictions instead')
    .option('--json', 'one JSON object an image or row')
    .action(runPredict);

/** A batch has at most this many bytes, and at most this many samples. */
const BATCH_BYTES = 2 ** 25;
const BATCH_SAMPLES = 256;

async function runPredict(file: string, paths: readonly string[], options: Options): Promise<void> {
  const classifier = await openScorer(file);
  if (classifier.series) {
    checkForTable(options);
    return predictSeries(classifier, paths, options);
  }
  const table = takesRows(classifier);
  if (table) {
    checkForTable(options);
    return predictRows(classifier, table, paths, options);
  }
  if (takesTexts(classifier)) {
    const output = await createPredictionOutput(classifier, options);
    try {
      await predictTexts(classifier, paths, output);
      await output.finish();
    } finally {
      await output.abandon();
    }
    return;
  }
  const samples = sampleMaker(classifier, file, options);
  const output = await createPredictionOutput(classifier, options);
  let failures = 0;
  let count = 0;
  let batch: [name: string, sample: Uint8Array][] = [];
  const most = Math.max(1, Math.min(BATCH_SAMPLES, Math.floor(BATCH_BYTES / samples.bytes)));
  const flush = async () => {
    if (batch.length > 0)
      await output.add(
        batch.map(([name]) => name),
        await score(classifier, samples, batch),
      );
    batch = [];
  };
  try {
    for await (const image of imageFiles(paths, process.stdin)) {
      count++;
      const sample = await attempt(samples, image);
      if (sample instanceof LanewiseError) {
        failures++;
        // Before it, what came before it.
        await flush();
        output.fail(image.name, sample);
      } else if (batch.push([image.name, sample]) === most) await flush();
    }
    await flush();
    await output.finish();
  } finally {
    await output.abandon();
  }
  if (failures > 0) process.exitCode = 1;
  if (failures > 0 && count > 1) console.error(`${failures} of ${count} images could not be read`);
}

/** @throws LanewiseError kind 'argument' for options that apply to images. */
function checkForTable({ fit, invert }: Options): void {
  const flag = fit === undefined ? '--invert' : '--fit';
  if (fit === undefined && invert === 'auto') return;
  throw new LanewiseError(
    'argument',
    `${flag} ${fit ?? invert} is for images, and the model takes rows of a table`,
    `leave ${flag} out`,
  );
}

/** The sample of an image, or the reason why it has none. */
const attempt = async (
  samples: SampleMaker,
  image: ImageFile,
): Promise<Uint8Array | LanewiseError> => {
  try {
    return await samples.make(await image.read(), image.name);
  } catch (error) {
    if (error instanceof LanewiseError) return error;
    throw error;
  }
};

async function score(
  classifier: TrainedModel,
  { shape, bytes }: SampleMaker,
  batch: readonly (readonly [name: string, sample: Uint8Array])[],
): Promise<Float32Array[]> {
  const values = new Uint8Array(batch.length * bytes);
  batch.forEach(([, sample], i) => values.set(sample, i * bytes));
  const { scores } = await classifier.predict(values, shape);
  const outputs = scores.length / batch.length;
  return batch.map((_, i) => scores.subarray(i * outputs, (i + 1) * outputs));
}
