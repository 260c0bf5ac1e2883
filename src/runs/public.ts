/** The public functions of runs in a folder and of their reports. Each loads what it needs when it is called. */
import { checkObject, listOf, text } from '../base/check.js';
import type { AnyDataset } from '../data/dataset.js';
import type { TrainedModel } from '../trained/trained-model.js';
import type { LoggedEvent } from '../train/events.js';
import type { Model } from '../layers/index.js';
import type { TrainSettings } from '../train/settings.js';
import type { Comparison } from './first-difference.js';
import type { Receipt, ReceiptParty } from './receipt-file.js';
import type { KeptState, StateAfterOptions } from './replay.js';
import type { Dispute, Verdict } from './settle.js';
import type { Audit, AuditOptions } from './audit.js';
import type { Evaluation } from './report/evaluation.js';
import type { InspectOptions } from './report/inspect-run.js';
import type { SearchSpace } from './sweep/search-space.js';
import type { SweepResult } from './sweep/sweep.js';
import type { Make, SweepOptions } from './sweep/sweep-plan.js';
import type { Watch, WatchOptions } from './watch.js';

/** The lines of a run's metrics.jsonl, checked. */
export async function readMetrics(path: string): Promise<readonly LoggedEvent[]> {
  return (await import('./metrics-log.js')).readMetrics(path);
}

/**
 * Takes the steps between two checkpoints of a run again, on this machine alone, and compares the logged hash of each part
 * that another machine computed, and the weights and the optimizer's state at the end, bit by bit. `model` and `settings` are
 * those that the run was trained with.
 * @throws LanewiseError kind 'argument' for another run's model, data or settings; kind 'file' if there is no checkpoint; kind
 * 'data' for a log of parts that is damaged; kind 'engine' if this machine computes a part differently each time.
 */
export async function auditRun(
  model: Model,
  settings: TrainSettings,
  options: AuditOptions,
): Promise<Audit> {
  return (await import('./audit.js')).auditRun(model, settings, options);
}

/** A report's view of a model on a data set: confusion, mistakes, filters and feature maps. */
export async function inspectRun(
  trained: TrainedModel,
  data: AnyDataset,
  options?: InspectOptions,
): Promise<Evaluation> {
  return (await import('./report/inspect-run.js')).inspectRun(trained, data, options);
}

/** Puts an evaluation into a run's folder, for its report. */
export async function saveEvaluation(folder: string, evaluation: Evaluation): Promise<void> {
  text('saveEvaluation', 'folder', folder);
  checkObject('saveEvaluation', evaluation, ['loss', 'accuracy']);
  await (await import('./report/write.js')).saveEvaluation(folder, evaluation);
}

/** Writes the report of the run in `folder`, a single self-contained file; resolves to its path. */
export async function writeReport(folder: string, file?: string): Promise<string> {
  text('writeReport', 'folder', folder);
  if (file !== undefined) text('writeReport', 'file', file);
  return (await import('./report/write.js')).writeReport(folder, file);
}

/** Writes one report of several runs, side by side; resolves to its path. */
export async function writeComparison(folders: readonly string[], file: string): Promise<string> {
  listOf(text)('writeComparison', 'folders', folders);
  text('writeComparison', 'file', file);
  return (await import('./report/write.js')).writeComparison(folders, file);
}

/** Serves the report of a run to this machine while it trains, kept up to date. */
export async function watchRun(folder: string, options?: WatchOptions): Promise<Watch> {
  return (await import('./watch.js')).watchRun(folder, options);
}

/**
 * Trains what `make` gives for each setting of `space`, keeps every run in a folder of the sweep's, and chooses by the
 * validation data. All settings are checked before the first one trains. Called again, a sweep that was killed goes on. The
 * result is a function of what is tried, the seed and the runs, except for times.
 * @throws LanewiseError kind 'argument' for bad options, for a setting that `train` refuses, and for a folder that holds
 * another sweep; kind 'file' if the folder cannot be written or is in use. A setting that diverges is a row, not an error.
 */
export async function sweep<const Space extends SearchSpace>(
  space: Space,
  make: Make<Space>,
  options: SweepOptions,
): Promise<SweepResult> {
  return (await import('./sweep/sweep.js')).runSweep(space, make as Make, options);
}

/**
 * Opens the receipt in a file, such as `runs/a/receipt` of a run with `receipt: true`. Its entries are read when asked for.
 * @throws LanewiseError kind 'file' if it cannot be read, or is no receipt.
 */
export async function openReceipt(path: string): Promise<Receipt> {
  text('openReceipt', 'path', path);
  return (await import('./receipt-file.js')).openReceipt(path);
}

/**
 * Finds the first step in which the receipts of two parties differ, by bisection: at most ⌈log₂(steps + 2)⌉ exchanges. A party
 * is an open receipt, or anything that answers for one over a channel.
 * @throws LanewiseError kind 'argument' for what is no party, and if the two hash their states at other steps; kind 'data'
 * for an answer that is no entry.
 */
export async function firstDifference(a: ReceiptParty, b: ReceiptParty): Promise<Comparison> {
  return (await import('./first-difference.js')).firstDifference(a, b);
}

/**
 * Finds the first step in which two receipts differ, takes it again from a state that both agree on, and says which is
 * right. The state is checked before the step is taken.
 * @param settings those of the run; `workers` are the referee's own
 * @throws LanewiseError kind 'argument' for settings that are not those of both receipts, and for a state that is not the one
 * agreed on; else as `firstDifference` and `train`.
 */
export async function settleDifference(
  model: Model,
  settings: TrainSettings,
  dispute: Dispute,
): Promise<Verdict> {
  return (await import('./settle.js')).settleDifference(model, settings, dispute);
}

/**
 * Takes a run again up to a step, from a checkpoint of it or from its beginning, and writes the state to a file, a
 * checkpoint: what `settleDifference` begins from.
 * @throws LanewiseError as `train`; kind 'argument' for a checkpoint of another run; kind 'file' for one of a later step.
 */
export async function stateAfter(
  model: Model,
  settings: TrainSettings,
  options: StateAfterOptions,
): Promise<KeptState> {
  return (await import('./replay.js')).stateAfter(model, settings, options);
}
