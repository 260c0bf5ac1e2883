/** What the labs on the nets of 1998 find. */
// slow: trains six small nets
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { figureOf, loadLab, runSmall } from '../support/lab.js';

test('the nets of 1998 learn, and carry the errors that the paper printed', async () => {
  const [result, alone] = [
    await runSmall('nets-of-1998', { settings: { epochs: 2 }, workers: 2 }),
    await runSmall('nets-of-1998', { settings: { epochs: 2 }, workers: 0 }),
  ];
  assert.is(result.sha256, alone.sha256);
  // Figure 9 of LeCun et al. 1998: 28×28-300-10 and LeNet-5, without and with distortions.
  const printed = result.figures.map(({ paper }) => paper);
  assert.equal(printed, [0.047, 0.036, 0.0095, 0.008]);
  for (const { name, value } of result.figures)
    // Guessing is wrong nine times of ten.
    assert.ok(value > 0 && value < 0.6, `${name}: ${value}`);
  const full = { ...(await loadLab('nets-of-1998')).settings, ...result.lab.full };
  assert.is(full['hidden'], 300);
});

test('least squares give outputs that add up to 1, and LeNet-5 draws its bitmaps', async () => {
  const result = await runSmall('class-means', { settings: { seed: 3 } });
  const sum = figureOf(result, 'mean sum of the ten outputs');
  // The targets of each image add up to 1, and the last layer has a bias.
  assert.ok(Math.abs(sum - 1) < 0.05, String(sum));
  const own = figureOf(result, 'mean output of the right class');
  const [map] = result.pictures.flatMap((one) => (one.kind === 'heatmap' ? [one] : []));
  const values = Array.from(map!.values);
  const diagonal = Array.from({ length: 10 }, (_, c) => values[c * 11]!);
  assert.ok(Math.abs(own - diagonal.reduce((a, b) => a + b) / 10) < 1e-9);
  // Every class has its largest mean output at its own place.
  for (let c = 0; c < 10; c++) {
    const row = values.slice(c * 10, c * 10 + 10);
    assert.is(row.indexOf(Math.max(...row)), c);
  }
  // Half of the signs would agree by chance.
  assert.ok(figureOf(result, 'features on the right side of their bitmap') > 0.9);
});

test.run();
