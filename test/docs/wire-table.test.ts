/** docs/cluster.md: its table of what travels follows from the models, and from README's speeds. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Model } from '../../src/layers/index.js';
import { lenet5, resnet20, resNet18, smallVgg } from '../../src/models/index.js';
import { layoutParameters } from '../../src/step/parameters.js';
import { textOf } from './documents.js';

/** Bytes a second at the coordinator, and workers, for which the table is. */
const [WIRE, WORKERS] = [125e6, 4];

const counted = (count: number): string =>
  String(Math.round(count)).replace(/(?<=\d)(?=(\d{3})+$)/g, ',');

/** README's images a second of one core, in training. */
function speedOf(name: string): number {
  const cell = new RegExp(`^\\| ${name}, 1 core +\\| ([\\d,]+) `, 'm').exec(textOf('README.md'));
  return Number(cell![1]!.replaceAll(',', ''));
}

function rowOf(title: string, model: Model, speed: number | undefined): string[] {
  const { trainedBytes, gradientBytes } = layoutParameters(model);
  const seconds = (WORKERS * (trainedBytes + gradientBytes)) / WIRE;
  return [
    title,
    `${(trainedBytes / 1e6).toFixed(2)} MB`,
    `${(gradientBytes / 1e6).toFixed(2)} MB`,
    seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`,
    speed === undefined ? '' : `${counted(speed)} images/s`,
    // batch/speed = 3 · (batch/(5 · speed) + seconds)
    speed === undefined ? '' : counted((3 * seconds * speed) / (1 - 3 / (WORKERS + 1))),
  ];
}

test('the table of what travels follows from the models and README’s speeds', () => {
  const expected = [
    rowOf('LeNet-5', lenet5(), speedOf('LeNet-5')),
    rowOf('small VGG', smallVgg(), speedOf('small VGG')),
    rowOf('ResNet-20', resnet20(), speedOf('ResNet-20')),
    rowOf('ResNet-18', resNet18(), undefined),
  ];
  const [, table] = /<!-- wire -->\n([\s\S]*?)<!-- \/wire -->/.exec(textOf('docs/cluster.md'))!;
  const rows = table!.trim().split('\n').slice(2);
  assert.equal(
    rows.map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    ),
    expected,
  );
});

test.run();
