/** `lanewise eval`: scores a model file on a data set's test samples. */
import { Command } from 'commander';
import { loadModel } from '../training/model-store.js';
import { confusionMatrix } from '../training/confusion.js';
import { renderConfusion } from './confusion.js';
import { dataDirOption, dataOption, loadData, workersOption } from './options.js';
import { formatPercent } from './terminal.js';

interface Options {
  readonly data: string;
  readonly dataDir?: string;
  readonly workers?: number;
  readonly json?: boolean;
}

export const evalCommand = (): Command =>
  new Command('eval')
    .description('score a model file on test samples')
    .argument('<model.safetensors>', 'a file written by train')
    .addOption(dataOption())
    .addOption(dataDirOption())
    .addOption(workersOption())
    .option('--json', 'one JSON object')
    .action(runEval);

async function runEval(file: string, { data, dataDir, workers, json }: Options): Promise<void> {
  const trained = await loadModel(file);
  const { test } = await loadData(data, dataDir);
  const { loss, accuracy, error, predictions } = await trained.evaluate(
    test,
    workers === undefined ? {} : { workers },
  );
  const weightsSha256 = await trained.sha256();
  if (json) {
    const figures = {
      loss,
      testAccuracy: accuracy,
      testError: error,
      samples: test.labels.length,
    };
    console.log(
      JSON.stringify({
        event: 'eval',
        model: file,
        data: test.name,
        ...figures,
        weightsSha256,
        numerics: trained.numerics,
      }),
    );
    return;
  }
  console.log(`${file} on ${test.name}, ${test.labels.length} samples`);
  console.log(
    `accuracy ${formatPercent(accuracy)}, error ${formatPercent(error)}, loss ${loss.toFixed(4)}`,
  );
  console.log(`weights sha256 ${weightsSha256}, numerics ${trained.numerics}\n`);
  console.log(renderConfusion(confusionMatrix(test.labels, predictions, test.classes)));
}
