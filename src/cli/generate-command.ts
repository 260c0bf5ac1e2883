/** The command `lanewise generate`: text that continues a prompt, by a model that was trained on text. */
import { Command, InvalidArgumentError } from 'commander';
import { LanewiseError } from '../base/errors.js';
import { generate } from '../trained/generate.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { openModel } from './model-source.js';
import { addOptions, option, rate, wholeNumber } from './options.js';

interface Options {
  readonly prompt?: string;
  readonly length: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** Most characters of one text, which is written when it is whole. */
const MOST = 100_000;

export const generateCommand = (): Command =>
  addOptions(new Command('generate'), [
    option('--prompt <text>', 'the text to continue (a new line)', promptOf),
    option('--length <n>', 'characters to write', wholeNumber(0, MOST)).default(400),
    option(
      '--temperature <t>',
      'below 1 likely characters become likelier; 0 always takes the likeliest',
      rate,
    ).default(0.8),
    option('--top-k <n>', 'draw among the n likeliest characters only (all)', wholeNumber(1)),
    option('--seed <n>', 'seed of the draws', wholeNumber(0)).default(1),
    option('--json', 'one line of JSON'),
  ])
    .description('write text with a model that was trained on text')
    .argument('<model.safetensors>', 'file written by train')
    .action(runGenerate);

function promptOf(text: string): string {
  if (text === '') throw new InvalidArgumentError('Expected at least one character.');
  return text;
}

async function runGenerate(file: string, options: Options): Promise<void> {
  const { length, temperature, topK, seed, json } = options;
  const trained = await openModel(file);
  const vocabulary = vocabularyOf(file, trained);
  const prompt = options.prompt ?? beginningOf(vocabulary);
  const settings = { length, temperature, seed, ...(topK === undefined ? {} : { topK }) };
  const text = await generate(trained, vocabulary, prompt, settings);
  if (!json) {
    console.log(prompt.trimStart() + text);
    return;
  }
  const { numerics } = trained;
  const sha256 = await trained.sha256();
  console.log(
    JSON.stringify({ event: 'text', model: file, sha256, numerics, ...settings, prompt, text }),
  );
}

/** @throws LanewiseError kind 'argument' for a model of anything but a text's characters. */
function vocabularyOf(
  file: string,
  { vocabulary, text, classes }: TrainedModel,
): readonly string[] {
  if (vocabulary && !text?.by && !classes) return vocabulary;
  const what = vocabulary
    ? `tells classes of texts apart (${(classes ?? []).join(', ')})`
    : 'keeps no vocabulary';
  throw new LanewiseError(
    'argument',
    `'${file}' ${what}, and writes no text: expected a model trained on a text`,
    vocabulary
      ? 'predict takes it'
      : 'train charlstm --data book.txt makes one; eval and predict take others',
  );
}

/** A new line, where a text begins, or whatever comes first. */
const beginningOf = (vocabulary: readonly string[]): string =>
  vocabulary.includes('\n') ? '\n' : vocabulary.includes(' ') ? ' ' : vocabulary[0]!;
