/** What the labs on the nets of 1998 find. */
// slow: trains six small nets
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { digits } from '../../src/data/digits/index.js';
import type { Dataset } from '../../src/data/dataset.js';
import { figureOf, labsFolder, loadLab, runSmall } from '../support/lab.js';

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

test('the table of 1998 has the paper’s figures, and nets of the paper’s size', async () => {
  const result = await runSmall('table-of-1998');
  // Figure 9 of LeCun et al. 1998, the rows without distortions, and boosted LeNet-4.
  const printed = [0.12, 0.05, 0.047, 0.045, 0.0305, 0.0295, 0.017, 0.011, 0.007];
  assert.equal(
    result.figures.map(({ paper }) => paper),
    printed,
  );
  const [kept] = result.pictures.flatMap((one) => (one.kind === 'table' ? [one] : []));
  const numbers = new Map(kept!.rows.map(([name, count]) => [name, count as number]));
  const dense = (...units: number[]): number =>
    units.slice(1).reduce((sum, unit, i) => sum + (units[i]! + 1) * unit, 0);
  assert.is(numbers.get('linear'), dense(784, 10));
  assert.is(numbers.get('500-150'), dense(784, 500, 150, 10));
  // §III.C.8: about 2,600 and about 17,000.
  assert.is(numbers.get('LeNet-1, 16×16'), 2578);
  assert.is(Math.round(numbers.get('LeNet-4')! / 1000), 17);
  assert.is(numbers.get('boosted LeNet-4'), 3 * numbers.get('LeNet-4')!);
});

test('the nearest images by a dense layer are those by plain distances', async () => {
  const { nearestClasses } = (await import(
    pathToFileURL(join(labsFolder, 'ways', 'nearest.mjs')).href
  )) as { nearestClasses(known: Dataset, test: Dataset, count: number): Promise<number[]> };
  const [known, asked] = [digits({ count: 120 }), digits({ count: 15, first: 5000 })];
  const distance = (a: number, b: number): number => {
    let sum = 0;
    for (let i = 0; i < 784; i++)
      sum += (known.samples[784 * a + i]! - asked.samples[784 * b + i]!) ** 2;
    return sum;
  };
  const expected = Array.from({ length: 15 }, (_, b) => {
    const near = Array.from({ length: 120 }, (_, a) => a)
      .toSorted((a, c) => distance(a, b) - distance(c, b))
      .slice(0, 3)
      .map((a) => known.labels[a]!);
    const most = near.find((one) => near.filter((other) => other === one).length > 1);
    return most ?? near[0];
  });
  assert.equal(await nearestClasses(known, asked, 3), expected);
});

test.run();
