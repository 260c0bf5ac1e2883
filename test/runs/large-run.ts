/**
 * A run whose checkpoint has more than 2^31 bytes. Prints a step and a hash of the weights.
 *   node large-run.js widen <folder>    a checkpoint of step 1, with an array of 2 GiB put into it
 *   node large-run.js read <folder>     that checkpoint read
 *   node large-run.js train <folder>    109 million parameters with Adam's arrays, an average and the best weights
 *   node large-run.js resume <folder>   the same gone on from its checkpoint of step 1
 */
import { digits } from '../../src/data/digits/index.js';
import { flatten, linear, sequential } from '../../src/layers/index.js';
import { adam, ema } from '../../src/optimizers/index.js';
import { readCheckpoint, saveCheckpoint } from '../../src/runs/checkpoint-files.js';
import { trainEvents } from '../../src/train/train.js';
import { sha256 } from '../../src/base/sha256.js';
import type { Weights } from '../../src/crew/session.js';

const [mode, folder = ''] = process.argv.slice(2);

async function say(step: number | undefined, weights: Weights): Promise<void> {
  const pieces = [...weights.values()].map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  );
  console.log(`step ${step} ${await sha256(...pieces)}`);
}

async function train(wide: number, resume: boolean): Promise<void> {
  const model = sequential(
    { flat: flatten(), wide: linear(784, wide), out: linear(wide, 10) },
    { input: [1, 28, 28] },
  );
  const data = digits({ count: 1 });
  const settings = {
    data,
    validation: data,
    optimizer: adam({ lr: 1e-4 }),
    average: ema({ decay: 0.5 }),
    keepBest: true,
    epochs: 2,
    batch: 1,
    workers: 0,
  };
  for await (const event of trainEvents(model, settings, { folder, report: false, resume })) {
    if (event.event === 'start' && resume) return say(event.resumedAt, event.weights());
    if (event.event === 'epoch') await say(event.step, event.weights());
    // It is written, and who leaves now leaves no other.
    if (event.event === 'checkpoint') return;
  }
}

async function read(): Promise<void> {
  const { checkpoint, path, warning } = await readCheckpoint(folder);
  if (warning !== undefined || !path.endsWith('checkpoint.safetensors')) throw new Error(warning);
  await say(checkpoint.state.step, checkpoint.weights);
}

async function widen(): Promise<void> {
  await train(10, false);
  const { checkpoint } = await readCheckpoint(folder);
  const filler = new Float32Array(2 ** 29).fill(1, -10);
  const arrays = new Map([...checkpoint.arrays, ['filler', filler]]);
  await saveCheckpoint(folder, { ...checkpoint, arrays });
}

if (mode === 'train' || mode === 'resume') await train(137_000, mode === 'resume');
else if (mode === 'widen') await widen();
else await read();
