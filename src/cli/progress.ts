/**
 * The progress of training and of downloads: one line that redraws itself on a terminal (cli-progress), and
 * plain lines in files and pipes.
 */
import cliProgress from 'cli-progress';
import type { DownloadProgress } from '../platform/download.js';
import type { EpochEvent, Part, ProgressEvent, ValidationEvent } from '../train/events.js';
import type { LoadProgress } from '../crew/load.js';
import type { Validation } from '../train/history.js';
import { sharedEpoch, sharedSpeed } from './machine-lines.js';
import {
  formatBytes,
  formatClock,
  formatCount,
  formatFigure,
  formatPercent,
  isTerminal,
  type Output,
  writeControls,
} from './terminal.js';

export interface ProgressLine<State> {
  update(state: State): void;
  /** Clears the line, so that others can be written; the next update draws it again. */
  clear(): void;
  /** Clears the line for good. */
  stop(): void;
}

/** Training's line: epoch, bar of the epoch, loss, accuracy, machines, speed, time left. Silent off terminals. */
export function createProgress(stream: Output, unit = 'images'): ProgressLine<ProgressEvent> {
  if (!isTerminal(stream)) return { update() {}, clear() {}, stop() {} };
  const line = (state: ProgressEvent, columns: number) => progressLine(state, columns, unit);
  return createLine(stream, line, ({ samplesDone, samples }) => [samplesDone, samples]);
}

/** A download's line; off terminals one plain line when a file begins. */
export function downloadBar(stream: Output): ProgressLine<DownloadProgress> {
  if (isTerminal(stream))
    return createLine(stream, downloadLine, ({ done, total }) => [done, total]);
  let last = '';
  return {
    update({ name, total }) {
      if (name !== last) stream.write(`downloading ${name}, ${formatBytes(total)}\n`);
      last = name;
    },
    clear() {},
    stop() {},
  };
}

/** The line of samples that are read into memory; off terminals one plain line when a data set begins. */
export function loadingBar(stream: Output): ProgressLine<LoadProgress> {
  if (isTerminal(stream))
    return createLine(stream, loadingLine, ({ done, total }) => [done, total]);
  let last = '';
  return {
    update({ name, total }) {
      if (name !== last) stream.write(`reading the ${formatCount(total)} samples of ${name}\n`);
      last = name;
    },
    clear() {},
    stop() {},
  };
}

/** The line of an audit: steps taken again, of those to take. Silent off terminals. */
export function auditBar(
  stream: Output,
): ProgressLine<{ readonly done: number; readonly total: number }> {
  if (!isTerminal(stream)) return { update() {}, clear() {}, stop() {} };
  const format = (
    { done, total }: { readonly done: number; readonly total: number },
    columns: number,
  ) =>
    fitLine(
      'audit',
      done / total,
      [[`${formatCount(done)} of ${formatCount(total)} steps`], []],
      columns,
    );
  return createLine(stream, format, ({ done, total }) => [done, total]);
}

/** The line of a lab: what it does, and how much of it is done. Silent off terminals. */
export function labBar(
  stream: Output,
): ProgressLine<{ readonly done: number; readonly total: number; readonly what: string }> {
  if (!isTerminal(stream)) return { update() {}, clear() {}, stop() {} };
  const format = (
    { done, total, what }: { readonly done: number; readonly total: number; readonly what: string },
    columns: number,
  ) =>
    fitLine(
      what,
      total > 0 ? Math.min(1, done / total) : 0,
      [[formatPercent(total > 0 ? done / total : 0, 0)], []],
      columns,
    );
  return createLine(stream, format, ({ done, total }) => [done, total]);
}

/**
 * The line of a finished epoch of `epochs`, on any output; `part` says which samples it was scored on. Machines that shared
 * its steps are left out if the line would be longer than `columns`.
 */
export function epochLine(
  record: EpochEvent,
  part: Part = 'validation',
  unit = 'images',
  epochs = 0,
  columns = Infinity,
): string {
  const { epoch, loss, accuracy, imagesPerSecond } = record;
  const figures = [
    `epoch ${String(epoch).padStart(Math.max(2, String(epochs).length))}`,
    `loss ${loss.toFixed(4)}`,
    ...(accuracy === undefined ? [] : [`accuracy ${formatPercent(accuracy)}`]),
  ];
  if (record.valLoss !== undefined) figures.push(...validationFigures(record, part));
  const line = [...figures, `${formatCount(imagesPerSecond)} ${unit}/s`].join('  ');
  const shared = record.cluster && sharedEpoch(record.cluster);
  const longer = `${line}  ${shared}`;
  return shared === undefined || longer.length > columns ? line : longer;
}

/** The line of a validation between epochs. */
export const validationLine = (record: ValidationEvent, part: Part = 'validation'): string =>
  [`  step ${formatCount(record.step)}`, ...validationFigures(record, part)].join('  ');

/** Loss, accuracy and the requested metrics. */
function validationFigures(
  { valLoss, valAccuracy, metrics = {} }: Partial<Validation>,
  part: Part,
): string[] {
  const share = valAccuracy === undefined ? '' : `, ${formatPercent(valAccuracy)}`;
  return [
    `${part === 'test' ? part : 'val'} ${valLoss!.toFixed(4)}${share}`,
    ...Object.entries(metrics).map(([name, value]) => `${name} ${formatFigure(value)}`),
  ];
}

/** Share of the time that data may cost before the line shows it. */
export const DATA_IS_LIMIT = 0.1;

/** The least and the greatest length of a bar; figures make room for the least. */
const LEAST_BAR = 8;
const LONGEST_BAR = 30;

/** One line of less than `columns` characters: the last column stays free, as some terminals wrap at it. */
export function progressLine(state: ProgressEvent, columns: number, unit = 'images'): string {
  const { epoch, epochs, samplesDone, samples } = state;
  const head = `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`;
  const loss = `loss ${state.loss.toFixed(4)}`;
  const accuracy =
    state.accuracy === undefined
      ? []
      : [`accuracy ${formatPercent(state.accuracy, 1).padStart(6)}`];
  const speed = `${formatCount(state.imagesPerSecond).padStart(6)} ${unit === 'images' ? 'img' : unit}/s`;
  const left = `${formatClock(state.secondsLeft).padStart(5)} left`;
  const data = state.waiting < DATA_IS_LIMIT ? [] : [`data ${formatPercent(state.waiting, 0)}`];
  const [whole, short] = state.cluster ? sharedSpeed(state.cluster, speed.trim()) : [];
  return fitLine(
    head,
    samplesDone / samples,
    [
      ...(whole === undefined || short === undefined
        ? []
        : [
            [loss, ...accuracy, whole, ...data, left],
            [loss, ...accuracy, short, ...data, left],
            [...accuracy, short, ...data, left],
            [short, ...data, left],
          ]),
      [loss, ...accuracy, speed, ...data, left],
      [loss, ...accuracy, ...data, left],
      [...accuracy, ...data, left],
      [...data, left],
      [left],
      [],
    ],
    columns,
  );
}

export function downloadLine({ name, done, total }: DownloadProgress, columns: number): string {
  const bytes = `${formatBytes(done).padStart(9)} of ${formatBytes(total)}`;
  return fitLine(name, total > 0 ? done / total : 0, [[bytes], []], columns);
}

export function loadingLine({ name, done, total }: LoadProgress, columns: number): string {
  const [count, all] = [formatCount(done), formatCount(total)];
  const figures = `${count.padStart(all.length)} of ${all} samples read`;
  return fitLine(name, total > 0 ? done / total : 0, [[figures], []], columns);
}

/** Head, bar, and the first of the lists of figures that leaves room for a bar. */
function fitLine(
  head: string,
  share: number,
  choices: readonly (readonly string[])[],
  columns: number,
): string {
  const tails = choices.map((figures) => figures.map((figure) => `  ${figure}`).join(''));
  const room = (tail: string) => columns - 1 - head.length - 1 - tail.length;
  const tail = tails.find((text) => room(text) >= LEAST_BAR) ?? '';
  const length = Math.max(0, Math.min(LONGEST_BAR, room(tail)));
  const full = Math.min(length, Math.floor(share * length));
  const bar = '█'.repeat(full) + '░'.repeat(length - full);
  return `${head} ${bar}${tail}`.slice(0, Math.max(0, columns - 1));
}

function createLine<State extends object>(
  stream: Output,
  format: (state: State, columns: number) => string,
  measure: (state: State) => [done: number, total: number],
): ProgressLine<State> {
  const bar = new cliProgress.SingleBar({
    stream: withoutCursorJumps(stream),
    format: (_, { maxWidth }, payload: State) => format(payload, maxWidth),
    clearOnComplete: true,
    linewrap: null,
  });
  const clear = () => {
    if (bar.isActive) bar.stop();
  };
  return {
    update(state) {
      const [done, total] = measure(state);
      if (bar.isActive) bar.update(done, state);
      else bar.start(total, done, state);
    },
    clear,
    stop: clear,
  };
}

/**
 * When it stops, cli-progress returns to where its line began. If something was written meanwhile (the
 * answer to Ctrl-C), that is the wrong line, so saving and restoring the cursor is left out.
 */
function withoutCursorJumps(stream: Output): NodeJS.WriteStream {
  const jumps = ['\x1b7', '\x1b8'];
  const write = (text: string) => jumps.includes(text) || writeControls(stream, text);
  return Object.create(stream, { write: { value: write } }) as NodeJS.WriteStream;
}
