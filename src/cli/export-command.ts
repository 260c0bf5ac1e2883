/**
 * The command `lanewise export`: writes a model's prediction for each test sample to a CSV file, or the model as a
 * program or an ONNX file.
 */
import type { Command } from 'commander';
import { LanewiseError } from '../base/errors.js';
import { loadModels, scoringCommand, type ScoringOptions } from './classifiers.js';
import { checkOutName } from './file-kind.js';
import { exportOnnx } from './export-onnx.js';
import { exportProgram } from './export-program.js';
import { wholeNumber } from './options.js';
import { kindOfModel } from './task-kinds.js';

export interface ExportOptions extends ScoringOptions {
  readonly out: string;
  readonly scores?: boolean;
  readonly inference?: boolean;
  readonly onnx?: boolean;
  readonly batch?: number;
}

export const exportCommand = (): Command =>
  scoringCommand('export')
    .description(
      'write the predictions for all test samples to a CSV file; or the model for inference, or as ONNX',
    )
    .requiredOption(
      '-o, --out <file>',
      'the CSV file, the program file for lanewise/inference, or the ONNX file',
    )
    .option('--scores', 'add a column of scores for each class')
    .option('--inference', 'the model alone, compiled for lanewise/inference; no data')
    .option('--onnx', 'the model alone, as an ONNX file; no data')
    .option('--batch <n>', 'samples that the program scores at once (16)', wholeNumber(1))
    .action((files: string[], options: ExportOptions, command: Command) => {
      if (!options.onnx)
        return options.inference ? exportProgram(files, options) : runExport(files, options);
      checkAlone(command);
      return exportOnnx(files, options);
    });

/** @throws LanewiseError kind 'argument' for options beside those of `--onnx`, which would have no effect. */
function checkAlone(command: Command): void {
  const other = command.options.find(
    (option) =>
      !['onnx', 'out'].includes(option.attributeName()) &&
      command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  if (!other) return;
  throw new LanewiseError(
    'argument',
    `${other.long} has no effect on export --onnx, which writes the model alone`,
    `leave ${other.long} out; or leave --onnx out to write predictions`,
  );
}

async function runExport(files: readonly string[], options: ExportOptions): Promise<void> {
  checkOutName(
    options.out,
    'export writes predictions as a CSV file',
    'the model itself is the safetensors file; --inference writes it for lanewise/inference, --onnx as ONNX',
  );
  const models = await loadModels(files);
  await kindOfModel(models[0]!).export(files, models, options);
}
