/** The folders of runs that are not named. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS } from '../runs/folder.js';
import { readMetrics } from '../runs/metrics-log.js';
import { note } from './terminal.js';
import type { TrainOptions } from './train-options.js';

/**
 * The folder of a run without `--out`: a finished run is not replaced, the next folder has a number. `--resume` takes the last.
 */
export async function freeFolder(
  base: string,
  { fresh, resume }: Pick<TrainOptions, 'fresh' | 'resume'>,
): Promise<string> {
  const nth = (n: number) => (n === 1 ? base : `${base}-${n}`);
  let n = 1;
  if (resume || fresh) {
    while (existsSync(nth(n + 1))) n++;
    return nth(n);
  }
  while (await isFinished(nth(n))) n++;
  if (n > 1) note(`'${nth(n - 1)}' holds a finished run: this one goes to '${nth(n)}'`);
  return nth(n);
}

/**
 * Whether a folder holds a finished run, by its log: an interrupted run is not finished, and a folder without a log
 * holds no run.
 */
export async function isFinished(folder: string): Promise<boolean> {
  const events = await readMetrics(join(folder, METRICS)).catch(() => []);
  const last = events.at(-1);
  return last?.event === 'done' && !last.interrupted;
}
