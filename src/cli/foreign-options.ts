/** The options of other tools: their name here, or the reason why there is no such option. */
import type { Command } from 'commander';
import { whyAbsent } from './setting-options.js';

const HINTS: readonly (readonly [names: string, hint: string])[] = [
  ['learning-rate learning_rate eta', '--lr'],
  ['batch-size batch_size bs minibatch', '--batch'],
  ['max-epochs num-epochs n-epochs num_epochs iterations', '--epochs'],
  ['wd weight_decay l2 decay', '--weight-decay'],
  ['opt solver', '--optimizer'],
  ['scheduler lr-scheduler lr-schedule', '--schedule'],
  ['ema swa', '--average'],
  ['clip grad-clip clip-grad max-grad-norm', '--clip-norm'],
  ['early-stopping', '--patience'],
  ['save-best restore-best', '--keep-best'],
  ['num-workers num_workers threads jobs', '--workers'],
  ['random-state random-seed random_state', '--seed'],
  ['test-size test-split val-size val-split validation-split validation_split', '--holdout'],
  ['output output-dir', '--out'],
  ['dataset input train-data csv', '--data'],
  ['label label-column y class-column', '--target'],
  ['drop exclude drop-columns', '--ignore'],
  ['na-values na_values', '--missing'],
  ['size img-size image-size input-size', '--shape'],
  ['pretrained initial-checkpoint finetune load', '--weights'],
  ['frozen freeze-layers', '--freeze'],
  ['block-size context-length seq-len', '--window'],
  ['text-column', '--text'],
  ['num-classes n-classes', '--classes'],
];

const REASONS: readonly (readonly [names: string, reason: string])[] = [
  ['momentum', '--optimizer momentum or nesterov, with a momentum of 0.9; a program sets another'],
  [
    'gpu gpus device cuda',
    'everything runs as WebAssembly on the CPU; --workers is the number of threads',
  ],
  ['standardize normalize scale', 'the data is scaled by default, and the model holds the scale'],
  [
    'cluster credentials min-workers check deadline share insecure',
    'only train shares its steps with other machines: lanewise train … --cluster nats://host:4222',
  ],
  ['model arch', 'the model is the first argument: lanewise train lenet5'],
];

/** Other tools' names of settings that have no option here; the settings say why. */
const SETTINGS_ELSEWHERE: readonly (readonly [names: string, setting: string])[] = [
  ['criterion', 'loss'],
  ['shuffle', 'sampler'],
];

/** `output-dir` and `output_dir` are one. */
const plain = (name: string): string => name.replaceAll('_', '-').toLowerCase();

/** The hint for an unknown option, given the options that the command has; undefined if there is none. */
export function foreignHint(name: string, has: readonly string[]): string | undefined {
  const find = (table: typeof HINTS) =>
    table.find(([names]) => names.split(' ').some((one) => plain(one) === plain(name)))?.[1];
  const option = find(HINTS);
  if (option !== undefined && has.includes(option)) return `did you mean ${option}?`;
  if (!has.includes('--lr')) return undefined;
  return find(REASONS) ?? whyAbsent(find(SETTINGS_ELSEWHERE) ?? plain(name));
}

/** The command, changed so that its refusal of an unknown option gives the name here. */
export function knowingOthers(command: Command): Command {
  const has = command.options.flatMap(({ long }) => long ?? []);
  return command.configureOutput({
    outputError(text, write) {
      const name = /^error: unknown option '--?([^'=]+)/.exec(text)?.[1];
      const hint = name === undefined ? undefined : foreignHint(name, has);
      write(hint === undefined ? text : `${text.split('\n')[0]}\n  ${hint}\n`);
    },
  });
}
