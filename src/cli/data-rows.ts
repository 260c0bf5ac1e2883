/** What `lanewise data` prints of rows with numbers, labels or several targets. */
import type { Field } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { sizeOf } from '../graph/tensor.js';
import { lastPart, type DataSets } from './data-sources.js';
import { rowOutputs, targetRows, type RowOutput } from './row-outputs.js';
import { countOf } from './task.js';
import { formatCount, formatFigure } from './terminal.js';

/** A target in words: its name, what it holds, and its figures in the training part. */
interface TargetSummary {
  readonly target: string;
  readonly type: string;
  readonly mean?: number;
  readonly deviation?: number;
  readonly least?: number;
  readonly most?: number;
  /** How many rows have each class or label. */
  readonly classes?: Readonly<Record<string, number>>;
}

/** Prints the parts and the targets of rows. */
export function printRows(name: string, data: DataSets, json: boolean): void {
  const train = targetRows(data.train);
  const features = sizeOf(Object.values(train.inputs)[0]!.shape);
  const parts = [
    ['training', data.train],
    ...(data.validation ? [['validation', data.validation] as const] : []),
    ...(lastPart(data) === 'test' ? [['test', data.test] as const] : []),
  ] as const;
  const targets = rowOutputs(train).flatMap((output) =>
    summariesOf(output, samplesOf(train).targets[output.name]!),
  );
  if (json) {
    const counts = Object.fromEntries(
      parts.map(([word, part]) => [word === 'training' ? 'train' : word, countOf(part)]),
    );
    console.log(JSON.stringify({ event: 'data', data: name, ...counts, features, targets }));
    return;
  }
  const counts = parts.map(([word, part]) => `${formatCount(countOf(part))} ${word}`);
  console.log(
    `${name}: ${counts.join(', ')} rows of ${formatCount(features)} features, ${data.task?.kind ?? 'classes'} to predict`,
  );
  for (const { target, type, classes, mean, deviation, least, most } of targets) {
    const words = classes
      ? Object.entries(classes).map(([one, count]) => `${one} ${formatCount(count)}`)
      : [
          `mean ${formatFigure(mean!)}`,
          `deviation ${formatFigure(deviation!)}`,
          `${formatFigure(least!)} to ${formatFigure(most!)}`,
        ];
    console.log(`${target} (${type}): ${words.join(', ')}`);
  }
}

function summariesOf({ type, targets }: RowOutput, { values }: Field): TargetSummary[] {
  const [{ name, classes = [] }] = targets as [RowOutput['targets'][number]];
  if (type === 'class')
    return [
      { target: name, type, classes: countBy(classes, (c) => count(values, (v) => v === c)) },
    ];
  const width = type === 'labels' ? classes.length : targets.length;
  const column = (c: number): number[] =>
    Array.from({ length: values.length / width }, (_, i) => values[i * width + c]!);
  if (type === 'labels')
    return [
      { target: name, type, classes: countBy(classes, (c) => count(column(c), (v) => v === 1)) },
    ];
  return targets.map((target, c) => {
    const all = column(c);
    const mean = all.reduce((sum, v) => sum + v, 0) / all.length;
    const squares = all.reduce((sum, v) => sum + (v - mean) ** 2, 0);
    return {
      target: target.name,
      type,
      mean,
      deviation: Math.sqrt(squares / all.length),
      least: all.reduce((a, b) => Math.min(a, b)),
      most: all.reduce((a, b) => Math.max(a, b)),
    };
  });
}

const countBy = (names: readonly string[], of: (c: number) => number): Record<string, number> =>
  Object.fromEntries(names.map((name, c) => [name, of(c)]));

const count = (values: ArrayLike<number>, test: (value: number) => boolean): number =>
  Array.prototype.filter.call(values, test).length;
