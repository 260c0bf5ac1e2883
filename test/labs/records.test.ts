/** Labs of records: what counts is the same for everybody. */
// slow: trains nets
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { figureOf, runSmall } from '../support/lab.js';

test('seeds of digits have the same weights with any number of workers', async () => {
  const [result, alone] = [
    await runSmall('mnist-in-seconds', { workers: 2 }),
    await runSmall('mnist-in-seconds', { workers: 0 }),
  ];
  assert.is(result.sha256, alone.sha256);
  // 4·9·8 weights at 12×12 places, 8·9·16 at 4×4 places, then 256·10.
  const products = 288 * 144 + 1152 * 16 + 2560;
  assert.is(figureOf(result, 'multiply-adds of a forward pass'), products);
  const { figures } = await runSmall('mnist-in-seconds', { settings: { epochs: 2, seeds: 1 } });
  const operations = (of: typeof figures) => of.find(({ name }) => name.startsWith('floating'))!;
  // A second pass costs as much as the first.
  assert.is(operations(figures).value, 2 * operations(result.figures).value);
});

/** Multiply-adds of the net for CIFAR, by the channels of its first block: filters times places. */
function colourProducts(width: number): number {
  const wide = 4 * width;
  const blocks = [
    9 * (24 * width * 31 ** 2 + width * width * 15 ** 2),
    9 * (width * wide * 15 ** 2 + wide * wide * 7 ** 2),
    9 * (wide * wide * 7 ** 2 + wide * wide * 3 ** 2),
  ];
  return 24 * 12 * 31 ** 2 + blocks.reduce((a, b) => a + b) + 10 * wide;
}

test('the net for CIFAR learns digits in colours, and its full form costs what the paper’s does', async () => {
  const result = await runSmall('cifar-to-94');
  assert.is(figureOf(result, 'multiply-adds of a forward pass'), colourProducts(6));
  const { width, epochs, samples } = result.lab.full as Record<string, number>;
  // Forward and both gradients, two operations a multiply-add.
  const operations = 6 * colourProducts(width!) * epochs! * samples!;
  const { paper } = result.figures.find(({ name }) => name.startsWith('floating'))!;
  // One pass more than the paper's.
  assert.ok(Math.abs(operations / paper! - 1.1) < 0.05, String(operations));
});

test.run();
