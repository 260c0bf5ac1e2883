/** Writes reports as files (Node). A folder's report is made only from the files that the run has written into it. */
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { LanewiseError } from '../../base/errors.js';
import { writeFileAtomic } from '../../node/atomic.js';
import { readNamedFile } from '../../node/files.js';
import { loadAssets } from '../assets.js';
import { EVALUATION, JUDGEMENT, METRICS, REPORT } from '../folder.js';
import { readMetrics } from '../metrics-log.js';
import { compareReport } from './comparison.js';
import { readEvaluation, type Evaluation } from './evaluation.js';
import { readJudged } from './judged.js';
import { renderPage } from './page-frame.js';
import { recordsOf } from './records.js';
import { runReport, type Run } from './run-report.js';

/** A larger file is not an evaluation of ours. */
const MAX_BYTES = 1 << 27;

/**
 * The run in `folder` so far; its evaluation is absent until it has ended.
 * @throws LanewiseError kind 'file' if there is no log; kind 'data' for a file that no run has written.
 */
export async function readRun(folder: string): Promise<Run> {
  const records = recordsOf(await readMetrics(join(folder, METRICS)));
  const evaluation = await readIfThere(join(folder, EVALUATION), 'evaluation', readEvaluation);
  const judged = await readIfThere(join(folder, JUDGEMENT), 'judgement', readJudged);
  return { name: basename(resolve(folder)), records, evaluation, judged };
}

/** A file as `read` reads it; undefined if it is not there. */
async function readIfThere<T>(
  path: string,
  what: string,
  read: (bytes: Uint8Array, path: string) => T,
): Promise<T | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  if (found.size > MAX_BYTES) {
    throw new LanewiseError(
      'file',
      `'${path}' has ${found.size} bytes, expected at most ${MAX_BYTES}`,
    );
  }
  return read(await readNamedFile(what, path), path);
}

/** Saves an evaluation beside the log, for the report. @throws LanewiseError kind 'file'. */
export async function saveEvaluation(folder: string, evaluation: Evaluation): Promise<void> {
  await writeFileAtomic(join(folder, EVALUATION), Buffer.from(JSON.stringify(evaluation)));
}

/**
 * Writes `report.html` into a run's folder, or to `file`; a single self-contained file. Returns its path.
 * @throws LanewiseError as `readRun`, and kind 'file' if it cannot be written.
 */
export async function writeReport(folder: string, file = join(folder, REPORT)): Promise<string> {
  const run = await readRun(folder);
  await writeFileAtomic(file, Buffer.from(renderPage(runReport(run), await loadAssets())));
  return file;
}

/**
 * Writes a page that compares runs: their curves in the same charts, and where their settings differ.
 * @throws LanewiseError kind 'argument' for fewer than two folders, else as `writeReport`.
 */
export async function writeComparison(folders: readonly string[], file: string): Promise<string> {
  if (folders.length < 2) {
    throw new LanewiseError(
      'argument',
      `a comparison of ${folders.length} runs, expected at least 2`,
    );
  }
  const runs = await Promise.all(folders.map(readRun));
  const page = renderPage(compareReport(named(runs, folders)), await loadAssets());
  await writeFileAtomic(file, Buffer.from(page));
  return file;
}

/** Runs by their folder's name, or by its path where two names are equal. */
const named = (runs: readonly Run[], folders: readonly string[]): Run[] =>
  runs.map((run, i) =>
    runs.filter(({ name }) => name === run.name).length > 1 ? { ...run, name: folders[i]! } : run,
  );
