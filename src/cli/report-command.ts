/** The command `lanewise report`: writes a run's report again, or compares several runs. */
import { Command } from 'commander';
import { ensureReplaceable } from '../node/atomic.js';

export const reportCommand = (): Command =>
  new Command('report')
    .description('write a run’s report.html again, or a page that compares several runs')
    .argument('<runs...>', 'folders written by train')
    .option('--out <file>', 'where the page goes (<run>/report.html, or comparison.html)')
    .action(runReport);

async function runReport(
  folders: readonly string[],
  { out }: { readonly out?: string },
): Promise<void> {
  const { writeComparison, writeReport } = await import('../runs/report/write.js');
  const [first] = folders;
  if (out !== undefined) await ensureReplaceable(out);
  const file =
    folders.length === 1
      ? await writeReport(first!, out)
      : await writeComparison(folders, out ?? 'comparison.html');
  console.log(file);
}
