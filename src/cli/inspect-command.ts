/** The command `lanewise inspect`: prints a model's layers and what it costs, before anything runs. */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { LanewiseError } from '../base/errors.js';
import { samplesOf } from '../data/forms.js';
import type { AnyDataset, Dataset } from '../data/dataset.js';
import { sizeOf, type Shape } from '../graph/tensor.js';
import { parameterCount, type InputSettings, type Model } from '../layers/index.js';
import { lossTerms } from '../losses/terms.js';
import { allRecipes } from '../models/recipes.js';
import { momentum } from '../optimizers/index.js';
import { columnsOf } from '../feed/columns.js';
import { planRun, type RunPlan } from '../step/run-plan.js';
import { defaultShards } from '../step/shards.js';
import { printProgram } from '../program/print.js';
import { pickNumerics } from '../engine/numerics.js';
import { machineParallelism } from '#platform/threads';
import { inspectFile } from './inspect-file.js';
import { layerRows, layerTable } from './layer-table.js';
import {
  isFileName,
  paperImages,
  recipeNamed,
  sizedRecipe,
  sizeOptions,
  type SizeOptions,
} from './model-name.js';
import { addOptions, modelNames, wholeNumber, workersOption } from './options.js';
import { formatBytes } from './terminal.js';

interface Options extends SizeOptions {
  readonly classes?: number;
  readonly program?: boolean;
  readonly json?: boolean;
  readonly batch: number;
  readonly shards?: number;
  readonly workers?: number;
}

export const inspectCommand = (): Command =>
  addOptions(new Command('inspect'), sizeOptions())
    .description('print a model’s layers, parameters, work and memory, or what a model file holds')
    .argument('<model or file>', `${modelNames()}, or a file: what it holds`)
    .option(
      '--classes <n>',
      'classes of a net for photographs (those of its paper)',
      wholeNumber(1),
    )
    .option('--json', 'one line of JSON')
    .option('--program', 'print the kernel calls of one shard')
    .option('--batch <n>', 'samples in a minibatch', wholeNumber(1), 64)
    .option('--shards <n>', 'parts of a minibatch (one for every 16 samples)', wholeNumber(1))
    .addOption(workersOption())
    .action(runInspect);

async function runInspect(name: string, options: Options): Promise<void> {
  if (isFileName(name) || (!(name in allRecipes()) && existsSync(name)))
    return inspectFile(name, options);
  const { program, batch, shards, workers, classes } = options;
  const recipe = sizedRecipe(name, recipeNamed(name), options);
  if (classes !== undefined && !recipe.sized)
    throw new LanewiseError(
      'argument',
      `--classes ${classes} is for the nets for photographs, and the model is ${name}`,
      'the classes of others are those of their data',
    );
  const model = recipe.create(recipe.sized && paperImages(recipe.sized, options));
  if (options.json) {
    const inputs = Object.entries(model.architecture.inputs).map(([key, one]) => ({
      name: key,
      ...one,
    }));
    const about = { parameters: parameterCount(model), inputs, layers: layerRows(model) };
    return console.log(JSON.stringify({ event: 'inspect', model: name, ...about }));
  }
  const terms = lossTerms(recipe.loss, [...model.outputs.keys()]);
  const plan = planRun({
    model,
    terms,
    numerics: pickNumerics(),
    workers: Math.max(1, workers ?? machineParallelism()),
    // The cost is that of one full minibatch.
    datasets: [{ ...columnsOf(model, terms, samplesOf(sampleFor(model))), count: batch }],
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

/**
 * One sample of the kind that a model takes: an image with a class, a text with what follows each character, or a window of
 * a series with its horizon.
 */
function sampleFor({ architecture, outputs }: Model): AnyDataset {
  const [[name, { shape, vocabulary }]] = Object.entries(architecture.inputs) as [
    [string, InputSettings],
  ];
  const floats = (of: Shape) => ({ shape: of, values: new Float32Array(sizeOf(of)) });
  const [[output, scores]] = [...outputs] as [[string, Shape]];
  if (vocabulary === undefined && shape.length < 3)
    return {
      name: 'a window',
      inputs: { [name]: floats(shape) },
      targets: { [output]: floats(scores) },
    };
  if (vocabulary === undefined)
    return {
      name: 'an image',
      classes: ['0', '1'],
      shape: shape as Dataset['shape'],
      samples: new Uint8Array(sizeOf(shape)),
      labels: Uint8Array.of(0),
    };
  const tokens = { shape, values: new Int32Array(sizeOf(shape)) };
  return { name: 'a text', inputs: { [name]: tokens }, targets: { [output]: tokens } };
}

/** Bytes by region, and what liveness analysis saved. */
function memoryTable(plan: RunPlan): string {
  const programs = Object.values(plan.steps).flatMap((step) => Object.values(step.programs));
  const largest = programs.reduce((a, b) => (a.activationBytes > b.activationBytes ? a : b));
  const { schedule } = plan.steps[plan.batch]!;
  const sizes = schedule.shards.map(({ count }) => count);
  const regions = plan.memory.regions.filter(({ bytes }) => bytes > 0);
  return [
    `memory for minibatches of ${plan.batch} in ${sizes.length} ${sizes.length === 1 ? 'shard' : 'shards'} (${sizes.join(', ')} samples), momentum, ${plan.workers} ${plan.workers === 1 ? 'worker' : 'workers'}, ${plan.numerics}`,
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
