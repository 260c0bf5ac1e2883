/** The command `lanewise data`: prints what a data set holds, and draws its samples. */
import { Command } from 'commander';
import type { Dataset, LabelledDataset } from '../data/dataset.js';
import { samplesAt } from '../data/chosen.js';
import { samplesOf } from '../data/forms.js';
import { pixelsOf } from '../data/samples.js';
import type { Transform } from '../data/transforms/transform.js';
import { writeFileAtomic } from '../node/atomic.js';
import { showShape } from '../graph/tensor.js';
import { transformSamples } from '../feed/transform-samples.js';
import { augmentOption, augmentations, transformsOf } from './augment-option.js';
import { contactSheet, type SheetRow } from './contact-sheet.js';
import { dataHelp, lastPart, loadData, type LabelledSets } from './data-sources.js';
import {
  addOptions,
  dataDetailOptions,
  dataDirOption,
  dataRequest,
  holdoutOption,
  wholeNumber,
  type DataOptions,
} from './options.js';
import { printRows } from './data-rows.js';
import { printText } from './data-text.js';
import { labelledSets, taskOf } from './task.js';
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
      `draw ${COLUMNS} samples, and below each its augmented versions`,
    )
    .option('--draws <n>', 'rows of augmented samples', wholeNumber(1), 6)
    .option('--seed <n>', 'seed of the draws', wholeNumber(0), 1)
    .option('--json', 'one JSON object')
    .action(runData);

async function runData(name: string, options: Options): Promise<void> {
  const recipes = options.augment === undefined ? [] : augmentations(options.augment);
  const loaded = await loadData(name, dataRequest(options));
  if (!('labels' in loaded.train) && loaded.train.table)
    return printRows(name, loaded, options.json ?? false);
  if (taskOf(loaded).kind === 'text') return printText(name, loaded, options.json ?? false);
  const data = labelledSets(loaded, 'lanewise data');
  const { train } = data;
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
  const parts = partsIn(data);
  const found = parts.map(([name, , part]) => [name, counts(part)] as const);
  if (options.json) {
    const classes = train.classes.map((label, i) => ({
      class: label,
      ...Object.fromEntries(found.map(([part, byClass]) => [part, byClass[i] ?? 0])),
    }));
    const augmentation = options.augment ? { augment: transforms, shapeAfter: after } : {};
    console.log(
      JSON.stringify({
        event: 'data',
        data: name,
        ...Object.fromEntries(parts.map(([part, , { labels }]) => [part, labels.length])),
        shape: train.shape,
        ...augmentation,
        classes,
      }),
    );
    return;
  }
  console.log(
    `${name}: ${inWords(parts.map(([, word, { labels }]) => `${formatCount(labels.length)} ${word}`))} samples of ${showShape(train.shape)}`,
  );
  if (options.augment)
    console.log(`${options.augment}: ${transforms.map(nameOf).join(', ')}, to ${showShape(after)}`);
  console.log(
    `\n${classTable(
      train.classes,
      parts.map(([, word], i) => [word, found[i]![1]]),
    )}`,
  );
  if (options.preview)
    console.log(
      `\n${options.preview}: ${columnsOf(train)} samples${transforms.length > 0 ? `, ${options.draws} draws of each` : ''}`,
    );
}

/** The parts that a data set has: in JSON, in words, and their samples. */
function partsIn(
  data: LabelledSets,
): (readonly [name: string, word: string, part: LabelledDataset])[] {
  const { train, validation, test } = data;
  return [
    ['train', 'training', train],
    ...(validation ? ([['validation', 'validation', validation]] as const) : []),
    ...(lastPart(data) === 'test' ? ([['test', 'test', test]] as const) : []),
  ];
}

/** `a, b and c` */
const inWords = (words: readonly string[]): string =>
  `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

const columnsOf = ({ labels }: LabelledDataset): number => Math.min(COLUMNS, labels.length);

/** Unchanged samples, spread over the data set, since folders are sorted by class. */
async function firstRow(data: LabelledDataset): Promise<SheetRow> {
  const count = columnsOf(data);
  const places = Array.from({ length: count }, (_, i) =>
    Math.floor((i * data.labels.length) / count),
  );
  const pixels = pixelsOf(await samplesAt(samplesOf(data), places)) as Dataset['samples'];
  return transformSamples([], data.shape, pixels);
}

/** Name and counts, a line a class. */
function classTable(
  classes: readonly string[],
  parts: readonly (readonly [name: string, counts: readonly number[]])[],
): string {
  const width = Math.max('class'.length, ...classes.map((name) => name.length));
  const line = (name: string, ...cells: string[]) =>
    `  ${name.padEnd(width)}${cells.map((cell) => cell.padStart(12)).join('')}`;
  return [
    line('class', ...parts.map(([name]) => name)),
    ...classes.map((name, i) =>
      line(name, ...parts.map(([, counts]) => formatCount(counts[i] ?? 0))),
    ),
  ].join('\n');
}
