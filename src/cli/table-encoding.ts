/** Whether a net for tables encodes its numbers, which is chosen by validation. */
import { quantileEdges } from '../data/quantile-edges.js';
import { kFold } from '../data/folds.js';
import { split } from '../data/split-samples.js';
import type { IndexedDataset } from '../data/dataset.js';
import type { Model } from '../layers/index.js';
import type { ImageSettings, Recipe } from '../models/recipes.js';
import { usualRules } from '../optimizers/usual-rules.js';
import { train as trainModel } from '../train/train.js';
import { countOf } from './task.js';

/** With fewer rows too little is known of a column to divide it into bins. */
const FEWEST_ROWS = 100;

/** With fewer rows every one of them is a validation row once, in five folds; with more, one fold says enough. */
const FOLDED_ROWS = 1000;

/** So many rows are enough to choose by. */
const ENOUGH_ROWS = 4000;

/** Numbers of an encoded row at most: beyond, features are many, as pixels are, and each says little. */
const MOST_NUMBERS = 1024;

/** The encoding is taken if the loss with it is at most this share of the loss without. */
const CLEARLY = 0.95;

/**
 * The settings of a model, with edges if the recipe's net learns clearly more with the encoding than without: both are
 * trained on four fifths of (some of) the training rows for half of the epochs, and scored on the last fifth. Test and
 * validation parts of the run are not looked at, and the choice is a function of the training rows alone.
 * @param make makes the model; default the recipe.
 */
export async function withEncoding(
  recipe: Recipe,
  train: IndexedDataset,
  settings: ImageSettings,
  make: (settings: ImageSettings) => Model = recipe.create,
): Promise<{ readonly settings: ImageSettings; readonly notes: readonly string[] }> {
  const rows = countOf(train);
  const plain = { settings, notes: [] };
  if (!recipe.encodes || rows < FEWEST_ROWS) return plain;
  const edges = quantileEdges(train);
  if (edges.reduce((sum, list) => sum + list.length - 1, 0) > MOST_NUMBERS) return plain;
  const encoded = { ...settings, edges };
  const [some] = rows > ENOUGH_ROWS ? split(train, { count: ENOUGH_ROWS, seed: 1 }) : [train];
  const losses = [0, 0];
  let folds = 0;
  for (const [inner, validation] of kFold(some, 5, { stratified: 'labels' in some })) {
    losses[0]! += await lossOf(make(settings), recipe, inner, validation);
    losses[1]! += await lossOf(make(encoded), recipe, inner, validation);
    folds++;
    if (rows >= FOLDED_ROWS) break;
  }
  const [without, within] = losses as [number, number];
  if (!(within <= CLEARLY * without)) return plain;
  const [a, b] = [within, without].map((loss) => Number((loss / folds).toPrecision(3)));
  return {
    settings: encoded,
    notes: [`numbers are encoded by the bins they lie in: loss ${a} against ${b} without`],
  };
}

/** The model's loss on the validation rows after half of the recipe's epochs, the same on every engine. */
async function lossOf(
  model: Model,
  recipe: Recipe,
  inner: IndexedDataset,
  validation: IndexedDataset,
): Promise<number> {
  const settings = { ...recipe, ...recipe.rows?.(countOf(inner)) };
  const { optimizer, learningRate, weightDecay, batch, epochs, loss, schedule } = settings;
  // Threads take longer to start than so few rows to train on and to score.
  const threads = countOf(inner) < FOLDED_ROWS ? { workers: 0 } : {};
  const trained = await trainModel(model, {
    data: inner,
    loss,
    optimizer: usualRules[optimizer]!.make({ lr: learningRate, weightDecay }),
    schedule,
    batch: Math.min(batch, countOf(inner)),
    epochs: Math.ceil(epochs / 2),
    seed: 1,
    numerics: 'strict',
    ...threads,
  });
  return (await trained.model.evaluate(validation, threads)).loss;
}
