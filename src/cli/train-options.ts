/** The options of `lanewise train`, and the settings that they and a model's recipe make. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { transformed } from '../data/transforms/transformed.js';
import type { Numerics } from '../engine/features.js';
import { recipes, type Recipe } from '../models/recipes.js';
import {
  adadelta,
  adagrad,
  adam,
  adamW,
  ema,
  lars,
  lion,
  momentum,
  rmsprop,
  schedule,
  sgd,
  swa,
  type Optimizer,
  type Schedule,
  type ScheduleName,
} from '../optimizers/index.js';
import type { TrainSettings } from '../training/settings.js';
import { augmentations, augmentOption, transformsOf } from './augment.js';
import type { DataSets } from './data-sources.js';
import { prefetchWithin } from './loading.js';
import {
  addOptions,
  dataDetailOptions,
  dataDirOption,
  dataOption,
  decodersOption,
  holdoutOption,
  maxMemoryOption,
  modelNames,
  numericsOption,
  rate,
  validationOption,
  wholeNumber,
  workersOption,
  type DataOptions,
} from './options.js';

export interface TrainOptions extends DataOptions {
  readonly epochs?: number;
  readonly batch?: number;
  readonly lr?: number;
  readonly optimizer?: keyof typeof optimizers;
  readonly weightDecay?: number;
  readonly schedule?: keyof typeof schedules;
  readonly workers?: number;
  readonly decoders?: number;
  readonly maxMemory?: number;
  readonly shards?: number;
  readonly seed: number;
  /** Share of the training samples. */
  readonly validation?: number;
  readonly numerics?: Numerics;
  readonly augment?: string;
  readonly mixup?: number;
  readonly average?: keyof typeof averages;
  readonly dropLast?: boolean;
  readonly accumulate?: number;
  readonly clipNorm?: number;
  readonly metrics?: readonly string[];
  readonly validateEvery?: number;
  readonly patience?: number;
  readonly keepBest?: boolean;
  readonly resume?: boolean;
  readonly override?: readonly string[];
  readonly fresh?: boolean;
  readonly checkpointSteps?: number;
  readonly checkpointMinutes?: number;
  readonly report: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

type Create = (options: { readonly lr: number; readonly weightDecay: number }) => Optimizer;

/** Each with a learning rate that suits it, for those that are not the recipe's. */
const optimizers = {
  sgd: { create: sgd, usualRate: 0.1 },
  momentum: { create: momentum, usualRate: 0.05 },
  nesterov: {
    create: (options) => momentum({ ...options, nesterov: true }),
    usualRate: 0.05,
  },
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

const averages = { ema: ema(), swa: swa(), none: undefined } as const;

/** `lenet5: 8, mlp: 12` */
const ofRecipes = (value: (recipe: Recipe) => unknown): string =>
  Object.entries(recipes)
    .map(([name, recipe]) => `${name}: ${String(value(recipe))}`)
    .join(', ');

/** `a,b` as its parts. */
const list = (text: string): string[] => {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.some((part) => part === ''))
    throw new InvalidArgumentError('Expected names, with commas.');
  return parts;
};

/** The command with all of its options and no action. */
export const describeTrain = (): Command =>
  addOptions(new Command('train'), dataDetailOptions())
    .description('train a model')
    .argument('<model>', modelNames())
    .addOption(dataOption())
    .addOption(dataDirOption())
    .addOption(holdoutOption())
    .addOption(validationOption())
    .option('--limit <n>', 'train on the first n samples only', wholeNumber(1))
    .addOption(augmentOption())
    .option('--mixup <alpha>', 'train on blends of two samples; 0.2 is usual', rate)
    .option(
      '--epochs <n>',
      `passes over the data (${ofRecipes(({ epochs }) => epochs)})`,
      wholeNumber(1),
    )
    .option('--batch <n>', 'samples in a minibatch (64)', wholeNumber(1))
    .option('--drop-last', 'leave out an epoch’s last minibatch if it is smaller')
    .option('--accumulate <n>', 'minibatches that make one update (1)', wholeNumber(1))
    .option('--lr <rate>', 'learning rate (the model’s usual one)', rate)
    .addOption(new Option('--optimizer <name>', 'update rule').choices(Object.keys(optimizers)))
    .option('--weight-decay <rate>', 'L2 penalty (the model’s usual one)', rate)
    .addOption(
      new Option('--schedule <name>', 'learning rate over the run').choices(Object.keys(schedules)),
    )
    .option('--clip-norm <norm>', 'scale gradients down to this norm', rate)
    .addOption(
      new Option('--average <kind>', 'the model is an average of the weights (vgg: ema)').choices(
        Object.keys(averages),
      ),
    )
    .option(
      '--metrics <names>',
      'further figures of the validation samples, else of the test samples, such as top5,f1',
      list,
    )
    .option(
      '--validate-every <steps>',
      'score these samples this often (each epoch)',
      wholeNumber(1),
    )
    .option('--patience <n>', 'stop when n scores in a row are not better', wholeNumber(1))
    .option('--keep-best', 'the model has the weights that scored best')
    .addOption(workersOption())
    .addOption(decodersOption())
    .addOption(maxMemoryOption())
    .option(
      '--shards <n>',
      'parts of a minibatch (one for every 16 samples; 32 for small nets)',
      wholeNumber(1),
    )
    .option('--seed <n>', 'of initial weights, shuffles and augmentation', wholeNumber(0), 1)
    .addOption(numericsOption())
    .option('--out <folder>', 'the run’s folder (runs/<model>-<data>)')
    .option('--resume', 'go on from the folder’s checkpoint, if it has one')
    .option('--override <names>', 'settings that may differ from the run’s, such as epochs', list)
    .option('--fresh', 'begin anew, and lose the folder’s unfinished run')
    .option(
      '--checkpoint-steps <n>',
      'a checkpoint every n steps, besides each epoch’s',
      wholeNumber(1),
    )
    .option('--checkpoint-minutes <n>', 'and after so many minutes (5)', rate)
    .option('--no-report', 'write no report.html')
    .option('--json', 'one JSON event a line');

/** What a recipe and options say of a run on a data set. */
export function trainSettings(
  recipe: Recipe,
  options: TrainOptions,
  data: DataSets,
): TrainSettings {
  const kind = options.optimizer ?? recipe.optimizer;
  const isUsual = kind === recipe.optimizer;
  const lr = options.lr ?? (isUsual ? recipe.learningRate : optimizers[kind].usualRate);
  const weightDecay = options.weightDecay ?? (isUsual ? recipe.weightDecay : 0);
  const { augment, average, mixup, patience, validateEvery } = options;
  const transforms =
    augment === undefined ? [] : transformsOf(augmentations(augment), data.train.shape);
  return {
    data: transforms.length > 0 ? transformed(data.train, transforms) : data.train,
    validation: data.validation ?? data.test,
    loss: recipe.loss,
    optimizer: optimizers[kind].create({ lr, weightDecay }),
    schedule: schedules[options.schedule ?? recipe.schedule],
    epochs: options.epochs ?? recipe.epochs,
    batch: options.batch ?? Math.min(recipe.batch, data.train.labels.length),
    ...averageOf(recipe, average),
    ...(mixup === undefined ? {} : { mixup: { alpha: mixup } }),
    ...(patience === undefined ? {} : { earlyStopping: { patience } }),
    ...(validateEvery === undefined ? {} : { validateEvery: { steps: validateEvery } }),
    ...(options.metrics
      ? { metrics: options.metrics as NonNullable<TrainSettings['metrics']> }
      : {}),
    ...prefetchWithin(options.maxMemory),
    ...pick(options, [
      'shards',
      'workers',
      'decoders',
      'numerics',
      'accumulate',
      'dropLast',
      'clipNorm',
      'keepBest',
    ]),
    seed: options.seed,
  };
}

function averageOf(
  { averageDecay: decay }: Recipe,
  average: TrainOptions['average'],
): Pick<TrainSettings, 'average'> {
  const given = decay === undefined ? undefined : ema({ decay });
  const wanted = average === undefined ? given : averages[average];
  return wanted ? { average: wanted } : {};
}

/** The given keys of `options`, those that were set. */
export function pick<T extends object, K extends keyof T>(
  options: T,
  keys: readonly K[],
): Partial<Pick<T, K>> {
  const present = keys
    .filter((key) => options[key] !== undefined)
    .map((key) => [key, options[key]]);
  return Object.fromEntries(present) as Partial<Pick<T, K>>;
}
