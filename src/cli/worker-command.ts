/** The command `lanewise worker`: computes parts of other machines' steps, run after run, until Ctrl-C. */
import { Command } from 'commander';
import type { WorkerEvent } from '../cluster/worker-events.js';
import { withoutPassword } from './machine-lines.js';
import { createWorkerLog } from './worker-log.js';
import { byteCount, option, positive, wholeNumber } from './options.js';

interface Options {
  readonly credentials?: string;
  readonly workers?: number;
  readonly maxMemory?: number;
  readonly cache?: string;
  readonly idleMinutes?: number;
  readonly insecure?: boolean;
}

export const workerCommand = (): Command =>
  new Command('worker')
    .description('compute parts of other machines’ training steps, run after run')
    .argument('<url>', 'the NATS server, such as nats://127.0.0.1:4222')
    .addOption(option('--credentials <file>', 'the file by which that server knows this machine'))
    .addOption(option('--workers <n>', 'threads (the machine’s parallelism)', wholeNumber(1, 4096)))
    .addOption(
      option(
        '--max-memory <size>',
        'memory that a run may have here (half of the machine’s, at most 4GiB)',
        byteCount,
      ),
    )
    .addOption(
      option('--cache <folder>', 'where to keep data for later runs (beside that of downloads)'),
    )
    .addOption(
      option('--idle-minutes <n>', 'end when no run has called for so long (never)', positive),
    )
    .addOption(option('--insecure', 'go to another machine without encryption'))
    .action(runWorker);

async function runWorker(url: string, options: Options): Promise<void> {
  const { workers: threads, ...others } = options;
  const { serveWorker } = await import('../cluster/serve-worker.js');
  const log = createWorkerLog(withoutPassword(url), (line) => console.log(line));
  const stop = stopOnSignals();
  try {
    await serveWorker(url, {
      ...others,
      ...(threads === undefined ? {} : { threads }),
      signal: stop.signal,
      onEvent: (event: WorkerEvent) => log.hear(event),
    });
  } finally {
    log.end();
  }
}

/** Ctrl-C says goodbye first; once more, and the process ends at once. */
function stopOnSignals(): AbortController {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(1);
      controller.abort();
    });
  return controller;
}
