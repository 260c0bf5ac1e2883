/** `lanewise export`: what a model makes of each test sample, as a CSV file. */
import { Command } from 'commander';
import { createLineWriter } from '../formats/atomic-lines.js';
import { csvLine } from '../formats/csv-line.js';
import { checkClasses, loadClassifier, modelsArgument } from './classifiers.js';
import { loadData } from './data-sources.js';
import {
  dataDirOption,
  dataOption,
  dataRequest,
  holdoutOption,
  workersOption,
  type DataOptions,
} from './options.js';
import { figure, scoreName } from './prediction-output.js';
import { classNameOf } from './ranking.js';
import { formatCount, formatPercent } from './terminal.js';

interface Options extends DataOptions {
  readonly workers?: number;
  readonly out: string;
  readonly scores?: boolean;
}

export const exportCommand = (): Command =>
  new Command('export')
    .description('write the predictions for all test samples to a CSV file')
    .addArgument(modelsArgument())
    .addOption(dataOption())
    .addOption(dataDirOption())
    .addOption(holdoutOption())
    .addOption(workersOption())
    .requiredOption('--out <file>', 'the CSV file')
    .option('--scores', 'a column more for each class')
    .action(runExport);

/** Lines that are written together. */
const LINES = 1024;

async function runExport(files: readonly string[], options: Options): Promise<void> {
  const classifier = await loadClassifier(files);
  const { test } = await loadData(options.data, dataRequest(options));
  checkClasses(classifier, test);
  // Before the work, in case it cannot be written.
  const writer = await createLineWriter(options.out);
  try {
    const { workers } = options;
    const summary = await classifier.evaluate(test, workers === undefined ? {} : { workers });
    const { predictions, scores, accuracy } = summary;
    const count = predictions.length;
    const outputs = scores.length / count;
    const nameOf = (index: number) =>
      classNameOf({ classes: classifier.classes ?? test.classes }, index);
    const columns = options.scores ? Array.from({ length: outputs }, (_, c) => nameOf(c)) : [];
    const head = ['sample', 'true', 'predicted', scoreName(classifier), ...columns];
    await writer.write([csvLine(head)]);
    for (let first = 0; first < count; first += LINES) {
      const lines = Array.from({ length: Math.min(LINES, count - first) }, (_, k) => {
        const i = first + k;
        const row = scores.subarray(i * outputs, (i + 1) * outputs);
        const predicted = predictions[i]!;
        return csvLine([
          i,
          test.classes[test.labels[i]!]!,
          nameOf(predicted),
          figure(row[predicted]!),
          ...(options.scores ? Array.from(row, figure) : []),
        ]);
      });
      await writer.write(lines);
    }
    await writer.finish();
    console.log(
      `wrote ${formatCount(count)} predictions to ${options.out}, ${formatPercent(accuracy)} right`,
    );
  } finally {
    await writer.abandon();
  }
}
