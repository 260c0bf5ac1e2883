/** `lanewise data`: what a data set holds, and what its samples look like. */
import { Command } from 'commander';
import type { Dataset, LabelledDataset } from '../data/dataset.js';
import { samplesAt } from '../data/take.js';
import type { Transform } from '../data/transforms/transform.js';
import { writeFileAtomic } from '../node/atomic.js';
import { showShape } from '../graph/tensor.js';
import { transformSamples } from '../parallel/transform-samples.js';
import { augmentOption, augmentations, transformsOf } from './augment.js';
import { contactSheet, type SheetRow } from './contact-sheet.js';
import { dataHelp, loadData } from './data-sources.js';
import {
  addOptions,
  dataDetailOptions,
  dataDirOption,
  dataRequest,
  holdoutOption,
  wholeNumber,
  type DataOptions,
} from './options.js';
import { formatCount } from './terminal.js';

interface Options extends Omit<DataOptions, 'data' | 'limit'> {
  readonly augment?: string;
  readonly preview?: string;
  readonly draws: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** `randomApply(randomAffine, elastic)` */
function nameOf({ kind, settings }: Transform): string {
  const { transforms } = settings as { readonly transforms?: readonly Transform[] };
  return transforms ? `${kind}(${transforms.map(nameOf).join(', ')})` : kind;
}

/** Samples that a sheet shows. */
const COLUMNS = 12;

export const dataCommand = (): Command =>
  addOptions(new Command('data'), dataDetailOptions())
    .description('print what a data set holds; draw its samples')
    .argument('<data>', dataHelp())
    .addOption(dataDirOption())
    .addOption(holdoutOption())
    .addOption(augmentOption())
    .option(
      '--preview <file.png>',
      `draw ${COLUMNS} samples, and below each what --augment makes of it`,
    )
    .option('--draws <n>', 'rows of augmented samples', wholeNumber(1), 6)
    .option('--seed <n>', 'of the draws', wholeNumber(0), 1)
    .option('--json', 'one JSON object')
    .action(runData);

async function runData(name: string, options: Options): Promise<void> {
  const recipes = options.augment === undefined ? [] : augmentations(options.augment);
  const { train, test } = await loadData(name, dataRequest({ data: name, ...options }));
  const transforms = transformsOf(recipes, train.shape);
  const rows = [await firstRow(train)];
  for (let step = 0; step < (transforms.length > 0 ? options.draws : 0); step++) {
    const { shape, samples } = rows[0]!;
    rows.push(await transformSamples(transforms, shape, samples, { seed: options.seed, step }));
  }
  if (options.preview)
    await writeFileAtomic(options.preview, await contactSheet(rows, columnsOf(train)));
  const after = rows.at(-1)!.shape;
  const counts = (data: LabelledDataset) => {
    const found = data.classes.map(() => 0);
    for (const label of data.labels) found[label]!++;
    return found;
  };
  const [training, testing] = [counts(train), counts(test)];
  if (options.json) {
    const classes = train.classes.map((label, i) => ({
      class: label,
      train: training[i],
      test: testing[i] ?? 0,
    }));
    const augmentation = options.augment ? { augment: transforms, shapeAfter: after } : {};
    console.log(
      JSON.stringify({
        event: 'data',
        data: name,
        train: train.labels.length,
        test: test.labels.length,
        shape: train.shape,
        ...augmentation,
        classes,
      }),
    );
    return;
  }
  console.log(
    `${name}: ${formatCount(train.labels.length)} training and ${formatCount(test.labels.length)} test samples of ${showShape(train.shape)}`,
  );
  if (options.augment)
    console.log(`${options.augment}: ${transforms.map(nameOf).join(', ')}, to ${showShape(after)}`);
  console.log(`\n${classTable(train.classes, training, testing)}`);
  if (options.preview)
    console.log(
      `\n${options.preview}: ${columnsOf(train)} samples${transforms.length > 0 ? `, ${options.draws} draws of each` : ''}`,
    );
}

const columnsOf = ({ labels }: LabelledDataset): number => Math.min(COLUMNS, labels.length);

/** Samples as they are, from all over the data set: those of folders are sorted by class. */
async function firstRow(data: LabelledDataset): Promise<SheetRow> {
  const count = columnsOf(data);
  const places = Array.from({ length: count }, (_, i) =>
    Math.floor((i * data.labels.length) / count),
  );
  const { samples } = (await samplesAt(data, places)) as Dataset;
  return transformSamples([], data.shape, samples);
}

/** Name and counts, a line a class. */
function classTable(
  classes: readonly string[],
  train: readonly number[],
  test: readonly number[],
): string {
  const width = Math.max('class'.length, ...classes.map((name) => name.length));
  const line = (name: string, ...cells: string[]) =>
    `  ${name.padEnd(width)}${cells.map((cell) => cell.padStart(12)).join('')}`;
  return [
    line('class', 'training', 'test'),
    ...classes.map((name, i) => line(name, formatCount(train[i]!), formatCount(test[i] ?? 0))),
  ].join('\n');
}
