/** The command `lanewise report`: writes a run's report again, or compares several runs. */
import { Command } from 'commander';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import { ensureReplaceable } from '../node/atomic.js';
import { METRICS } from '../runs/folder.js';

export const reportCommand = (): Command =>
  new Command('report')
    .description('write a run’s report.html again, or a page that compares several runs')
    .argument('[runs...]', 'folders written by train or sweep; if left out, the newest of runs/')
    .option('--out <file>', 'where the page goes (<run>/report.html, or comparison.html)')
    .action(runReport);

async function runReport(
  given: readonly string[],
  { out }: { readonly out?: string },
): Promise<void> {
  const folders = given.length > 0 ? given : [await newestRun('runs')];
  const { writeComparison, writeReport } = await import('../runs/report/write.js');
  const { readSweep } = await import('../runs/sweep/sweep-file.js');
  const { writeSweepReport } = await import('../runs/sweep/sweep-page.js');
  const [first] = folders;
  if (out !== undefined) await ensureReplaceable(out);
  const file =
    folders.length === 1
      ? await ((await readSweep(first!)) ? writeSweepReport : writeReport)(first!, out)
      : await writeComparison(folders, out ?? 'comparison.html');
  console.log(file);
}

/** The run whose log was written last. @throws LanewiseError kind 'argument' if there is none. */
async function newestRun(parent: string): Promise<string> {
  const names = await readdir(parent).catch((): string[] => []);
  const times = await Promise.all(
    names.map(async (name) => {
      const folder = join(parent, name);
      const status = await stat(join(folder, METRICS)).catch(() => undefined);
      return { folder, time: status?.mtimeMs };
    }),
  );
  const runs = times.filter(({ time }) => time !== undefined);
  const [newest] = runs.toSorted((a, b) => b.time! - a.time!);
  if (newest) return newest.folder;
  throw new LanewiseError(
    'argument',
    `there is no run in '${parent}'`,
    'train one here first, or name its folder: npx lanewise report FOLDER',
  );
}
