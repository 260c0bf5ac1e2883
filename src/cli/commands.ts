/** The command line's commands, run by their words. */
import { Command } from 'commander';
import { LanewiseError } from '../errors.js';
import { version } from '../version.js';
import { benchCommand } from './bench.js';
import { dataCommand } from './data.js';
import { evalCommand } from './eval.js';
import { exportCommand } from './export.js';
import { knowingOthers } from './foreign-options.js';
import { inspectCommand } from './inspect.js';
import { predictCommand } from './predict.js';
import { reportCommand } from './report.js';
import { inFlags } from './terminal.js';
import { trainCommand } from './train.js';
import { verifyCommand } from './verify.js';
import { watchCommand } from './watch.js';

function createProgram(): Command {
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
  return program;
}

/** Does what the process's arguments say. An error of ours becomes one message, and the process's exit code 1. */
export async function runCommand(): Promise<void> {
  try {
    await createProgram().parseAsync();
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    console.error(`error: ${error.message}`);
    if (error.hint) console.error(`  ${inFlags(error.hint)}`);
    process.exitCode = 1;
  }
}
