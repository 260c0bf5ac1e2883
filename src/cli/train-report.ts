/** The output of `lanewise train`: JSON events, a progress bar on a terminal, plain lines elsewhere. */
import { join } from 'node:path';
import { readNotes } from '../platform/notes.js';
import type { EventName, EventOf, RunEvent, StartEvent } from '../train/events.js';
import type { Monitor } from '../train/monitor.js';
import type { Best } from '../train/history.js';
import { lastPart, type DataSets } from './data-sources.js';
import { createMachineLines, withoutPassword, type MachineLines } from './machine-lines.js';
import { createProgress, DATA_IS_LIMIT, epochLine, validationLine } from './progress.js';
import { countOf, type Task } from './task.js';
import type { Scores } from './task-kinds.js';
import { formatCount, formatFigure, formatPercent, quoted } from './terminal.js';

/** The names that a run's output uses. */
export interface RunNames {
  readonly model: string;
  readonly data: string;
  /** The options that name the data. */
  readonly dataWords: readonly string[];
  readonly folder: string;
  readonly parts: DataSets;
  /** The option for which training samples were set aside for validation. */
  readonly setAside: string | undefined;
  readonly unit: Task['unit'];
  /** How machines join, if they may. */
  readonly invited?: string | undefined;
  /** Whether it is one of several runs, of which only progress is shown. */
  readonly isQuiet?: boolean;
}

export interface Reporter {
  tell(event: RunEvent): void;
  /** Clears the progress bar. */
  stop(): void;
  /** Shows the end of the run; `scores` are absent if the run was interrupted before the test data was scored. */
  done(event: EventOf<'done'>, scores: Scores | undefined): Promise<void>;
}

export const createReporter = (
  json: boolean,
  stream: NodeJS.WriteStream,
  names: RunNames,
): Reporter => {
  if (json) return createJsonReporter(names);
  return names.isQuiet ? createQuietReporter(stream) : createTextReporter(stream, names);
};

/** Events that are too many or too long to be printed; metrics.jsonl has steps and probes. */
const NOT_PRINTED: readonly EventName[] = ['step', 'progress', 'probe', 'done'];

/** The events as they are, and before the last one the record that `eval` would print for the trained model. */
function createJsonReporter({ folder, parts }: RunNames): Reporter {
  const print = (record: object) => console.log(JSON.stringify(record));
  return {
    tell(event) {
      if (!NOT_PRINTED.includes(event.event)) print(event);
      if (event.event === 'start')
        for (const message of readNotes()) print({ event: 'warning', step: 0, message });
    },
    stop() {},
    async done(event, scores) {
      const { sha256, numerics, file } = event;
      const names = { model: file && join(folder, file), sha256, numerics };
      if (scores) print(scores.record(names, lastPart(parts)));
      print(event);
    },
  };
}

/** The settings that the first lines show. */
function describe({ settings }: StartEvent) {
  const { optimizer, schedule, average, ...others } = settings as Record<string, unknown> & {
    readonly optimizer: { readonly kind: string; readonly lr: number };
    readonly schedule: string | { readonly kind: string };
    readonly average?: { readonly kind: string; readonly decay?: number };
  };
  return {
    ...(others as Record<'epochs' | 'batch' | 'shards' | 'workers' | 'seed', number>),
    numerics: String(others['numerics']),
    optimizer: `${optimizer.kind} ${optimizer.lr}`,
    schedule: typeof schedule === 'string' ? schedule : schedule.kind,
    average: average && averageName(average),
  };
}

/** `ema 0.998`, `swa` */
const averageName = ({
  kind,
  decay,
}: {
  readonly kind: string;
  readonly decay?: number;
}): string => (decay === undefined ? kind : `${kind} ${decay}`);

/** The lines of an event that has to do with other machines; none for the rest. */
function machineLines(lines: MachineLines, event: RunEvent): string[] {
  if (event.event === 'machine') return lines.tell(event);
  if (event.event === 'epoch') return lines.gathered();
  return event.event === 'progress' && event.cluster ? lines.measure(event.cluster) : [];
}

/** Progress, machines and warnings alone. */
function createQuietReporter(stream: NodeJS.WriteStream): Reporter {
  const progress = createProgress(stream);
  const machines = createMachineLines();
  const say = (line: string) => {
    progress.clear();
    stream.write(`${line}\n`);
  };
  return {
    tell(event) {
      if (event.event === 'progress') progress.update(event);
      if (event.event === 'warning') say(`warning: ${event.message}`);
      machineLines(machines, event).forEach(say);
    },
    stop: () => progress.stop(),
    done: () => Promise.resolve(),
  };
}

function createTextReporter(stream: NodeJS.WriteStream, names: RunNames): Reporter {
  const { parts, unit } = names;
  const progress = createProgress(stream, unit);
  const part = parts.validation ? 'validation' : 'test';
  const machines = createMachineLines();
  let epochs = 1;
  let isShown = everyNth(epochs);
  const say = (line: string) => {
    progress.clear();
    stream.write(`${line}\n`);
  };
  function tell(event: RunEvent): void {
    switch (event.event) {
      case 'start':
        ({ epochs } = describe(event));
        isShown = everyNth(epochs);
        return startLines(names, event).forEach(say);
      case 'progress':
        return progress.update(event);
      case 'validation':
        return say(validationLine(event, part));
      case 'epoch':
        if (isShown(event)) say(epochLine(event, part, unit, epochs, stream.columns));
        return undefined;
      case 'recovery':
        return say(`step ${event.step} is done again: ${event.reason}`);
      case 'warning':
        return say(`warning: ${event.message}`);
      default:
        return undefined;
    }
  }
  return {
    tell(event) {
      tell(event);
      machineLines(machines, event).forEach(say);
    },
    stop: () => progress.stop(),
    async done({ sha256, numerics, interrupted, stopped, best, ...event }, scores) {
      const { settings, seconds, history, waiting: waited } = event.result();
      const [file, report] = [event.file, event.report].map(
        (name) => name && join(names.folder, name),
      );
      if (interrupted) say(`\nstopped after ${history.length} of ${settings.epochs} epochs`);
      if (stopped !== undefined) say(`\nstopped: ${stopped}`);
      if (best) say(`\n${bestLine(settings.monitor!, best)}`);
      const waiting = waitingLine(waited);
      if (waiting) say(`\n${waiting}`);
      scores?.lines(lastPart(parts), { ...names, report }, seconds).forEach(say);
      machines.summary().forEach(say);
      say(`weights sha256 ${sha256} (${numerics})`);
      if (event.receipt) say(`receipt sha256 ${event.receipt}`);
      if (file) say(`saved to ${file}`);
      if (report) say(`report: ${report}`);
      say(`\n${scores ? scores.hint(file!, { ...names, report }) : resumeHint()}`);
      if (scores?.verdict !== undefined) say(`\n${scores.verdict}`);
    },
  };
}

function startLines(
  { data, parts, setAside, unit, invited }: RunNames,
  start: StartEvent,
): string[] {
  const { optimizer, schedule, average, epochs, batch, shards, workers, seed, numerics } =
    describe(start);
  const averaged = average === undefined ? '' : `, the model is the weights’ average: ${average}`;
  const { model, parameters, resumedAt } = start;
  return [
    `${model}, ${formatCount(parameters)} parameters, on ${formatCount(start.data.samples)} ${unit === 'windows' ? unit : 'samples'} of ${data}`,
    ...validationWords(parts, setAside),
    `${formatEpochs(epochs)} of minibatches of ${batch} in ${shards} ${shards === 1 ? 'shard' : 'shards'}, ${optimizer} (${schedule}), seed ${seed}${averaged}`,
    `${workers} ${workers === 1 ? 'worker' : 'workers'}, ${numerics} numerics`,
    ...(invited === undefined ? [] : [invited]),
    ...readNotes(),
    ...(resumedAt === undefined ? [] : [`resumed after step ${formatCount(resumedAt)}`]),
    '',
  ];
}

/** The line about validation, if the run is not validated on its test samples. */
function validationWords(parts: DataSets, setAside: string | undefined): string[] {
  const { validation, test } = parts;
  if (!validation) return [];
  const taken = setAside === undefined ? '' : ` set aside from training (${setAside})`;
  const count = `${formatCount(countOf(validation))} samples${taken}`;
  return lastPart(parts) === 'test'
    ? [`validation on ${count}, test on ${formatCount(countOf(test))} at the end`]
    : [`validation on ${count}; the data has no test samples`];
}

/** Of many epochs this many have a line; the log and the report have all. */
const EPOCH_LINES = 25;

/** Whether an epoch has a line: each of up to 50, and of more every nth and the last. */
function everyNth(epochs: number): (event: EventOf<'epoch'>) => boolean {
  const every = epochs <= 2 * EPOCH_LINES ? 1 : Math.ceil(epochs / EPOCH_LINES);
  return ({ epoch }) => epoch % every === 0 || epoch === epochs || epoch === 1;
}

const formatEpochs = (epochs: number): string => `${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}`;

/** The command that resumes the run: the same one with `--resume`, without a password. */
export function resumeHint(argv: readonly string[] = process.argv): string {
  const words = argv
    .slice(2)
    .map(withoutPassword)
    .filter((word) => word !== '--resume' && word !== '--fresh');
  return `resume with: npx lanewise ${[...words, '--resume'].map(quoted).join(' ')}`;
}

/** The line about the best weights, which the model has or could have had. */
const bestLine = ({ name, keepsBest }: Monitor, { epoch, step, value }: Best): string =>
  `best ${name} ${formatFigure(value)} after step ${formatCount(step)}, in epoch ${epoch}${keepsBest ? ': these weights are kept' : ''}`;

/** The line about the cost of reading data, if it is large. */
const waitingLine = (waiting: number): string | undefined =>
  waiting < DATA_IS_LIMIT
    ? undefined
    : `data was the limit: reading it took ${formatPercent(waiting, 0)} of the time`;
