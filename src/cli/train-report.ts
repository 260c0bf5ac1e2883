/** What `lanewise train` shows: JSON events, a progress bar on a terminal, plain lines elsewhere. */
import { countOf, type LabelledDataset } from '../data/dataset.js';
import { parameterCount, type Model } from '../layers/index.js';
import { confusionMatrix } from '../training/confusion.js';
import type { ClassificationSummary } from '../training/evaluate.js';
import type { ResolvedSettings } from '../training/settings.js';
import type { TrainCallbacks, TrainResult } from '../training/train.js';
import { renderConfusion } from './confusion.js';
import { createProgress, epochLine } from './progress.js';
import { formatCount, formatPercent, formatSeconds } from './terminal.js';

export interface Reporter {
  start(name: string, data: string, model: Model, settings: ResolvedSettings): void;
  readonly callbacks: Pick<TrainCallbacks, 'onProgress' | 'onEpoch'>;
  /** Takes the progress bar off the screen. */
  stop(): void;
  done(
    result: TrainResult,
    summary: ClassificationSummary,
    test: LabelledDataset,
    file: string,
    names: { readonly model: string; readonly data: string },
  ): Promise<void>;
}

export const createReporter = (json: boolean, stream: NodeJS.WriteStream): Reporter =>
  json ? createJsonReporter() : createTextReporter(stream);

function createJsonReporter(): Reporter {
  const emit = (event: string, fields: object) => console.log(JSON.stringify({ event, ...fields }));
  return {
    start: (model, data, _, settings) => emit('start', { model, data, ...describe(settings) }),
    callbacks: { onEpoch: (record) => emit('epoch', record) },
    stop() {},
    async done({ model, numerics, settings, seconds, interrupted }, { accuracy, error }, _, file) {
      emit('done', {
        testError: error,
        testAccuracy: accuracy,
        weightsSha256: await model.sha256(),
        numerics,
        workers: settings.workers,
        shards: settings.shards,
        seconds,
        interrupted,
        file,
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

function createTextReporter(stream: NodeJS.WriteStream): Reporter {
  const progress = createProgress(stream);
  const say = (line: string) => stream.write(`${line}\n`);
  return {
    start(name, data, model, settings) {
      const { optimizer, lr, schedule, epochs, batch, shards, workers, seed, numerics } =
        describe(settings);
      const samples = formatCount(countOf(settings.data));
      say(
        `${name}, ${formatCount(parameterCount(model))} parameters, on ${samples} samples of ${data}`,
      );
      say(
        `${epochs} epochs of minibatches of ${batch} in ${shards} shards, ${optimizer} ${lr} (${schedule}), seed ${seed}`,
      );
      say(`${workers} ${workers === 1 ? 'worker' : 'workers'}, ${numerics} numerics\n`);
    },
    callbacks: {
      onProgress: (state) => progress.update(state),
      onEpoch(record) {
        progress.clear();
        say(epochLine(record));
      },
    },
    stop: () => progress.stop(),
    async done(
      { model, settings, seconds, interrupted, numerics, history },
      { accuracy, error, predictions },
      test,
      file,
      names,
    ) {
      if (interrupted) say(`\nstopped after ${history.length} of ${settings.epochs} epochs`);
      say(`\n${renderConfusion(confusionMatrix(test.labels, predictions, test.classes))}\n`);
      say(
        `test accuracy ${formatPercent(accuracy)}, error ${formatPercent(error)}, ${formatSeconds(seconds)}`,
      );
      say(`weights sha256 ${await model.sha256()} (${numerics})`);
      say(`saved to ${file}\n`);
      say(hint(file, names));
    },
  };
}

/** How to go on. */
function hint(
  path: string,
  { model, data }: { readonly model: string; readonly data: string },
): string {
  const file = /^[\w./-]+$/.test(path) ? path : `'${path}'`;
  if (data !== 'digits') return `next: npx lanewise predict ${file} digit.png`;
  return [
    'next: the same on the real MNIST, downloaded once (or --data-dir with its four files):',
    `  npx lanewise train ${model} --data mnist`,
    `  npx lanewise eval ${file} --data mnist`,
  ].join('\n');
}
