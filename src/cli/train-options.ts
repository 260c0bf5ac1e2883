/** The options of `lanewise train`: those of its data, of the run's settings, and of its folder. */
import { Command, type Option } from 'commander';
import type { ClusterOptions } from '../cluster/cluster-options.js';
import { LanewiseError } from '../base/errors.js';
import { WORDS } from './data-sources.js';
import { sizeOptions, type SizeOptions } from './model-name.js';
import {
  addOptions,
  choice,
  dataDetailOptions,
  dataDirOption,
  dataOption,
  dataRequest,
  holdoutOption,
  modelNames,
  option,
  positive,
  rate,
  share,
  targetOptions,
  splitOption,
  wholeNumber,
  type DataOptions,
} from './options.js';
import { seriesOptions } from './series-options.js';
import type { SeriesRequest } from './series-source.js';
import { list, settingOptions, type SettingOptions } from './setting-options.js';

/** The values of the options. */
export type TrainOptions = DataOptions &
  SettingOptions &
  SizeOptions &
  SeriesRequest & {
    readonly classes?: number;
    readonly seed: number;
    readonly folds?: number;
    readonly seeds?: number;
    readonly resume?: boolean;
    readonly override?: readonly string[];
    readonly fresh?: boolean;
    readonly checkpointSteps?: number;
    readonly checkpointMinutes?: number;
    readonly receipt?: boolean;
    readonly report: boolean;
    readonly out?: string;
    readonly json?: boolean;
  } & ClusterFlags;

/** The values of the options about other machines. */
export interface ClusterFlags {
  readonly cluster?: string;
  readonly credentials?: string;
  readonly minWorkers?: number;
  readonly check?: number;
  readonly deadline?: number;
  readonly share?: 'auto' | 'always';
  readonly insecure?: boolean;
}

/** The options of a run's folder and output: they are not settings, as no result depends on them. */
const runOptions = () => [
  option(
    '--folds <k>',
    'train k times, each time tested on another of k parts, and show mean and deviation',
    wholeNumber(2),
  ),
  option(
    '--seeds <n>',
    'train n times, with the seeds from --seed on, and show mean and deviation',
    wholeNumber(1),
  ),
  option('--out <folder>', 'the run’s folder (runs/<model>-<data>)'),
  option('--resume', 'resume from the folder’s checkpoint, if it has one'),
  option('--override <names>', 'settings that may differ from the run’s, such as epochs', list),
  option('--fresh', 'start over, and lose the folder’s unfinished run'),
  option(
    '--checkpoint-steps <n>',
    'a checkpoint every n steps, besides each epoch’s',
    wholeNumber(1),
  ),
  option('--checkpoint-minutes <n>', 'and after this many minutes (5)', rate),
  option(
    '--receipt',
    'keep a hash of each step in the folder, to find the step where two runs part: lanewise receipt',
  ),
  option('--no-report', 'write no report.html'),
  option('--json', 'one JSON event a line'),
  ...clusterFlags(),
];

/** Options about other machines; `--workers` is the number of threads of this one. */
const clusterFlags = () => [
  option(
    '--cluster <url>',
    'share the steps with machines that run `lanewise worker`, through a NATS server such as nats://127.0.0.1:4222; no result depends on them',
  ),
  option('--credentials <file>', 'the file by which that server knows this machine'),
  option(
    '--min-workers <n>',
    'machines that must have joined before the first step (0)',
    wholeNumber(0),
  ),
  option(
    '--check <share>',
    'share of the parts that this machine computes, too, and compares (0.01 with --credentials or a server on another machine, else 0)',
    share,
  ),
  option(
    '--deadline <seconds>',
    'time after which a part that a machine owes is computed by others (1, or three usual steps if that is more)',
    positive,
  ),
  choice(
    '--share <when>',
    'share steps only while that is faster than this machine alone (auto), or always',
    ['auto', 'always'],
  ),
  option('--insecure', 'go to another machine without encryption'),
];

/** Words of the command line that need `--cluster`. */
const OF_CLUSTERS = {
  credentials: '--credentials',
  minWorkers: '--min-workers',
  check: '--check',
  deadline: '--deadline',
  share: '--share',
  insecure: '--insecure',
} as const;

/** The machines that share a run, as its options. */
export function clusterOf(options: ClusterFlags): { readonly cluster?: ClusterOptions } {
  const { cluster: url, credentials, minWorkers, check, deadline, share, insecure } = options;
  if (url === undefined) return {};
  return {
    cluster: {
      url,
      ...(credentials === undefined ? {} : { credentials }),
      ...(minWorkers === undefined ? {} : { minWorkers }),
      ...(check === undefined ? {} : { check }),
      ...(deadline === undefined ? {} : { deadline }),
      ...(share === undefined ? {} : { share }),
      ...(insecure === undefined ? {} : { insecure }),
    },
  };
}

/** @throws LanewiseError kind 'argument' for options that contradict each other, or need one that is not given. */
export function checkTogether(options: TrainOptions): void {
  const { resume, override, fresh, cluster } = options;
  const alone = Object.entries(OF_CLUSTERS).find(([name]) => name in options);
  if (cluster === undefined && alone)
    throw new LanewiseError(
      'argument',
      `${alone[1]} is about other machines, and goes with --cluster`,
      `say which server: --cluster nats://127.0.0.1:4222 ${alone[1]} …`,
    );
  if (resume && fresh)
    throw new LanewiseError(
      'argument',
      '--resume and --fresh are both given, expected one of them',
      '--resume goes on from the folder’s checkpoint; --fresh loses it, and begins anew',
    );
  if (override && !resume)
    throw new LanewiseError(
      'argument',
      `--override ${override.join(',')} goes with --resume, as a run that begins anew has nothing to override`,
      'add --resume, or leave --override out',
    );
}

/** The options of the data, which all commands that train take. */
const trainingDataOptions = (): Option[] => [
  ...dataDetailOptions(),
  ...targetOptions(),
  ...seriesOptions(),
  dataOption(),
  dataDirOption(),
  holdoutOption(),
  splitOption(),
  option('--limit <n>', 'train on the first n samples only', wholeNumber(1)),
];

/** A command that trains, with the options of its data, its model and its settings, and those of its own; no action yet.
 * `first` is an argument before the model's name. */
export const describeTraining = (
  name: string,
  about: string,
  own: readonly Option[],
  first?: readonly [name: string, about: string],
): Command =>
  addOptions(first ? new Command(name).argument(...first) : new Command(name), [
    ...trainingDataOptions(),
    ...sizeOptions(),
    option(
      '--classes <n>',
      'how many classes the data is to have, which is checked (as many as it has)',
      wholeNumber(1),
    ),
    ...settingOptions(),
    ...own,
  ])
    .description(about)
    .argument('[model]', `${modelNames()}; if left out, the usual one for the data`);

/** The command `train` with all of its options and no action. */
export const describeTrain = (): Command =>
  describeTraining('train', 'train a model', runOptions());

/** The options that `eval` and `export` need to find the same test samples. */
export function dataWords(options: TrainOptions): string[] {
  // What is learned is in the model's file.
  const { holdout, ...asked } = dataRequest({ ...options, task: undefined, intervals: undefined });
  const words = Object.entries(WORDS) as [keyof typeof WORDS, (value: unknown) => string[]][];
  return [
    '--data',
    options.data,
    // The model's file says which samples were held out, and by a column no other command finds the same.
    ...(holdout === undefined || asked.split ? [] : ['--holdout', String(holdout)]),
    ...words.flatMap(([key, write]) => (asked[key] === undefined ? [] : write(asked[key]))),
  ];
}
