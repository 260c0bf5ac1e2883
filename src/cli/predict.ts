/** `lanewise predict`: classifies PNG images. */
import { Command, Option } from 'commander';
import { decodePng, toSample } from '../formats/image.js';
import { readNamedFile } from '../formats/read.js';
import { loadModel } from '../training/model-store.js';
import { formatPercent } from './terminal.js';

interface Options {
  readonly invert: 'auto' | 'yes' | 'no';
  readonly json?: boolean;
}

const INVERT = { auto: 'auto', yes: true, no: false } as const;

export const predictCommand = (): Command =>
  new Command('predict')
    .description('classify PNG images of any size')
    .argument('<model.safetensors>', 'a file written by train')
    .argument('<image.png...>', 'images of one digit each')
    .addOption(
      new Option('--invert <when>', 'dark ink on light paper: yes, no, or judged by the border')
        .choices(Object.keys(INVERT))
        .default('auto'),
    )
    .option('--json', 'one JSON object an image')
    .action(runPredict);

async function runPredict(
  file: string,
  images: readonly string[],
  { invert, json }: Options,
): Promise<void> {
  const trained = await loadModel(file);
  const [channels, height, width] = SAMPLE_SHAPE;
  const samples = new Uint8Array(images.length * height * width);
  for (const [i, path] of images.entries()) {
    const image = decodePng(await readNamedFile('image', path), path);
    samples.set(
      toSample(image, SAMPLE_SHAPE, { invert: INVERT[invert], name: path }),
      i * channels * height * width,
    );
  }
  const { classes, scores } = await trained.predict(samples, SAMPLE_SHAPE);
  const outputs = scores.length / images.length;
  images.forEach((path, i) => {
    const row = scores.subarray(i * outputs, (i + 1) * outputs);
    if (json) {
      console.log(
        JSON.stringify({ event: 'predict', image: path, class: classes[i], scores: [...row] }),
      );
      return;
    }
    const ranked = [...row.keys()].toSorted((a, b) => row[b]! - row[a]!).slice(0, 3);
    const show = (score: number) =>
      trained.terms[0]?.loss.kind === 'crossEntropy' ? formatPercent(score) : score.toFixed(2);
    console.log(
      `${path}: ${classes[i]}  (${ranked.map((c) => `${c}: ${show(row[c]!)}`).join(', ')})`,
    );
  });
}

/** Both models know digits as MNIST shows them. */
const SAMPLE_SHAPE = [1, 28, 28] as const;
