/** `lanewise eval`: scores models on a data set's test samples. */
import { Command } from 'commander';
import { confusionMatrix } from '../training/confusion.js';
import { checkClasses, loadClassifier, modelsArgument } from './classifiers.js';
import { renderConfusion } from './confusion.js';
import { loadData } from './data-sources.js';
import {
  dataDirOption,
  dataOption,
  dataRequest,
  holdoutOption,
  workersOption,
  type DataOptions,
} from './options.js';
import { formatPercent } from './terminal.js';

interface Options extends DataOptions {
  readonly workers?: number;
  readonly json?: boolean;
}

export const evalCommand = (): Command =>
  new Command('eval')
    .description('score a model file, or an ensemble of several, on test samples')
    .addArgument(modelsArgument())
    .addOption(dataOption())
    .addOption(dataDirOption())
    .addOption(holdoutOption())
    .addOption(workersOption())
    .option('--json', 'one JSON object')
    .action(runEval);

async function runEval(files: readonly string[], options: Options): Promise<void> {
  const classifier = await loadClassifier(files);
  const { test } = await loadData(options.data, dataRequest(options));
  checkClasses(classifier, test);
  const { workers } = options;
  const summary = await classifier.evaluate(test, workers === undefined ? {} : { workers });
  const { loss, accuracy, error, predictions } = summary;
  const hashes: string[] = [];
  for (const model of classifier.models) hashes.push(await model.sha256());
  const { numerics } = classifier.models[0]!;
  if (options.json) {
    const names =
      files.length === 1
        ? { model: files[0], weightsSha256: hashes[0] }
        : { models: files, weightsSha256: hashes };
    console.log(
      JSON.stringify({
        event: 'eval',
        data: test.name,
        loss,
        testAccuracy: accuracy,
        testError: error,
        samples: test.labels.length,
        ...names,
        numerics,
      }),
    );
    return;
  }
  const what = files.length === 1 ? files[0] : `ensemble of ${files.length} models`;
  console.log(`${what} on ${test.name}, ${test.labels.length} samples`);
  console.log(
    `accuracy ${formatPercent(accuracy)}, error ${formatPercent(error)}, loss ${loss.toFixed(4)}`,
  );
  hashes.forEach((hash, i) => {
    const file = files.length === 1 ? '' : ` of ${files[i]}`;
    console.log(`weights sha256 ${hash}${file}, numerics ${classifier.models[i]!.numerics}`);
  });
  console.log(`\n${renderConfusion(confusionMatrix(test.labels, predictions, test.classes))}`);
}
