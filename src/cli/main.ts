#!/usr/bin/env node
/** The command line: names the commands, and turns errors into one message and an exit code. */
import { Command } from 'commander';
import { LanewiseError } from '../errors.js';
import { benchCommand } from './bench.js';
import { dataCommand } from './data.js';
import { enableRelaxedSimd } from './engine-flags.js';
import { evalCommand } from './eval.js';
import { exportCommand } from './export.js';
import { knowingOthers } from './foreign-options.js';
import { inspectCommand } from './inspect.js';
import { predictCommand } from './predict.js';
import { reportCommand } from './report.js';
import { guardOutput, inFlags } from './terminal.js';
import { trainCommand } from './train.js';
import { verifyCommand } from './verify.js';
import { version } from '../run/version.js';
import { watchCommand } from './watch.js';

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

const program = new Command('lanewise')
  .description('Trains neural networks on nothing but WebAssembly SIMD.')
  .version(version)
  .showHelpAfterError('(--help lists the options)')
  .addCommand(trainCommand())
  .addCommand(evalCommand())
  .addCommand(predictCommand())
  .addCommand(exportCommand())
  .addCommand(dataCommand())
  .addCommand(inspectCommand())
  .addCommand(reportCommand())
  .addCommand(watchCommand())
  .addCommand(verifyCommand())
  .addCommand(benchCommand());

program.commands.forEach(knowingOthers);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof LanewiseError)) throw error;
  console.error(`error: ${error.message}`);
  if (error.hint) console.error(`  ${inFlags(error.hint)}`);
  process.exitCode = 1;
}
