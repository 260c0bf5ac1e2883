#!/usr/bin/env node
/** The command line as a process: its engine and its streams, before the first command. */
import { enableRelaxedSimd } from './engine-flags.js';
import { runCommand } from './commands.js';
import { guardOutput } from './terminal.js';

enableRelaxedSimd();

// Whoever reads our output may stop (`| head`), its terminal be closed, or its disk full. The work goes on, and its
// result is saved.
process.stderr.on('error', () => {});
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE' || code === 'EIO' || process.exitCode) return;
  process.exitCode = 1;
  console.error(`error: cannot write standard output: ${message}`);
});

guardOutput(process.stdout);
guardOutput(process.stderr);

await runCommand();
