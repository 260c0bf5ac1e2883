/** The predictions for rows of tables: a table to read, JSON lines, or a CSV file, by the names of the targets. */
import { createLineWriter } from '../node/atomic-lines.js';
import { csvLine } from '../formats/csv-line.js';
import type { Answer } from '../data/answers.js';
import type { TargetFormat } from '../data/table-format.js';
import type { Classifier, TrainedModel } from '../trained/trained-model.js';
import { figure, type PredictionOptions } from './prediction-output.js';
import { showScore } from './ranking.js';
import { formatCount, formatFigure } from './terminal.js';

export interface RowOutput {
  /** The answers for rows of a file, from row `first` on, counted from 1. */
  add(file: string, first: number, answers: readonly Answer[]): Promise<void>;
  /** What the target's own values say, if the file has them. */
  score(file: string, line: string, record: object): void;
  finish(): Promise<void>;
  abandon(): Promise<void>;
}

/** @throws LanewiseError kind 'file' if the CSV file cannot be written. */
export async function createRowOutput(
  model: TrainedModel,
  targets: readonly TargetFormat[],
  { top, csv, json }: PredictionOptions,
): Promise<RowOutput> {
  const hasBounds = model.terms.some(({ loss }) => loss.spread !== undefined);
  const show = (score: number) => showScore(model as Classifier, score);
  if (csv !== undefined)
    return csvOutput(
      csv,
      targets.flatMap((target) => storable(target, targets, hasBounds)),
    );
  if (json) return jsonOutput();
  return textOutput(
    targets.flatMap((target) => readable(target, targets, { top, show, hasBounds })),
  );
}

/** The name of a target with its unit, unless the name has it. */
export const labelOf = ({ name, unit }: TargetFormat): string =>
  unit === undefined || name.includes(unit) ? name : `${name} (${unit})`;

/** The fields of one target in an answer, which has several targets by name. */
export function partOf(
  answer: Answer,
  { name }: TargetFormat,
  targets: readonly TargetFormat[],
): Answer {
  const own = answer[name];
  const isNested =
    targets.length > 1 && typeof own === 'object' && own !== null && !Array.isArray(own);
  return isNested ? (own as Answer) : targets.length > 1 ? { [name]: own } : answer;
}

const scoresIn = (part: Answer): [name: string, score: number][] =>
  Object.entries((part['scores'] ?? {}) as Record<string, number>);

interface Column<Value> {
  readonly head: string;
  cell(answer: Answer): Value;
  /** Whether it is flush right. */
  readonly isRight?: boolean;
}

const jsonOutput = (): RowOutput => ({
  async add(file, first, answers) {
    answers.forEach((answer, i) =>
      console.log(JSON.stringify({ event: 'predict', file, row: first + i, answer })),
    );
  },
  score: (file, _, record) => console.log(JSON.stringify({ event: 'score', file, ...record })),
  async finish() {},
  async abandon() {},
});

/** Columns are as wide as the widest of the lines written together. */
function textOutput(columns: readonly Column<string>[]): RowOutput {
  let isFirst = true;
  return {
    async add(file, first, answers) {
      const lines = answers.map((answer, i) => [
        `${file} row ${first + i}`,
        ...columns.map(({ cell }) => cell(answer)),
      ]);
      if (isFirst) lines.unshift(['row', ...columns.map(({ head }) => head)]);
      isFirst = false;
      const widths = lines[0]!.map((_, c) => Math.max(...lines.map((line) => line[c]!.length)));
      for (const line of lines) {
        const cells = line.map((text, c) =>
          columns[c - 1]?.isRight ? text.padStart(widths[c]!) : text.padEnd(widths[c]!),
        );
        console.log(cells.join('  ').trimEnd());
      }
    },
    score: (_, line) => console.log(`\n${line}`),
    async finish() {},
    async abandon() {},
  };
}

interface Shown {
  /** How many classes are shown. */
  readonly top: number;
  readonly show: (score: number) => string;
  /** Whether numbers have bounds. */
  readonly hasBounds: boolean;
}

function readable(
  target: TargetFormat,
  targets: readonly TargetFormat[],
  { top, show, hasBounds }: Shown,
): Column<string>[] {
  const own = (answer: Answer) => partOf(answer, target, targets);
  const ranked = (answer: Answer) => scoresIn(own(answer)).toSorted(([, a], [, b]) => b - a);
  const list = (scores: readonly (readonly [string, number])[]) =>
    scores.map(([name, score]) => `${name} ${show(score)}`).join(', ');
  const head = labelOf(target);
  if (target.type === 'class')
    return [
      { head, cell: (answer) => String(own(answer)[target.name]) },
      { head: '', cell: (answer) => show(ranked(answer)[0]![1]), isRight: true },
      ...(top > 1
        ? [{ head: 'next best', cell: (answer: Answer) => list(ranked(answer).slice(1, top)) }]
        : []),
    ];
  if (target.type === 'labels')
    return [
      {
        head,
        cell: (answer) => (own(answer)[target.name] as readonly string[]).join(', ') || 'none',
      },
      { head: '', cell: (answer) => list(ranked(answer).slice(0, top)) },
    ];
  const interval = ({ low, high }: Answer) =>
    `${formatFigure(low as number)} to ${formatFigure(high as number)}`;
  return [
    { head, cell: (answer) => numberIn(own(answer), target, formatFigure), isRight: true },
    ...(hasBounds ? [{ head: '', cell: (answer: Answer) => interval(own(answer)) }] : []),
  ];
}

const numberIn = (
  part: Answer,
  { name }: TargetFormat,
  show: (value: number) => string | number,
): string => [part[name] as number | readonly number[]].flat().map(show).join(' ');

async function csvOutput(
  path: string,
  columns: readonly Column<string | number>[],
): Promise<RowOutput> {
  const writer = await createLineWriter(path);
  let count = 0;
  let isFirst = true;
  return {
    async add(file, first, answers) {
      const heads = columns.map(({ head }) => head);
      if (isFirst) await writer.write([csvLine(['file', 'row', ...heads])]);
      isFirst = false;
      await writer.write(
        answers.map((answer, i) =>
          csvLine([file, first + i, ...columns.map(({ cell }) => cell(answer))]),
        ),
      );
      count += answers.length;
    },
    score: (_, line) => console.log(line),
    async finish() {
      await writer.finish();
      console.log(`wrote ${formatCount(count)} predictions to ${path}`);
    },
    abandon: () => writer.abandon(),
  };
}

/** All figures of a target, in the fewest digits that tell each float32 from all others. */
function storable(
  target: TargetFormat,
  targets: readonly TargetFormat[],
  hasBounds: boolean,
): Column<string | number>[] {
  const own = (answer: Answer) => partOf(answer, target, targets);
  const { name, type, classes = [] } = target;
  if (type === 'number')
    return [
      { head: name, cell: (answer) => numberIn(own(answer), target, figure) },
      ...(hasBounds ? (['low', 'high'] as const) : []).map((bound) => ({
        head: `${name} ${bound}`,
        cell: (answer: Answer) => figure(own(answer)[bound] as number),
      })),
    ];
  const before = targets.length > 1 ? `${name}: ` : '';
  return [
    {
      head: name,
      cell: (answer) => [own(answer)[name] as string | readonly string[]].flat().join('|'),
    },
    ...classes.map((one) => ({
      head: `${before}score of ${one}`,
      cell: (answer: Answer) =>
        figure((own(answer)['scores'] as Record<string, number>)[one] ?? NaN),
    })),
  ];
}
