/** The scores of models that write text, for `eval`: on the part of a text that was held out, if it is theirs. */
import { LanewiseError } from '../base/errors.js';
import { ngramLosses } from '../metrics/ngram-losses.js';
import type { TrainedModel } from '../trained/trained-model.js';
import type { EvalOptions } from './task-kinds.js';
import { countedWords, figureWords, followed, textFigures, textRecord } from './text-figures.js';
import { isTextName, readText, windowsOf, type Cut, type WholeText } from './text-source.js';
import { formatCount } from './terminal.js';

/** Scores one model on a text. */
export async function evalText(
  files: readonly string[],
  models: readonly TrainedModel[],
  options: EvalOptions,
): Promise<void> {
  const [file, model] = [files[0]!, models[0]!];
  checkOne(files, options);
  const text = await readText(options.data, model.vocabulary!);
  const length = Object.values(model.model.architecture.inputs)[0]!.shape[0]!;
  const { cut, scored, words, known } = choose(text, model, options.all ?? false);
  const test = windowsOf(text, { length, name: options.data, ...cut });
  const figures = await textFigures(model, test);
  // The text that the model was trained on is there, so counting it again gives the same baselines.
  const counted =
    known === undefined
      ? undefined
      : ngramLosses(
          followed(windowsOf(text, { length, name: options.data, to: known, stride: 1 })),
          followed(test),
          text.vocabulary.length,
        );
  const sha256 = await model.sha256();
  const { numerics } = model;
  if (options.json) {
    const names = { model: file, sha256, numerics };
    console.log(JSON.stringify(textRecord(names, figures, { scored, counted })));
    return;
  }
  console.log(
    `${file} on ${options.data}, ${formatCount(figures.characters)} characters in ${formatCount(figures.windows)} windows`,
  );
  console.log(words);
  console.log(`loss ${figureWords(figures)}${counted ? `, ${countedWords(counted)}` : ''}`);
  console.log(`weights sha256 ${sha256}, numerics ${numerics}`);
}

/** @throws LanewiseError kind 'argument' for several models, and data that is no text. */
function checkOne(files: readonly string[], { data, views, crop, holdout }: EvalOptions): void {
  if (files.length > 1)
    throw new LanewiseError(
      'argument',
      `${files.length} text models are given, expected one`,
      'eval takes one of them at a time',
    );
  if (data === 'digits')
    throw new LanewiseError(
      'argument',
      'eval needs a text, as the model was trained on one, and none is given',
      '--data book.txt names it',
    );
  if (!isTextName(data))
    throw new LanewiseError(
      'argument',
      `'${data}' is no text, and the model was trained on one`,
      '--data takes the path of a text file',
    );
  const flag =
    views !== undefined
      ? '--views'
      : crop !== undefined
        ? '--crop'
        : holdout === undefined
          ? undefined
          : '--holdout';
  if (flag !== undefined)
    throw new LanewiseError('argument', `${flag} is not for texts`, `leave ${flag} out`);
}

/** The part of the text to score, and where the training text ends in it, if this is the model's. */
function choose({ characters, fingerprint }: WholeText, { origin }: TrainedModel, all: boolean) {
  const total = characters.length;
  const isOwn = origin?.samples === total && origin.fingerprint === fingerprint;
  const counts = isOwn
    ? origin.selections.flatMap((one) =>
        one.by === 'split' && one.part === 0 && !one.shuffled ? [one.count] : [],
      )
    : [];
  const [first] = counts;
  const known = counts.at(-1);
  const cut: Partial<Cut> = !all && first !== undefined ? { from: first } : {};
  const count = formatCount(total - (cut.from ?? 0));
  if (all)
    return {
      cut,
      known,
      scored: 'asked',
      words: `all ${count} characters, by --all${isOwn ? '; most of them are of the training part' : ''}`,
    };
  if (first !== undefined)
    return {
      cut,
      known,
      scored: 'heldOut',
      words: `the last ${count} of ${formatCount(total)} characters, which were held out at training`,
    };
  return isOwn
    ? {
        cut,
        known,
        scored: 'trainedOn',
        words: `all ${count} characters, on which the model was trained`,
      }
    : {
        cut,
        known,
        scored: origin ? 'other' : 'unknown',
        words: `all ${count} characters: ${origin ? 'the model was trained on another text' : 'the file does not say what the model was trained on'}`,
      };
}
