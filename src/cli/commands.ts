/** All commands of the command line, and the function that runs the one named by the arguments. */
import { Command } from 'commander';
import { LanewiseError } from '../base/errors.js';
import { version } from '../base/version.js';
import { auditCommand } from './audit-command.js';
import { benchCommand } from './bench-command.js';
import { clusterCommand } from './cluster-command.js';
import { dataCommand } from './data-command.js';
import { evalCommand } from './eval-command.js';
import { exportCommand } from './export-command.js';
import { knowingOthers } from './foreign-options.js';
import { generateCommand } from './generate-command.js';
import { importCommand } from './import-command.js';
import { inspectCommand } from './inspect-command.js';
import { labCommand } from './lab-command.js';
import { lrFindCommand } from './lr-find-command.js';
import { predictCommand } from './predict-command.js';
import { quantizeCommand } from './quantize-command.js';
import { receiptCommand } from './receipt-command.js';
import { reportCommand } from './report-command.js';
import { inFlags } from './terminal.js';
import { sweepCommand } from './sweep-command.js';
import { trainCommand } from './train-command.js';
import { verifyCommand } from './verify-command.js';
import { watchCommand } from './watch-command.js';
import { workerCommand } from './worker-command.js';

function createProgram(): Command {
  const program = new Command('lanewise')
    .description('Trains neural networks on nothing but WebAssembly SIMD.')
    .version(version)
    .showHelpAfterError('(--help lists the options)')
    .addCommand(trainCommand())
    .addCommand(lrFindCommand())
    .addCommand(sweepCommand())
    .addCommand(evalCommand())
    .addCommand(predictCommand())
    .addCommand(exportCommand())
    .addCommand(quantizeCommand())
    .addCommand(generateCommand())
    .addCommand(importCommand())
    .addCommand(dataCommand())
    .addCommand(inspectCommand())
    .addCommand(reportCommand())
    .addCommand(receiptCommand())
    .addCommand(watchCommand())
    .addCommand(workerCommand())
    .addCommand(clusterCommand())
    .addCommand(labCommand())
    .addCommand(auditCommand())
    .addCommand(verifyCommand())
    .addCommand(benchCommand());
  program.commands.forEach(knowingOthers);
  return program;
}

/** Runs the process's arguments. A LanewiseError becomes one message and exit code 1. */
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
