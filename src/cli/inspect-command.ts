/** The command `lanewise inspect`: prints a model's layers and what it costs, before anything runs. */
import { Command } from 'commander';
import { samplesOf } from '../data/forms.js';
import { digits } from '../data/digits/index.js';
import { lossTerms } from '../losses/terms.js';
import { momentum } from '../optimizers/index.js';
import { columnsOf } from '../feed/columns.js';
import { planRun, type RunPlan } from '../step/run-plan.js';
import { defaultShards } from '../step/shards.js';
import { printProgram } from '../program/print.js';
import { pickNumerics } from '../engine/numerics.js';
import { machineParallelism } from '#platform/threads';
import { inspectFile } from './inspect-file.js';
import { layerTable } from './layer-table.js';
import { isFileName, recipeNamed } from './model-name.js';
import { modelNames, wholeNumber, workersOption } from './options.js';
import { formatBytes } from './terminal.js';

interface Options {
  readonly program?: boolean;
  readonly json?: boolean;
  readonly batch: number;
  readonly shards?: number;
  readonly workers?: number;
}

export const inspectCommand = (): Command =>
  new Command('inspect')
    .description('print a model’s layers, parameters, work and memory, or what a model file holds')
    .argument('<model or file>', `${modelNames()}, or a file: what it holds`)
    .option('--json', 'for a file: one line of JSON')
    .option('--program', 'print the kernel calls of one shard')
    .option('--batch <n>', 'samples in a minibatch', wholeNumber(1), 64)
    .option('--shards <n>', 'parts of a minibatch (one for every 16 samples)', wholeNumber(1))
    .addOption(workersOption())
    .action(runInspect);

async function runInspect(name: string, options: Options): Promise<void> {
  if (isFileName(name)) return inspectFile(name, options);
  const { program, batch, shards, workers } = options;
  const recipe = recipeNamed(name);
  const model = recipe.create();
  const terms = lossTerms(recipe.loss, [...model.outputs.keys()]);
  const plan = planRun({
    model,
    terms,
    numerics: pickNumerics(),
    workers: Math.max(1, workers ?? machineParallelism()),
    // The cost is that of one full minibatch of images of MNIST's size.
    datasets: [{ ...columnsOf(model, terms, samplesOf(digits({ count: 1 }))), count: batch }],
    training: {
      optimizer: momentum({ lr: 0 }),
      batch,
      shards: shards ?? defaultShards(model, batch),
    },
  });
  if (program) {
    for (const step of Object.values(plan.steps)) {
      for (const gradients of Object.values(step.programs)) console.log(printProgram(gradients));
    }
    return;
  }
  console.log(layerTable(name, model));
  console.log(memoryTable(plan));
}

/** Bytes by region, and what liveness analysis saved. */
function memoryTable(plan: RunPlan): string {
  const programs = Object.values(plan.steps).flatMap((step) => Object.values(step.programs));
  const largest = programs.reduce((a, b) => (a.activationBytes > b.activationBytes ? a : b));
  const { schedule } = plan.steps[plan.batch]!;
  const sizes = schedule.shards.map(({ count }) => count);
  const regions = plan.memory.regions.filter(({ bytes }) => bytes > 0);
  return [
    `memory for minibatches of ${plan.batch} in ${sizes.length} shards (${sizes.join(', ')} samples), momentum, ${plan.workers} ${plan.workers === 1 ? 'worker' : 'workers'}, ${plan.numerics}`,
    '',
    ...regions.map(
      ({ name, base, bytes }) =>
        `  ${name.padEnd(14)}${formatBytes(bytes).padStart(12)}   at ${base}`,
    ),
    `  ${'total'.padEnd(14)}${formatBytes(plan.memory.bytes).padStart(12)}`,
    '',
    `activations of a shard: ${formatBytes(largest.activationBytes)}, ${formatBytes(largest.unsharedBytes)} without reuse; workspace ${formatBytes(largest.workspaceBytes)}`,
  ].join('\n');
}
