/** What `lanewise train` shows: JSON events, a progress bar on a terminal, plain lines elsewhere. */
import type { LabelledDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { pixelsOf } from '../data/samples.js';
import { parameterCount, type Model } from '../layers/index.js';
import type { Average } from '../optimizers/index.js';
import { readNotes } from '../platform/notes.js';
import type { FitEvent } from '../run/fit.js';
import { confusionMatrix } from '../training/confusion.js';
import type { ClassificationSummary } from '../training/evaluate.js';
import type { Monitor } from '../training/monitor.js';
import type { Best } from '../training/records.js';
import type { ResolvedSettings } from '../training/settings.js';
import { renderConfusion } from './confusion.js';
import { lastPart, type DataSets } from './data-sources.js';
import { createProgress, DATA_IS_LIMIT, epochLine, validationLine } from './progress.js';
import { areRows } from './tables.js';
import { formatCount, formatFigure, formatPercent, formatSeconds, quoted } from './terminal.js';

/** What a run is called. */
export interface RunNames {
  readonly model: string;
  readonly data: string;
  /** The options that name the data. */
  readonly dataWords: readonly string[];
  readonly folder: string;
  readonly parts: DataSets;
  /** For what training samples were set aside for validation. */
  readonly setAside: string | undefined;
}

type Done = Extract<FitEvent, { kind: 'done' }>;

export interface Reporter {
  tell(event: FitEvent, model: Model): void;
  /** Takes the progress bar off the screen. */
  stop(): void;
  /** Without a summary: the run was to end, before the test data was looked at. */
  done(event: Done, summary: ClassificationSummary | undefined): Promise<void>;
}

export const createReporter = (
  json: boolean,
  stream: NodeJS.WriteStream,
  names: RunNames,
): Reporter => (json ? createJsonReporter(names) : createTextReporter(stream, names));

function createJsonReporter({ model: name, data, folder, parts }: RunNames): Reporter {
  const emit = (event: string, fields: object) => console.log(JSON.stringify({ event, ...fields }));
  return {
    tell(event) {
      switch (event.kind) {
        case 'start': {
          const { settings, resumedAt } = event;
          const more = resumedAt === undefined ? {} : { resumedAt };
          emit('start', {
            model: name,
            data,
            folder,
            ...sampleCounts(parts),
            ...describe(settings),
            ...more,
          });
          for (const message of readNotes()) emit('warning', { message });
          return;
        }
        case 'epoch':
          return emit('epoch', event.record);
        case 'validation':
          return emit('validation', event.record);
        case 'checkpoint':
          return emit('checkpoint', { step: event.step, epoch: event.epoch });
        case 'recovery':
          return emit('recovery', { step: event.step, reason: event.reason });
        case 'warning':
          return emit('warning', { message: event.message });
        default:
          return undefined;
      }
    },
    stop() {},
    async done({ result, files }, summary) {
      const { model, numerics, settings, seconds, interrupted, stopped, best } = result;
      emit('done', {
        ...(summary ? summaryOf(parts, summary) : {}),
        weightsSha256: await model.sha256(),
        numerics,
        workers: settings.workers,
        shards: settings.shards,
        seconds,
        interrupted,
        ...(stopped === undefined ? {} : { stopped }),
        ...(best ? { best } : {}),
        file: files.model,
        report: files.report,
      });
    },
  };
}

/** How many samples each part has. */
function sampleCounts(parts: DataSets): Record<string, number> {
  const { train, validation, test } = parts;
  return {
    samples: train.labels.length,
    ...(validation ? { validationSamples: validation.labels.length } : {}),
    ...(lastPart(parts) === 'test' ? { testSamples: test.labels.length } : {}),
  };
}

const summaryOf = (parts: DataSets, { error, accuracy }: ClassificationSummary) =>
  lastPart(parts) === 'test'
    ? { testError: error, testAccuracy: accuracy }
    : { validationError: error, validationAccuracy: accuracy };

function describe({
  optimizer,
  schedule,
  average,
  epochs,
  batch,
  shards,
  workers,
  seed,
  numerics,
}: ResolvedSettings) {
  return {
    optimizer: optimizer.kind,
    lr: optimizer.learningRate,
    schedule: typeof schedule === 'string' ? schedule : schedule.kind,
    ...(average ? { average: averageName(average) } : {}),
    epochs,
    batch,
    shards,
    workers,
    seed,
    numerics,
  };
}

/** `ema 0.998`, `swa` */
const averageName = ({ kind, settings: { decay } }: Average): string =>
  decay === undefined ? kind : `${kind} ${String(decay)}`;

function createTextReporter(stream: NodeJS.WriteStream, names: RunNames): Reporter {
  const progress = createProgress(stream);
  const unit = areRows(names.parts.train) ? 'rows' : 'images';
  const { test, validation } = names.parts;
  const part = validation ? 'validation' : 'test';
  const say = (line: string) => {
    progress.clear();
    stream.write(`${line}\n`);
  };
  return {
    tell(event, model) {
      switch (event.kind) {
        case 'start':
          return startLines(names, model, event.settings, event.resumedAt).forEach(say);
        case 'steps':
          return progress.update(event.progress);
        case 'validation':
          return say(validationLine(event.record, part));
        case 'epoch':
          return say(epochLine(event.record, part, unit));
        case 'recovery':
          return say(`step ${event.step} is done again: ${event.reason}`);
        case 'warning':
          return say(`warning: ${event.message}`);
        default:
          return undefined;
      }
    },
    stop: () => progress.stop(),
    async done({ result, files }, summary) {
      const { model, settings, seconds, interrupted, numerics, history, stopped, best } = result;
      if (interrupted) say(`\nstopped after ${history.length} of ${settings.epochs} epochs`);
      if (stopped !== undefined) say(`\nstopped: ${stopped}`);
      if (best) say(`\n${bestLine(settings.monitor!, best)}`);
      const waiting = waitingLine(result.waiting);
      if (waiting) say(`\n${waiting}`);
      if (summary) {
        const { accuracy, error, predictions } = summary;
        const matrix = confusionMatrix(test.labels, predictions, test.classes);
        const elsewhere = files.report ? { elsewhere: files.report } : {};
        say(`\n${renderConfusion(matrix, elsewhere)}\n`);
        say(
          `${lastPart(names.parts)} accuracy ${formatPercent(accuracy)}, error ${formatPercent(error)}, ${formatSeconds(seconds)}`,
        );
      }
      say(`weights sha256 ${await model.sha256()} (${numerics})`);
      if (files.model) say(`saved to ${files.model}`);
      if (files.report) say(`report: ${files.report}`);
      say(`\n${summary ? hint(files.model!, names, test) : resumeHint()}`);
    },
  };
}

function startLines(
  { model: name, data, parts, setAside }: RunNames,
  model: Model,
  settings: ResolvedSettings,
  resumedAt: number | undefined,
): string[] {
  const { optimizer, lr, schedule, average, epochs, batch, shards, workers, seed, numerics } =
    describe(settings);
  const averaged = average === undefined ? '' : `, the model is the weights’ average: ${average}`;
  const samples = formatCount(settings.data.count);
  return [
    `${name}, ${formatCount(parameterCount(model))} parameters, on ${samples} samples of ${data}`,
    ...validationWords(parts, setAside),
    `${formatEpochs(epochs)} of minibatches of ${batch} in ${shards} shards, ${optimizer} ${lr} (${schedule}), seed ${seed}${averaged}`,
    `${workers} ${workers === 1 ? 'worker' : 'workers'}, ${numerics} numerics`,
    ...readNotes(),
    ...(resumedAt === undefined ? [] : [`resumed after step ${formatCount(resumedAt)}`]),
    '',
  ];
}

/** What the run is scored on, where that is not what it is tested on in the end. */
function validationWords(parts: DataSets, setAside: string | undefined): string[] {
  const { validation, test } = parts;
  if (!validation) return [];
  const taken = setAside === undefined ? '' : ` set aside from training (${setAside})`;
  const count = `${formatCount(validation.labels.length)} samples${taken}`;
  return lastPart(parts) === 'test'
    ? [`validation on ${count}, test on ${formatCount(test.labels.length)} at the end`]
    : [`validation on ${count}; there are none for a test`];
}

const formatEpochs = (epochs: number): string => `${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}`;

/** The command that goes on with the run: this one, once more. */
export function resumeHint(): string {
  const words = process.argv.slice(2).filter((word) => word !== '--resume' && word !== '--fresh');
  return `go on with: npx lanewise ${[...words, '--resume'].map(quoted).join(' ')}`;
}

/** What the model is, or might have been. */
const bestLine = ({ name, keepsBest }: Monitor, { epoch, step, value }: Best): string =>
  `best ${name} ${formatFigure(value)} after step ${formatCount(step)}, in epoch ${epoch}${keepsBest ? ': these weights are kept' : ''}`;

/** Said where it costs something. */
const waitingLine = (waiting: number): string | undefined =>
  waiting < DATA_IS_LIMIT
    ? undefined
    : `data was the limit: reading it took ${formatPercent(waiting, 0)} of the time`;

/** How to go on: with images, or where samples are none, with the test samples. */
function hint(path: string, { model, data, dataWords }: RunNames, test: LabelledDataset): string {
  const file = quoted(path);
  const isImages = pixelsOf(samplesOf(test)) instanceof Uint8Array;
  if (!isImages)
    return `next: npx lanewise export ${file} ${dataWords.map(quoted).join(' ')} --out predictions.csv`;
  const isWritten = test.shape[0] === 1 && test.classes.every((name) => name.length === 1);
  if (data !== 'digits')
    return `next: npx lanewise predict ${file} ${isWritten ? 'digit' : 'image'}.png`;
  return [
    'next: the same on the real MNIST, downloaded once (or --data-dir with its four files):',
    `  npx lanewise train ${model} --data mnist`,
    `  npx lanewise eval ${file} --data mnist`,
  ].join('\n');
}
