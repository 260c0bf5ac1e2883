/**
 * The command `lanewise train`: trains a model by name in a run's folder, and shows progress, results and the next
 * command.
 */
import { join } from 'node:path';
import type { Command } from 'commander';
import { trainEvents, type TrainOptions as RunOptions } from '../train/train.js';
import type { EventOf } from '../train/events.js';
import { dataName, lastPart } from './data-sources.js';
import { freeFolder } from './free-folder.js';
import { recipeNamed } from './model-name.js';
import { findData, inMemory, preparedRun } from './prepared-run.js';
import { invitation } from './machine-lines.js';
import { saveRanges } from './quantization-ranges.js';
import { checkRepeats, repeatsName, runRepeats } from './repeats.js';
import type { Fold } from './split-rule.js';
import { stopOnSignals, type Stop } from './stop.js';
import { saveJudgement } from './judgement.js';
import { note } from './terminal.js';
import {
  checkTogether,
  clusterOf,
  dataWords,
  describeTrain,
  type TrainOptions,
} from './train-options.js';
import { createReporter, resumeHint } from './train-report.js';

export const trainCommand = (): Command => describeTrain().action(runTrain);

async function runTrain(name: string | undefined, options: TrainOptions): Promise<void> {
  const stop = stopOnSignals(() => console.error(`\n${resumeHint()}`));
  try {
    if (options.folds === undefined && options.seeds === undefined)
      await trainUntil(stop, name, options);
    else await repeatUntil(stop, name, options);
  } finally {
    stop.release();
  }
}

/** Several runs, one after another. */
async function repeatUntil(
  stop: Stop,
  given: string | undefined,
  options: TrainOptions,
): Promise<void> {
  checkTogether(options);
  checkRepeats(options);
  const model = given ?? (await findData(given, options)).name;
  const base = join('runs', `${model}-${dataName(options.data)}-${repeatsName(options)}`);
  const isDone = await runRepeats({
    model,
    folder: options.out ?? base,
    options,
    async train({ fold }, one) {
      await trainUntil(stop, given, one, { fold, isQuiet: true });
      return !stop.signal.aborted;
    },
    say: (line) => void (options.json || console.log(line)),
    tell: (record) => void (options.json && console.log(JSON.stringify(record))),
  });
  if (!isDone) console.error(`\n${resumeHint()}`);
}

async function trainUntil(
  stop: Stop,
  given: string | undefined,
  options: TrainOptions,
  { fold, isQuiet = false }: { readonly fold?: Fold | undefined; readonly isQuiet?: boolean } = {},
): Promise<void> {
  if (given !== undefined) recipeNamed(given);
  checkTogether(options);
  const found = await findData(given, options, undefined, fold);
  const { name, kind, task, setAside } = found;
  const folder =
    options.out ?? (await freeFolder(join('runs', `${name}-${dataName(options.data)}`), options));
  const { workers, decoders } = options;
  const run = await preparedRun(await inMemory(found, options), options);
  const { data, model, settings, notes, finish } = run;
  for (const line of [...(task.said ? [task.said] : []), ...notes]) note(line);
  const reporter = createReporter(options.json ?? false, process.stdout, {
    model: name,
    data: options.data,
    dataWords: dataWords(options),
    folder,
    parts: data,
    setAside,
    unit: task.unit,
    invited: invitation(options),
    isQuiet,
  });
  stop.guard(true);
  let last: EventOf<'done'> | undefined;
  try {
    for await (const event of trainEvents(model, settings, {
      ...runOptions(options),
      ...(lastPart(data) === 'test' ? { test: data.test } : {}),
      ...(finish ? { finish } : {}),
      folder,
      name,
      signal: stop.signal,
    })) {
      reporter.tell(event);
      if (event.event === 'trained') stop.guard(false);
      if (event.event === 'done') last = event;
    }
  } finally {
    reporter.stop();
  }
  if (!last) return;
  await saveRanges(folder, settings);
  if (stop.signal.aborted) process.exitCode = stop.exitCode();
  const scores = stop.signal.aborted
    ? undefined
    : await kind.score(last.result().model, data, { workers, decoders });
  if (scores?.judgement) {
    await saveJudgement(folder, scores.judgement);
    // The report has the baselines, too.
    if (last.report) await (await import('../runs/report/write.js')).writeReport(folder);
  }
  await reporter.done(last, scores);
}

const runOptions = (options: TrainOptions): RunOptions => ({
  resume: options.override ? { override: options.override } : (options.resume ?? false),
  fresh: options.fresh ?? false,
  receipt: options.receipt ?? false,
  report: options.report,
  checkpoints: { everySteps: options.checkpointSteps, everyMinutes: options.checkpointMinutes },
  ...clusterOf(options),
});
