/** `lanewise train`: trains a model by name in a run's folder, shows how it goes, and how to go on. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { recipeFor } from '../models/recipes.js';
import { fit, type FitEvent, type FitOptions } from '../run/fit.js';
import { dataName, loadData } from './data-sources.js';
import { loadedIfSmall } from './loading.js';
import { modelSettings } from './model-settings.js';
import { dataRequest } from './options.js';
import { stopOnSignals } from './stop.js';
import { describeTrain, pick, trainSettings, type TrainOptions } from './train-options.js';
import { createReporter } from './train-report.js';

export const trainCommand = (): Command => describeTrain().action(runTrain);

async function runTrain(name: string, options: TrainOptions): Promise<void> {
  const recipe = recipeFor(name);
  const folder = options.out ?? join('runs', `${name}-${dataName(options.data)}`);
  const found = await loadData(options.data, dataRequest(options));
  const data = await loadedIfSmall(found, pick(options, ['maxMemory', 'decoders']));
  const settings = trainSettings(recipe, options, data);
  const model = recipe.create(await modelSettings(data.train));
  const reporter = createReporter(options.json ?? false, process.stdout, {
    model: name,
    data: options.data,
    folder,
  });
  const stop = stopOnSignals();
  let last: FitEvent | undefined;
  try {
    for await (const event of fit(model, settings, {
      ...fitOptions(options),
      folder,
      name,
      signal: stop.signal,
    })) {
      reporter.tell(event, model);
      last = event;
    }
  } finally {
    reporter.stop();
    stop.release();
  }
  if (last?.kind !== 'done') return;
  const summary = await last.result.model.evaluate(
    data.test,
    pick(options, ['workers', 'decoders']),
  );
  await reporter.done(last, summary, data.test);
  if (last.result.interrupted) process.exitCode = stop.exitCode();
}

const fitOptions = (options: TrainOptions): FitOptions => ({
  resume: options.override ? { override: options.override } : (options.resume ?? false),
  fresh: options.fresh ?? false,
  report: options.report,
  checkpoints: {
    ...(options.checkpointSteps === undefined ? {} : { everySteps: options.checkpointSteps }),
    ...(options.checkpointMinutes === undefined ? {} : { everyMinutes: options.checkpointMinutes }),
  },
});
