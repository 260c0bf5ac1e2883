/** What is public of runs in a folder and of their reports. Each loads what it needs when it is called. */
import type { AnyDataset } from '../data/dataset.js';
import type { Model } from '../layers/index.js';
import type { TrainResult } from '../training/train.js';
import type { TrainSettings } from '../training/settings.js';
import type { TrainedModel } from '../training/trained-model.js';
import type { RunEvent } from './events.js';
import type { FitEvent, FitOptions } from './fit.js';
import type { Evaluation } from './report/evaluation.js';
import type { InspectOptions } from './report/inspect.js';
import type { Watch, WatchOptions } from './watch.js';

/** See fit.ts. */
export async function* fit(
  model: Model,
  settings: TrainSettings,
  options: FitOptions = {},
): AsyncGenerator<FitEvent, TrainResult, void> {
  const run = await import('./fit.js');
  return yield* run.fit(model, settings, options);
}

/** See metrics-log.ts. */
export async function readMetrics(path: string): Promise<readonly RunEvent[]> {
  return (await import('./metrics-log.js')).readMetrics(path);
}

/** See report/inspect.ts. */
export async function inspectRun(
  trained: TrainedModel,
  data: AnyDataset,
  options?: InspectOptions,
): Promise<Evaluation> {
  return (await import('./report/inspect.js')).inspectRun(trained, data, options);
}
/** See report/write.ts, as the two below. */
export async function saveEvaluation(folder: string, evaluation: Evaluation): Promise<void> {
  await (await import('./report/write.js')).saveEvaluation(folder, evaluation);
}

export async function writeReport(folder: string, file?: string): Promise<string> {
  return (await import('./report/write.js')).writeReport(folder, file);
}

export async function writeComparison(folders: readonly string[], file: string): Promise<string> {
  return (await import('./report/write.js')).writeComparison(folders, file);
}

/** See watch.ts. */
export async function watchRun(folder: string, options?: WatchOptions): Promise<Watch> {
  return (await import('./watch.js')).watchRun(folder, options);
}
