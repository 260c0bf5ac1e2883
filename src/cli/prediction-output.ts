/** The output of predictions: a table to read, JSON lines, or a CSV file. */
import type { LanewiseError } from '../base/errors.js';
import { createLineWriter } from '../node/atomic-lines.js';
import { csvLine } from '../formats/csv-line.js';
import type { Classifier } from '../trained/trained-model.js';
import { ranking, showScore, type Ranked } from './ranking.js';
import { formatCount, inFlags } from './terminal.js';

export interface PredictionOutput {
  /** Scores of images, a row each. */
  add(names: readonly string[], rows: readonly Float32Array[]): Promise<void>;
  /** An image without scores. */
  fail(name: string, error: LanewiseError): void;
  finish(): Promise<void>;
  /** Called after a failure: removes a half-written file. */
  abandon(): Promise<void>;
}

export interface PredictionOptions {
  /** How many classes to show. */
  readonly top: number;
  readonly csv?: string;
  readonly json?: boolean;
}

/** @throws LanewiseError kind 'file' if the CSV file cannot be written. */
export async function createPredictionOutput(
  classifier: Classifier,
  { top, csv, json }: PredictionOptions,
): Promise<PredictionOutput> {
  const rank = (row: Float32Array) => ranking(classifier, row, top);
  if (csv !== undefined) return csvOutput(csv, rank, top, scoreName(classifier));
  return json ? jsonOutput(rank) : tableOutput(rank, (score) => showScore(classifier, score));
}

/** The name of a score. */
export const scoreName = ({ givesProbabilities }: Classifier): string =>
  givesProbabilities ? 'probability' : 'score';

/** A float32 in the fewest digits that tell it from all others. */
export const figure = (value: number): number => Number(value.toPrecision(9));

type Rank = (row: Float32Array) => Ranked[];

/** Failures go to standard error, so that standard output holds predictions alone. */
function complain({ message, hint }: LanewiseError): void {
  console.error(`error: ${message}`);
  if (hint) console.error(`  ${inFlags(hint)}`);
}

function jsonOutput(rank: Rank): PredictionOutput {
  const emit = (event: string, fields: object) => console.log(JSON.stringify({ event, ...fields }));
  return {
    async add(names, rows) {
      rows.forEach((row, i) => {
        const top = rank(row);
        const { index, name } = top[0]!;
        emit('predict', { image: names[i], class: index, name, top, scores: [...row] });
      });
    },
    fail(image, error) {
      emit('error', { image, message: error.message });
      complain(error);
    },
    async finish() {},
    async abandon() {},
  };
}

/** Prints a line for each image: columns are as wide as the widest of the lines written together. */
function tableOutput(rank: Rank, show: (score: number) => string): PredictionOutput {
  let isFirst = true;
  return {
    async add(names, rows) {
      const heading = isFirst ? [['file', 'class', '', 'next best']] : [];
      isFirst = false;
      const lines = rows.map((row, i) => {
        const [best, ...others] = rank(row);
        return [
          names[i]!,
          best!.name,
          show(best!.score),
          others.map(({ name, score }) => `${name} ${show(score)}`).join(', '),
        ];
      });
      printColumns([...heading, ...lines]);
    },
    fail: (_, error) => complain(error),
    async finish() {},
    async abandon() {},
  };
}

/** The third column holds figures, and is flush right. */
function printColumns(lines: readonly (readonly string[])[]): void {
  const widths = [0, 1, 2].map((i) => Math.max(...lines.map((cells) => cells[i]!.length)));
  for (const [name, best, figure, others] of lines as [string, string, string, string][]) {
    const text = `${name.padEnd(widths[0]!)}  ${best.padEnd(widths[1]!)}  ${figure.padStart(widths[2]!)}  ${others}`;
    console.log(text.trimEnd());
  }
}

async function csvOutput(
  path: string,
  rank: Rank,
  top: number,
  score: string,
): Promise<PredictionOutput> {
  const writer = await createLineWriter(path);
  const places = Array.from({ length: top }, (_, i) => (i === 0 ? '' : i + 1));
  await writer.write([csvLine(['file', ...places.flatMap((i) => [`class${i}`, `${score}${i}`])])]);
  let count = 0;
  return {
    async add(names, rows) {
      const cells = rows.map((row, i) => [
        names[i]!,
        ...rank(row).flatMap(({ name, score: value }) => [name, figure(value)]),
      ]);
      await writer.write(cells.map(csvLine));
      count += rows.length;
    },
    fail: (_, error) => complain(error),
    async finish() {
      await writer.finish();
      console.log(`wrote ${formatCount(count)} predictions to ${path}`);
    },
    abandon: () => writer.abandon(),
  };
}
