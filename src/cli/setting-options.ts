/** The settings of a run on the command line: each is a row, with its options or the reason why it has none. */
import { InvalidArgumentError, type Option } from 'commander';
import { LanewiseError } from '../base/errors.js';
import { isStreamed } from '../data/forms.js';
import { transformed } from '../data/transforms/transformed.js';
import { recipeFor, recipes, type Recipe } from '../models/recipes.js';
import { ema } from '../optimizers/index.js';
import { averageFor, averages } from '../optimizers/named.js';
import { usualRules } from '../optimizers/usual-rules.js';
import { scheduleNames } from '../optimizers/schedules.js';
import type { TrainSettings } from '../train/settings.js';
import { augmentations, augmentOption, transformsOf } from './augment-option.js';
import type { DataSets } from './data-sources.js';
import { prefetchWithin } from './loading.js';
import { frozenOf, type Start } from './pretrained.js';
import { countOf } from './task.js';
import {
  choice,
  decodersOption,
  maxMemoryOption,
  numericsOption,
  option,
  rate,
  validationOption,
  wholeNumber,
  workersOption,
  type OptionOf,
} from './options.js';

/** What a run has besides its options. */
interface Asked {
  readonly recipe: Recipe;
  readonly data: DataSets;
  /** The weights of a file, if the run begins with them. */
  readonly start?: Start | undefined;
  /** The ranges of `--quantization`. */
  readonly ranges?: TrainSettings['quantization'];
}

/** Options by the names under which their values are found. */
type Options = Readonly<Record<string, OptionOf<unknown>>>;

/** The values of options; an option that was not given is undefined. */
type ValuesOf<O> = {
  readonly [Name in keyof O]?: O[Name] extends OptionOf<infer V> ? NonNullable<V> : never;
};

/** Data that an option has an effect on. */
interface Use {
  /** Its words in the refusal of the option for other data. */
  readonly what: string;
  readonly isSo: (data: DataSets) => boolean;
}

const READ_FROM_FILES: Use = {
  what: 'images that are read from a folder',
  isSo: ({ train, test }) => isStreamed(train) || isStreamed(test),
};

type Row<K extends keyof TrainSettings> = { readonly of?: Use } & RowOf<K>;

type RowOf<K extends keyof TrainSettings> =
  /** The option with the setting's own name and value. */
  | { readonly option: OptionOf<NonNullable<TrainSettings[K]>> }
  /** The value that options, the recipe and the data give it. */
  | {
      readonly options: Options;
      readonly value: (own: never, asked: Asked) => TrainSettings[K] | undefined;
    }
  /** Why there is no option; the message for users who look for one. */
  | {
      readonly absent: string;
      readonly value?: (own: never, asked: Asked) => TrainSettings[K] | undefined;
    };

const from = <const O extends Options, T>(
  options: O,
  value: (own: ValuesOf<O>, asked: Asked) => T,
): { readonly options: O; readonly value: typeof value } => ({ options, value });

/** `lenet5: 8, mlp: 12` */
const ofRecipes = (value: (recipe: Recipe) => unknown): string =>
  Object.entries(recipes)
    .map(([name, recipe]) => `${name}: ${String(value(recipe))}`)
    .concat(`others: ${String(value(recipeFor('resnet18')))}`)
    .join(', ');

/** `a,b` as its parts. */
export function list(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.some((part) => part === ''))
    throw new InvalidArgumentError('Expected names, separated by commas.');
  return parts;
}

/** Every setting, in the order of `--help`. The type requires a row for each new setting. */
export const ROWS = {
  data: from({ augment: augmentOption() }, ({ augment }, { data: { train } }) => {
    if (augment === undefined || !('shape' in train)) return train;
    return transformed(train, transformsOf(augmentations(augment), train.shape));
  }),
  validation: from(
    { validation: validationOption() },
    (_, { data: { validation, test } }) => validation ?? test,
  ),
  mixup: from(
    {
      mixup: option<number>(
        '--mixup <alpha>',
        'train on blends of two samples; 0.2 is usual',
        rate,
      ),
    },
    ({ mixup: alpha }) => (alpha === undefined ? undefined : { alpha }),
  ),
  quantization: from(
    {
      quantization: option<boolean>(
        '--quantization',
        'train --weights on with the roundings of an int8 model, by ranges that these weights have on the data',
      ),
    },
    (_, { ranges }) => ranges,
  ),
  epochs: from(
    {
      epochs: option<number>(
        '--epochs <n>',
        `passes over the data (${ofRecipes(({ epochs }) => epochs)})`,
        wholeNumber(1),
      ),
    },
    ({ epochs }, { recipe }) => epochs ?? recipe.epochs,
  ),
  batch: from(
    { batch: option<number>('--batch <n>', 'samples in a minibatch (64)', wholeNumber(1)) },
    ({ batch }, { recipe, data: { train } }) => batch ?? Math.min(recipe.batch, countOf(train)),
  ),
  dropLast: {
    option: option<boolean>('--drop-last', 'leave out an epoch’s last minibatch if it is smaller'),
  },
  stepsPerEpoch: {
    option: option<number>(
      '--steps-per-epoch <n>',
      'updates in an epoch, which takes the first samples of its order (as many as take all)',
      wholeNumber(1),
    ),
  },
  accumulate: {
    option: option<number>(
      '--accumulate <n>',
      'minibatches that make one update (1)',
      wholeNumber(1),
    ),
  },
  loss: {
    absent:
      'the loss goes with model and targets: cross-entropy for classes (squared error for mlp and lenet5-1998), squared error for numbers, quantiles with --intervals; in a program train takes any',
    value: (_, { recipe }) => recipe.loss,
  },
  optimizer: from(
    {
      lr: option<number>('--lr <rate>', 'learning rate (the model’s usual one)', rate),
      optimizer: choice('--optimizer <name>', 'update rule', Object.keys(usualRules)),
      weightDecay: option<number>(
        '--weight-decay <rate>',
        'L2 penalty (the model’s usual one)',
        rate,
      ),
      backboneLrFactor: option<number>(
        '--backbone-lr-factor <factor>',
        'factor on the learning rate of all layers of --weights but the head (1)',
        rate,
      ),
    },
    ({ optimizer, lr, weightDecay, backboneLrFactor: lrFactor }, { recipe, start }) => {
      const name = optimizer ?? recipe.optimizer;
      const { make, rate: usual } = usualRules[name]!;
      const known = name === recipe.optimizer ? recipe : { learningRate: usual, weightDecay: 0 };
      return make({
        lr: lr ?? known.learningRate,
        weightDecay: weightDecay ?? known.weightDecay,
        ...(lrFactor === undefined || !start
          ? {}
          : { groups: start.backbone.map((match) => ({ match, lrFactor })) }),
      });
    },
  ),
  schedule: from(
    { schedule: choice('--schedule <name>', 'learning rate over the run', scheduleNames()) },
    ({ schedule }, { recipe }) => schedule ?? recipe.schedule,
  ),
  clipNorm: {
    option: option<number>('--clip-norm <norm>', 'scale gradients down to this norm', rate),
  },
  clipValue: {
    option: option<number>('--clip-value <bound>', 'cut gradients off beyond ± this', rate),
  },
  average: from(
    {
      average: choice('--average <kind>', 'the model is an average of the weights (vgg: ema)', [
        ...Object.keys(averages),
        'none',
      ]),
    },
    ({ average }, { recipe: { averageDecay: decay } }) => {
      if (average === undefined) return decay === undefined ? undefined : ema({ decay });
      return average === 'none' ? undefined : averageFor(average);
    },
  ),
  metrics: from(
    {
      metrics: option<string[]>(
        '--metrics <names>',
        'further figures, such as top5,f1, of the validation samples or, without any, of the test samples',
        list,
      ) as OptionOf<NonNullable<TrainSettings['metrics']>>,
    },
    ({ metrics }, { recipe }) => metrics ?? recipe.metrics,
  ),
  validateEvery: from(
    {
      validateEvery: option<number>(
        '--validate-every <steps>',
        'score these samples this often (each epoch)',
        wholeNumber(1),
      ),
    },
    ({ validateEvery: steps }) => (steps === undefined ? undefined : { steps }),
  ),
  earlyStopping: from(
    {
      patience: option<number>(
        '--patience <n>',
        'stop when n scores in a row are not better',
        wholeNumber(1),
      ),
    },
    ({ patience }) => (patience === undefined ? undefined : { patience }),
  ),
  keepBest: from(
    {
      keepBest: option<boolean>(
        '--keep-best',
        'the model has the weights that scored best (always for series)',
      ),
    },
    ({ keepBest }, { recipe }) => keepBest ?? recipe.keepBest,
  ),
  freeze: from(
    {
      freeze: option<string[]>(
        '--freeze <names>',
        'layers of --weights that keep them, by the beginnings of their names; backbone: all but the head',
        list,
      ),
    },
    ({ freeze }, { start }) => frozenOf(freeze, start),
  ),
  weights: from(
    {
      weights: option<string>(
        '--weights <file>',
        'begin with a model file, which says what model it is, or with another program’s weights (safetensors)',
      ),
      head: option<string>(
        '--head <layer>',
        'the layer of --weights that is drawn anew for other classes (the last with weights)',
      ),
    },
    (_, { start }) => start?.weights,
  ),
  sampler: {
    absent:
      'each epoch takes every sample once, in an order of --seed; a program takes samplers: docs/data.md',
  },
  workers: { option: workersOption() },
  decoders: { option: decodersOption(), of: READ_FROM_FILES },
  prefetchBytes: {
    ...from({ maxMemory: maxMemoryOption() }, ({ maxMemory }) => prefetchWithin(maxMemory)),
    of: READ_FROM_FILES,
  },
  shards: {
    option: option<number>(
      '--shards <n>',
      'parts of a minibatch (one for every 16 samples; 32 for small nets)',
      wholeNumber(1),
    ),
  },
  seed: {
    option: option<number>(
      '--seed <n>',
      'seed of initial weights, shuffles and augmentation',
      wholeNumber(0),
    ).default(1),
  },
  numerics: { option: numericsOption() },
} satisfies { readonly [K in keyof TrainSettings]-?: Row<K> };

type Rows = typeof ROWS;

type ValuesOfRow<K extends keyof Rows> = Rows[K] extends { readonly option: infer O }
  ? ValuesOf<Readonly<Record<K, O>>>
  : Rows[K] extends { readonly options: infer O }
    ? ValuesOf<O>
    : object;

type Both<Union> = (Union extends unknown ? (one: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never;

/** The values of all options of settings. */
export type SettingOptions = Both<{ [K in keyof Rows]: ValuesOfRow<K> }[keyof Rows]>;

interface AnyRow {
  readonly option?: Option;
  readonly options?: Readonly<Record<string, Option>>;
  readonly absent?: string;
  readonly of?: Use;
  readonly value?: (own: SettingOptions, asked: Asked) => unknown;
}

const rowsByName = Object.entries(ROWS) as unknown as readonly (readonly [string, AnyRow])[];

/** The options of all settings, for `--help`. */
export const settingOptions = (): Option[] =>
  rowsByName.flatMap(([, { option: own, options = {} }]) => (own ? [own] : Object.values(options)));

/** Why a setting has no option; undefined for one that has, and for a name that is not a setting. */
export const whyAbsent = (name: string): string | undefined =>
  rowsByName.find(([setting]) => setting === name)?.[1].absent;

/** @throws LanewiseError kind 'argument' for an option without effect on the data, which lies where `name` says. */
export function checkUses(options: SettingOptions, data: DataSets, name: string): void {
  for (const [, { option: own, options: several = {}, of }] of rowsByName) {
    if (of === undefined || of.isSo(data)) continue;
    const given = (own ? [own] : Object.values(several)).find(
      (one) => (options as Readonly<Record<string, unknown>>)[one.attributeName()] !== undefined,
    );
    if (given === undefined) continue;
    throw new LanewiseError(
      'argument',
      `${given.long} goes with ${of.what}, and the data is ${name}, which is in memory`,
      `leave ${given.long} out`,
    );
  }
}

/** The settings of a run of a recipe on data. */
export function trainSettings(
  recipe: Recipe,
  options: SettingOptions,
  data: DataSets,
  start?: Start,
  ranges?: Asked['ranges'],
): TrainSettings {
  const given: Readonly<Record<string, unknown>> = { ...options };
  const values = rowsByName.map(([name, { option: own, value }]) => [
    name,
    own ? given[name] : value?.(options, { recipe, data, start, ranges }),
  ]);
  return Object.fromEntries(
    values.filter(([, value]) => value !== undefined),
  ) as unknown as TrainSettings;
}
