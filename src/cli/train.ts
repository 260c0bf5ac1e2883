/** `lanewise train`: trains a model by name, shows how it goes, and saves it. */
import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { Numerics } from '../engine/features.js';
import { ensureReplaceable, ensureWritableFolder } from '../formats/atomic.js';
import { recipeFor, recipes, type Recipe } from '../models/recipes.js';
import {
  adadelta,
  adagrad,
  adam,
  adamW,
  lars,
  lion,
  momentum,
  rmsprop,
  schedule,
  sgd,
  type Optimizer,
  type Schedule,
  type ScheduleName,
} from '../optimizers/index.js';
import type { TrainSettings } from '../training/settings.js';
import { saveModel } from '../training/model-store.js';
import { train, type TrainResult } from '../training/train.js';
import { dataName, loadData } from './data-sources.js';
import { modelSettings } from './model-settings.js';
import {
  addOptions,
  dataDetailOptions,
  dataDirOption,
  dataOption,
  dataRequest,
  holdoutOption,
  modelNames,
  numericsOption,
  rate,
  wholeNumber,
  workersOption,
  type DataOptions,
} from './options.js';
import { createReporter } from './train-report.js';

interface Options extends DataOptions {
  readonly epochs?: number;
  readonly batch?: number;
  readonly lr?: number;
  readonly optimizer?: keyof typeof optimizers;
  readonly weightDecay?: number;
  readonly schedule?: keyof typeof schedules;
  readonly workers?: number;
  readonly shards?: number;
  readonly seed: number;
  readonly numerics?: Numerics;
  readonly out?: string;
  readonly json?: boolean;
}

type Create = (options: { readonly lr: number; readonly weightDecay: number }) => Optimizer;

/** Each with a learning rate that suits it, for those that are not the recipe's. */
const optimizers = {
  sgd: { create: sgd, usualRate: 0.1 },
  momentum: { create: momentum, usualRate: 0.05 },
  adam: { create: adam, usualRate: 0.001 },
  adamW: { create: adamW, usualRate: 0.001 },
  adagrad: { create: adagrad, usualRate: 0.01 },
  rmsprop: { create: rmsprop, usualRate: 0.001 },
  adadelta: { create: adadelta, usualRate: 1 },
  lion: { create: lion, usualRate: 0.0001 },
  lars: { create: lars, usualRate: 5 },
} as const satisfies Record<string, { readonly create: Create; readonly usualRate: number }>;

const schedules = {
  constant: 'constant',
  linear: 'linear',
  cosine: schedule.cosine(),
  oneCycle: schedule.oneCycle(),
  reduceOnPlateau: schedule.reduceOnPlateau(),
} as const satisfies Record<string, ScheduleName | Schedule>;

/** `lenet5: 8, mlp: 12` */
const ofRecipes = (value: (recipe: Recipe) => unknown): string =>
  Object.entries(recipes)
    .map(([name, recipe]) => `${name}: ${String(value(recipe))}`)
    .join(', ');

export const trainCommand = (): Command =>
  addOptions(new Command('train'), dataDetailOptions())
    .description('train a model')
    .argument('<model>', modelNames())
    .addOption(dataOption())
    .addOption(dataDirOption())
    .addOption(holdoutOption())
    .option(
      '--epochs <n>',
      `passes over the data (${ofRecipes(({ epochs }) => epochs)})`,
      wholeNumber(1),
    )
    .option('--batch <n>', 'samples in a minibatch (64)', wholeNumber(1))
    .option('--lr <rate>', 'learning rate (the model’s usual one)', rate)
    .addOption(new Option('--optimizer <name>', 'update rule').choices(Object.keys(optimizers)))
    .option('--weight-decay <rate>', 'L2 penalty (the model’s usual one)', rate)
    .addOption(
      new Option('--schedule <name>', 'learning rate over the run').choices(Object.keys(schedules)),
    )
    .addOption(workersOption())
    .option(
      '--shards <n>',
      'parts of a minibatch (one for every 16 samples; 32 for small nets)',
      wholeNumber(1),
    )
    .option('--seed <n>', 'of initial weights and shuffles', wholeNumber(0), 1)
    .addOption(numericsOption())
    .option('--limit <n>', 'train on the first n samples only', wholeNumber(1))
    .option('--out <folder>', 'where the model goes (runs/<model>-<data>)')
    .option('--json', 'one JSON event a line')
    .action(runTrain);

async function runTrain(name: string, options: Options): Promise<void> {
  const recipe = recipeFor(name);
  const out = options.out ?? join('runs', `${name}-${dataName(options.data)}`);
  const data = await loadData(options.data, dataRequest(options));
  const kind = options.optimizer ?? recipe.optimizer;
  const isUsual = kind === recipe.optimizer;
  const lr = options.lr ?? (isUsual ? recipe.learningRate : optimizers[kind].usualRate);
  const weightDecay = options.weightDecay ?? (isUsual ? recipe.weightDecay : 0);
  const settings: TrainSettings = {
    data: data.train,
    validation: data.test,
    loss: recipe.loss,
    optimizer: optimizers[kind].create({ lr, weightDecay }),
    schedule: options.schedule ? schedules[options.schedule] : recipe.schedule,
    epochs: options.epochs ?? recipe.epochs,
    batch: options.batch ?? Math.min(recipe.batch, data.train.labels.length),
    ...pick(options, ['shards', 'workers', 'numerics']),
    seed: options.seed,
  };

  const model = recipe.create(await modelSettings(data.train));
  const file = join(out, 'model.safetensors');
  const reporter = createReporter(options.json ?? false, process.stdout);
  const stop = stopOnInterrupt();
  let result: TrainResult;
  try {
    result = await train(model, settings, {
      ...reporter.callbacks,
      async onStart(resolved) {
        await ensureWritableFolder(out);
        await ensureReplaceable(file);
        reporter.start(name, options.data, model, resolved);
      },
      signal: stop.signal,
    });
  } finally {
    reporter.stop();
  }
  await saveModel(result.model, file);
  const summary = await result.model.evaluate(data.test, pick(options, ['workers']));
  await reporter.done(result, summary, data.test, file, { model: name, data: options.data });
  if (result.interrupted) process.exitCode = 130;
  stop.release();
}

/** The first Ctrl-C ends the run after the steps at hand, the second at once. */
function stopOnInterrupt(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    console.error('\nstopping after the steps at hand and saving; Ctrl-C again quits at once');
  };
  process.on('SIGINT', onInterrupt);
  return { signal: controller.signal, release: () => process.off('SIGINT', onInterrupt) };
}

/** The given keys of `options`, those that were set. */
function pick<K extends keyof Options>(
  options: Options,
  keys: readonly K[],
): Partial<Pick<Options, K>> {
  const present = keys
    .filter((key) => options[key] !== undefined)
    .map((key) => [key, options[key]]);
  return Object.fromEntries(present) as Partial<Pick<Options, K>>;
}
