#!/usr/bin/env node
/** The entry point of the command line: sets up the engine and the streams, then runs the command. */
import { enableRelaxedSimd } from './engine-flags.js';
import { runCommand } from './commands.js';
import { guardOutput } from './terminal.js';

enableRelaxedSimd();

// The reader of our output may stop (`| head`), the terminal may be closed, or the disk may be full. The work goes on,
// and its result is saved.
process.stderr.on('error', () => {});
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE' || code === 'EIO' || process.exitCode) return;
  process.exitCode = 1;
  console.error(`error: cannot write standard output: ${message}`);
});

guardOutput(process.stdout);
guardOutput(process.stderr);

await runCommand();
