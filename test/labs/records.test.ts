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

test.run();
