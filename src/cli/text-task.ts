/** The task of writing texts: the next character after each, scored beside models that only count. */
import { LanewiseError, lookUp } from '../base/errors.js';
import type { TensorDataset } from '../data/dataset.js';
import { ngramLosses, type NgramLosses } from '../metrics/ngram-losses.js';
import { textRecipes, type TextRecipe } from '../models/text-recipes.js';
import { allRecipes } from '../models/recipes.js';
import type { Part } from '../train/events.js';
import { countOf } from './task.js';
import type { Scores, TaskKind } from './task-kinds.js';
import { evalText } from './eval-text.js';
import {
  countedWords,
  figureWords,
  followed,
  textFigures,
  textJudgement,
  textVerdict,
  textRecord,
  type TextFigures,
} from './text-figures.js';
import { formatCount, formatSeconds, quoted } from './terminal.js';

/** Updates of a run with a number of epochs that nobody asked for: fewer leave a text unlearned. */
const UPDATES = 1000;

export const textKind: TaskKind = {
  usual: () => 'charlstm',
  check(_, { mixup, augment }) {
    const [flag, value] = mixup === undefined ? ['--augment', augment] : ['--mixup', mixup];
    if (value === undefined) return;
    throw new LanewiseError(
      'argument',
      `${flag} ${value} changes images or rows, and the data is a text`,
      `leave ${flag} out`,
    );
  },
  recipe(name, data) {
    const recipe = recipeOf(name);
    const batch = Math.min(recipe.batch, countOf(data.train));
    const steps = Math.ceil(countOf(data.train) / batch);
    return { ...recipe, epochs: Math.max(2, Math.ceil(UPDATES / steps)) };
  },
  async build(name, _, data) {
    const { vocabulary, length } = textOf(data.train as TensorDataset);
    return { model: recipeOf(name).ofText({ vocabulary, length }), notes: [] };
  },
  async score(model, data) {
    const [train, test] = [data.train, data.test].map((part) => followed(part as TensorDataset));
    const { vocabulary } = textOf(data.test as TensorDataset);
    const counted = ngramLosses(train!, test!, vocabulary);
    return textScores(await textFigures(model, data.test as TensorDataset), counted);
  },
  eval: evalText,
  async export(files) {
    throw new LanewiseError(
      'argument',
      `export writes classes or numbers, and the model of '${files[0]}' writes text`,
      'generate writes its text, eval scores it, and export --inference compiles it',
    );
  },
};

/** @throws LanewiseError kind 'argument' for a model that does not take texts. */
function recipeOf(name: string): TextRecipe {
  lookUp('model', allRecipes(), name);
  const recipe = textRecipes[name];
  if (recipe) return recipe;
  throw new LanewiseError(
    'argument',
    `${name} takes no text, and the data is one`,
    `${Object.keys(textRecipes).join(', ')} learn to write it`,
  );
}

const textOf = ({ vocabulary, inputs }: TensorDataset) => ({
  vocabulary: vocabulary!.length,
  length: inputs['input']!.shape[0]!,
});

function textScores(figures: TextFigures, counted: NgramLosses): Scores {
  return {
    lines: (part: Part, _, seconds) => [
      `\n${part} loss ${figureWords(figures)}, ${countedWords(counted)}, ${formatSeconds(seconds)}`,
      `${formatCount(figures.characters)} characters were predicted, each after up to ${Math.round(figures.characters / figures.windows) - 1} of its window`,
    ],
    record: (names, part) => textRecord(names, figures, { scored: part, counted }),
    judgement: textJudgement(figures, counted),
    verdict: textVerdict(figures, counted),
    hint: (file) => `next: npx lanewise generate ${quoted(file)} --length 400`,
  };
}
