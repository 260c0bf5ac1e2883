/** What `lanewise train` shows: JSON events, a progress bar on a terminal, plain lines elsewhere. */
import { countOf, type LabelledDataset } from '../data/dataset.js';
import { parameterCount, type Model } from '../layers/index.js';
import type { FitEvent } from '../run/fit.js';
import { confusionMatrix } from '../training/confusion.js';
import type { ClassificationSummary } from '../training/evaluate.js';
import type { ResolvedSettings } from '../training/settings.js';
import { renderConfusion } from './confusion.js';
import { createProgress, DATA_IS_LIMIT, epochLine, validationLine } from './progress.js';
import { formatCount, formatPercent, formatSeconds } from './terminal.js';

/** What a run is called. */
export interface RunNames {
  readonly model: string;
  readonly data: string;
  readonly folder: string;
}

type Done = Extract<FitEvent, { kind: 'done' }>;

export interface Reporter {
  tell(event: FitEvent, model: Model): void;
  /** Takes the progress bar off the screen. */
  stop(): void;
  done(event: Done, summary: ClassificationSummary, test: LabelledDataset): Promise<void>;
}

export const createReporter = (
  json: boolean,
  stream: NodeJS.WriteStream,
  names: RunNames,
): Reporter => (json ? createJsonReporter(names) : createTextReporter(stream, names));

function createJsonReporter({ model: name, data, folder }: RunNames): Reporter {
  const emit = (event: string, fields: object) => console.log(JSON.stringify({ event, ...fields }));
  return {
    tell(event) {
      switch (event.kind) {
        case 'start': {
          const { settings, resumedAt } = event;
          const more = resumedAt === undefined ? {} : { resumedAt };
          return emit('start', { model: name, data, folder, ...describe(settings), ...more });
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
    async done({ result, files }, { accuracy, error }) {
      const { model, numerics, settings, seconds, interrupted, stopped, best } = result;
      emit('done', {
        testError: error,
        testAccuracy: accuracy,
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

function describe({
  optimizer,
  schedule,
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
    epochs,
    batch,
    shards,
    workers,
    seed,
    numerics,
  };
}

function createTextReporter(stream: NodeJS.WriteStream, names: RunNames): Reporter {
  const progress = createProgress(stream);
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
          return say(validationLine(event.record));
        case 'epoch':
          return say(epochLine(event.record));
        case 'recovery':
          return say(`step ${event.step} is done again: ${event.reason}`);
        case 'warning':
          return say(`warning: ${event.message}`);
        default:
          return undefined;
      }
    },
    stop: () => progress.stop(),
    async done({ result, files }, { accuracy, error, predictions }, test) {
      const { model, settings, seconds, interrupted, numerics, history, stopped, best } = result;
      if (interrupted) say(`\nstopped after ${history.length} of ${settings.epochs} epochs`);
      if (stopped !== undefined) say(`\nstopped: ${stopped}`);
      if (best) say(`best ${settings.monitor!.name} ${best.value} at step ${best.step}`);
      const waiting = waitingLine(result.waiting);
      if (waiting) say(`\n${waiting}`);
      say(`\n${renderConfusion(confusionMatrix(test.labels, predictions, test.classes))}\n`);
      say(
        `test accuracy ${formatPercent(accuracy)}, error ${formatPercent(error)}, ${formatSeconds(seconds)}`,
      );
      say(`weights sha256 ${await model.sha256()} (${numerics})`);
      say(`saved to ${files.model!}`);
      if (files.report) say(`report: ${files.report}`);
      say(`\n${interrupted ? resumeHint() : hint(files.model!, names)}`);
    },
  };
}

function startLines(
  { model: name, data }: RunNames,
  model: Model,
  settings: ResolvedSettings,
  resumedAt: number | undefined,
): string[] {
  const { optimizer, lr, schedule, epochs, batch, shards, workers, seed, numerics } =
    describe(settings);
  const samples = formatCount(countOf(settings.data));
  return [
    `${name}, ${formatCount(parameterCount(model))} parameters, on ${samples} samples of ${data}`,
    `${formatEpochs(epochs)} of minibatches of ${batch} in ${shards} shards, ${optimizer} ${lr} (${schedule}), seed ${seed}`,
    `${workers} ${workers === 1 ? 'worker' : 'workers'}, ${numerics} numerics`,
    ...(resumedAt === undefined ? [] : [`resumed after step ${formatCount(resumedAt)}`]),
    '',
  ];
}

const formatEpochs = (epochs: number): string => `${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}`;

/** The command that goes on with the run: this one, once more. */
function resumeHint(): string {
  const words = process.argv.slice(2).filter((word) => word !== '--resume' && word !== '--fresh');
  const quoted = words.map((word) => (/^[\w./:=,@-]+$/.test(word) ? word : `'${word}'`));
  return `go on with: npx lanewise ${[...quoted, '--resume'].join(' ')}`;
}

/** Said where it costs something. */
const waitingLine = (waiting: number): string | undefined =>
  waiting < DATA_IS_LIMIT
    ? undefined
    : `data was the limit: reading it took ${formatPercent(waiting, 0)} of the time`;

/** How to go on. */
function hint(path: string, { model, data }: RunNames): string {
  const file = /^[\w./-]+$/.test(path) ? path : `'${path}'`;
  if (data !== 'digits') return `next: npx lanewise predict ${file} digit.png`;
  return [
    'next: the same on the real MNIST, downloaded once (or --data-dir with its four files):',
    `  npx lanewise train ${model} --data mnist`,
    `  npx lanewise eval ${file} --data mnist`,
  ].join('\n');
}
