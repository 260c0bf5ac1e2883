/** The command `lanewise eval`: scores models on a data set's test samples. */
import type { Command } from 'commander';
import { loadModels, scoringCommand } from './classifiers.js';
import { kindOfModel, type EvalOptions } from './task-kinds.js';

export const evalCommand = (): Command =>
  scoringCommand('eval')
    .description('score a model file, or an ensemble of several, on test samples')
    .option('--json', 'one JSON object')
    .action(runEval);

async function runEval(files: readonly string[], options: EvalOptions): Promise<void> {
  const models = await loadModels(files);
  await kindOfModel(models[0]!).eval(files, models, options);
}
