/** The task of telling classes of texts apart: a dense net on how often words occur, judged as other classifiers are. */
import { LanewiseError, lookUp } from '../base/errors.js';
import type { LabelledDataset } from '../data/dataset.js';
import { allRecipes, type Recipe } from '../models/recipes.js';
import { textClassifier } from '../models/text-classifier.js';
import { CLASSIFIER, classifierRecipe } from '../models/text-recipes.js';
import { classesKind } from './classes-task.js';
import { labelledSets } from './task.js';
import type { TaskKind } from './task-kinds.js';
import { quoted } from './terminal.js';

/** Least number of updates: few texts need as many as many do. */
const UPDATES = 600;

const labelled = (data: Parameters<typeof labelledSets>[0]) => labelledSets(data, 'the model');

export const textsKind: TaskKind = {
  ...classesKind,
  usual: () => CLASSIFIER,
  recipe(name, data): Recipe {
    if (name !== CLASSIFIER) throw refusal(name);
    const steps = Math.ceil(labelled(data).train.labels.length / classifierRecipe.batch);
    return {
      ...classifierRecipe,
      epochs: Math.max(classifierRecipe.epochs, Math.ceil(UPDATES / steps)),
    };
  },
  async build(_, __, data) {
    const { shape, classes } = labelled(data).train;
    return { model: textClassifier({ features: shape[0], classes: classes.length }), notes: [] };
  },
  async score(model, data, options) {
    const scores = await classesKind.score(model, data, options);
    const { test } = labelled(data);
    return { ...scores, hint: (file) => hintFor(file, test) };
  },
};

function refusal(name: string): LanewiseError {
  lookUp('model', allRecipes(), name);
  return new LanewiseError(
    'argument',
    `${name} does not tell texts apart, and the data is texts with a class each`,
    'leave the model’s name out; train charlstm --data book.txt learns to write',
  );
}

const hintFor = (file: string, { text }: LabelledDataset): string =>
  text?.column === undefined
    ? `next: npx lanewise predict ${quoted(file)} letter.txt`
    : `next: npx lanewise predict ${quoted(file)} new.jsonl`;
